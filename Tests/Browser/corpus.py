"""What an agent could print to harm whoever looks: bytes by name, written with escapes so that this file itself is harmless.

OUTPUTS are what any program prints, EVENTS what a program prints that passes for claude, LINES what a device could send that
imitates ra-spawn. WORDS are for titles, labels, names and prompts. `python3 corpus.py FOLDER` writes all of it as files.
"""
import json
import pathlib
import random
import sys

# Each would be seen by the tests if it ran: an element, a dialog, a request, a global or another address.
WORDS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "\"><svg onload=alert(1)>",
    "'-alert(1)-'",
    "</title></textarea></style></script><script>alert(1)</script>",
    "javascript:alert(1)",
    "{{constructor.constructor('alert(1)')()}}",
    "${alert(1)}",
    "\u202etxt.exe\u202c \u2066unbalanced \u202b isolate",
    "\u200b\u200d\ufeffnothing\u2060 to see\u00ad",
    "z" + "\u0301\u0322\u0337\u035b" * 40 + "algo",
    "\x1b]0;another title\x07\x1b[31mred\x1b[2J\x1b[H",
    "two\nlines\rand\u2028more\u0085of them",
    "__proto__",
    "constructor",
    "W" * 3000,
    "\u05d0\u05d1\u05d2 right to left \u0627\u0644\u0639\u0631\u0628\u064a\u0629",
]

MARKUP = r"""
<script>alert(1)</script>
<script src=//127.0.0.1:9/x.js></script><script type=module>import('/assets/main.js')</script>
<img src=x onerror=alert(1)><img src=http://127.0.0.1:9/pixel.png><picture><source srcset=http://127.0.0.1:9/x></picture>
<svg onload=alert(1)><svg><script>alert(1)</script><use href=data:image/svg+xml,x></svg><math><mi xlink:href=javascript:alert(1)>
<iframe srcdoc='<script>parent.alert(1)</script>'></iframe><iframe src=javascript:alert(1)></iframe><object data=x></object><embed src=x>
<style>* { display: none !important } body { direction: rtl } @import url(//127.0.0.1:9/x.css);</style>
<link rel=stylesheet href=//127.0.0.1:9/x.css><link rel=prefetch href=//127.0.0.1:9/x><meta http-equiv=refresh content=0;url=//127.0.0.1:9/>
<base href=//127.0.0.1:9/><form action=//127.0.0.1:9/ id=log name=log><input name=token autofocus><button formaction=javascript:alert(1)>
<a href=javascript:alert(1) id=connection data-seq=1>x</a><a href="data:text/html,<script>alert(1)</script>">x</a><a target=_blank href=//x>
</div></div></main></body></html><body onload=alert(1) dir=rtl><main id=main><p id=log data-seq=1 data-kind=stdout>
<!-- <![CDATA[ <?xml <!DOCTYPE html> --!> <plaintext> <xmp> <noscript> <template> <textarea> <title>x</title> <frameset> <marquee>
&lt;script&gt;alert(1)&lt;/script&gt; &#60;img src=x onerror=alert(1)&#62; &#x202e; &nbsp; &Tab; &NewLine;
{{7*7}} {{constructor.constructor('alert(1)')()}} ${alert(1)} #{alert(1)} <%= alert(1) %> [[alert(1)]] @{alert(1)} {%raw%} $(alert 1) `alert(1)`
[a link](javascript:alert(1)) ![an image](http://127.0.0.1:9/x.png) <http://127.0.0.1:9/> [ref]: javascript:alert(1) [x](data:text/html,x "t")
http://127.0.0.1:9/ https://example.com/?a=<b>&c="d" javascript:alert(1) data:text/html,<script>alert(1)</script> vbscript:x file:///etc/passwd
} body { display: none } /* color: red; background: url(//127.0.0.1:9/x) expression(alert(1)) -moz-binding: url(x) behavior: url(x)
jaVasCript:/*-/*`/*\`/*'/*"/**/(/* */oNcliCk=alert() )//%0D%0A%0d%0a//</stYle/</titLe/</teXtarEa/</scRipt/--!>\x3csVg/<sVg/oNloAd=alert()//>\x3e
# heading <b>x</b>
```html
<script>alert(1)</script>
```
**bold <img src=x onerror=alert(1)>** `code <script>alert(1)</script>` ~~~ --- ***
""".encode()

