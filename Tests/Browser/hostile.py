"""Whatever an agent prints stays in its own box, and can be seen for what it is."""
import json
import re

from playwright.sync_api import expect

import corpus
from conversations import downloaded

# Higher than screens are, so that there is less to scroll.
WIDE, NARROW = {"width": 1280, "height": 2400}, {"width": 360, "height": 2400}
BENIGN = "before\n" + "an ordinary line\n" * 30 + "after\n"
BENIGN_EVENTS = "\n".join([corpus.user(corpus.text("a prompt"), isReplay=True), corpus.assistant(corpus.text("an answer"))]) + "\n"

# MARK: what must not change, whatever is shown

OUTSIDE = """() => {
  const parts = [];
  const walk = (element, path) => {
    const here = `${path}>${element.localName}${element.id && '#' + element.id}${element.className && '.' + element.className}`;
    parts.push(here);
    if (element.id !== 'log') for (const child of element.children) walk(child, here);
  };
  walk(document.documentElement, '');
  const box = (selector) => {
    const box = document.querySelector(selector)?.getBoundingClientRect();
    return box && [box.x, box.y, box.width, box.height].map(Math.round);
  };
  const root = document.documentElement;
  return {
    elements: parts.filter((part) => !/dl.facts>|ol.sent>/.test(part)),
    boxes: Object.fromEntries(['header.top', 'nav', '#connection', '.session-head', '.tools', '.log-box', '#log', '.steer', '#prompt'].map((name) => [name, box(name)])),
    globals: Object.getOwnPropertyNames(globalThis).filter((name) => !/^\\d+$/.test(name)).sort(),
    prototypes: [Object, Array, String, Function, Map, Promise].map(({ prototype }) => Object.getOwnPropertyNames(prototype).sort()),
    polluted: [({}).polluted, [].polluted, ''.polluted].map((value) => value === undefined),
    directions: ['html', 'body', 'header.top', 'main', '.tools', '.steer', '#log'].map((name) => getComputedStyle(document.querySelector(name)).direction),
    shown: ['header.top', '.tools', '.steer'].map((name) => getComputedStyle(document.querySelector(name)).display),
    sheets: [document.styleSheets.length, document.adoptedStyleSheets.length],
    frames: frames.length, title: document.title, address: location.href.replace(/[^/]*$/, ''),
    scrolls: [scrollX, scrollY, root.scrollWidth <= root.clientWidth, document.body.scrollWidth <= root.clientWidth, root.scrollHeight <= root.clientHeight],
    focus: document.activeElement.closest('#log') !== null || document.activeElement === document.body || document.activeElement.closest('.session') !== null,
  };
}"""

# MARK: what rows may be made of

