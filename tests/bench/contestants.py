"""Who is compared, and how each is started."""

import dataclasses
import pathlib
import shutil
import sys

from lab import Lab, Ports, Process, free_port


@dataclasses.dataclass
class Contestant:
    name: str
    program: str
    configuration: str
    command: list[str]  # {program} and {file} are filled in
    h2_has_own_port: bool

    def start(self, lab: Lab) -> tuple[Process, Ports]:
        plain = free_port()
        ports = Ports(plain, free_port(), free_port() if self.h2_has_own_port else plain)
        ending = pathlib.Path(self.configuration).suffix
        file = lab.configuration(self.configuration, ports, f"{self.name}{ending}")
        process = lab.start([part.format(program=self.program, file=file) for part in self.command], self.name)
        try:
            process.wait_for(ports.plain)
            process.wait_for(ports.tls)
        except RuntimeError:
            process.stop()
            raise
        return process, ports


def available(build: pathlib.Path, peers: pathlib.Path, only: list[str] | None) -> list[Contestant]:
    """Those on this machine; the others are named with what to do about it."""
    envoy_style = ["{program}", "-c", "{file}", "--concurrency", "1", "--log-level", "warning"]
    field = [
        Contestant("lateen", str(build / "lateen-proxy"), "proxy.yaml", envoy_style, False),
        Contestant("nginx", "nginx", "nginx.conf", ["{program}", "-c", "{file}"], True),
        Contestant("haproxy", "haproxy", "haproxy.cfg", ["{program}", "-db", "-f", "{file}"], True),
        Contestant("envoy", str(peers / "envoy" / "envoy" / "_bin" / "envoy"), "proxy.yaml",
                   envoy_style + ["--use-dynamic-base-id"], False),
    ]
    remedies = {"lateen": "./dev build", "envoy": "./dev peers"}
    found = []
    for contestant in field:
        if only and contestant.name not in only:
            continue
        if shutil.which(contestant.program):
            found.append(contestant)
        else:
            print(f"bench: without {contestant.name}: {contestant.program} is not there; {remedies.get(contestant.name, './dev setup')} brings it",
                  file=sys.stderr)
    return found
