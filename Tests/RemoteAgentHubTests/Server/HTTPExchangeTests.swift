import Testing

@testable import RemoteAgentHub

@Suite struct HTTPExchangeTests {
  @Test func `a deadline holds while a request is awaited or received, none while it is answered`() {
    var exchange = HTTPExchange()
    #expect(exchange.deadline == .idle)
    exchange.receivedHead()
    #expect(exchange.deadline == .body)
    exchange.receivedEnd()
    #expect(exchange.deadline == nil)
    let closes = exchange.answered()
    #expect(!closes)
    #expect(exchange.deadline == .idle)
  }

  @Test func `an answer that closes ends the connection, what follows it or not`() {
    var exchange = HTTPExchange()
    exchange.receivedHead()
    exchange.receivedEnd()
    exchange.receivedHead()
    exchange.answerCloses()
    let closes = exchange.answered()
    #expect(closes)
    #expect(exchange.isLingering)
    #expect(exchange.deadline == nil)
  }

  @Test func `a last request is answered after those before it`() {
    var exchange = HTTPExchange()
    exchange.receivedHead()
    exchange.receivedEnd()
    exchange.receivedHead()
    exchange.receivedEnd()
    exchange.noMoreRequests()
    #expect(!exchange.nextAnswerCloses)
    let first = exchange.answered()
    #expect(!first)
    #expect(exchange.nextAnswerCloses)
    let second = exchange.answered()
    #expect(second)
  }

  @Test func `a stop ends a quiet connection now, another after its answers`() {
    var quiet = HTTPExchange()
    let now = quiet.stopping()
    #expect(now)
    var busy = HTTPExchange()
    busy.receivedHead()
    let later = busy.stopping()
    #expect(!later)
    busy.receivedEnd()
    let atLast = busy.answered()
    #expect(atLast)
  }
}
