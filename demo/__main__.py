"""usage: ./dev demo [--check] [--place auto|namespaces|loopback] [--state FOLDER]

Bookinfo in a mesh on this machine: a control plane, eight members with a proxy and an identity each, an ingress and an
east-west gateway, ratings from a MariaDB on its own VM, and a VM that knows no control plane. Ctrl-C ends all of it.
--check walks through what can be tried, prints a line for each step, and ends with 0, or names the step that failed.
"""

import argparse
import os
import pathlib
import signal
import sys
import time

from mesh import Mesh
from places import Unable, choose
from processes import DemoFailed, say
from walk import STEPS, Skipped, StepFailed
from world import PRODUCTPAGE

ROOT = pathlib.Path(__file__).resolve().parents[1]


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./dev demo")
    parser.add_argument("--check", action="store_true", help="walk through by itself and end")
    parser.add_argument("--place", choices=["auto", "namespaces", "loopback"], default="auto")
    parser.add_argument("--programs", type=pathlib.Path, default=ROOT / "build" / "release", help="folder of lateen and lateen-proxy")
    parser.add_argument("--state", type=pathlib.Path, default=ROOT / ".cache" / "demo", help="folder for everything the demo writes")
    return parser.parse_args()


def check(mesh: Mesh) -> bool:
    for step in STEPS:
        try:
            print(f"ok: {step.name}: {step.run(mesh)}", flush=True)
        except Skipped as reason:
            print(f"skipped: {step.name}: {reason}", flush=True)
        except (StepFailed, DemoFailed) as failure:
            print(f"FAILED: {step.name}: {failure}\n  logs are in {mesh.state / 'logs'}", flush=True)
            return False
        mesh.children.check()
    return True


def invite(mesh: Mesh) -> None:
    inside = mesh.place.shell_hint(PRODUCTPAGE)
    print(f"""
The mesh runs.

  open     {mesh.view.page_url()}     sign in as jason, and as somebody else
  change   cp {ROOT}/demo/mesh/steps/reviews-jason-v2.yaml {mesh.objects.folder}/step-reviews.yaml
           the other files beside it: reviews-90-10, reviews-v3, ratings-timeout, details-retry
  stars    {mesh.database.shell()} -e "UPDATE ratings SET stars = 1 WHERE reviewer = 'Ada'"
  status   {" ".join(map(str, mesh.commands.status_command()))}
  metrics  {inside} curl -s {mesh.view.metrics_url(PRODUCTPAGE)}
  logs     {mesh.state}/logs

Ctrl-C ends everything.""", flush=True)


def wait_for_the_end(mesh: Mesh) -> None:
    try:
        while True:
            time.sleep(1)
            mesh.children.check()
    except KeyboardInterrupt:
        say("\ndemo: ending")


def give_back(state: pathlib.Path) -> None:
    """Files made as root through sudo become those of whoever called it."""
    if os.geteuid() == 0 and "SUDO_UID" in os.environ:
        owner, group = int(os.environ["SUDO_UID"]), int(os.environ["SUDO_GID"])
        for path in [state, *state.rglob("*")]:
            os.chown(path, owner, group, follow_symlinks=False)


def main() -> int:
    options = arguments()
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    options.state.mkdir(parents=True, exist_ok=True)
    begin = time.monotonic()
    mesh = None
    try:
        mesh = Mesh(choose(options.place), options.programs.resolve(), options.state.resolve())
        say("demo: starting the mesh")
        mesh.start()
        say(f"demo: the mesh is up after {time.monotonic() - begin:.1f} s")
        if options.check:
            return 0 if check(mesh) else 1
        invite(mesh)
        wait_for_the_end(mesh)
        return 0
    except Unable as reason:
        say(f"skip: {reason}")
        return 3
    except DemoFailed as failure:
        say(f"demo: {failure}")
        return 1
    except KeyboardInterrupt:
        return 130
    finally:
        if mesh:
            mesh.stop()
        give_back(options.state)


if __name__ == "__main__":
    sys.exit(main())
