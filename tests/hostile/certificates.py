"""Certificates as openssl makes them, good and bad."""

import pathlib
import subprocess

CA = """
[ca]
default_ca = it
[it]
database = {folder}/index.txt
new_certs_dir = {folder}
rand_serial = yes
default_md = sha256
copy_extensions = copy
policy = any
unique_subject = no
[any]
commonName = optional
"""

GOOD = ("20200101000000Z", "20990101000000Z")
EXPIRED = ("20200101000000Z", "20210101000000Z")
NOT_YET = ("20980101000000Z", "20990101000000Z")


class Authority:
    """A root and what it issues: NAME.crt and NAME.key in the folder, the root as ca.crt and ca.key."""

    def __init__(self, folder: pathlib.Path):
        self.folder = folder
        folder.mkdir(parents=True)
        (folder / "index.txt").write_text("")
        (folder / "ca.cnf").write_text(CA.format(folder=folder))
        self.openssl("req", "-x509", *KEY, "-keyout", "ca.key", "-out", "ca.crt", "-days", "3650", "-subj", f"/CN={folder.name}")

    def issue(self, name: str, dates: tuple[str, str] = GOOD, names: str = "DNS:localhost,IP:127.0.0.1",
              authority: bool = False) -> "Authority":
        self.openssl("req", *KEY, "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", f"/CN={name}",
                     "-addext", f"subjectAltName={names}",
                     *(("-addext", "basicConstraints=critical,CA:TRUE") if authority else ()))
        self.openssl("ca", "-batch", "-notext", "-config", "ca.cnf", "-cert", "ca.crt", "-keyfile", "ca.key",
                     "-startdate", dates[0], "-enddate", dates[1], "-in", f"{name}.csr", "-out", f"{name}.crt")
        return self

    def openssl(self, *words: str) -> None:
        done = subprocess.run(["openssl", *words], cwd=self.folder, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(done.stderr)


KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
