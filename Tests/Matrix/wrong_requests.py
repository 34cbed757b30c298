"""What can be wrong with a request of a device beside its proof, and where proofs are taken."""
import hashlib
import secrets

from Support.proof import encode, hash_of
from Support.rawdevice import STREAM, UPGRADE
from wrong_proofs import BAD, GOOD, Wanted

SESSION, DEVICE = "/api/clients/session", "/api/device"
TOKEN, REVOKED = (401, "invalid_token"), (403, "revoked")


class Place:
    """Where a proof is taken, with which token."""

    def __init__(self, name, method, path, kind, status, headers=(), body=None):
        self.name, self.method, self.path, self.kind, self.status = name, method, path, kind, status
        self.headers, self.body = list(headers), body

    def ask(self, device, token, proofs, headers=None, scheme="DPoP"):
        """A request with just these proofs; `headers`: what stands in place of Authorization."""
        if headers is None:
            headers = [] if token is None else [("Authorization", f"{scheme} {token}")]
        answer, stream = device.request(self.method, self.path, [*self.headers, *headers], self.body, proofs)
        if stream is not None:
            stream.socket.close()
        return answer


PLACES = [Place("session", "POST", SESSION, "refresh", 200, body=b"{}"),
          Place("upgrade", "GET", STREAM, "session", 101, UPGRADE),
          Place("device", "GET", DEVICE, "access", 200),
          Place("unpairing", "DELETE", DEVICE, "access", 204)]
AUTH = Place("auth", "GET", STREAM, "session", None)


def wanted(device, place, token, nonce=None):
    if device.nonce is None:
        device.proof("GET", "/")
    return Wanted(device.key, place.method, device.origin + place.path, nonce or device.nonce, token)


# What can be wrong beside the proof itself: name, the DPoP headers and the rest of a request from a device, a token and a place, and what
# it is answered. A proof that has `ath` where no token is presented is a bad proof, and the proof is looked at first.
def presented():
    def whole(device, place, token):
        return wanted(device, place, token).signed()

    def bare(device, place):
        return wanted(device, place, None).signed()

    def without(name, headers):
        yield f"{name}, ath in the proof", lambda device, place, token: ([whole(device, place, token)], headers(token)), BAD
        yield f"{name}, no ath", lambda device, place, token: ([bare(device, place)], headers(token)), TOKEN

    def same_as(name, change):
        """A token that is another, in a proof that is for it."""
        def make(device, place, token):
            other = change(token)
            return [whole(device, place, other)], [("Authorization", f"DPoP {other}")]
        return name, make, TOKEN

    yield "no proof", lambda device, place, token: ([], [("Authorization", f"DPoP {token}")]), BAD
    yield "two proofs", lambda device, place, token: (
        [whole(device, place, token), whole(device, place, token)], [("Authorization", f"DPoP {token}")]), BAD
    yield "one proof twice", lambda device, place, token: (
        [whole(device, place, token)] * 2, [("Authorization", f"DPoP {token}")]), BAD
    yield from without("no token", lambda token: [])
    yield from without("an empty Authorization", lambda token: [("Authorization", "")])
    yield from without("a scheme and no token", lambda token: [("Authorization", "DPoP")])
    yield from without("Bearer", lambda token: [("Authorization", f"Bearer {token}")])
    yield from without("Basic", lambda token: [("Authorization", f"Basic {token}")])
    yield from without("no scheme", lambda token: [("Authorization", token)])
    yield from without("two tokens", lambda token: [("Authorization", f"DPoP {token} {token}")])
    yield from without("two Authorization headers", lambda token: [("Authorization", f"DPoP {token}")] * 2)
    yield from without("DPoP and Bearer", lambda token: [("Authorization", f"DPoP {token}"), ("Authorization", f"Bearer {token}")])
    yield from without("a token in a cookie", lambda token: [("Cookie", f"token={token}")])
    yield "the scheme in small letters", lambda device, place, token: (
        [whole(device, place, token)], [("Authorization", f"dpop {token}")]), GOOD
    yield "another Host", lambda device, place, token: (
        [whole(device, place, token)], [("Authorization", f"DPoP {token}"), ("Host", "hub.invalid")]), GOOD
    yield "a Host that the proof agrees with", lambda device, place, token: (
        [Wanted(device.key, place.method, "https://hub.invalid" + place.path, device.nonce, token).signed()],
        [("Authorization", f"DPoP {token}"), ("Host", "hub.invalid")]), BAD
    yield "an X-Forwarded-Host that the proof agrees with", lambda device, place, token: (
        [Wanted(device.key, place.method, "https://hub.invalid" + place.path, device.nonce, token).signed()],
        [("Authorization", f"DPoP {token}"), ("X-Forwarded-Host", "hub.invalid")]), BAD
    yield same_as("a token that nobody has", lambda token: token[:4] + encode(secrets.token_bytes(32)))
    yield same_as("a token that is cut", lambda token: token[:-1])
    yield same_as("a token that goes on", lambda token: token + "A")
    yield same_as("a token in capitals", str.upper)
    yield same_as("a token's hash", hash_of)
    yield same_as("a token's hash as stored", lambda token: hashlib.sha256(token.encode()).hexdigest())
    yield same_as("a token of one symbol", lambda token: "A")
    yield same_as("a token of 8 KiB", lambda token: "A" * 8192)
    yield "a header block over 16 KiB", lambda device, place, token: (
        [whole(device, place, token)], [("Authorization", f"DPoP {token}"), ("X-Filler", "x" * 17000)]), (431, "too_large")
