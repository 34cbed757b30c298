"""What can be wrong with a proof: functions that make one of a good one's parts, and what each must be answered."""
import base64
import hmac
import json
import time

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa, utils

from Support.proof import Key, decode, encode

# The order of P-256, and its field.
N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
P = 0xFFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF

GOOD = "taken"
BAD, STALE = (401, "invalid_dpop_proof"), (401, "use_dpop_nonce")


class Wanted:
    """What a good proof of one request has: its parts, before they are signed."""

    def __init__(self, key, method, url, nonce, token):
        self.key, self.method, self.url, self.nonce, self.token = key, method, url, nonce, token

    def members(self, header=(), claims=()):
        return self.key.members(self.method, self.url, self.nonce, self.token, header, claims)

    def text(self, head=None, body=None):
        """The two parts that are signed; bytes in place of an object stand as they are."""
        good = self.members()
        parts = [head if head is not None else good[0], body if body is not None else good[1]]
        return ".".join(encode(part if isinstance(part, bytes) else json.dumps(part).encode()) for part in parts)

    def signed(self, head=None, body=None, sign=None):
        text = self.text(head, body)
        return f"{text}.{encode((sign or self.key.sign)(text))}"


def header(**changes):
    return lambda good: good.signed(*good.members(header=changes))


def claims(**changes):
    """Values may be functions of the good request."""
    def make(good):
        known = {name: value(good) if callable(value) else value for name, value in changes.items()}
        return good.signed(*good.members(claims=known))
    return make


def url(change):
    return claims(htu=lambda good: change(good.url))


def signature(change):
    """`change` makes bytes of the 64 of a good signature."""
    def make(good):
        text = good.text()
        return f"{text}.{encode(change(good.key.sign(text)))}"
    return make


def numbers(change):
    """The same of r and s."""
    def changed(raw):
        r, s = change(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")
    return signature(changed)


def last(change):
    """What the text of the signature becomes."""
    def make(good):
        text, _, raw = good.signed().rpartition(".")
        return f"{text}.{change(raw)}"
    return make


def high(raw):
    """Whichever of the two s is the higher."""
    s = int.from_bytes(raw[32:], "big")
    return raw[:32] + max(s, N - s).to_bytes(32, "big")


def low(raw):
    s = int.from_bytes(raw[32:], "big")
    return raw[:32] + min(s, N - s).to_bytes(32, "big")


def der(raw):
    return utils.encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))


