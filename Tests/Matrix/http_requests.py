"""Requests that are ambiguous, too large or no requests: what is sent, and which answers must come of it."""

HOST = b"Host: hub\r\n"
GET = b"GET /healthz HTTP/1.1\r\n" + HOST + b"\r\n"
# What would be answered if it were taken for a request of its own.
HIDDEN = b"GET /readyz HTTP/1.1\r\nHost: hub\r\nX-Hidden: yes\r\n\r\n"
POST = b"POST /api/clients/pair HTTP/1.1\r\n" + HOST
# One answer, and the end of the connection: nothing behind it is read.
REFUSED, TOO_LARGE = [400], [431]


def head(*lines, first=b"POST /api/clients/pair HTTP/1.1"):
    return b"\r\n".join([first, b"Host: hub", *lines, b"", b""])


def chunked(*lines):
    return head(b"Transfer-Encoding: chunked", *lines)


def lengths():
    """Bodies whose end could be seen in two places."""
    yield "CL.TE", head(b"Content-Length: 6", b"Transfer-Encoding: chunked") + b"0\r\n\r\nX" + HIDDEN, REFUSED
    yield "TE.CL", head(b"Transfer-Encoding: chunked", b"Content-Length: 4") + b"5c\r\n" + HIDDEN, REFUSED
    yield "TE.TE", chunked(b"Transfer-Encoding: identity") + b"0\r\n\r\n" + HIDDEN, REFUSED
    yield "chunked twice", chunked(b"Transfer-Encoding: chunked") + b"0\r\n\r\n" + HIDDEN, REFUSED
    yield "chunked, then gzip", head(b"Transfer-Encoding: chunked, gzip") + b"0\r\n\r\n" + HIDDEN, REFUSED
    yield "identity", head(b"Transfer-Encoding: identity", b"Content-Length: 0") + HIDDEN, REFUSED
    # Nobody can tell where it ends.
    yield "an encoding that nobody knows", head(b"Transfer-Encoding: xchunked") + b"0\r\n\r\n" + HIDDEN, []
    yield "a blank before the colon of Transfer-Encoding", head(b"Transfer-Encoding : chunked") + b"0\r\n\r\n" + HIDDEN, REFUSED
    yield "a tab before chunked, and a length", head(b"Transfer-Encoding:\tchunked", b"Content-Length: 3") + b"0\r\n\r\n" + HIDDEN, REFUSED
    yield "two lengths", head(b"Content-Length: 0", b"Content-Length: 44") + HIDDEN, REFUSED
    yield "one length twice", head(b"Content-Length: 2", b"Content-Length: 2") + b"{}" + HIDDEN, REFUSED
    yield "two lengths in one", head(b"Content-Length: 2, 2") + b"{}" + HIDDEN, REFUSED
    for name, length in (("negative", b"-1"), ("with a plus", b"+2"), ("in hex", b"0x2"), ("with a blank within", b"1 0"), ("empty", b""),
                         ("beyond 64 bits", b"18446744073709551618"), ("with a fraction", b"2.0"), ("in words", b"two")):
        yield f"a length {name}", head(b"Content-Length: " + length) + b"{}" + HIDDEN, REFUSED


def chunks():
    # A chunked body that is good is read to its end; then comes the next request.
    yield "a good chunked body", chunked() + b"2\r\n{}\r\n0\r\n\r\n" + GET, [401, 200]
    yield "a chunk's extension", chunked() + b"2;a=b\r\n{}\r\n0\r\n\r\n" + GET, [401, 200]
    yield "a trailer", chunked() + b"2\r\n{}\r\n0\r\nX-Trailer: a\r\n\r\n" + GET, [401, 200]
    yield "an extension with a bare LF", chunked() + b"2;a\n{}\r\n0\r\n\r\n" + HIDDEN, []
    for name, size in (("in words", b"two"), ("with 0x", b"0x2"), ("negative", b"-2"), ("beyond 64 bits", b"10000000000000002"), ("empty", b""),
                       ("with a blank before it", b" 2"), ("with an underscore", b"1_0")):
        yield f"a chunk's size {name}", chunked() + size + b"\r\n{}\r\n0\r\n\r\n" + HIDDEN, []
    yield "a chunk that is longer than it says", chunked() + b"1\r\n{}\r\n0\r\n\r\n" + HIDDEN, []
    yield "a chunk with a bare LF after it", chunked() + b"2\r\n{}\n0\r\n\r\n" + HIDDEN, []
    yield "a chunk of 2 GiB", chunked() + b"80000000\r\n" + b"x" * 70000, [413]
    # It is read and thrown away; how long, is bounded by the time for a body.
    yield "a chunk's extension of 64 KiB", chunked() + b"2;" + b"a" * 65536 + b"\r\n{}\r\n0\r\n\r\n", [401]
    yield "a trailer of 64 KiB", chunked() + b"0\r\nX-Trailer: " + b"a" * 65536 + b"\r\n\r\n", []
    yield "ten thousand trailers", chunked() + b"0\r\n" + b"a: b\r\n" * 10000 + b"\r\n", []


