"""What one test has: a hub, devices, agents and viewers, made when it asks for them; and what is kept when it fails."""
import pathlib
import re

import Support.stage
from Support.hub import Device, Hub, session_of
from viewer import Viewer


class Stage(Support.stage.Stage):
    def __init__(self, binaries, browser, lab):
        super().__init__("browser", binaries)
        self.browser, self.lab, self.viewers = browser, lab, []
        with self.building():
            self.hub = Hub(self.scratch, binaries)

    def close(self):
        try:
            for viewer in reversed(self.viewers):
                viewer.close()
        finally:
            super().close()

    def viewer(self, name="browser", is_in=True, **options):
        viewer = Viewer(self.browser, self.hub, **options)
        self.viewers.append(viewer)
        return viewer.sign_in(name) if is_in else viewer

    def device(self, label="laptop", **options):
        return Device(self.hub, label, path=[self.lab.path], **options)

    def agent(self, device, *arguments, title="the agent"):
        """claude under ra-run, whose standard input stays open: the program and the hub's name of its session."""
        program = device.start("ra-run", "--title", title, *arguments, "claude")
        return program, session_of(program)

    def check(self):
        for viewer in self.viewers:
            viewer.check()

    def keep(self, folder):
        """Writes down how things stand, for whoever looks for the cause."""
        folder.mkdir(parents=True, exist_ok=True)
        for number, viewer in enumerate(self.viewers):
            for page in viewer.context.pages[:3]:
                page.screenshot(path=folder / f"viewer-{number}.png", timeout=10_000)
            (folder / f"viewer-{number}.txt").write_text("\n".join([viewer.page.url, *viewer.console, *viewer.wrong]) + "\n")
        (folder / "hub.txt").write_bytes(self.hub.said())
        for number, program in enumerate(self.scratch.programs):
            if program.name() != "ra-hub":
                (folder / f"{number}-{program.name()}.txt").write_bytes(bytes(program.output + b"\n----\n" + program.errors))


def folder_of(test):
    return pathlib.Path(__file__).resolve().parent / "output" / re.sub(r"\W+", "-", test.__name__)[:80]
