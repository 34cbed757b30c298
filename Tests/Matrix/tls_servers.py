"""The TLS servers that a device may meet, their certificates, and what must come of each."""
import re

from Support import tlsservers
from Support.certificates import AUTHORITY, SERVER
from Support.tlsservers import Drop, OpenSSL, Raw

ADDRESS, NAME = "127.0.0.1", "hub.example"
BOTH = [f"IP:{ADDRESS}", f"DNS:{NAME}"]
LEGACY = ["-cipher", "DEFAULT@SECLEVEL=0"]
# TLS was good: what fails then is about HTTP, which s_server does not speak.
CONNECTS = (76, "the answer is not HTTP")
NOT_TRUSTED = "the certificate is not trusted: "
CUT = (69, "the connection was cut off|Connection reset by peer")
# Before the proxy has told of it, even.
CUT_AT_ONCE = (69, CUT[1] + "|the proxy closed the connection without an answer")

# Of whom the device's credential is: what it trusts. "system": the system's authorities, which the test chooses by SSL_CERT_FILE.
CA, PIN, CA_AND_PIN, SYSTEM, NOTHING = "--ca", "--pin", "--ca and --pin", "the system's", "nothing"


def make(by):
    """Every certificate, by the name that the rows below know it by."""
    made = {}

    def certificate(name, above=None, **how):
        made[name] = by.make(name.replace(" ", "-"), above and made[above], **how)

    certificate("root", kind=AUTHORITY)
    certificate("other root", kind=AUTHORITY)
    certificate("middle", "root", kind=AUTHORITY)
    certificate("weak root", kind=AUTHORITY, key="RSA-1024")
    certificate("old root", kind=AUTHORITY, days=(-20, -10))
    certificate("good", "root", names=BOTH)
    good = made["good"]
    for kind in ("P-384", "RSA", "Ed25519", "RSA-1024"):
        certificate(kind, "root", names=BOTH, key=kind)
    certificate("by the middle", "middle", names=BOTH)
    certificate("by a leaf", "good", names=BOTH)
    certificate("expired", "root", names=BOTH, days=(-20, -10), key=good)
    certificate("not yet valid", "root", names=BOTH, days=(10, 20), key=good)
    certificate("self-signed", names=BOTH, key=good)
    certificate("self-signed, another key", names=BOTH)
    certificate("self-signed, expired", names=BOTH, key=good, days=(-20, -10))
    certificate("by another root", "other root", names=BOTH, key=good)
    certificate("another key", "root", names=BOTH)
    certificate("another name", "root", names=["IP:127.0.0.2", "DNS:hub.invalid"], key=good)
    certificate("common name only", "root", common=NAME, key=good)
    certificate("address as common name", "root", common=ADDRESS, key=good)
    certificate("address as a name", "root", names=[f"DNS:{ADDRESS}"])
    certificate("wildcard above", "root", names=["DNS:*.example"])
    certificate("wildcard beside", "root", names=[f"DNS:*.{NAME}"])
    certificate("wildcard in part", "root", names=["DNS:h*.example"])
    certificate("wildcard of all", "root", names=["DNS:*"])
    certificate("of a client", "root", names=BOTH, kind=["basicConstraints=CA:FALSE", "extendedKeyUsage=clientAuth"])
    certificate("SHA-1", "root", names=BOTH, digest="sha1")
    certificate("critical", "root", names=BOTH, kind=[*SERVER, "1.2.3.4=critical,ASN1:NULL"])
    certificate("by the weak root", "weak root", names=BOTH)
    certificate("by the old root", "old root", names=BOTH)
    return made


