"""Signing in and out, and who else may ask."""
import http.server
import threading

from playwright.sync_api import expect

from Support.scratch import PATIENCE

# What Chrome says of an answer that a test provokes.
UNAUTHORIZED = r"status of 401"
FORBIDDEN = r"status of 403"


def a_link_signs_a_browser_in_and_its_token_leaves_the_address_bar(stage):
    viewer = stage.viewer(is_in=False)
    link = stage.hub.link()
    viewer.page.goto(link)
    viewer.path("/")
    viewer.stands("live")
    expect(viewer.page).to_have_title("Sessions · remote-agent")
    token = link.split("#")[1]
    assert token not in viewer.page.content()
    assert viewer.page.evaluate("() => JSON.stringify([{...localStorage}, {...sessionStorage}, history.state])").count(token) == 0
    # Nor is it an entry of the history.
    viewer.page.go_back()
    assert token not in viewer.page.url
    viewer.page.go_forward()
    assert token not in viewer.page.url


def a_link_is_good_once(stage):
    link = stage.hub.link()
    first, second = stage.viewer(is_in=False), stage.viewer(is_in=False)
    first.page.goto(link)
    first.stands("live")
    with second.causing(FORBIDDEN, UNAUTHORIZED):
        second.page.goto(link)
        expect(second.page.get_by_role("alert")).to_contain_text("was used already")
        second.stands("signed-out")
        assert link.split("#")[1] not in second.page.url, "a token that was refused stays in the address bar"
        second.open("/")
        expect(second.button("Sign in")).to_be_visible()
    assert second.context.cookies() == []


def a_link_or_a_token_can_be_pasted_and_one_goes_on_to_where_one_wanted(stage):
    device = stage.device()
    session = device.carry("a line\n", "--title", "wanted")
    for paste in (lambda link: link, lambda link: link.split("#")[1], lambda link: f"  {link}\n"):
        viewer = stage.viewer(is_in=False)
        with viewer.causing(UNAUTHORIZED):
            viewer.open(f"/sessions/{session}")
            viewer.stands("signed-out")
            viewer.page.get_by_label("Link or token").fill("nonsense")
            viewer.button("Sign in").click()
            expect(viewer.page.get_by_role("alert")).to_contain_text("no link")
        viewer.page.get_by_label("Link or token").fill(paste(stage.hub.link()))
        viewer.button("Sign in").click()
        viewer.path(f"/sessions/{session}")
        viewer.stands("ended")
        viewer.sees("a line")


def on_loopback_the_cookie_is_out_of_scripts_reach(stage):
    viewer = stage.viewer()
    (cookie,) = viewer.context.cookies()
    port = stage.hub.local.rsplit(":", 1)[1]
    assert cookie["name"] == f"ra-{port}" and cookie["httpOnly"] and cookie["sameSite"] == "Strict", cookie
    assert viewer.page.evaluate("() => document.cookie") == ""


def over_https_the_cookie_is_the_hosts_alone_secure_and_strict(stage):
    device = stage.device()
    session = device.carry("over https\n", "--title", "secure")
    viewer = stage.viewer(is_in=False, public=True)
    link = stage.hub.link(public=True)
    assert link.startswith("https://")
    viewer.page.goto(link)
    viewer.path("/")
    viewer.stands("live")
    (cookie,) = viewer.context.cookies()
    assert cookie["name"] == "__Host-ra" and cookie["path"] == "/" and cookie["domain"] == "127.0.0.1", cookie
    assert cookie["httpOnly"] and cookie["secure"] and cookie["sameSite"] == "Strict", cookie
    assert viewer.page.evaluate("() => document.cookie") == ""
    viewer.link("secure").click()
    viewer.path(f"/sessions/{session}")
    viewer.stands("ended")
    viewer.sees("over https")