def fields():
    yield "a folded line", head(b"X-Folded: a", b" b", first=b"GET /healthz HTTP/1.1") + HIDDEN, REFUSED
    yield "a blank before the colon", head(b"X-Blank : a", first=b"GET /healthz HTTP/1.1") + HIDDEN, REFUSED
    yield "a blank before the first field", b"GET /healthz HTTP/1.1\r\n Host: hub\r\n\r\n" + HIDDEN, REFUSED
    yield "no colon", head(b"X-None", first=b"GET /healthz HTTP/1.1") + HIDDEN, REFUSED
    yield "no name", head(b": a", first=b"GET /healthz HTTP/1.1") + HIDDEN, REFUSED
    for name, byte in (("NUL", b"\0"), ("bare CR", b"\r"), ("ESC", b"\x1b"), ("DEL", b"\x7f")):
        yield f"a {name} in a value", head(b"X-Value: a" + byte + b"b", first=b"GET /healthz HTTP/1.1") + HIDDEN, REFUSED
        yield f"a {name} in a name", head(b"X-Na" + byte + b"me: a", first=b"GET /healthz HTTP/1.1") + HIDDEN, REFUSED
    yield "lines that end with a bare LF", b"GET /healthz HTTP/1.1\nHost: hub\n\n" + HIDDEN, REFUSED
    yield "a field that ends with a bare LF", b"GET /healthz HTTP/1.1\r\nHost: hub\nX-Other: a\r\n\r\n" + HIDDEN, REFUSED
    yield "no Host", b"GET /healthz HTTP/1.1\r\n\r\n" + HIDDEN, REFUSED
    yield "two Hosts", b"GET /healthz HTTP/1.1\r\nHost: hub\r\nHost: other\r\n\r\n" + HIDDEN, REFUSED
    yield "a field over 16 KiB", head(b"X-Large: " + b"x" * 17000, first=b"GET /healthz HTTP/1.1") + HIDDEN, TOO_LARGE
    yield "fields over 16 KiB together", head(*[b"X-%d: " % number + b"x" * 900 for number in range(20)], first=b"GET /healthz HTTP/1.1"), TOO_LARGE
    yield "150 fields", head(*[b"X-%d: a" % number for number in range(150)], first=b"GET /healthz HTTP/1.1"), TOO_LARGE
    yield "a name of 20 KiB", head(b"X" * 20000 + b": a", first=b"GET /healthz HTTP/1.1"), TOO_LARGE
    yield "Expect of what nobody knows", head(b"Expect: wonders", b"Content-Length: 2") + b"{}", [[401], [417]]