BIDI = "\n".join([
    "\u202eoverridden to the end", "\u202dleft to right override", "\u202b\u202b\u202bembedded, three deep, never closed",
    "\u2067isolated, never closed", "\u2066\u2067\u2068 three isolates, never closed", "\u202c\u202c\u2069\u2069 closed, never opened",
    "if (isAdmin\u202e \u2066// begin admins only\u2069 \u2066) {", "\u061c\u200e\u200fmarks", "\u05d0\u05d1\u05d2 \u05d3\u05d4\u05d5 123 abc",
    "\u0627\u0644\u0639\u0631\u0628\u064a\u0629 \u202eabc\u202c 123", "abc \u05d0\u05d1\u05d2 \u202a\u202b\u202d" * 50,
    "\u202e" * 500 + "x", "plain after it all"]).encode()

INVISIBLE = "\n".join([
    "zero\u200bwidth\u200bspaces", "join\u200ders and non\u200cjoiners", "\ufeffa byte order mark \ufeff inside", "word\u2060joiner\u00adsoft hyphen",
    "tags \U000e0041\U000e0042\U000e007f end", "variation \ufe0f\ufe0e\U000e0100 selectors", "hangul \u3164\u115f\u1160\uffa0 fillers",
    "braille \u2800 blank", "grapheme \u034f joiner \u17b4\u17b5", "annotation \ufff9a\ufffab\ufffb", "separators \u2028 line \u2029 paragraph \u0085 next",
    "spaces \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000 of all kinds",
    "invisible \u2061\u2062\u2063\u2064\u206a\u206b\u206c\u206d\u206e\u206f operators", "\u200b" * 3000, "noncharacters \ufdd0 \uffff \U0010ffff \ue000"]).encode()

COMBINING = "\n".join([
    "before the storm",
    *("".join(letter + "".join(chr(0x300 + (index * 7 + number) % 0x70) for number in range(60)) for index, letter in enumerate("the storm" * 3)) for _ in range(4)),
    "\u0489" * 2000, "\u0e01" + "\u0e49" * 300, "\u0f40" + "\u0f71\u0f74" * 200, "\U0001d159" + "\U0001d165" * 200, "\ufdfd" * 60, "\U0001242b" * 60, "\ua9c5" * 60,
    "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466" * 200, "after the storm"]).encode()

TERMINAL = b"\n".join([
    b"\x1b[31mred\x1b[1;4;7;9mmany\x1b[0m \x1b[38;5;200mindexed\x1b[38;2;1;2;3mexact\x1b[38:2::4:5:6mcolons\x1b[m plain",
    b"\x1b[38;2;999999;-1;0m\x1b[38;5m\x1b[38;5;99999999999999999999m\x1b[;;;;;;;m\x1b[?25l\x1b[>4;2m\x1b[=1u odd ones", b"\x1b[8mconcealed\x1b[28m\x1b[5mblinks\x1b[30;40mblack on black",
    b"\x1b[2J\x1b[H\x1b[3J\x1b[?1049h cleared \x1b[10A\x1b[999;999Hmoved\x1b[s\x1b[u\x1b[K\x1b[1000S\x1b[1000T\x1bc\x1b7\x1b8\x1bM\x1b#8",
    b"\x1b]0;another title\x07\x1b]2;another title\x1b\\\x1b]1;icon\x07 titles", b"\x1b]8;;javascript:alert(1)\x07click\x1b]8;;\x07 \x1b]8;id=x;https://127.0.0.1:9/\x1b\\here\x1b]8;;\x1b\\",
    b"\x1b]52;c;YWxlcnQoMSk=\x07\x1b]52;c;?\x07 clipboard", b"\x1bP1000p\x1bPq#0;2;0;0;0~~@@vv\x1b\\\x1b_Gf=100;AAAA\x1b\\\x1b^pm\x1b\\\x1bXsos\x1b\\ strings",
    b"\x1b[6n\x1b[c\x1b[>c\x1b]10;?\x07\x1b[14t\x1bZ reports", b"\x1b[?2004h\x1b[200~pasted\x1b[201~ \x1b[?1000h mouse", b"back\x08\x08\x08\x08space \rreturned over it", b"bell\x07 \x0b vertical \x0c form \x0e\x0f shifts \x7f del \x1a sub",
    "c1 \u009b31mred\u009bm \u009d0;title\u009c \u0090q\u009c \u0085".encode(), b"".join(b"\x1b[%dm%d" % (31 + number % 7, number % 10) for number in range(5000)),
    b"\x1b[" + b"1;" * 20000 + b"m parameters", b"\x1b" * 3000, b"\x1b]0;never ended", b"\x1b[", b"\x1b", b"\x1bPnever ended either", b"\x1b[31mred that is not reset", b"plain after it all"])

