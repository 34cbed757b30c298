"""The browser: the system's chromium, without a window."""
import contextlib
import os
import shutil

from playwright.sync_api import sync_playwright

NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"]


@contextlib.contextmanager
def browser(home, *switches):
    """A chromium that keeps all it writes in the folder `home`."""
    program = os.environ.get("RA_BROWSER") or next(filter(None, map(shutil.which, NAMES)), None)
    if program is None:
        raise SystemExit("browser: error: no chromium was found (Debian: chromium)")
    # Its sandbox refuses to be root's.
    sandbox = ["--no-sandbox"] if os.getuid() == 0 else []
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(home), "XDG_CONFIG_HOME": str(home), "TMPDIR": str(home), "LANG": "C.UTF-8"}
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=program, args=[*sandbox, *switches], env=environment)
        try:
            yield chromium
        finally:
            chromium.close()