def lines():
    def first(line):
        return line + b"\r\n" + HOST + b"\r\n" + HIDDEN

    yield "a good request", GET + GET, [200, 200]
    for name, line in (("no version", b"GET /healthz"), ("a version of its own", b"GET /healthz HTTP/9.9"), ("version 2", b"GET /healthz HTTP/2.0"),
                       ("version 1.10", b"GET /healthz HTTP/1.10"), ("a version in small letters", b"GET /healthz http/1.1"),
                       ("a method that is none", b"G(T /healthz HTTP/1.1"), ("no target", b"GET  HTTP/1.1"),
                       ("a target with a blank", b"GET /heal thz HTTP/1.1"), ("a target with a NUL", b"GET /healthz\0 HTTP/1.1"),
                       ("a target with ESC", b"GET /\x1b[31m HTTP/1.1"), ("a bare CR within", b"GET /healthz\rHTTP/1.1"),
                       ("a target without a slash", b"GET healthz HTTP/1.1"), ("a blank before it", b" GET /healthz HTTP/1.1")):
        yield name, first(line), REFUSED
    yield "the preface of HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", REFUSED
    yield "a target of 20 KiB", first(b"GET /" + b"a" * 20000 + b" HTTP/1.1"), TOO_LARGE
    yield "a method of 20 KiB", first(b"A" * 20000 + b" / HTTP/1.1"), [[400], [431]]
    yield "a target that is an address", first(b"GET https://hub.invalid/api/device HTTP/1.1")[:-len(HIDDEN)], [401]
    yield "a target that is an authority", first(b"CONNECT hub:443 HTTP/1.1")[:-len(HIDDEN)], [[404], [405], [400]]
    yield "a target that is a star", first(b"OPTIONS * HTTP/1.1")[:-len(HIDDEN)], [[404], [405], [400]]
    yield "TRACE", first(b"TRACE /healthz HTTP/1.1")[:-len(HIDDEN)], [405]
    yield "HTTP/1.0", b"GET /healthz HTTP/1.0\r\n\r\n" + HIDDEN, [200]


def upgrades():
    words = [b"Connection: Upgrade", b"Upgrade: websocket", b"Sec-WebSocket-Version: 13", b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
             b"Sec-WebSocket-Protocol: remote-agent.v1"]
    stream = b"GET /api/clients/stream HTTP/1.1"
    # A request that was not read to its end, or whose rest could be a frame, is the last.
    yield "an upgrade without a proof", head(*words, first=stream), [401]
    yield "an upgrade with a body", head(*words, b"Content-Length: 2", first=stream) + b"{}" + HIDDEN, [[401], [400]]
    yield "an upgrade with a chunked body", head(*words, b"Transfer-Encoding: chunked", first=stream) + b"0\r\n\r\n" + HIDDEN, [[401], [400]]
    yield "an upgrade and a request behind it", head(*words, first=stream) + HIDDEN, [401]
    yield "an upgrade to h2c", head(b"Connection: Upgrade, HTTP2-Settings", b"Upgrade: h2c", b"HTTP2-Settings: AAMAAABkAAQAAP__",
                                    first=b"GET /healthz HTTP/1.1") + HIDDEN, [200]
    yield "an upgrade elsewhere", head(*words, first=b"GET /healthz HTTP/1.1") + HIDDEN, [200]


def rows():
    """Name, bytes, the statuses of the answers, in their order; a list of lists: one of these. Behind them the connection ends."""
    for kind in (lines, fields, lengths, chunks, upgrades):
        for name, data, statuses in kind():
            yield name, data, statuses


# Paths that could lead out of where they begin, or to what is not meant.
TARGETS = [b"/etc/passwd", b"/proc/self/environ", b"/hub.db", b"/assets/hub.db", b"/ca-key.pem"]
DOTS = [b"..", b"%2e%2e", b".%2e", b"%2E.", b"..%00", b"%252e%252e", b"%c0%ae%c0%ae", b"%e0%80%ae%e0%80%ae", b"..;", b"...", b"%u002e%u002e"]
SLASHES = [b"/", b"%2f", b"\\", b"%5c", b"%252f", b"%c0%af", b"//"]
ROOTS = [b"/assets", b"/sessions", b"/api/agents", b"/api/device", b""]


def paths():
    for root in ROOTS:
        for dots in DOTS:
            for slash in SLASHES:
                for target in TARGETS[:2]:
                    yield root + slash + (dots + slash) * 6 + target[1:].replace(b"/", slash)
        for target in TARGETS:
            yield root + b"/" + target
            yield root + target + b"%00.html"
    for index in (b"index.html", b"index.html%00", b"index%2ehtml", b"INDEX.HTML"):
        yield b"/assets/" + index
    yield from (b"/assets", b"/assets/", b"/assets/.", b"/assets/..", b"//", b"/%", b"/%zz", b"/%2", b"/assets/app.js/", b"/assets//app.js", b"/./healthz/.")
