"""A person's browser: a page that is watched for everything that a good page never does."""
import contextlib
import os
import pathlib
import re
from urllib.parse import urlsplit

from playwright.sync_api import expect

from Support.scratch import PATIENCE

expect.set_options(timeout=PATIENCE * 1000)

# Violations are told on the console, where they are counted; the page's own world is left as it is.
WATCH = """
document.addEventListener('securitypolicyviolation', (event) =>
  console.error(`policy violation: ${event.violatedDirective} ${event.blockedURI} ${event.sample}`));
"""

# Takes the page's files from this folder and not from the hub: to try a change, or a mistake, without a build.
OTHER_PAGE = os.environ.get("RA_BROWSER_PAGE")

# A page that leaves a view ends the view's requests itself.
CANCELLED = "net::ERR_ABORTED"


class Viewer:
    """One browser context with one page, at a hub's plain address or its https one."""

    def __init__(self, browser, hub, public=False, **options):
        self.hub = hub
        self.base = hub.url if public else hub.local
        self.context = browser.new_context(ignore_https_errors=public, **{"viewport": {"width": 1280, "height": 800}, **options})
        self.context.set_default_timeout(PATIENCE * 1000)
        self.context.add_init_script(WATCH)
        self.console, self.wrong, self.allowed = [], [], []
        self.context.on("page", self.watch)
        if OTHER_PAGE:
            self.context.route("**/assets/*", lambda route: route.fulfill(path=pathlib.Path(OTHER_PAGE, route.request.url.rsplit("/", 1)[1])))
        self.expected = 0
        self.page = self.tab()

    def tab(self):
        self.expected += 1
        return self.context.new_page()

    def watch(self, page):
        self.expected -= 1
        if self.expected < 0:
            self.wrong.append(f"a window was opened: {page.url}")
        page.on("console", self.said)
        page.on("pageerror", lambda error: self.problem(f"error: {error.message} {error.stack or ''}"))
        page.on("request", self.asked)
        page.on("requestfailed", self.failed)
        page.on("dialog", self.asked_person)
        page.on("crash", lambda _: self.problem("the tab crashed"))

    def said(self, message):
        line = f"{message.type}: {message.text} ({message.location.get('url', '')})"
        self.console.append(line)
        if message.type in ("error", "warning", "assert"):
            self.problem(line)

    def asked(self, request):
        place = urlsplit(request.url)
        if f"{place.scheme}://{place.netloc}" != self.base and place.scheme != "blob":
            self.wrong.append(f"a request to another place: {request.method} {request.url}")

    def failed(self, request):
        if request.failure != CANCELLED:
            self.problem(f"request failed: {request.method} {request.url} {request.failure}")

    def asked_person(self, dialog):
        self.wrong.append(f"a dialog: {dialog.type} {dialog.message}")
        dialog.dismiss()

    def problem(self, line):
        if not any(re.search(pattern, line) for pattern in self.allowed):
            self.wrong.append(line)

    @contextlib.contextmanager
    def causing(self, *patterns):
        """What the test itself makes fail here is no fault of the page. All of it has come when the block ends."""
        before, self.allowed = self.allowed, [*self.allowed, *patterns]
        yield
        # Events are handed on in order: after an answer, those before it were taken.
        self.page.evaluate("() => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)))")
        self.allowed = before

    def check(self):
        """Fails if the page did what it never should."""
        for page in self.context.pages:
            page.evaluate("() => new Promise((resolve) => setTimeout(resolve))")
        assert not self.wrong, "; ".join(self.wrong[:5])

    def close(self):
        self.context.close()

    # MARK: what a person does

    def sign_in(self, name="browser", to="/"):
        """By a link; ends where the link leads, or at `to`."""
        self.page.goto(self.hub.link(name, public=self.base == self.hub.url))
        self.stands("live")
        if to != "/":
            self.open(to)
        return self

    def open(self, path):
        self.page.goto(self.base + path)

    def watch_session(self, session, mode=None):
        """Opens a session's page, and waits until its rows are there."""
        self.open(f"/sessions/{session}")
        self.stands("live", "ended")
        if mode:
            self.page.get_by_role("button", name=mode, exact=True).click()
        self.settle()

    def stands(self, *states, seconds=PATIENCE):
        """Waits for one of these states of the connection."""
        selector = ", ".join(f'#connection[data-state="{state}"]' for state in states)
        self.page.wait_for_selector(selector, timeout=seconds * 1000)

    def path(self, path):
        self.page.wait_for_url(self.base + path)

    def button(self, name, **options):
        return self.page.get_by_role("button", name=name, **{"exact": True, **options})

    def link(self, name):
        return self.page.get_by_role("link", name=name)

    @property
    def log(self):
        return self.page.locator("#log")

    def sees(self, text):
        """Waits for a text in the session's rows."""
        expect(self.log).to_contain_text(text)

    def sessions(self):
        return self.page.get_by_role("list", name="Sessions").get_by_role("link")

    def sent(self):
        return self.page.get_by_role("list", name="Sent").get_by_role("listitem")

    def prompt(self, text):
        self.page.get_by_label("Prompt").fill(text)
        self.button("Send").click()

    def menu(self):
        """The session's menu, opened."""
        menu = self.page.locator("details.menu")
        if not menu.evaluate("(element) => element.open"):
            menu.locator("summary").click()
        return menu

    def to_start(self):
        self.menu().get_by_role("button", name="Jump to start").click()

    # MARK: all rows of a session, of which the page holds only those in sight

    def settle(self):
        """Waits until every row in sight is here and drawn."""
        self.page.wait_for_function(SETTLED)

    def rows(self, mode="Log"):
        """All rows from the first to the last as `(seq, kind, text)`, read by scrolling through them."""
        self.button(mode).click()
        self.to_start()
        rows, places = {}, set()
        for _ in range(2000):
            self.settle()
            here = self.page.evaluate(ROWS)
            numbers = [row["seq"] for row in here["rows"]]
            assert numbers == sorted(set(numbers)), f"rows out of order or twice: {numbers}"
            for row in here["rows"]:
                rows[row["seq"]] = (row["seq"], row["kind"], row["text"])
            if here["isEnd"]:
                return [rows[seq] for seq in sorted(rows)]
            assert here["top"] not in places or len(places) < 3, "scrolling leads nowhere"
            places.add(here["top"])
            self.page.evaluate(SCROLL)
        raise AssertionError("the end was never reached")


SETTLED = """async () => {
  const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
  const log = document.getElementById('log');
  if (!log) return false;
  const print = () => [...log.querySelectorAll('.row')].map((row) => [row.dataset.seq, row.dataset.kind, Math.round(row.getBoundingClientRect().top)].join()).join(' ');
  const before = print();
  await frame();
  await frame();
  return !log.querySelector('[data-kind="loading"]') && print() === before;
}"""

ROWS = """() => {
  const log = document.getElementById('log');
  const rows = [...log.querySelectorAll('[data-seq]')].map((row) => ({
    seq: Number(row.dataset.seq), kind: row.dataset.kind, text: (row.querySelector('.text') ?? row).textContent }));
  return { rows, top: log.scrollTop, isEnd: log.scrollTop + log.clientHeight >= log.scrollHeight - 2 };
}"""

SCROLL = """() => {
  const log = document.getElementById('log');
  log.scrollTop += Math.max(40, log.clientHeight * 0.7);
}"""