def other_bits(raw):
    """The same bytes, with bits that mean nothing in the last symbol."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return raw[:-1] + alphabet[alphabet.index(raw[-1]) + 1]


def public(good):
    return good.key.private.public_key()


def with_key(**changes):
    """Another jwk, signed by the good key."""
    def make(good):
        known = {name: value(good) if callable(value) else value for name, value in changes.items()}
        return good.signed(*good.members(header={"jwk": known}))
    return make


def x(good):
    return int.from_bytes(decode(good.key.jwk["x"]), "big")


def short_key(good):
    """A key whose x begins with a zero byte, left out as RFC 7518 section 6.2.1.2 forbids."""
    key = Key()
    while decode(key.jwk["x"])[0] != 0:
        key = Key()
    key.jwk["x"] = encode(decode(key.jwk["x"])[1:])
    return Wanted(key, good.method, good.url, good.nonce, good.token).signed()


def hmac_signed(secret):
    def make(good):
        head, body = good.members(header={"alg": "HS256"})
        return good.signed(head, body, lambda text: hmac.digest(secret(good), text.encode(), "sha256"))
    return make


def pem(good):
    return public(good).public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def point(good):
    return public(good).public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)


def rsa_signed(good):
    key = rsa.generate_private_key(65537, 2048)
    known = key.public_key().public_numbers()
    jwk = {"kty": "RSA", "n": encode(known.n.to_bytes(256, "big")), "e": "AQAB"}
    head, body = good.members()
    head = {"typ": "dpop+jwt", "alg": "RS256", "jwk": jwk}
    return good.signed(head, body, lambda text: key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256()))


def curve_signed(curve, name, alg, digest, size):
    def make(good):
        key = ec.generate_private_key(curve())
        known = key.public_key().public_numbers()
        jwk = {"kty": "EC", "crv": name, "x": encode(known.x.to_bytes(size, "big")), "y": encode(known.y.to_bytes(size, "big"))}

        def sign(text):
            r, s = utils.decode_dss_signature(key.sign(text.encode(), ec.ECDSA(digest())))
            return r.to_bytes(size, "big") + s.to_bytes(size, "big")
        return good.signed({"typ": "dpop+jwt", "alg": alg, "jwk": jwk}, good.members()[1], sign)
    return make


def edwards_signed(good):
    key = ed25519.Ed25519PrivateKey.generate()
    raw = key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    head = {"typ": "dpop+jwt", "alg": "EdDSA", "jwk": {"kty": "OKP", "crv": "Ed25519", "x": encode(raw)}}
    return good.signed(head, good.members()[1], lambda text: key.sign(text.encode()))


def doubled(part, name, value=None):
    """A member of a part twice: first another value, then the good one."""
    def make(good):
        parts = list(good.members())
        whole = json.dumps(parts[part]).encode()
        parts[part] = b"{" + json.dumps({name: value}).encode()[1:-1] + b", " + whole[1:]
        return good.signed(*parts)
    return make


def doubled_key(good):
    head, body = good.members()
    text = json.dumps(head).replace('"kty"', '"kty": "RSA", "kty"', 1)
    return good.signed(text.encode(), body)


def filled(size):
    """A proof of just that many bytes."""
    def make(good):
        count = size
        while True:
            made = good.signed(*good.members(claims={"filler": "x" * count}))
            if len(made) == size:
                return made
            # Three bytes are four symbols, and not every length can be met: the identifier makes up for it.
            if len(made) < size:
                return good.signed(*good.members(claims={"filler": "x" * count, "jti": "j" * (24 + size - len(made))}))
            count -= max(1, (len(made) - size) * 3 // 4 - 2)
    return make


def forms():
    """Whole proofs that are none."""
    yield "empty", lambda good: "", BAD
    yield "one word", lambda good: "proof", BAD
    yield "two parts", lambda good: good.text(), BAD
    yield "three empty parts", lambda good: "..", BAD
    yield "four parts", lambda good: good.signed() + ".", BAD
    yield "five parts, as encrypted", lambda good: good.signed() + ".AAAA.AAAA", BAD
    yield "as JSON", lambda good: json.dumps(dict(zip(("protected", "payload", "signature"), good.signed().split(".")))), BAD
    yield "two in one header", lambda good: f"{good.signed()}, {good.signed()}", BAD
    yield "quoted", lambda good: f'"{good.signed()}"', BAD
    yield "with a blank within", lambda good: good.signed().replace(".", ". "), BAD
    yield "with a header that is no JSON", lambda good: good.signed(b"{", None), BAD
    yield "with a header that is an array", lambda good: good.signed(b"[]", None), BAD
    yield "with claims that are text", lambda good: good.signed(None, b'"claims"'), BAD
    yield "with claims that go on", lambda good: good.signed(None, json.dumps(good.members()[1]).encode() + b"{}"), BAD
    yield "with a byte order mark", lambda good: good.signed(b"\xef\xbb\xbf" + json.dumps(good.members()[0]).encode(), None), BAD
    yield "with invalid UTF-8", lambda good: good.signed(None, json.dumps(good.members()[1]).encode()[:-1] + b',"a":"\xff"}'), BAD
    yield "with claims of 100 levels", lambda good: good.signed(
        None, json.dumps(good.members()[1]).encode()[:-1] + b',"a":' + b"[" * 100 + b"]" * 100 + b"}"), BAD
    yield "with padding", lambda good: ".".join(part + "=" * (-len(part) % 4) for part in good.signed().split(".")), BAD
    yield "in the other alphabet of base64", lambda good: ".".join(
        base64.b64encode(decode(part)).decode().rstrip("=") for part in good.signed().split(".")).replace(".", ".+", 1), BAD
    yield "of 4096 bytes", filled(4096), GOOD
    yield "of 4097 bytes", filled(4097), BAD
    yield "of 12000 bytes", filled(12000), BAD


def headers():
    yield "typ is JWT", header(typ="JWT"), BAD
    yield "typ is missing", header(typ=None), BAD
    yield "typ is in capitals", header(typ="DPOP+JWT"), BAD
    yield "typ has its whole name", header(typ="application/dpop+jwt"), BAD
    yield "alg is missing", header(alg=None), BAD
    yield "alg is in small letters", header(alg="es256"), BAD
    yield "alg is a number", header(alg=256), BAD
    yield "alg is none, without a signature", lambda good: good.text(good.members(header={"alg": "none"})[0]) + ".", BAD
    yield "alg is none, with a signature", header(alg="none"), BAD
    yield "alg is HS256 by the public key's PEM", hmac_signed(pem), BAD
    yield "alg is HS256 by the public key's point", hmac_signed(point), BAD
    yield "alg is HS256 by an empty secret", hmac_signed(lambda good: b""), BAD
    yield "alg is RS256", rsa_signed, BAD
    yield "alg is RS256 over a good signature", header(alg="RS256"), BAD
    yield "alg is ES384", curve_signed(ec.SECP384R1, "P-384", "ES384", hashes.SHA384, 48), BAD
    yield "alg is ES512", curve_signed(ec.SECP521R1, "P-521", "ES512", hashes.SHA512, 66), BAD
    yield "alg is ES256K", curve_signed(ec.SECP256K1, "secp256k1", "ES256K", hashes.SHA256, 32), BAD
    yield "alg is EdDSA", edwards_signed, BAD
    yield "alg is ES256 of a key of another curve", curve_signed(ec.SECP256K1, "P-256", "ES256", hashes.SHA256, 32), BAD
    yield "an extension that must be understood", header(crit=["exp"], exp=1), BAD
    yield "an extension that may be ignored", header(kid="mine"), GOOD
    yield "a URL of keys", header(jku="https://127.0.0.1:1/keys"), GOOD
    yield "typ twice", doubled(0, "typ", "JWT"), BAD
    yield "alg twice", doubled(0, "alg", "none"), BAD


def keys():
    yield "jwk is missing", header(jwk=None), BAD
    yield "jwk is text", header(jwk="key"), BAD
    yield "jwk is an array", header(jwk=[]), BAD
    yield "jwk has its private part", with_key(d=lambda good: encode(good.key.private.private_numbers().private_value.to_bytes(32, "big"))), BAD
    yield "jwk is of another kind", with_key(kty="RSA"), BAD
    yield "jwk is a secret", with_key(kty="oct", k="AAAA"), BAD
    yield "jwk says another curve", with_key(crv="P-384"), BAD
    yield "jwk without x", with_key(x=None), BAD
    yield "jwk without y", with_key(y=None), BAD
    yield "jwk with numbers", with_key(x=1, y=2), BAD
    yield "jwk is off the curve", with_key(x=encode((1).to_bytes(32, "big")), y=encode((1).to_bytes(32, "big"))), BAD
    yield "jwk is at infinity", with_key(x=encode(bytes(32)), y=encode(bytes(32))), BAD
    yield "jwk is beyond the field", with_key(x=lambda good: encode((x(good) + P & (1 << 256) - 1).to_bytes(32, "big"))), BAD
    yield "jwk has x with its leading zeros cut", short_key, BAD
    yield "jwk has x with a zero before it", with_key(x=lambda good: encode(b"\0" + decode(good.key.jwk["x"]))), BAD
    yield "jwk has x with padding", with_key(x=lambda good: good.key.jwk["x"] + "="), BAD
    yield "jwk has x with other bits at its end", with_key(x=lambda good: other_bits(good.key.jwk["x"])), BAD
    yield "jwk has a member twice", doubled_key, BAD
    yield "jwk twice", doubled(0, "jwk", {}), BAD
    yield "jwk has members that mean nothing here", with_key(kid="mine", use="sig"), GOOD
    yield "jwk is another key than the one that signed", lambda good: good.signed(
        *Wanted(Key(), good.method, good.url, good.nonce, good.token).members()), BAD


def claimed():
    yield "htm is missing", claims(htm=None), BAD
    yield "htm is another", claims(htm="PUT"), BAD
    yield "htm is in small letters", claims(htm=lambda good: good.method.lower()), BAD
    yield "htm is a number", claims(htm=1), BAD
    yield "htm twice", doubled(1, "htm", "PUT"), BAD
    yield "htu is missing", claims(htu=None), BAD
    yield "htu is an array", claims(htu=lambda good: [good.url]), BAD
    yield "htu twice", doubled(1, "htu", "https://hub.invalid/"), BAD
    yield "htu is the path alone", url(lambda url: "/" + url.split("/", 3)[3]), BAD
    yield "htu has another host", url(lambda url: "https://hub.invalid/" + url.split("/", 3)[3]), BAD
    yield "htu has another port", url(lambda url: url.replace("/api", "1/api", 1)), BAD
    yield "htu has no port", url(lambda url: "https://127.0.0.1/" + url.split("/", 3)[3]), BAD
    yield "htu has another path", url(lambda url: url.rsplit("/", 1)[0] + "/other"), BAD
    yield "htu has a slash at its end", url(lambda url: url + "/"), BAD
    yield "htu has two slashes", url(lambda url: url.replace("/api/", "//api/", 1)), BAD
    yield "htu has the path in capitals", url(lambda url: url.replace("/api/", "/API/", 1)), BAD
    yield "htu has a query", url(lambda url: url + "?a=b"), BAD
    yield "htu has an empty query", url(lambda url: url + "?"), BAD
    yield "htu has a fragment", url(lambda url: url + "#a"), BAD
    yield "htu has a user", url(lambda url: url.replace("://", "://user@", 1)), BAD
    yield "htu has a dot after its host", url(lambda url: url.replace("127.0.0.1", "127.0.0.1.", 1)), BAD
    yield "htu has the address in another form", url(lambda url: url.replace("127.0.0.1", "127.1", 1)), BAD
    yield "htu is http", url(lambda url: url.replace("https", "http", 1)), BAD
    yield "htu is wss", url(lambda url: url.replace("https", "wss", 1)), BAD
    yield "htu has a slash that is escaped", url(lambda url: url.replace("/api/", "/api%2F", 1)), BAD
    yield "htu has a blank", url(lambda url: url + " "), BAD
    yield "htu has letters beyond ASCII", url(lambda url: url.replace("api", "a\u03c1i", 1)), BAD
    yield "htu has scheme and host in capitals", url(lambda url: url.replace("https", "HTTPS", 1)), GOOD
    yield "htu has letters that are escaped", url(lambda url: url.replace("/api/", "/%61pi/", 1)), GOOD
    yield "htu has dot segments", url(lambda url: url.replace("/api/", "/x/.././api/", 1)), GOOD
    yield "htu has the public name", url(lambda url: "https://hub.example/" + url.split("/", 3)[3]), GOOD
    yield "htu has the public name and the default port", url(lambda url: "https://hub.example:443/" + url.split("/", 3)[3]), GOOD
    yield "htu has the public name and another port", url(lambda url: "https://hub.example:8443/" + url.split("/", 3)[3]), BAD
    yield "htu has the public name and a dot", url(lambda url: "https://hub.example./" + url.split("/", 3)[3]), BAD
    yield "htu has a name below the public one", url(lambda url: "https://a.hub.example/" + url.split("/", 3)[3]), BAD
    yield "iat is missing", claims(iat=None), BAD
    yield "iat is text", claims(iat=lambda good: str(int(time.time()))), BAD
    yield "iat is long ago", claims(iat=1), GOOD
    yield "iat is yet to come", claims(iat=lambda good: int(time.time()) + 10 ** 8), GOOD
    yield "jti is missing", claims(jti=None), BAD
    yield "jti is empty", claims(jti=""), BAD
    yield "jti is a number", claims(jti=7), BAD
    yield "jti is too long", claims(jti="x" * 129), BAD
    yield "jti is too long in bytes", claims(jti="\u00e9" * 65), BAD
    yield "jti twice", doubled(1, "jti", "other"), BAD
    yield "nonce is missing", claims(nonce=None), STALE
    yield "nonce is empty", claims(nonce=""), STALE
    yield "nonce is nobody's", claims(nonce=lambda good: encode(bytes(24))), STALE
    yield "nonce is changed", claims(nonce=lambda good: ("B" if good.nonce[0] == "A" else "A") + good.nonce[1:]), STALE
    yield "nonce is another moment's", claims(nonce=lambda good: encode(
        (int.from_bytes(decode(good.nonce)[:8], "big") + 1).to_bytes(8, "big") + decode(good.nonce)[8:])), STALE
    yield "nonce is cut", claims(nonce=lambda good: good.nonce[:-4]), STALE
    yield "nonce is too long", claims(nonce=lambda good: good.nonce * 3), STALE
    yield "nonce has a blank", claims(nonce=lambda good: good.nonce + " "), STALE
    yield "nonce is a number", claims(nonce=1), BAD
    yield "nonce is null", lambda good: good.signed(None, json.dumps({**good.members()[1], "nonce": None}).encode()), BAD
    yield "nonce twice", doubled(1, "nonce", "other"), BAD
    yield "ath is missing", claims(ath=None), BAD
    yield "ath is empty", claims(ath=""), BAD
    yield "ath is another token's", claims(ath=encode(bytes(32))), BAD
    yield "ath is in hex", claims(ath=lambda good: decode(good.members()[1]["ath"]).hex()), BAD
    yield "ath has padding", claims(ath=lambda good: good.members()[1]["ath"] + "="), BAD
    yield "ath has other bits at its end", claims(ath=lambda good: other_bits(good.members()[1]["ath"])), BAD
    yield "ath is the token", claims(ath=lambda good: good.token), BAD
    yield "ath is a number", claims(ath=1), BAD
    yield "ath twice", doubled(1, "ath", "other"), BAD


def signatures():
    yield "the signature is of something else", lambda good: good.signed(sign=lambda text: good.key.sign(text + "x")), BAD
    yield "the signature is another key's", lambda good: good.signed(sign=Key().sign), BAD
    yield "the signature has a bit turned", signature(lambda raw: bytes([raw[0] ^ 1]) + raw[1:]), BAD
    yield "the signature has its halves exchanged", signature(lambda raw: raw[32:] + raw[:32]), BAD
    yield "the signature has the higher s", signature(high), GOOD
    yield "the signature has the lower s", signature(low), GOOD
    yield "the signature has r = 0", numbers(lambda r, s: (0, s)), BAD
    yield "the signature has s = 0", numbers(lambda r, s: (r, 0)), BAD
    yield "the signature has r = s = 0", numbers(lambda r, s: (0, 0)), BAD
    yield "the signature has r = n", numbers(lambda r, s: (N, s)), BAD
    yield "the signature has s = n", numbers(lambda r, s: (r, N)), BAD
    yield "the signature has n - r", numbers(lambda r, s: (N - r, s)), BAD
    yield "the signature is all ones", signature(lambda raw: b"\xff" * 64), BAD
    yield "the signature has 63 bytes", signature(lambda raw: raw[:63]), BAD
    yield "the signature has 65 bytes", signature(lambda raw: raw + b"\0"), BAD
    yield "the signature has a zero before it", signature(lambda raw: b"\0" + raw), BAD
    yield "the signature has 96 bytes", signature(lambda raw: bytes(16) + raw[:32] + bytes(16) + raw[32:]), BAD
    yield "the signature is in DER", signature(der), BAD
    yield "the signature is empty", signature(lambda raw: b""), BAD
    yield "the signature is in hex", last(lambda raw: decode(raw).hex()), BAD
    yield "the signature has padding", last(lambda raw: raw + "=="), BAD
    yield "the signature has other bits at its end", last(other_bits), BAD
    yield "the signature has a symbol too many", last(lambda raw: raw + "A"), BAD
    yield "the signature has a symbol that is none", last(lambda raw: raw[:-3] + "!" + raw[-2:]), BAD


def rows():
    """Name, what makes the proof of a good request, and what it is answered."""
    for kind, cases in (("", claimed), ("", signatures), ("", headers), ("", keys), ("a proof ", forms)):
        for name, make, expected in cases():
            yield kind + name, make, expected