NOISE = random.Random(20261125)
BYTES = b"\n".join([
    b"nul \x00 in it", b"\x00" * 1000, b"\xff\xfe\xfd", b"\xc0\xaf overlong \xe0\x80\xaf \xf0\x80\x80\xaf", b"\xed\xa0\x80 surrogate \xed\xbf\xbf", b"\xf4\x90\x80\x80 beyond \xf8\x88\x80\x80\x80",
    b"\x80\x80\x80 continuation", b"cut \xe2\x82", b"\xef\xbb\xbfmark", b"crlf\r", b"\r\r\r", b"\t\ttabs\t", b"", b" ", b"\xa0\x85 latin", NOISE.randbytes(8000).replace(b"\n", b"."), bytes(range(256)).replace(b"\n", b"")])

LONG = b"\n".join([b"W" * 100_000, b"before", "\ufdfd".encode() * 3000, b"/a" * 5000, b"http://127.0.0.1:9/" + b"x" * 3000, b"- " * 20_000, "\U0001f9d1\u200d\U0001f680".encode() * 1000, b"after"])

# 10 MB in one line, of text and of JSON; and JSON as deep as a line may be.
MEGABYTES = b"before\n" + b"0123456789abcdef" * 655_360 + b"\n" + b"after\n"


def event(kind, **members):
    return json.dumps({"type": kind, **members}, ensure_ascii=False)


def assistant(*blocks, **members):
    return event("assistant", message={"role": "assistant", "model": "m", "content": list(blocks)}, **members)


def user(*blocks, **members):
    return event("user", message={"role": "user", "content": list(blocks)}, **members)


def text(value):
    return {"type": "text", "text": value}


def call(identity, name, value):
    return {"type": "tool_use", "id": identity, "name": name, "input": value}


def outcome(identity, content, **members):
    return {"type": "tool_result", "tool_use_id": identity, "content": content, **members}


def events():
    """Hostile words in every member that a page could show, and in ids and keys that a script could trip over."""
    for number, word in enumerate(WORDS):
        identity = ["__proto__", "constructor", "toString", "hasOwnProperty", "valueOf", "", "0", "length", word][number % 9]
        yield event("system", subtype="init", cwd=word, model=word, tools=[word], session_id=word, **{word[:100] or "x": word})
        yield user(text(word), isReplay=True, uuid=word)
        yield assistant(text(word), {"type": "thinking", "thinking": word}, call(identity, word, {"command": word, word[:100]: {word[:100]: [word]}}))
        yield user(outcome(identity, word, is_error=number % 2 == 0))
        yield assistant(call(f"{identity}-{number}", word, word), call(f"{identity}-{number}", word, [word]), {"type": word, "x": word})
        yield user(outcome(f"{identity}-{number}", [text(word), {"type": word, "source": {"data": word}}, None, 1, [word]]))
        yield event("result", subtype=word, is_error=True, result=word, errors=[word, {"x": word}], num_turns=word, duration_ms=word, total_cost_usd=word, permission_denials=word)
        yield event("system", subtype="api_retry", attempt=word, max_retries=word, error=word, error_status=word)
        yield event("control_request", request_id=word, request={"subtype": "can_use_tool", "tool_name": word, "input": {word[:100]: word}})
        yield event(word, **{"__proto__": {"polluted": True}, "constructor": {"prototype": {"polluted": True}}})
    yield from (event(name, message=value) for name in ("assistant", "user", "result", "system") for value in (None, 1, "x", [], {}, {"content": None}, {"content": [None, 1, "x", []]}, {"content": {"type": "text"}}))
    yield from (assistant({"type": "text", "text": value}) for value in (None, 1, [], {}, True, "", " ", "\n"))
    yield from (assistant(call(value, value, value)) for value in (None, 1, [], {}, True, ""))
    yield from (user(outcome(value, value)) for value in (None, 1, [], {}, True, ""))
    yield '{"type":"assistant","type":"user","message":{"role":"user","role":"assistant","content":[{"type":"text","text":"a","text":"b"}]}}'
    yield '{"type":"assistant","message":{"content":[{"type":"text","text":"\\ud800 lone \\udfff"}]},"__proto__":{"toString":1},"__proto__":null}'
    yield '{"type":"assistant","message":{"content":[{"type":"tool_use","id":1e999,"name":-1e400,"input":123456789012345678901234567890}]}}'
    yield assistant(text("```\nan open fence\n" + "# " * 2000), text("`" * 5000), text("**" * 5000), text("# heading\n---\n> quote\n- [x](javascript:alert(1)) ![y](//z)\n| a | b |\n|---|---|\n<details><summary>x</summary>"))
    yield assistant(text("x\n" * 5000), text("word " * 5000))
    # Imitations of what the hub and the devices say to each other.
    yield event("control", seq=1, sessionId="x", payload={"action": "stop"})
    yield event("status", seq=1, payload={"state": "end"})
    yield event("log", seq=1, ts=0, payload={"stream": "stdout", "text": "<b>an envelope"})
    yield event("hello", payload={"protocol": 1}) + event("ack", payload={"cursor": 99})
    yield event("stream_event", event={"type": "content_block_delta", "delta": {"type": "text_delta", "text": "\u202e<b>delta"}})
    # codex's and gemini's.
    yield event("item.completed", item={"id": "__proto__", "type": "command_execution", "command": WORDS[0], "aggregated_output": WORDS[1], "exit_code": "x", "status": WORDS[2]})
    yield event("item.completed", item={"id": "constructor", "type": "agent_message", "text": WORDS[1]})
    yield event("tool_use", tool_name=WORDS[0], tool_id="__proto__", parameters={"x": WORDS[1]})
    yield from ('{"a":' * 47 + "{}" + "}" * 47, '{"a":' * 5000 + "1" + "}" * 5000, '{"a":' + "[" * 20_000 + "]" * 20_000 + "}", "[" * 100_000, '{"type":"assistant"', "{}", "[]", "null", '{"":""}')


