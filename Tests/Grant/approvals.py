"""A hub at which somebody has to allow a device: without a code (RFC 8628) and with one. It answers as it is told."""
import threading
import time
import urllib.parse

from Support.fakehub import CODE, FakeHub
from Support.scratch import PATIENCE
from Support.websocket import Cut

DEVICE_CODE, USER_CODE = "the-device-code-is-a-secret", "WDJB-MJHT"
GRANT_TYPE = "urn:ietf:params:oauth:grant-type:device_code"
ERRORS = {
    "pending": "authorization_pending", "slow_down": "slow_down", "denied": "access_denied", "expired": "expired_token",
    "invalid_grant": "invalid_grant"}


class ApprovingHub(FakeHub):
    """`verdicts` are what it says one after the other when it is asked again, the last one for ever.

    `authorization` replaces members of what it says first, or leaves them out where they are None.
    """

    def __init__(self, certificate, verdicts=("allowed",), authorization=(), plan=()):
        super().__init__(certificate, plan)
        self.verdicts, self.authorization = list(verdicts), dict(authorization)
        self.interval, self.told, self.asked, self.forms = 1, None, 0, []
        self.released = threading.Event()

    def called(self, connection, reader, method, path, fields, token, key, body):
        if path not in ("/oauth/device_authorization", "/oauth/token", "/api/clients/pair"):
            return super().called(connection, reader, method, path, fields, token, key, body)
        self.key = key
        if path == "/api/clients/pair":
            # The same code again and again.
            assert CODE.replace("-", "").encode() in body, f"the code is another one: {body!r}"
        else:
            assert fields["content-type"] == "application/x-www-form-urlencoded", f"the form's type is {fields['content-type']}"
            form = dict(urllib.parse.parse_qsl(body.decode("ascii"), keep_blank_values=True, strict_parsing=True, errors="strict"))
            assert form.pop("client_id") == "ra-pair", "the client_id is not ra-pair"
            self.forms.append(form)
            if path == "/oauth/device_authorization":
                assert set(form) == {"label", "platform"}, f"the form has the fields {sorted(form)}"
                return self.authorize(connection)
            assert form == {"grant_type": GRANT_TYPE, "device_code": DEVICE_CODE}, f"the form is {form}"
        if self.told is not None:
            waited = time.monotonic() - self.told
            assert waited >= self.interval, f"asked again after {waited} s, not {self.interval} s"
        verdict = self.verdicts.pop(0) if len(self.verdicts) > 1 else self.verdicts[0]
        with self.changed:
            self.asked += 1
            self.changed.notify_all()
        try:
            return self.say(connection, path, verdict)
        finally:
            self.told = time.monotonic()

    def authorize(self, connection):
        answer = {
            "device_code": DEVICE_CODE, "user_code": USER_CODE, "verification_uri": "https://hub.example/pair",
            "verification_uri_complete": f"https://hub.example/pair?user_code={USER_CODE}", "expires_in": 60, "interval": 1,
            **self.authorization}
        done = self.give(connection, 200, {name: value for name, value in answer.items() if value is not None})
        self.told = time.monotonic()
        return done

    def say(self, connection, path, verdict):
        if verdict == "held":
            self.released.wait(PATIENCE)
            verdict = "allowed"
        if verdict == "lost":
            self.drop(connection)
        if verdict == "cut":
            self.head(connection, 200, {"Content-Length": 100})
            connection.sendall(b'{"access_token":"')
            self.drop(connection)
        if verdict == "silent":
            # Until the device goes away.
            connection.recv(1)
            raise Cut("the device went away")
        if isinstance(verdict, bytes):
            connection.sendall(verdict)
            self.drop(connection)
        if verdict == "endless":
            self.head(connection, 200, {"Transfer-Encoding": "chunked"})
            while True:
                connection.sendall(b"400\r\n" + b" " * 0x400 + b"\r\n")
        if verdict == "oversized":
            self.head(connection, 200, {"Content-Length": 1 << 20})
            return False
        if verdict == "trouble":
            return self.refuse(connection, 503, None)
        if verdict == "busy":
            self.interval = 2
            return self.refuse(connection, 429, "rate_limited", {"Retry-After": "2"})
        if path == "/api/clients/pair":
            return self.say_of_code(connection, verdict)
        if verdict in ("allowed", "bearer"):
            granted, kind = self.credential(), "DPoP" if verdict == "allowed" else "Bearer"
            return self.give(connection, 200, {
                "access_token": granted["accessToken"], "expires_in": granted["accessExpiresIn"],
                "refresh_token": granted["refreshToken"], "token_type": kind, "clientId": granted["clientId"]})
        if verdict == "slow_down":
            self.interval += 5
        return self.give(connection, 400, {"error": ERRORS[verdict], "error_description": f"so says the hub: \x1b[31m{verdict}"})

    def say_of_code(self, connection, verdict):
        if verdict == "allowed":
            return self.give(connection, 201, self.credential())
        if verdict == "denied":
            return self.refuse(connection, 403, "invalid_code")
        assert verdict == "pending", f"no answer to a code is {verdict}"
        pending = {"code": "approval_pending", "userCode": USER_CODE}
        return self.give(connection, 202, pending, headers={"Retry-After": "1"})

    def drop(self, connection):
        connection.close()
        raise Cut("as it is told")

    def was_asked(self, times, seconds):
        """Waits until it was asked so often whether it is allowed."""
        with self.changed:
            assert self.changed.wait_for(lambda: self.asked >= times, seconds), f"asked {self.asked} times, not {times}"