INSIDE = r"""(withRows) => {
  const wrong = [];
  const log = document.getElementById('log');
  const tags = ['a', 'button', 'code', 'details', 'div', 'h3', 'h4', 'hr', 'p', 'pre', 'span', 'strong', 'summary', 'dl', 'dt', 'dd'];
  const names = ['aria-label', 'class', 'data-block', 'data-current', 'data-kind', 'data-seq', 'data-state', 'dir', 'href', 'open', 'style', 'tabindex', 'title', 'type', 'role'];
  const classes = /^(([a-z][a-z0-9-]*)( |$))*$/;
  // Marks stand for these. Joiners are let through between letters that need them, and tabs and line ends are shown as they are.
  const unseen = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}\ud800-\udfff]/u;
  for (const element of log?.querySelectorAll('*') ?? []) {
    if (!tags.includes(element.localName) || element.namespaceURI !== 'http://www.w3.org/1999/xhtml') wrong.push(`a ${element.localName} in a row`);
    for (const { name, value } of element.attributes) {
      if (!names.includes(name)) wrong.push(`${name}="${value}" on a ${element.localName}`);
      if (name === 'href' && !/^#\d+$/.test(value)) wrong.push(`a link to ${value}`);
      if (name === 'class' && !classes.test(value)) wrong.push(`class ${value}`);
      if (name === 'style' && !/^(--(bg|fg-light|fg-dark): rgb\(\d+ \d+ \d+\); ?|(min-width|height): [\d.e+]+px;? ?|transform: translateY\(-?[\d.]+px\);? ?)*$/.test(value)) wrong.push(`style ${value}`);
      if (name === 'title' && !/^[\d: -]*$/.test(value)) wrong.push(`title ${value}`);
    }
  }
  const walker = document.createTreeWalker(document.documentElement, NodeFilter.SHOW_ALL);
  for (let node = walker.currentNode; node; node = walker.nextNode()) {
    if (node.nodeType === Node.TEXT_NODE && unseen.test(node.data)) wrong.push(`a character that is not seen: ${JSON.stringify(node.data.slice(0, 80))}`);
    if (node.nodeType === Node.ELEMENT_NODE) for (const { name, value } of node.attributes) if (unseen.test(value)) wrong.push(`a character that is not seen in ${name}`);
    if (node.nodeType === Node.COMMENT_NODE) wrong.push('a comment');
  }
  if (unseen.test(document.title)) wrong.push('a character that is not seen in the title');
  const rows = [...(log?.querySelectorAll('.row') ?? [])].map((row) => ({ row, box: row.getBoundingClientRect() }));
  if (withRows && rows.length === 0) wrong.push('no rows');
  for (let index = 1; index < rows.length; index += 1) {
    if (rows[index].box.top < rows[index - 1].box.bottom - 1) wrong.push(`row ${rows[index].row.dataset.seq} lies over the one before it`);
  }
  // A part that reaches out of its row must be cut off by something on the way.
  const cuts = (element) => { const style = getComputedStyle(element); return style.overflowY !== 'visible' || /paint|strict|content/.test(style.contain); };
  for (const { row, box } of rows) {
    if (cuts(row)) continue;
    for (const part of row.querySelectorAll('*')) {
      const inner = part.getBoundingClientRect();
      if (inner.height === 0 || (inner.top >= box.top - 2 && inner.bottom <= box.bottom + 2)) continue;
      let above = part.parentElement;
      while (above !== row && !cuts(above)) above = above.parentElement;
      if (above === row) wrong.push(`part of row ${row.dataset.seq} is outside of it`);
    }
  }
  for (const { row, box } of rows) if (box.left < log.getBoundingClientRect().left - 1) wrong.push(`row ${row.dataset.seq} begins outside`);
  // Where lines are wrapped, all of them can be read without scrolling to the side, but in a box that scrolls by itself.
  if (log && (log.classList.contains('wrap') || log.dataset.mode === 'conversation')) {
    if (log.scrollWidth > log.clientWidth + 1) wrong.push(`the rows are ${log.scrollWidth} wide of ${log.clientWidth}`);
    for (const part of log.querySelectorAll('.text, .body, .prose, pre, p, h3')) {
      // One letter under hundreds of marks cannot be wrapped.
      if (/\p{M}{20}/u.test(part.textContent) || /[\ufdfd\u{1242b}]/u.test(part.textContent)) continue;
      if (part.scrollWidth > part.clientWidth + 2 && !/auto|scroll/.test(getComputedStyle(part).overflowX)) wrong.push(`${part.localName}.${part.className} is cut off at the side: ${part.scrollWidth} of ${part.clientWidth}`);
    }
  }
  // Text has a colour of its own, also where it is coloured as its ground is.
  for (const part of [...(log?.querySelectorAll('.text [class], pre [class]') ?? [])].slice(0, 3000)) {
    if (part.closest('button') || part.textContent.trim() === '') continue;
    let ground = part;
    while (ground && /^rgba\(0, 0, 0, 0\)$/.test(getComputedStyle(ground).backgroundColor)) ground = ground.parentElement;
    const [ink, paper] = [getComputedStyle(part).color, ground ? getComputedStyle(ground).backgroundColor : 'rgb(255, 255, 255)'].map(luminance);
    if ((Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05) < 1.5) wrong.push(`${part.className} cannot be seen: ${JSON.stringify(part.textContent.slice(0, 40))}`);
  }
  function luminance(color) {
    const [r, g, b] = color.match(/[\d.]+/g).map((value) => (value <= 10 ? value / 3294.6 : ((value / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  }
  return wrong.slice(0, 10);
}"""

