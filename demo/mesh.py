"""The whole: the control plane, every member with its proxy and application, the database. Started in order, ended in reverse."""

import contextlib
import json
import pathlib
import shutil
import signal
import time
from collections.abc import Iterator

from commands import Commands
from database import Database
from objects import Objects
from places import Loopback, Namespaces
from processes import Child, Children, DemoFailed
from view import View
from world import EASTWEST, MEMBERS, SERVICES, SIMPLE, Machine

HERE = pathlib.Path(__file__).resolve().parent
READY_SECONDS_MAX = 60
SIMPLE_PORT = 8080
LOOPBACK_SIMPLE_PORT = 8090


class Mesh:
    def __init__(self, place: Namespaces | Loopback, programs: pathlib.Path, state: pathlib.Path):
        self.place = place
        self.state = state
        self.children = Children(state / "logs")
        self.commands = Commands(programs, place, state)
        self.objects = Objects(state / "config", place)
        self.view = View(place)
        self.database = Database(self.children, place, state)
        self._proxies: dict[Machine, Child] = {}
        self._control: Child | None = None

    def start(self) -> None:
        for log in (self.state / "logs").glob("*.log"):
            log.unlink()
        self.place.open()
        self.objects.write()
        self.commands.make_root()
        self.start_control()
        self.database.start()
        for machine in MEMBERS:
            self._start_member(machine)
        self._wait_until_ready()

    def stop(self) -> None:
        self.children.stop_all()
        self.place.close()
        self.commands.close()

    # --- control plane -------------------------------------------------------------------------------------------------

    def start_control(self) -> None:
        self._control = self.children.start("control", self.commands.control())
        self._wait("the control plane", lambda: self.commands.status() is not None, lambda: self._control)

    def kill_control(self) -> None:
        """As a crash would: without a word to anybody."""
        assert self._control is not None
        self.children.stop(self._control, signal.SIGKILL)

    def unsynchronised(self) -> list[str]:
        """Members whose proxy is not connected or has not taken its newest configuration."""
        status = self.commands.status()
        if status is None:
            return ["the control plane does not answer"]
        return [machine.name for machine in MEMBERS if not self.commands.synchronised(status, machine)]

    # --- members -------------------------------------------------------------------------------------------------------

    def _start_member(self, machine: Machine) -> None:
        if machine in SERVICES:
            self.children.start(f"{machine.name}.app", self.commands.application(machine))
        self._proxies[machine] = self.children.start(f"{machine.name}.proxy", self.commands.join(machine))

    def _wait_until_ready(self) -> None:
        for machine in MEMBERS:
            self._wait(f"the proxy of {machine.name}", lambda: self.view.ready(machine), lambda: self._proxies[machine])
        end = time.monotonic() + READY_SECONDS_MAX
        while "error" in str(product := self.view.product()):
            self.children.check()
            if time.monotonic() > end:
                raise DemoFailed(f"{self.view.page_url()} does not come together: {json.dumps(product)[:400]}\n  logs are in {self.state / 'logs'}")
            time.sleep(0.2)

    def _wait(self, what: str, so, child) -> None:
        end = time.monotonic() + READY_SECONDS_MAX
        while not so():
            self.children.check()
            if time.monotonic() > end:
                raise DemoFailed(f"{what} is not ready after {READY_SECONDS_MAX} s; its log is {child().log}")
            time.sleep(0.1)

    # --- what proxies wrote --------------------------------------------------------------------------------------------

    def log_has(self, machine: Machine, text: str) -> bool:
        return text in self._proxies[machine].log_text()

    def log_tail(self, machine: Machine) -> str:
        return " | ".join(self._proxies[machine].log_text().splitlines()[-3:])

    # --- the machine that knows no control plane -----------------------------------------------------------------------

    @contextlib.contextmanager
    def simple_vm(self, program: pathlib.Path | None = None, foreign: bool = False) -> Iterator[str]:
        """Runs a proxy with the static bootstrap on the simple VM, with a certificate of the mesh's root or another's, and
        answers the URL its applications use."""
        folder = self.state / ("simple-vm-foreign" if foreign else "simple-vm")
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        self.commands.issue_certificate(SIMPLE, folder, foreign)
        local, port = "127.0.0.1", SIMPLE_PORT
        text = (HERE / "simple-vm" / "bootstrap.yaml").read_text()
        text = text.replace("@CERTIFICATES@", str(folder)).replace("@GATEWAY@", self.place.address(EASTWEST, SIMPLE.networks[0]))
        if not self.place.captures:  # 127.0.0.1 is every machine's there, and the ingress gateway has port 8080 of all addresses
            local, port = self.place.address(SIMPLE), LOOPBACK_SIMPLE_PORT
            text = text.replace("127.0.0.1", local).replace(str(SIMPLE_PORT), str(port))
        (folder / "bootstrap.yaml").write_text(text)
        child = self.children.start("simple-vm.proxy", self.commands.static_proxy(SIMPLE, folder / "bootstrap.yaml", program))
        url = f"http://{local}:{port}"
        try:
            self._wait("the proxy of the simple VM", lambda: self.view.curl(SIMPLE, url + "/").status != 0, lambda: child)
            yield url
        finally:
            self.children.stop(child)

    def envoy(self) -> pathlib.Path | None:
        program = HERE.parent / ".cache" / "peers" / "envoy" / "envoy" / "_bin" / "envoy"
        return program if program.exists() else None
