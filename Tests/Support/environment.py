"""A program of this tree in a virtual environment that has packages of PyPI, kept in $XDG_CACHE_HOME."""
import fcntl
import os
import pathlib
import shutil
import subprocess
import sys


def enter(package, version, *more):
    """Goes on in an environment that has the package: makes it if it is not there, and starts the program anew in it.

    `more` are further packages, as pip takes them: NAME==VERSION.
    """
    cache = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "remote-agent"
    wanted = [f"{package}=={version}", *more]
    folder = cache / "-".join(wanted).replace("==", "-")
    python = folder / "bin/python"
    if folder.exists() and os.path.samefile(sys.prefix, folder):
        return
    cache.mkdir(parents=True, exist_ok=True)
    with open(f"{folder}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "installed").exists():
            shutil.rmtree(folder, ignore_errors=True)
            subprocess.run([sys.executable, "-m", "venv", folder], check=True, timeout=120)
            pip = [folder / "bin/pip", "install", "-q", "--disable-pip-version-check", *wanted]
            subprocess.run(pip, check=True, timeout=300)
            (folder / "installed").touch()
    os.execv(python, [python, *sys.argv])