UNFOLD = """() => {
  const log = document.getElementById('log');
  const closed = [...log.querySelectorAll('details:not([open]) > summary')];
  const more = [...log.querySelectorAll('button.more')];
  for (const element of [...closed, ...more].slice(0, 40)) element.click();
  return closed.length + more.length;
}"""


def around(viewer):
    """Pictures of what stands around the rows: the top of the page, and its bottom with the prompt box."""
    size = viewer.page.viewport_size
    top = viewer.page.locator("header.top").bounding_box()
    return viewer.page.screenshot(clip={"x": 0, "y": 0, "width": size["width"], "height": top["height"]}, animations="disabled")


class Unharmed:
    """Looks at hostile sessions beside a harmless one of the same kind."""

    def __init__(self, viewer, benign, mode):
        self.viewer, self.mode = viewer, mode
        self.look(benign)
        self.before = self.now()
        assert self.before["scrolls"] == [0, 0, True, True, True], self.before["scrolls"]
        self.picture = around(viewer)

    def look(self, session):
        self.session = session
        self.viewer.watch_session(session, self.mode)

    def now(self):
        return self.viewer.page.evaluate(OUTSIDE)

    def check(self, title=None):
        now = self.now()
        for name, before in self.before.items():
            if name == "title" and title is not None:
                before = title
            assert now[name] == before, f"{name} became {difference(before, now[name])}"
        assert self.viewer.page.url.split("#")[0] == f"{self.viewer.base}/sessions/{self.session}", self.viewer.page.url
        wrong = self.viewer.page.evaluate(INSIDE, True)
        assert not wrong, "; ".join(wrong)

    def read_all(self):
        """Looks at every part of the session, and at all that can be unfolded."""
        page = self.viewer.page
        self.viewer.to_start()
        for step in range(60):
            self.viewer.settle()
            self.check()
            for _ in range(3):
                if not page.evaluate(UNFOLD):
                    break
                self.viewer.settle()
            self.check()
            if page.evaluate("() => { const log = document.getElementById('log'); const before = log.scrollTop; log.scrollTop += log.clientHeight; return log.scrollTop === before; }"):
                break
        assert around(self.viewer) == self.picture, "the page's top looks different"


def difference(before, now):
    if isinstance(before, list) and isinstance(now, list):
        return f"less {[item for item in before if item not in now][:5]} more {[item for item in now if item not in before][:5]}"
    if isinstance(before, dict):
        return {name: (before[name], now.get(name)) for name in before if before[name] != now.get(name)}
    return f"{now!r} from {before!r}"


def carried(device, data, title="same title", agent=None, name=None):
    """A session of a program that prints these bytes, through ra-spawn and ra-tunnel; the hub's name of it."""
    file = device.home / "printed"
    file.write_bytes(data)
    program = "sh -- -c 'cat printed'"
    if agent:
        (device.home / "bin").mkdir(exist_ok=True)
        (device.home / "bin" / agent).write_text('#!/bin/sh\nexec cat "$@"\n')
        (device.home / "bin" / agent).chmod(0o755)
        program = f"--mode raw ./bin/{agent} -- printed"
    extra = f"--session {name}" if name else ""
    device.shell(f"ra-spawn {program} | ra-tunnel --title '{title}' {extra}", seconds=120)
    return device.hub.sessions()[0]["id"]


def looked_at(stage, session, benign, modes=("Log", "Conversation"), data=None, stream="stdout"):
    for size in (WIDE, NARROW):
        viewer = stage.viewer(viewport=size)
        for mode in modes if size is WIDE else modes[:1]:
            unharmed = Unharmed(viewer, benign, mode)
            unharmed.look(session)
            unharmed.read_all()
        if data is not None and size is WIDE:
            assert downloaded(viewer, stream) == data, "what is downloaded is not what was printed"