# What a device meets. Each row is played with ra-pair and with ra-tunnel: name, host, what it trusts, certificate (or a function that
# makes a server), options of s_server, what must come of it: the exit status, and what the last line says.
def rows():
    def not_for(host):
        return 76, f"the certificate is not for {re.escape(host)}"

    def distrusted(words):
        return 76, NOT_TRUSTED + words

    wrong_pin = (76, "the server's key is not the pinned one: it has sha256//")
    old = (76, "the other side does not speak TLS 1.2 or newer")
    wanted = (76, "wants a client's certificate, which a device does not have")
    no_tls, http = (76, "the other side does not speak TLS"), (76, "the other side speaks plain HTTP, not TLS")
    fails = (76, "TLS failed: the other side says: handshake failure")

    yield "a good certificate", ADDRESS, CA, "good", [], CONNECTS
    yield "a good certificate of a name", NAME, CA, "good", [], CONNECTS
    yield "a good certificate, by the system's authorities", ADDRESS, SYSTEM, "good", [], CONNECTS
    yield "a good certificate that nobody here trusts", ADDRESS, NOTHING, "good", [], distrusted("unable to get local issuer")
    for kind in ("P-384", "RSA", "Ed25519"):
        yield f"a key of {kind}", ADDRESS, CA, kind, [], CONNECTS
    yield "a chain with an intermediate", ADDRESS, CA, "by the middle", [], CONNECTS
    yield "an intermediate that is missing", ADDRESS, CA, "by the middle", ["no chain"], distrusted("unable to get local issuer")
    yield "an intermediate that is no authority", ADDRESS, CA, "by a leaf", [], distrusted("invalid CA certificate")
    yield "a self-signed certificate", ADDRESS, CA, "self-signed", [], distrusted("self-signed certificate")
    yield "an expired certificate", ADDRESS, CA, "expired", [], (76, "the certificate has expired")
    yield "a certificate that is not yet valid", ADDRESS, CA, "not yet valid", [], (76, "the certificate is not yet valid: is this machine's clock")
    yield "a certificate by another authority", ADDRESS, CA, "by another root", [], distrusted("unable to get local issuer")
    yield "a certificate of a client", ADDRESS, CA, "of a client", [], distrusted("unsuitable certificate purpose|unsupported certificate purpose")
    yield "a critical extension that nobody knows", ADDRESS, CA, "critical", [], distrusted("unhandled critical extension")

    yield "an address that it is not for", ADDRESS, CA, "another name", [], not_for(ADDRESS)
    yield "a name that it is not for", NAME, CA, "another name", [], not_for(NAME)
    yield "a common name alone", NAME, CA, "common name only", [], not_for(NAME)
    yield "an address as common name", ADDRESS, CA, "address as common name", [], not_for(ADDRESS)
    yield "an address as a DNS name", ADDRESS, CA, "address as a name", [], not_for(ADDRESS)
    yield "a wildcard", f"a.{NAME}", CA, "wildcard beside", [], CONNECTS
    yield "a wildcard for its own name", NAME, CA, "wildcard beside", [], not_for(NAME)
    yield "a wildcard for two labels", f"a.b.{NAME}", CA, "wildcard beside", [], not_for(f"a.b.{NAME}")
    yield "a wildcard in a part of a label", NAME, CA, "wildcard in part", [], not_for(NAME)
    yield "a wildcard of a whole top level", NAME, CA, "wildcard above", [], not_for(NAME)
    yield "a wildcard of everything", NAME, CA, "wildcard of all", [], not_for(NAME)

    yield "the right pin alone", ADDRESS, PIN, "good", [], CONNECTS
    yield "the right pin alone, a chain without its top", ADDRESS, PIN, "good", ["no chain"], CONNECTS
    yield "the right pin alone, self-signed", ADDRESS, PIN, "self-signed", [], CONNECTS
    yield "the right pin alone, expired", ADDRESS, PIN, "self-signed, expired", [], CONNECTS
    yield "the right pin alone, not yet valid", ADDRESS, PIN, "not yet valid", [], CONNECTS
    yield "the right pin alone, another authority's", ADDRESS, PIN, "by another root", [], CONNECTS
    yield "the right pin alone, an address that it is not for", ADDRESS, PIN, "another name", [], not_for(ADDRESS)
    yield "the right pin alone, a name that it is not for", NAME, PIN, "another name", [], not_for(NAME)
    yield "the right pin alone, a common name alone", NAME, PIN, "common name only", [], not_for(NAME)
    yield "a wrong pin alone", ADDRESS, PIN, "another key", [], wrong_pin
    yield "a wrong pin alone, self-signed", ADDRESS, PIN, "self-signed, another key", [], wrong_pin
    # A pin is of the server's own key, not of one above it.
    yield "a wrong pin alone, the right key above", ADDRESS, PIN, "by a leaf", [], wrong_pin
    yield "the right pin and chain", ADDRESS, CA_AND_PIN, "good", [], CONNECTS
    yield "the right pin, a wrong chain", ADDRESS, CA_AND_PIN, "by another root", [], distrusted("unable to get local issuer")
    yield "the right pin, self-signed", ADDRESS, CA_AND_PIN, "self-signed", [], distrusted("self-signed certificate")
    yield "the right pin and chain, expired", ADDRESS, CA_AND_PIN, "expired", [], (76, "the certificate has expired")
    yield "the right pin and chain, an address that it is not for", ADDRESS, CA_AND_PIN, "another name", [], not_for(ADDRESS)
    yield "a wrong pin, the right chain", ADDRESS, CA_AND_PIN, "another key", [], wrong_pin
    yield "a wrong pin and chain", ADDRESS, CA_AND_PIN, "self-signed, another key", [], distrusted("self-signed certificate")

    yield "a weak key", ADDRESS, CA, "RSA-1024", LEGACY, distrusted("EE certificate key too weak")
    yield "an authority with a weak key", ADDRESS, CA, "by the weak root", [], distrusted("unable to get local issuer|CA certificate key too weak")
    yield "a signature with SHA-1", ADDRESS, CA, "SHA-1", LEGACY, distrusted("CA signature digest algorithm too weak|CA md too weak")
    yield "a weak key, pinned by another", ADDRESS, PIN, "RSA-1024", LEGACY, wrong_pin

    yield "TLS 1.2 only", ADDRESS, CA, "good", ["-tls1_2"], CONNECTS
    yield "TLS 1.3 only", ADDRESS, CA, "good", ["-tls1_3"], CONNECTS
    yield "TLS 1.1 only", ADDRESS, CA, "good", ["-tls1_1", *LEGACY], old
    yield "TLS 1.0 only", ADDRESS, CA, "good", ["-tls1", *LEGACY], old
    yield "TLS 1.1 only, pinned", ADDRESS, PIN, "good", ["-tls1_1", *LEGACY], old
    yield "ciphers without a certificate", ADDRESS, CA, "good", ["-tls1_2", "-cipher", "aNULL:@SECLEVEL=0"], fails
    yield "ciphers without encryption", ADDRESS, CA, "good", ["-tls1_2", "-cipher", "eNULL:@SECLEVEL=0"], fails
    yield "a client's certificate is welcome", ADDRESS, CA, "good", ["-verify", "1"], CONNECTS
    yield "a client's certificate is demanded", ADDRESS, CA, "good", ["-Verify", "1"], wanted
    yield "a client's certificate is demanded, TLS 1.2", ADDRESS, CA, "good", ["-Verify", "1", "-tls1_2"], wanted
    yield "another server's name is told", NAME, CA, "good", [
        "-servername", "other.example", "-servername_fatal", "-cert2", "good", "-key2", "good"], (76, "the other side says: unrecognized name")

    for after in (1, 5, 6, 100, 600):
        yield f"a handshake that is cut after {after} bytes", ADDRESS, CA, cut(after), [], CUT
    yield "a connection that ends at once", ADDRESS, CA, raw(tlsservers.ends), [], CUT_AT_ONCE
    yield "a connection that is reset at once", ADDRESS, CA, raw(tlsservers.resets), [], CUT_AT_ONCE
    yield "a connection that ends after our hello", ADDRESS, CA, raw(tlsservers.ends_after_hello), [], CUT
    yield "garbage", ADDRESS, CA, raw(tlsservers.says(bytes(range(40, 240)))), [], no_tls
    yield "zeros", ADDRESS, CA, raw(tlsservers.says(bytes(300))), [], no_tls
    yield "a mail server", ADDRESS, CA, raw(tlsservers.says(b"220 mail.example ESMTP\r\n")), [], no_tls
    yield "plain HTTP", ADDRESS, CA, raw(tlsservers.says(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")), [], http
    yield "our own hello in return", ADDRESS, CA, raw(lambda connection: connection.sendall(connection.recv(65536))), [], (76, "TLS failed: ")
    yield "an alert", ADDRESS, CA, raw(tlsservers.says(b"\x15\x03\x03\0\x02\x02\x50")), [], (76, "the other side says: internal error")
    yield "an alert of 1.3", ADDRESS, CA, raw(tlsservers.says(b"\x15\x03\x03\0\x02\x02\x6d")), [], (76, "the other side says: missing extension")
    yield "a record that is too long", ADDRESS, CA, raw(tlsservers.says(b"\x16\x03\x03\xff\xff" + bytes(100))), [], (76, "TLS failed: ")
    # 30 s each; the way to the hub is there, so it may yet answer.
    late = (69, "no answer for 30 s")
    yield "a server that says nothing", ADDRESS, CA, raw(tlsservers.silent), [], late
    yield "a server that says one byte a second", ADDRESS, CA, raw(Drop(b"\x16\x03\x03\x10\0" + bytes(200), 1)), [], late


def raw(serve):
    return lambda stage: Raw(serve)


def cut(after):
    return lambda stage: Raw(tlsservers.cuts(OpenSSL(stage.scratch, stage.made["good"]).port, after))
