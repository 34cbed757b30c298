"""Secrets that nobody has, and what agents ordinarily print. Secrets are put together from parts, so that no scanner of a code
host takes this file for a leak."""
import base64
import json
import pathlib
import string

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
LETTERS, DIGITS = string.ascii_letters, string.digits
WORD, HEX, URL = LETTERS + DIGITS, "0123456789abcdef", LETTERS + DIGITS + "-_"

# What stands before a token, its alphabet and its length.
SHAPES = [
    ("ghp" + "_", WORD, 36), ("gho" + "_", WORD, 36), ("ghu" + "_", WORD, 36), ("ghs" + "_", WORD, 36), ("ghr" + "_", WORD, 76),
    ("github" + "_pat_", WORD, 82), ("glpat" + "-", WORD, 20), ("xoxb" + "-", WORD, 50), ("xoxp" + "-", WORD, 60),
    ("AKI" + "A", string.ascii_uppercase + "234567", 16), ("ASI" + "A", string.ascii_uppercase + "234567", 16), ("AIz" + "a", URL, 35),
    ("ya29" + ".", URL, 100), ("sk_live" + "_", WORD, 24), ("rk_live" + "_", WORD, 99), ("sk" + "-", WORD, 48),
    ("sk-" + "proj-", URL, 120), ("sk-" + "ant-api03-", URL, 95), ("npm" + "_", WORD, 36), ("pypi" + "-AgEIcHlwaS5vcmc", URL, 130),
    ("hf" + "_", LETTERS, 34), ("dop" + "_v1_", HEX, 64), ("S" + "K", HEX, 32), ("GOCSPX" + "-", URL, 28), ("hvs" + ".", URL, 90),
    ("ra" + "s_", URL, 43), ("ra" + "r_", URL, 43), ("ra" + "p_", URL, 43), ("ra" + "1.", URL, 400),
]
# What stands around what is found by what it is assigned to.
NAMED = [
    ("Authorization: Bearer ", WORD, 40, ""), ("authorization: Basic ", WORD, 24, ""), ("aws_secret_access_key = ", WORD + "+/", 40, ""),
    ("postgres://ada:", WORD, 20, "@db:5432/app"), ("AccountKey=", WORD + "+/", 86, "==;EndpointSuffix=x"),
    ("https://hooks." + "slack.com/services/", WORD + "/", 44, ""),
]


def word(chance, alphabet, count):
    # A word character at each end: a dash there would as well be the sentence's.
    inner = "".join(chance.choices(alphabet, k=count - 2))
    plain = [symbol for symbol in alphabet if symbol.isalnum()]
    return chance.choice(plain) + inner + chance.choice(plain)


def secrets(chance, count):
    """So many secrets, each with what stands before and after it."""
    made = []
    for index in range(count):
        kind = index % (len(SHAPES) + len(NAMED) + 1)
        if kind < len(SHAPES):
            prefix, alphabet, length = SHAPES[kind]
            made.append(("token ", prefix + word(chance, alphabet, length), " here"))
        elif kind < len(SHAPES) + len(NAMED):
            before, alphabet, length, after = NAMED[kind - len(SHAPES)]
            made.append((before, word(chance, alphabet, length), after))
        else:
            parts = [word(chance, WORD, 30), word(chance, WORD, 80), word(chance, URL, 43)]
            made.append(("jwt ", "ey" + "J" + parts[0] + ".ey" + "J" + parts[1] + "." + parts[2], "."))
    return made


def private_key(chance):
    """The lines of a private key."""
    body = [word(chance, WORD + "+/", 64) for _ in range(25)] + [word(chance, WORD, 30) + "=="]
    return ["-----BEGIN RSA " + "PRIVATE KEY-----", *body, "-----END RSA " + "PRIVATE KEY-----"]


def escaped(text, chance):
    """As it may stand in a JSON string: with escapes that need not be."""
    return "".join(
        f"\\u{ord(symbol):04x}" if chance.random() < 0.2 else "\\/" if symbol == "/" and chance.random() < 0.5
        else json.dumps(symbol)[1:-1] for symbol in text)