def output_test(name):
    def test(stage):
        device = stage.device()
        benign = carried(device, BENIGN.encode())
        looked_at(stage, carried(device, corpus.OUTPUTS[name]), benign, data=corpus.OUTPUTS[name])

    test.__name__ = f"{name} in an output change nothing outside of their rows".replace(" ", "_")
    return test


def events_test(name):
    def test(stage):
        device = stage.device()
        benign = carried(device, BENIGN_EVENTS.encode(), agent="claude")
        data = corpus.EVENTS[name]()
        looked_at(stage, carried(device, data, agent="claude"), benign, ("Conversation", "Log"), data=data)

    test.__name__ = f"{name} change nothing outside of their rows".replace(" ", "_")
    return test


def lines_that_imitate_ra_spawn_change_nothing_outside_of_their_rows(stage):
    device = stage.device()
    benign = device.carry(BENIGN, "--title", "same title")
    data = corpus.LINES["lines in ra-spawn's form"]()
    looked_at(stage, device.carry(data, "--title", "same title"), benign)
    # Wrapped as text they are bytes as any others.
    looked_at(stage, device.carry(data, "--text", "--title", "same title"), benign, modes=("Log",), data=data, stream="stdin")


def a_storm_of_marks_leaves_the_rows_beside_it_as_they_are(stage):
    device = stage.device()
    viewer = stage.viewer()
    storm = "z" + "".join(chr(0x300 + number % 0x70) for number in range(400))
    pictures = []
    for line in ("an ordinary line", storm, "\ufdfd\U0001242b\ua9c5", "\u202e\u2067 x"):
        session = device.carry(f"before\n{line}\nafter\n", "--title", "same title")
        viewer.watch_session(session, "Log")
        pictures.append([left_part(viewer, seq) for seq in (1, 3)])
    assert all(picture == pictures[0] for picture in pictures[1:]), "a row is drawn on by its neighbour"


def left_part(viewer, seq):
    """A picture of the beginning of a row, which is as wide as the widest one."""
    box = viewer.log.locator(f'[data-seq="{seq}"]').bounding_box()
    return viewer.page.screenshot(clip={**box, "width": 600}, animations="disabled")


def hostile_output_that_comes_live_changes_nothing(stage):
    device = stage.device()
    tunnel, session = device.tunnel("--title", "same title")
    tunnel.type(BENIGN)
    viewer = stage.viewer()
    viewer.watch_session(session, "Log")
    viewer.sees("after")
    unharmed = Unharmed(viewer, session, "Log")
    data = BENIGN.encode()
    for name in ("markup", "bidi", "combining marks", "terminal sequences", "invisible characters", "bytes that are no text"):
        data += corpus.OUTPUTS[name] + f"\nthat was {name}\n".encode()
        tunnel.type(corpus.OUTPUTS[name] + f"\nthat was {name}\n".encode())
        viewer.sees(f"that was {name}")
        viewer.settle()
        unharmed.check()
    assert downloaded(viewer, "stdin") == data


