"""The steps `request` and `answer`: requests of the device API, and what they are answered."""
import script
from Support.proof import Key
from Support.rawdevice import UPGRADE


def code(player, how):
    """A pairing code, written in one of the ways that mean the same."""
    if player.hub is None:
        raise script.Skipped("it needs another code of the hub")
    if how == "look-alikes":
        symbols = ""
        # Not every code has a symbol that can be mistaken.
        while not set(symbols) & set("01"):
            symbols = player.hub.json("code")["code"]
        return symbols.replace("1", "I", 1).replace("1", "l").replace("0", "o")
    key = "code:" + ("another" if how == "another" else "")
    if key not in player.values:
        player.values[key] = player.hub.json("code")["code"]
    return player.values[key].replace("-", "").lower() if how == "small" else player.values[key]


def token(player, kind):
    device = player.device
    if kind is None:
        return None
    if kind == "unknown":
        return "no-token-of-this-hub"
    if kind == "refresh":
        return device.refresh
    if "granted" not in player.values:
        player.values["granted"] = device.grant()
    return player.values["granted"][{"session": "sessionToken", "access": "accessToken"}[kind]]


def key(player, how):
    if how == "new" or how == "other":
        player.key = Key()
    elif how != "same":
        player.key = player.device.key
    return player.key


def proofs(player, method, path, shown, how):
    """The values of the request's DPoP headers."""
    device = player.device
    if how == "none":
        return []
    if how == "same":
        return player.proofs
    how = {} if how in (None, "twice") else how
    if "raw" in how:
        return [how["raw"]]
    device.proof(method, path)
    changes = {part: {name: claim(player, value) for name, value in how.get(part, {}).items()} for part in ("header", "claims")}
    signs = key(player, how.get("key"))
    return [signs.proof(method, device.origin + path, device.nonce, shown, spoils_signature="signature" in how, **changes)]


def claim(player, value):
    if isinstance(value, str) or isinstance(value, dict) and "repeat" in value:
        return script.data(value, player.name).decode()
    return value


def ask(player, request):
    method, path, how = request["method"], request["path"], request.get("proof")
    shown = token(player, request.get("token"))
    player.proofs = proofs(player, method, path, shown, how)
    headers = request.get("headers", [])
    headers = UPGRADE if headers == "upgrade" else [(name, script.data(value, player.name).decode()) for name, value in headers]
    body = script.data(request["body"], player.name) if "body" in request else None
    sent = player.proofs * 2 if how == "twice" else player.proofs
    player.before = getattr(player, "answer", None)
    player.answer, stream = player.device.request(method, path, headers, body, sent, shown)
    if stream is not None:
        stream.socket.close()
    for name in ("device_code", "user_code"):
        if name in player.answer.json:
            player.values[name.replace("_", "-")] = player.answer.json[name]


def hold(player, wanted):
    """Holds the last answer against what is wanted of it."""
    answer = player.answer
    said = f"it answered {answer.status} {answer.headers} {answer.body[:300]!r}"
    assert answer.status == wanted["status"], said
    assert "dpop-nonce" in answer.headers, f"the answer has no DPoP-Nonce; {said}"
    if "error" in wanted:
        assert answer.json.get("error") == wanted["error"], said
        assert answer.headers.get("content-type") == "application/json", f"no JSON: {said}"
    elif answer.status >= 400:
        problem = {"status": wanted["status"], "code": wanted["code"]}
        how = script.differs(problem, answer.json) or next(
            (f"{name} is missing" for name in ("type", "title", "detail") if name not in answer.json), None)
        assert how is None, f"the problem document: {how}; {said}"
        assert answer.headers.get("content-type", "").startswith("application/problem+json"), f"no problem document: {said}"
    for name, value in wanted.get("headers", {}).items():
        came = answer.headers.get(name.lower())
        # The methods stand in any order.
        same = came is not None and set(came.split(", ")) == set(value.split(", ")) if name == "Allow" else came == value
        assert same, f"{name} is not {value!r}; {said}"
    for name in wanted.get("has_headers", []):
        assert name.lower() in answer.headers, f"{name} is missing; {said}"
    for name in wanted.get("has", []):
        assert name in answer.json, f"{name} is missing; {said}"
    for name in wanted.get("same", []):
        assert answer.json[name] == player.before.json[name], f"{name} is another than before; {said}"
    for name in wanted.get("other", []):
        assert answer.json[name] != player.before.json[name], f"{name} is the same as before; {said}"