def forms(secret):
    """What to search for to find a secret: as it is, in a JSON string, and in base64 whatever stands before it."""
    plain = secret.encode()
    found = {plain, json.dumps(secret)[1:-1].encode(), plain.replace(b"/", b"\\/")}
    for before in range(3):
        text = base64.b64encode(b"\0" * before + plain)
        inner = text[(before * 8 + 5) // 6:(before + len(plain)) * 8 // 6]
        found |= {inner, inner.translate(bytes.maketrans(b"+/", b"-_"))}
    return found


def ordinary(chance, size):
    """About so many bytes of what claude, codex, compilers, tests and tools print, as lines of bytes."""
    sources = [path.read_text() for folder in ("Sources", "docs", "man") for path in sorted((ROOT / folder).rglob("*"))
               if path.suffix in (".swift", ".md", ".js", ".css", ".1", ".7", ".8", ".c", ".json", ".html")]
    made = 0
    while made < size:
        text = chance.choice(sources)
        lines = text.splitlines()
        begin = chance.randrange(max(1, len(lines) - 40))
        part = "\n".join(f"{number:6}\t{line}" for number, line in enumerate(lines[begin:begin + chance.randrange(1, 120)], begin + 1))
        for line in chance.choice(KINDS)(chance, text, part):
            made += len(line) + 1
            yield line + b"\n"


def identifier(chance):
    digits = "".join(chance.choices(HEX, k=32))
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def claude(chance, text, part):
    session, message = identifier(chance), "msg_01" + "".join(chance.choices(WORD, k=22))
    call = "toolu_01" + "".join(chance.choices(WORD, k=22))
    yield dumped({"type": "assistant", "message": {"id": message, "role": "assistant", "content": [
        {"type": "tool_use", "id": call, "name": "Read", "input": {"file_path": "/home/ada/project/Sources/App/Main.swift"}}]},
        "session_id": session, "uuid": identifier(chance)})
    yield dumped({"type": "user", "message": {"role": "user", "content": [{"tool_use_id": call, "type": "tool_result", "content": part}]},
                  "session_id": session, "tool_use_result": {"stdout": part, "stderr": "", "interrupted": False}})


def codex(chance, text, part):
    yield dumped({"type": "item.completed", "item": {"id": f"item_{chance.randrange(99)}", "type": "command_execution",
                                                     "command": "bash -lc 'sed -n 1,80p x'", "aggregated_output": part, "exit_code": 0}})
    arguments = json.dumps({"command": ["bash", "-lc", part[:400]]})
    yield dumped({"type": "response_item", "payload": {"type": "function_call", "arguments": arguments,
                                                       "call_id": "call_" + word(chance, WORD, 24)}})


def source(chance, text, part):
    yield from text.encode().split(b"\n")


def image(chance, text, part):
    data = base64.b64encode(chance.randbytes(chance.randrange(2000, 60_000))).decode()
    yield dumped({"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": data}})
    yield f"![](data:image/png;base64,{data[:4000]})".encode()
    yield from (data[at:at + 76].encode() for at in range(0, 3000, 76))
    yield base64.urlsafe_b64encode(chance.randbytes(3000))


def hashes(chance, text, part):
    for _ in range(40):
        commit = "".join(chance.choices(HEX, k=40))
        yield f"\x1b[33m{commit}\x1b[m feat(core): {word(chance, LETTERS, 12)} (#{chance.randrange(9999)})".encode()
        yield f"sha512-{base64.b64encode(chance.randbytes(64)).decode()}".encode()
        yield f"sha256:{chance.randbytes(32).hex()}  {identifier(chance)}  /usr/lib/x86_64-linux-gnu/libssl.so.3".encode()


def minified(chance, text, part):
    names = ["e", "t", "n", "r", "o", "i", "a", "s"]
    yield "".join(
        f"function {chance.choice(names)}{chance.randrange(99)}({','.join(names[:3])}){{return {chance.choice(names)}.prototype."
        f"{word(chance, LETTERS, 14)}?\"https://\"+{chance.choice(names)}+\":8080/@scope/pkg\":void 0}}" for _ in range(200)).encode()


def log(chance, text, part):
    for number in range(60):
        yield (f"2026-11-27T10:{number:02}:17.123Z INFO [http-nio-8080-exec-{number}] c.e.a.Users - GET "
               f"https://api.example.org:8443/v1/users/{chance.randrange(10**9)}?page={number}&token_type=bearer took {chance.randrange(900)} ms").encode()
        yield f"\x1b[32m✓\x1b[39m src/components/Button/Button.test.tsx ({number} tests) \x1b[90m{number}ms\x1b[39m".encode()
        yield b"npm warn deprecated left-pad@1.3.0: use String.prototype.padStart() http://localhost:4873/@scope%2fpkg"


def dumped(event):
    return json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode()


KINDS = [claude, claude, codex, source, image, hashes, minified, log]
