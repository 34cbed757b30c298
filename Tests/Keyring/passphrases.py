"""The sealed file with a passphrase: from a file, and typed at a terminal."""
import os
import pty
import select
import signal
import time

from Support.scratch import PATIENCE, TooLate

PASSPHRASE = "a passphrase, with ümlaut"


def passphrase_file(desktop, text, name="passphrase"):
    path = desktop.home / name
    path.touch(mode=0o600)
    path.write_text(text)
    return path


class Terminal:
    """A program that leads a session of its own on a pseudo-terminal; its standard streams are not that terminal."""

    def __init__(self, desktop, program, *arguments, text=""):
        self.desktop, self.shown = desktop, b""
        reading, self.writing = os.pipe()
        os.write(self.writing, text.encode())
        os.close(self.writing)
        self.errors = desktop.home / "terminal-errors"
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            # While somebody has it open, reading its other side waits.
            os.dup2(0, 9)
            os.dup2(reading, 0)
            log = os.open(self.errors, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            os.dup2(log, 1)
            os.dup2(log, 2)
            os.chdir(desktop.home)
            os.execve(desktop.binaries / program, [program, *map(str, arguments)], desktop.environment)
        os.close(reading)
        self.is_over = False
        desktop.stage.ending.callback(self.kill)

    def kill(self):
        if not self.is_over:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)

    def asks(self, words):
        until = time.monotonic() + PATIENCE
        while words.encode() not in self.shown:
            if not select.select([self.terminal], [], [], max(0, until - time.monotonic()))[0]:
                raise TooLate(f"{words!r} is not asked; shown is {self.shown!r}")
            self.read()
        self.shown = self.shown.split(words.encode(), 1)[1]
        return self

    def read(self):
        try:
            self.shown += os.read(self.terminal, 4096)
        except OSError:
            raise TooLate(f"the program ended; it said {self.errors.read_text()}") from None

    def type(self, text):
        os.write(self.terminal, text.encode())
        return self

    def ends(self, status):
        """Waits for the end; what was shown since the last question."""
        until = time.monotonic() + PATIENCE
        while select.select([self.terminal], [], [], max(0, until - time.monotonic()))[0]:
            try:
                if not (piece := os.read(self.terminal, 4096)):
                    break
                self.shown += piece
            except OSError:
                break
        _, ended = os.waitpid(self.pid, 0)
        self.is_over = True
        os.close(self.terminal)
        got = os.waitstatus_to_exitcode(ended)
        said = self.errors.read_text()
        self.desktop.stage.keep(self.shown, said.encode())
        assert got == status, f"status {got}, not {status}: {said}"
        return self.shown.decode() + said


def a_passphrase_from_a_file(stage):
    desktop = stage.desktop()
    stage.secrets["passphrase"] = PASSPHRASE
    # Where it stands as it must; the last check looks everywhere else.
    right = passphrase_file(desktop, PASSPHRASE + "\n")
    wrong = passphrase_file(desktop, "another\n", "wrong")
    desktop.pair("--store", "file", "--passphrase-file", right).tells("the secrets are sealed in")
    desktop.learn(PASSPHRASE)
    status = desktop.call("ra-pair", "--status", "--passphrase-file", right, "--json").json()
    assert status["store"] == "file" and status["passphrase"] is True, status
    desktop.carries("--passphrase-file", right)
    before = desktop.config.read_bytes()
    desktop.call("ra-tunnel", "--passphrase-file", wrong, status=78).tells("the passphrase is wrong")
    desktop.call("ra-tunnel", status=78).tells("there is no terminal to ask at", "--passphrase-file FILE")
    desktop.call("ra-tunnel", "--no-ask", status=78).tells("it is sealed with a passphrase")
    desktop.call("ra-run", "true", status=78).tells("it is sealed with a passphrase")
    desktop.call("ra-run", "--passphrase", "true", status=78).tells("there is no terminal to ask at")
    said = desktop.call("ra-run", "--passphrase-file", right, "sh", "--", "-c", "tr '\\0' '\\n' </proc/self/environ; ls -l /proc/self/fd")
    assert "PATH=" in said.output, said.output
    wrong.chmod(0o644)
    desktop.call("ra-tunnel", "--passphrase-file", wrong, status=78).tells("others may read it", f"chmod 600 {wrong}")
    assert desktop.config.read_bytes() == before
    right.unlink()


def a_passphrase_typed_at_the_terminal(stage):
    desktop = stage.desktop()
    stage.secrets["passphrase typed"] = "typed, and shown nowhere"
    typed = stage.secrets["passphrase typed"] + "\r"
    code = desktop.code()
    words = ["ra-pair", "--hub", code["url"], "--ca", code["ca"], "--store", "file", "--passphrase"]
    # What is typed wrongly costs no code.
    terminal = Terminal(desktop, *words, "-", text=code["code"] + "\n").asks("passphrase of the credential default: ")
    said = terminal.type(typed).asks("the same again: ").type("something else\r").ends(65)
    assert "the two differ" in said, said
    terminal = Terminal(desktop, *words, "-", text=code["code"] + "\n").asks("passphrase of the credential default: ")
    terminal.type(typed).asks("the same again: ").type("typod\x15" + typed).ends(0)
    desktop.learn(stage.secrets["passphrase typed"])
    # Its standard input is the session's.
    terminal = Terminal(desktop, "ra-tunnel", text="a line\n").asks("passphrase of the credential default: ")
    assert ": session " in terminal.type(typed).ends(0)
    terminal = Terminal(desktop, "ra-run", "--passphrase", "echo", "--", "done").asks("passphrase of the credential: ")
    assert "done" in terminal.type(typed).ends(0)
    terminal = Terminal(desktop, "ra-tunnel").asks("passphrase of the credential default: ")
    assert "the passphrase is wrong" in terminal.type("another\r").ends(78)
    terminal = Terminal(desktop, "ra-tunnel").asks("passphrase of the credential default: ")
    assert "it was not given" in terminal.type("half\x03").ends(78)


def a_signal_while_it_is_asked_leaves_the_terminal_as_it_was(stage):
    desktop = stage.desktop()
    # A terminal that is looked at after the program is gone: of a shell that waits for it.
    script = f"{desktop.binaries}/ra-pair --hub https://127.0.0.1:1 --store file --passphrase ABCD-EFGH; stty -a </dev/tty >modes"
    with open(desktop.home / "script", "w") as file:
        file.write(script)
    terminal = Terminal(desktop, "/bin/sh", "script").asks("passphrase of the credential default: ")
    for pid in filter(str.isdecimal, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/stat") as stat, open(f"/proc/{pid}/comm") as comm:
                if stat.read().rsplit(")", 1)[1].split()[1] == str(terminal.pid) and comm.read() == "ra-pair\n":
                    os.kill(int(pid), signal.SIGTERM)
        except OSError:
            continue
    terminal.ends(0)
    modes = (desktop.home / "modes").read_text().split()
    assert "echo" in modes and "icanon" in modes and "isig" in modes, modes


CHECKS = [
    a_passphrase_from_a_file, a_passphrase_typed_at_the_terminal, a_signal_while_it_is_asked_leaves_the_terminal_as_it_was,
]
