"""The command lines of Lateen as the demo uses them: what a user would type, in one place."""

import json
import os
import pathlib
import shutil
import subprocess
import tempfile
from typing import Any

from places import Loopback, Namespaces
from processes import run
from world import CONTROL, CONTROL_PORT, NAMESPACE, RATINGS, TRUST_DOMAIN, Machine

HERE = pathlib.Path(__file__).resolve().parent
PYTHON = "/usr/bin/python3"
PAGES_PORT = 15014
PROXY_USER = 1337  # as whom `lateen join --capture` lets the proxy run
CALLS = {"productpage": ["details", "reviews"], "reviews": ["ratings"]}


class Commands:
    def __init__(self, programs: pathlib.Path, place: Namespaces | Loopback, state: pathlib.Path):
        self._lateen = programs / "lateen"
        self._proxy = programs / "lateen-proxy"
        self._place = place
        self._state = state
        self._control_state = state / "control"  # its authority and token key
        self._tokens = pathlib.Path(tempfile.mkdtemp(prefix="lateen-demo-"))
        self._tokens.chmod(0o711)

    # --- certificates --------------------------------------------------------------------------------------------------

    def make_root(self) -> None:
        """The mesh's own root, and a foreign one that nobody in the mesh trusts; made once."""
        for folder in (self._control_state, self._foreign_authority()):
            if not (folder / "ca-key.pem").exists():
                run([self._lateen, "ca", "root", "-o", folder, "--trust-domain", TRUST_DOMAIN], "making a root certificate")

    def issue_certificate(self, machine: Machine, folder: pathlib.Path, foreign: bool) -> None:
        authority = self._foreign_authority() if foreign else self._control_state
        run([self._lateen, "ca", "issue", "--ca", authority, "-o", folder, "--identity", machine.identity], f"issuing a certificate for {machine.name}")
        if foreign:  # it trusts the mesh; the mesh does not trust it
            shutil.copy(self._control_state / "root-cert.pem", folder / "root-cert.pem")

    def token(self, machine: Machine) -> pathlib.Path:
        """A token that only the member's proxy can read, with the root to trust beside it. Not in the state folder, which may
        lie where the proxy's user has no way to."""
        text = run([self._lateen, "token", "--state", self._control_state, f"{NAMESPACE}/{machine.account}"], f"making a token for {machine.name}")
        file = self._tokens / machine.name
        file.touch(mode=0o600)
        file.write_text(text)
        root = self._tokens / "root-cert.pem"
        if not root.exists():  # written once: members that have started already read it
            shutil.copy(self._control_state / "root-cert.pem", root)
        if os.geteuid() == 0:
            os.chown(file, PROXY_USER, PROXY_USER)
        return file

    def close(self) -> None:
        shutil.rmtree(self._tokens, ignore_errors=True)

    def _foreign_authority(self) -> pathlib.Path:
        return self._state / "foreign-ca"

    # --- long-lived programs -------------------------------------------------------------------------------------------

    def control(self) -> list[object]:
        return self._place.within(CONTROL, [
            self._lateen, "control", "--config", self._state / "config", "--mesh-config", HERE / "mesh-config.yaml", "--state", self._control_state,
            "--listen", f"{self._place.address(CONTROL)}:{CONTROL_PORT}", "--pages", f"{self._pages_host()}:{PAGES_PORT}"])

    def join(self, machine: Machine) -> list[object]:
        address = self._place.address(machine)
        labels = [f"--label={name}={value}" for name, value in machine.all_labels.items()]
        how = ["--gateway"] if machine.is_gateway else ["--capture"] if self._place.captures else []
        pages = [] if self._place.captures else [f"--pages={address}"]
        return self._place.within(machine, [
            self._lateen, "join", f"{self._place.address(CONTROL)}:{CONTROL_PORT}", "--token", self.token(machine), "--name", machine.name,
            "--address", address, *labels, *how, *pages])

    def static_proxy(self, machine: Machine, bootstrap: pathlib.Path, program: pathlib.Path | None) -> list[object]:
        """As whoever owns the files: nothing here needs root."""
        return self._place.within(machine, [program or self._proxy, "-c", bootstrap, "--concurrency", "1"] + (["--use-dynamic-base-id"] if program else []))

    def application(self, machine: Machine) -> list[object]:
        address, port = self._place.application_bind(machine)
        services = [f"--service={service}={self._place.service_url(machine, service)}" for service in CALLS.get(machine.app, [])]
        database = ["--database", self._place.database(machine)] if machine == RATINGS else []
        return self._place.within(machine, [PYTHON, "-B", HERE / "bookinfo", machine.app, "--version", machine.version, "--bind", address,
                                            "--port", port, *services, *database])

    # --- status --------------------------------------------------------------------------------------------------------

    def status_command(self) -> list[object]:
        return self._place.within(CONTROL, [self._lateen, "proxy-status", "--control", f"{self._pages_host()}:{PAGES_PORT}"])

    def status(self) -> list[dict[str, Any]] | None:
        """Each connected proxy with its types and their states; nothing while no control plane answers."""
        command = [str(word) for word in [*self.status_command(), "-o", "json"]]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
        try:
            return json.loads(done.stdout)
        except ValueError:
            return None

    def synchronised(self, status: list[dict[str, Any]], machine: Machine) -> bool:
        for proxy in status:
            if proxy["proxy"] == f"{machine.name}.{NAMESPACE}":
                return all(kind["state"] not in ("STALE", "REFUSED") for kind in proxy["types"])
        return False

    def _pages_host(self) -> str:
        return "127.0.0.1" if self._place.captures else self._place.address(CONTROL)
