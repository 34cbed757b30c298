"""No secret in plain text, anywhere."""
import base64
import os
import subprocess

import watch


def a_planted_secret_is_found(stage):
    """The search can fail."""
    secret, raw = "rar_planted-" + "x" * 20, bytes(range(200, 232))
    folder = stage.scratch.folder / "planted"
    folder.mkdir()
    text = base64.b64encode(raw).decode()
    plants = {
        "text": b"token=" + secret.encode(), "base64": b"..." + base64.b64encode(b"ab" + secret.encode() + b"c"),
        "hex": secret.encode().hex().encode(), "key": b"\0\1" + raw + b"\2", "key-base64": f'{{"k":"{text}"}}'.encode(),
        "key-base64url": base64.urlsafe_b64encode(b"x" + raw), "key-hex": raw.hex().upper().encode()}
    for name, data in plants.items():
        (folder / name).write_bytes(data)
        wanted = watch.forms(text if name.startswith("key") else secret)
        assert watch.files_with(stage.scratch.folder, wanted), f"planted as {name}, it is not found"
        (folder / name).unlink()
        assert not watch.files_with(stage.scratch.folder, wanted), f"{name} is found where it is not"
    for words, environment in ((["sh", "-c", "read line", secret], {}), (["sh", "-c", "read line"], {"TOKEN": text})):
        program = subprocess.Popen(words, stdin=subprocess.PIPE, env={"PATH": os.environ["PATH"], **environment})
        stage.watch.sample()
        program.communicate(b"\n")
        wanted = watch.forms(text if environment else secret)
        assert stage.watch.found(wanted), f"it is not found in {'an environment' if environment else 'the arguments'}"


def no_secret_stands_in_plain_text(stage):
    for program in stage.scratch.programs:
        stage.keep(bytes(program.output), bytes(program.errors))
    assert stage.secrets and stage.watch.seen, "there is nothing to look for, or nowhere"
    found = []
    for what, secret in stage.secrets.items():
        wanted = watch.forms(secret)
        found += [f"{what}: {where}" for where in watch.files_with(stage.scratch.folder, wanted) + stage.watch.found(wanted)]
    assert not found, found
    files = sum(path.is_file() for path in stage.scratch.folder.rglob("*"))
    print(f"  {len(stage.secrets)} secrets looked for in {files} files and {len(stage.watch.seen)} arguments and environments")


CHECKS = [a_planted_secret_is_found, no_secret_stands_in_plain_text]
