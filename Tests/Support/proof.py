"""Keys and proofs of a device (docs/protocol.md, proofs), by PyPI's cryptography and nothing of ours: made, also wrongly, and checked."""
import base64
import hashlib
import json
import secrets
import time

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils


def encode(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decode(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def hash_of(token):
    return encode(hashlib.sha256(token.encode()).digest())


class Key:
    def __init__(self, private=None):
        self.private = private or ec.generate_private_key(ec.SECP256R1())
        point = self.private.public_key().public_numbers()
        self.jwk = {"kty": "EC", "crv": "P-256", "x": encode(point.x.to_bytes(32, "big")), "y": encode(point.y.to_bytes(32, "big"))}

    def sign(self, text):
        r, s = utils.decode_dss_signature(self.private.sign(text.encode(), ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")

    def proof(self, method, url, nonce=None, token=None, spoils_signature=False, **how):
        """A proof for one request; `how` is that of `members`."""
        text = ".".join(encode(json.dumps(part).encode()) for part in self.members(method, url, nonce, token, **how))
        return f"{text}.{encode(self.sign(text + 'x' if spoils_signature else text))}"

    def members(self, method, url, nonce=None, token=None, header=(), claims=()):
        """Header and claims of a proof; `header` and `claims` replace members, or leave them out where they are None."""
        head = {"typ": "dpop+jwt", "alg": "ES256", "jwk": self.jwk}
        body = {"jti": secrets.token_urlsafe(16), "htm": method, "htu": url, "iat": int(time.time())}
        if nonce is not None:
            body["nonce"] = nonce
        if token is not None:
            body["ath"] = hash_of(token)
        for members, changes in ((head, dict(header)), (body, dict(claims))):
            for name, value in changes.items():
                members[name] = {**members[name], **value} if isinstance(value, dict) else value
                if value is None:
                    del members[name]
        return head, body


def check(proof, method, url, token):
    """The claims and the key of a device's proof; raises AssertionError with what is wrong with it. Its nonce is the caller's to see."""
    assert len(proof) <= 4096, "the proof is over 4 KiB"
    head, body, signature = proof.split(".")
    header, claims = json.loads(decode(head)), json.loads(decode(body))
    jwk = header["jwk"]
    assert (header["typ"], header["alg"]) == ("dpop+jwt", "ES256"), f"the proof's header is {header}"
    assert set(jwk) == {"kty", "crv", "x", "y"}, f"the proof's key has the members {sorted(jwk)}"
    x, y, raw = (int.from_bytes(decode(jwk["x"]), "big"), int.from_bytes(decode(jwk["y"]), "big"), decode(signature))
    key = ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
    both = utils.encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
    try:
        key.verify(both, f"{head}.{body}".encode(), ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        raise AssertionError("the proof's signature is wrong") from None
    assert 1 <= len(claims["jti"].encode()) <= 128, f"jti is {claims['jti']!r}"
    assert (claims["htm"], claims["htu"]) == (method, url), f"the proof is for {claims['htm']} {claims['htu']}, not {method} {url}"
    assert isinstance(claims["iat"], int), "iat is no number"
    assert claims.get("ath") == (hash_of(token) if token else None), "ath is not the hash of the token"
    return claims, json.dumps(jwk, sort_keys=True)
