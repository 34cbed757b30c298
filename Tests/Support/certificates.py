"""Certificates of every kind, good and bad, by the openssl command."""
import base64
import datetime
import hashlib
import subprocess

KEYS = {
    "P-256": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
    "P-384": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"],
    "RSA": ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
    "RSA-1024": ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024"],
    "Ed25519": ["-algorithm", "ED25519"],
}
AUTHORITY = ["basicConstraints=critical,CA:TRUE", "keyUsage=critical,keyCertSign,cRLSign", "subjectKeyIdentifier=hash"]
SERVER = ["basicConstraints=CA:FALSE", "extendedKeyUsage=serverAuth"]
SETTINGS = """
[ca]
default_ca = here
[here]
database = {folder}/{name}.index
new_certs_dir = {folder}
rand_serial = yes
unique_subject = no
policy = any
[any]
commonName = supplied
"""


def openssl(*words, text=None):
    done = subprocess.run(["openssl", *map(str, words)], input=text, capture_output=True, timeout=60)
    assert done.returncode == 0, f"openssl {' '.join(map(str, words))}: {done.stderr[-600:].decode(errors='replace')}"
    return done.stdout


class Certificate:
    """`file` and `key` are PEM files; `chain` has the certificates that come after it, `whole` both."""

    def __init__(self, folder, name, above=None):
        self.folder, self.name, self.above = folder, name, above
        self.file, self.key, self.whole = (folder / f"{name}.{kind}" for kind in ("pem", "key", "whole"))

    @property
    def pin(self):
        return pin_of(self.file)


def pin_of(file):
    """The pin of a certificate's key, as --pin takes it."""
    key = openssl("x509", "-in", file, "-noout", "-pubkey")
    return "sha256//" + base64.b64encode(hashlib.sha256(openssl("pkey", "-pubin", "-outform", "der", text=key)).digest()).decode()


class Authorities:
    """Makes certificates in a folder."""

    def __init__(self, folder):
        self.folder = folder
        folder.mkdir()

    def make(self, name, above=None, key="P-256", common=None, names=(), kind=SERVER, days=(-2, 30), digest=None):
        """A certificate by `above`, or by itself.

        - `key`: its kind, or the certificate whose key it has.
        - `names`: what it is for, as `DNS:…` and `IP:…`.
        - `days`: from when to when it is good, from now.
        """
        made = Certificate(self.folder, name, above)
        if isinstance(key, Certificate):
            made.key.write_bytes(key.key.read_bytes())
        else:
            openssl("genpkey", *KEYS[key], "-out", made.key)
        settings, request, extensions = (self.folder / f"{name}.{kind}" for kind in ("cnf", "csr", "ext"))
        settings.write_text(SETTINGS.format(folder=self.folder, name=name))
        (self.folder / f"{name}.index").touch()
        extensions.write_text("\n".join([*kind, *([f"subjectAltName={','.join(names)}"] if names else [])]) + "\n")
        openssl("req", "-new", "-key", made.key, "-subj", f"/CN={common or name}", "-out", request, "-config", "/dev/null")
        now = datetime.datetime.now(datetime.timezone.utc)
        begins, ends = ((now + datetime.timedelta(days=day)).strftime("%Y%m%d%H%M%SZ") for day in days)
        signer = ["-cert", above.file, "-keyfile", above.key] if above else ["-selfsign", "-keyfile", made.key]
        # Ed25519 has its digest in itself.
        by = (above.key if above else made.key).read_text()
        digest = digest or ("default" if "ED25519" in openssl("pkey", "-in", "/dev/stdin", "-noout", "-text", text=by.encode()).decode() else "sha256")
        openssl("ca", "-batch", "-config", settings, "-in", request, "-out", made.file, "-notext", "-extfile", extensions,
                "-startdate", begins, "-enddate", ends, "-md", digest, *signer)
        pem = made.file.read_bytes()
        while above and above.above:
            pem += above.file.read_bytes()
            above = above.above
        made.whole.write_bytes(pem)
        return made