def hostile_words_as_titles_labels_agents_and_devices_are_only_words(stage):
    device = stage.device()
    harmless = carried(device, b"x\n")
    viewer = stage.viewer()
    unharmed = Unharmed(viewer, harmless, "Log")
    alone = stage.viewer(viewport=NARROW)
    for number, word in enumerate(corpus.WORDS):
        known = {session["id"] for session in stage.hub.sessions()}
        other = stage.device(label=word.encode()[:250].decode(errors="ignore"))
        name = re.sub(r"[/\0]", "", word)[:60] or "x"
        folder = other.home / name
        folder.mkdir()
        (folder / name).write_text("#!/bin/sh\necho something\n")
        (folder / name).chmod(0o755)
        environment = {**other.environment, "A": f"./{name}", "T": word[:1000], "F": str(folder), "P": f"{other.home}/bin"}
        other.environment = environment
        session_name = ["constructor", "toString", "valueOf", "hasOwnProperty"][number] if number < 4 else f"s{number}"
        other.shell(f'ra-spawn --cwd "$F" "$A" | ra-tunnel --title "$T" --label "word=$T" --session {session_name}')
        (session,) = [session["id"] for session in stage.hub.sessions() if session["id"] not in known]
        unharmed.look(session)
        now = unharmed.now()
        assert now["title"].endswith(" · remote-agent") and len(now["title"]) < 120, now["title"]
        unharmed.check(title=now["title"])
        viewer.page.locator("details.about-session summary").click()
        wrong = viewer.page.evaluate(INSIDE, True)
        assert not wrong, "; ".join(wrong)
    for path in ("/", "/devices"):
        for one in (viewer, alone):
            one.open(path)
            one.stands("live")
            expect(one.page.locator("main li").nth(len(corpus.WORDS))).to_be_attached()
            wrong = one.page.evaluate(INSIDE, False) + one.page.evaluate(LIST)
            assert not wrong, f"{path}: {'; '.join(wrong)}"
    # The search takes words as words.
    viewer.open("/")
    for word in corpus.WORDS[5:8]:
        viewer.page.get_by_label("Find sessions").fill(word)
        expect(viewer.sessions()).to_have_count(1)


LIST = """() => {
  const wrong = [];
  const root = document.documentElement;
  if (root.scrollWidth > root.clientWidth || document.body.scrollWidth > root.clientWidth) wrong.push(`the page is ${root.scrollWidth} wide of ${root.clientWidth}`);
  const rows = [...document.querySelectorAll('main li')].map((row) => row.getBoundingClientRect());
  rows.forEach((box, index) => index > 0 && box.top < rows[index - 1].bottom - 1 && wrong.push(`row ${index} lies over the one before it`));
  for (const element of document.querySelectorAll('main script, main img, main svg, main iframe, main style, main link, main object, main [onerror], main [onload]')) wrong.push(`a ${element.localName}`);
  for (const link of document.querySelectorAll('main a')) if (!/^\\/(sessions\\/\\w+|\\?device=\\w+|devices)?$/.test(link.getAttribute('href'))) wrong.push(`a link to ${link.getAttribute('href')}`);
  if (getComputedStyle(document.body).direction !== 'ltr') wrong.push('another direction');
  return wrong.slice(0, 5);
}"""


def a_hostile_prompt_is_shown_as_text_to_every_viewer(stage):
    device = stage.device()
    _, session = stage.agent(device, "--stay")
    writer, reader = stage.viewer("<img src=x onerror=alert(1)>\u202e"), stage.viewer("reader")
    for viewer in (writer, reader):
        viewer.watch_session(session)
    words = [word for word in corpus.WORDS if "\n" not in word][:9]
    for number, word in enumerate(words):
        writer.prompt(f"{word} number {number}")
        for viewer in (writer, reader):
            expect(viewer.sent()).to_have_count(number + 1)
            expect(viewer.sent().first).to_have_attribute("data-result", "applied")
            expect(viewer.log.locator('[data-kind="done"]').last).to_be_visible()
            viewer.settle()
            wrong = viewer.page.evaluate(INSIDE, True)
            assert not wrong, "; ".join(wrong)
    assert "<img src=x onerror=alert(1)>" in reader.sent().first.inner_text()
    (stored,) = [e for e in map(json.dumps, stage.hub.envelopes(session)) if "number 0" in e and "isReplay" in e][:1]
    assert "<script>" in stored


TESTS = [
    *map(output_test, corpus.OUTPUTS),
    *map(events_test, corpus.EVENTS),
    lines_that_imitate_ra_spawn_change_nothing_outside_of_their_rows,
    a_storm_of_marks_leaves_the_rows_beside_it_as_they_are,
    hostile_output_that_comes_live_changes_nothing,
    hostile_words_as_titles_labels_agents_and_devices_are_only_words,
    a_hostile_prompt_is_shown_as_text_to_every_viewer,
]
