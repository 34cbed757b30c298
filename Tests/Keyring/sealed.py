"""Opens a sealed credential as docs/security.md has it, by PyPI's cryptography and nothing of ours."""
import base64
import hashlib
import json
import os
import pathlib

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF


def open_entry(name, entry, passphrase=None, folder=None):
    """The secrets of a credential's entry. `folder` is where the key file is, on a machine without an id."""
    box = entry["sealed"]
    salt, info = base64.b64decode(box["salt"]), b"remote-agent-client credential v1"
    if box["key"] == "machine-id":
        secret = pathlib.Path("/etc/machine-id").read_bytes().strip() + f":{os.getuid()}".encode()
    else:
        secret = (folder / "key").read_bytes()
    if "passphrase" in box:
        lock = box["passphrase"]
        cost = {"n": 1 << lock["logN"], "r": lock["r"], "p": lock["p"], "maxmem": 512 << 20, "dklen": 48}
        secret += hashlib.scrypt(passphrase.encode(), salt=base64.b64decode(lock["salt"]), **cost)[:32]
        info += b" with a passphrase"
    key = HKDF(hashes.SHA256(), 32, salt, info).derive(secret)
    context = f"{name}\n{entry['hub']}\n{entry['clientId']}".encode()
    return json.loads(AESGCM(key).decrypt(base64.b64decode(box["nonce"]), base64.b64decode(box["box"]), context))
