"""usage: ./dev bench [SCENARIO...] [--json FILE] [--rounds N] [--seconds S] [--only NAME,...]

Compares lateen-proxy with nginx, haproxy and, where `./dev peers` fetched it, Envoy. All contestants do the same work, one
worker each, interleaved round by round on this machine; the measure is the proxy's own CPU time for each completed
request, which the noise of a shared machine disturbs far less than its rate. Reported: medians, and lateen / peer.
"""

import argparse
import json
import pathlib
import platform
import sys
import tempfile

import contestants
import report
import scenarios
from lab import Lab

ROOT = pathlib.Path(__file__).resolve().parents[2]


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./dev bench")
    parser.add_argument("scenarios", nargs="*", metavar="SCENARIO", help=", ".join(scenarios.ALL))
    parser.add_argument("--json", type=pathlib.Path, help="also write the results there")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=3, help="of load in one round of one contestant")
    parser.add_argument("--only", type=lambda text: text.split(","), help="these contestants, by comma")
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build" / "release")
    options = parser.parse_args()
    unknown = [name for name in options.scenarios if name not in scenarios.ALL]
    if unknown:
        parser.error(f"no such scenario: {', '.join(unknown)}; there are {', '.join(scenarios.ALL)}")
    options.scenarios = options.scenarios or list(scenarios.ALL)
    return options


def main() -> int:
    options = arguments()
    field = contestants.available(options.build, ROOT / ".cache" / "peers", options.only)
    if not field:
        print("bench: none of the contestants is on this machine", file=sys.stderr)
        return 3
    results = []
    with tempfile.TemporaryDirectory(prefix="lateen-bench-") as folder:
        with Lab(pathlib.Path(folder), options.build, options.seconds) as lab:
            for name in options.scenarios:
                result = scenarios.measure(scenarios.ALL[name], lab, field, options.rounds)
                results.append(result)
                print(report.line(result), file=sys.stderr, flush=True)
    print(report.table(results))
    if options.json:
        options.json.write_text(json.dumps({"machine": machine(), "scenarios": [report.as_json(result) for result in results]}, indent=2) + "\n")
    return 0 if all(not result.failures for result in results) else 1


def machine() -> str:
    model = next((line.split(":", 1)[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), platform.machine())
    return f"{model}, {len([line for line in open('/proc/cpuinfo') if line.startswith('processor')])} cores, Linux {platform.release()}"


if __name__ == "__main__":
    sys.exit(main())
