import RemoteAgentCore
import RemoteAgentHub
import Testing

@Suite struct AdmissionTests {
  private let here = ClientNetwork(ip: "192.0.2.1")

  private func guess(_ attempts: inout CodeAttempts, from network: ClientNetwork, at now: Milliseconds) -> Bool {
    guard case .allowed = attempts.begin(from: network, now: now) else { return false }
    attempts.finish(from: network, wrong: true, now: now)
    return true
  }

  @Test func `the sixth attempt after five wrong codes waits until the first is a minute old`() {
    var attempts = CodeAttempts()
    for second in Int64(0)..<5 { #expect(guess(&attempts, from: here, at: second * 1_000)) }
    #expect(attempts.begin(from: here, now: 5_000) == .refused(retryAfter: 55))
    #expect(attempts.begin(from: here, now: 59_999) == .refused(retryAfter: 1))
    #expect(attempts.begin(from: here, now: 60_000) == .allowed(delay: 0))
  }

  @Test func `another address does not wait`() {
    var attempts = CodeAttempts()
    for _ in 0..<5 { _ = guess(&attempts, from: here, at: 0) }
    #expect(attempts.begin(from: ClientNetwork(ip: "192.0.2.2"), now: 0) == .allowed(delay: 0))
  }

  @Test func `attempts at the same time count before they are known to be wrong`() {
    var attempts = CodeAttempts()
    for _ in 0..<5 { #expect(attempts.begin(from: here, now: 0) == .allowed(delay: 0)) }
    #expect(attempts.begin(from: here, now: 0) == .refused(retryAfter: 60))
    attempts.finish(from: here, wrong: false, now: 0)
    #expect(attempts.begin(from: here, now: 0) == .allowed(delay: 0))
  }

  @Test func `right codes are never counted`() {
    var attempts = CodeAttempts()
    for _ in 0..<100 {
      #expect(attempts.begin(from: here, now: 0) == .allowed(delay: 0))
      attempts.finish(from: here, wrong: false, now: 0)
    }
    #expect(attempts.count == 0)
  }

  @Test func `many addresses that guess slow all, and refuse none`() {
    var attempts = CodeAttempts(globalLimit: 10, slowDown: 700)
    for host in 1...10 { #expect(guess(&attempts, from: ClientNetwork(ip: "192.0.2.\(host)"), at: 0)) }
    #expect(attempts.begin(from: ClientNetwork(ip: "198.51.100.1"), now: 1) == .allowed(delay: 700))
    #expect(attempts.begin(from: ClientNetwork(ip: "198.51.100.2"), now: 60_000) == .allowed(delay: 0))
  }

  @Test func `what is remembered is bounded`() {
    var attempts = CodeAttempts(capacity: 8)
    for host in 1...200 { _ = guess(&attempts, from: ClientNetwork(ip: "10.0.0.\(host)"), at: Int64(host)) }
    #expect(attempts.count == 8)
  }

  @Test func `an IPv6 network is its first 64 bits, a mapped address its IPv4`() {
    #expect(ClientNetwork(ip: "2001:db8::1") == ClientNetwork(ip: "2001:db8:0:0:ffff::2"))
    #expect(ClientNetwork(ip: "2001:db8::1") != ClientNetwork(ip: "2001:db8:0:1::1"))
    #expect(ClientNetwork(ip: "::ffff:192.0.2.1") == here)
    #expect(ClientNetwork(ip: "fe80::1%eth0") == ClientNetwork(ip: "fe80::2"))
    #expect(ClientNetwork(ip: nil) == ClientNetwork(ip: "junk"))
  }

  @Test func `a nonce is good for its life and for its source`() {
    let source = NonceSource(key: Array(repeating: 7, count: 32))
    let nonce = source.nonce(now: 1_000_000)
    #expect(source.isGood(nonce, now: 1_000_000))
    #expect(source.isGood(nonce, now: 1_300_000))
    #expect(!source.isGood(nonce, now: 1_300_001))
    #expect(!source.isGood(nonce, now: 999_999))
    #expect(!NonceSource(key: Array(repeating: 8, count: 32)).isGood(nonce, now: 1_000_000))
  }

  @Test(arguments: ["", "x", "AAAA", String(repeating: "A", count: 32), String(repeating: "A", count: 1_000), "é"])
  func `what is no nonce is not good`(_ nonce: String) {
    #expect(!NonceSource(key: Array(repeating: 7, count: 32)).isGood(nonce, now: 0))
  }

  @Test func `a changed nonce is not good, wherever it is changed`() {
    let source = NonceSource(key: Array(repeating: 7, count: 32))
    let nonce = Array(source.nonce(now: 5))
    for index in nonce.indices {
      var changed = nonce
      changed[index] = changed[index] == "A" ? "B" : "A"
      #expect(!source.isGood(String(changed), now: 5))
    }
  }
}

@Suite struct ProofLedgerTests {
  private let entry = ProofLedger.Entry(fingerprint: "key", jti: "one")

  @Test func `a proof is used once, also while it is being used`() {
    var ledger = ProofLedger()
    #expect(ledger.claim(entry, now: 0) == .claimed)
    #expect(ledger.claim(entry, now: 0) == .replayed)
    ledger.settle(entry, held: true, now: 0)
    #expect(ledger.claim(entry, now: 1) == .replayed)
  }

  @Test func `a proof that did not hold is not recorded`() {
    var ledger = ProofLedger()
    _ = ledger.claim(entry, now: 0)
    ledger.settle(entry, held: false, now: 0)
    #expect(ledger.claim(entry, now: 1) == .claimed)
    #expect(ledger.count == 1)
  }

  @Test func `the same word of another key is another proof`() {
    var ledger = ProofLedger()
    _ = ledger.claim(entry, now: 0)
    #expect(ledger.claim(ProofLedger.Entry(fingerprint: "other", jti: "one"), now: 0) == .claimed)
  }

  @Test func `a proof is kept as long as its nonce may be good`() {
    var ledger = ProofLedger(life: 300_000)
    _ = ledger.claim(entry, now: 0)
    ledger.settle(entry, held: true, now: 10)
    #expect(ledger.claim(entry, now: 300_010) == .replayed)
    #expect(ledger.claim(entry, now: 300_011) == .claimed)
  }

  @Test func `a full ledger refuses until something dies, and stays small`() {
    var ledger = ProofLedger(life: 100, capacity: 50)
    for round in Int64(0)..<100 {
      for number in 0..<50 {
        let entry = ProofLedger.Entry(fingerprint: "key", jti: "\(round).\(number)")
        #expect(ledger.claim(entry, now: round * 101) == .claimed)
        ledger.settle(entry, held: true, now: round * 101)
      }
      #expect(ledger.claim(entry, now: round * 101) == .full)
      #expect(ledger.count == 50)
    }
  }
}