def huge_event():
    """One event of 10 MB, and one that the page can still take apart."""
    return "\n".join([assistant(text("before")), assistant(text("<b>" * 3_500_000)), assistant(call("t1", "Bash", {"command": "x" * 3_000_000})), user(outcome("t1", "y" * 3_000_000)), assistant(text("after"))]).encode()


def lines():
    """What ra-tunnel takes for lines of ra-spawn, since they have its form: a device is free to send this."""
    states = ["starting", "running", "turn", "exited", "error", "control", "gap", "end", "approval", "__proto__", "constructor", "toString", *WORDS[:4]]
    members = ["agent", "argv", "cwd", "mode", "pid", "turn", "outcome", "detail", "code", "signal", "durationMs", "message", "seq", "result", "reason", "from", "to", "bytes", "lines", "tool", "input"]
    for number, state in enumerate(states):
        for word in (WORDS[number % len(WORDS)], None, 10**30, [WORDS[1]], {"__proto__": 1, "toString": 2, "constructor": {"name": "x"}}):
            yield event("status", ts=0, payload={"state": state, **{member: word for member in members}})
    for stream in ("stdout", "stderr", "stdin", "pty"):
        for word in WORDS[:12]:
            yield event("log", ts=-1, payload={"stream": stream, "text": word.split("\n")[0]})
    yield event("log", ts=1e300, payload={"stream": "pty", "text": "\x1b[2Ja screen\r\nof lines\x1b[5;5H", "eol": False})
    yield event("log", ts="x", payload={"stream": WORDS[0], "text": 1, "json": [], "b64": "!"})


OUTPUTS = {"markup": MARKUP, "bidi": BIDI, "invisible characters": INVISIBLE, "combining marks": COMBINING, "terminal sequences": TERMINAL, "bytes that are no text": BYTES, "long words": LONG, "a line of 10 MB": MEGABYTES}
EVENTS = {"hostile events": lambda: ("\n".join(events()) + "\n").encode("utf-8", "surrogatepass"), "an event of 10 MB": huge_event}
LINES = {"lines in ra-spawn's form": lambda: ("\n".join(lines()) + "\n").encode()}


if __name__ == "__main__":
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name, made in {**OUTPUTS, **EVENTS, **LINES}.items():
        (folder / name.replace(" ", "-").replace("'", "")).write_bytes(made if isinstance(made, bytes) else made())