def signing_out_ends_the_sign_in_for_whoever_kept_the_cookie(stage):
    viewer = stage.viewer()
    other = viewer.tab()
    other.goto(viewer.base)
    other.wait_for_selector('#connection[data-state="live"]')
    cookies = viewer.context.cookies()
    with viewer.causing(UNAUTHORIZED):
        viewer.button("Sign out").click()
        viewer.stands("signed-out")
        expect(viewer.page.get_by_label("Link or token")).to_be_visible()
        expect(viewer.button("Sign out")).to_be_hidden()
        assert viewer.context.cookies() == []
        # The other tab's stream is ended by the hub at once.
        other.wait_for_selector('#connection[data-state="signed-out"]')
    thief = stage.viewer(is_in=False)
    thief.context.add_cookies(cookies)
    with thief.causing(UNAUTHORIZED):
        thief.open("/")
        thief.stands("signed-out")


FOREIGN = """<!doctype html><title>foreign</title><body><script>
const hub = %r;
const told = {};
const tries = {
  read: () => fetch(hub + '/api/agents', { credentials: 'include' }).then((answer) => answer.text()),
  post: () => fetch(hub + '/api/sign-out', { method: 'POST', credentials: 'include' }).then((answer) => answer.text()),
  blind: () => fetch(hub + '/api/sign-out', { method: 'POST', credentials: 'include', mode: 'no-cors' }).then((answer) => answer.type),
  script: () => new Promise((resolve, reject) => document.body.append(Object.assign(document.createElement('script'), { src: hub + '/assets/main.js', onload: resolve, onerror: reject }))),
  frame: () => new Promise((resolve) => {
    const frame = Object.assign(document.createElement('iframe'), { name: 'inside', src: hub + '/', onload: () => resolve(frame.contentDocument === null ? 'nothing of ours' : 'blank') });
    document.body.append(frame);
  }),
  form: () => new Promise((resolve) => {
    const frame = Object.assign(document.createElement('iframe'), { name: 'target', onload: resolve });
    document.body.append(frame);
    const form = Object.assign(document.createElement('form'), { method: 'post', action: hub + '/api/sign-out', target: 'target' });
    document.body.append(form);
    form.submit();
  }),
};
(async () => {
  for (const name of Object.keys(tries)) told[name] = await tries[name]().then((value) => `ok ${value ?? ''}`, (error) => `no: ${error}`);
  document.title = JSON.stringify(told);
})();
</script>"""


def a_page_of_another_origin_can_read_and_do_nothing(stage):
    """Another port of the same host is the same site: its requests do bring the cookie."""
    viewer = stage.viewer()
    page = (FOREIGN % stage.hub.local).encode()

    class Foreign(http.server.BaseHTTPRequestHandler):
        def log_message(self, *_):
            pass

        def do_GET(self):
            self.send_response(200)
            self.send_header("content-type", "text/html")
            self.end_headers()
            self.wfile.write(page)

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Foreign)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        context = stage.browser.new_context()
        context.add_cookies(viewer.context.cookies())
        foreign = context.new_page()
        foreign.goto(f"http://127.0.0.1:{server.server_port}/")
        foreign.wait_for_function("() => document.title.startsWith('{')", timeout=PATIENCE * 1000)
        told = foreign.evaluate("() => JSON.parse(document.title)")
        frame = next(frame for frame in foreign.frames if frame.name == "inside")
        assert not frame.url.startswith(stage.hub.local), f"the page can be framed: {frame.url}"
        context.close()
    finally:
        server.shutdown()
        server.server_close()
    assert all(told[name].startswith("no") for name in ("read", "post", "script")) and told["frame"] == "ok nothing of ours", told
    # None of the three requests to sign out did: the one who is signed in still is.
    viewer.page.reload()
    viewer.stands("live")


TESTS = [
    a_link_signs_a_browser_in_and_its_token_leaves_the_address_bar,
    a_link_is_good_once,
    a_link_or_a_token_can_be_pasted_and_one_goes_on_to_where_one_wanted,
    on_loopback_the_cookie_is_out_of_scripts_reach,
    over_https_the_cookie_is_the_hosts_alone_secure_and_strict,
    signing_out_ends_the_sign_in_for_whoever_kept_the_cookie,
    a_page_of_another_origin_can_read_and_do_nothing,
]
