"""Where machines are: network namespaces when root, else addresses of the loopback interface. Both answer the same questions."""

import os
import pathlib
import shutil

from processes import DemoFailed, run, say
from world import DATABASE_PORT, MACHINES, SERVICE_PORT, VIRTUAL_ADDRESSES, Machine

PREFIX = "lateen-"
SWITCH = PREFIX + "switch"
HOST_LINK = "lateen0"
NETS = {"mesh": "10.77.0", "outside": "10.88.0"}
HOST_NUMBER = 1
NETNS_FOLDER = pathlib.Path("/etc/netns")


class Unable(DemoFailed):
    """This machine cannot give what was asked for; nothing is wrong with the mesh."""


def choose(wanted: str) -> "Namespaces | Loopback":
    """`auto` takes namespaces where that is possible."""
    if wanted == "loopback":
        return Loopback()
    obstacle = obstacle_to_namespaces()
    if not obstacle:
        return Namespaces()
    if wanted == "namespaces":
        raise Unable(f"network namespaces cannot be used here: {obstacle}")
    say(f"demo: machines are loopback addresses and nothing is captured, since {obstacle}")
    return Loopback()


def obstacle_to_namespaces() -> str:
    """Why this process cannot make network namespaces with rules of their own; empty when it can."""
    if os.geteuid() != 0:
        return "it is not root"
    probe = f"{PREFIX}probe-{os.getpid()}"
    try:
        ip("netns", "add", probe)
    except (DemoFailed, OSError) as error:
        return str(error).splitlines()[0]
    try:
        run(["ip", "netns", "exec", probe, "nft", "add", "table", "inet", "probe"], "making a rule")
        ip("link", "add", "eth0", "netns", probe, "type", "veth", "peer", "name", "eth1", "netns", probe)
        return ""
    except (DemoFailed, OSError) as error:
        return str(error).splitlines()[0]
    finally:
        ip("netns", "del", probe)


class Namespaces:
    """Each machine is a network namespace at a switch; all it sends and receives is captured by its proxy."""

    name = "namespaces"
    captures = True

    def open(self) -> None:
        self.close()  # what an earlier run left that could not clean up
        ip("netns", "add", SWITCH)
        for net in NETS:
            ip("-n", SWITCH, "link", "add", net, "type", "bridge")
            ip("-n", SWITCH, "link", "set", net, "up")
        ip("link", "add", HOST_LINK, "type", "veth", "peer", "name", "host", "netns", SWITCH)
        ip("addr", "add", f"{NETS['mesh']}.{HOST_NUMBER}/16", "dev", HOST_LINK)
        ip("link", "set", HOST_LINK, "up")
        ip("-n", SWITCH, "link", "set", "host", "master", "mesh", "up")
        for machine in MACHINES:
            self._add(machine)

    def _add(self, machine: Machine) -> None:
        namespace = PREFIX + machine.name
        ip("netns", "add", namespace)
        ip("-n", namespace, "link", "set", "lo", "up")
        for index, net in enumerate(machine.networks):
            port = f"{machine.number}-{net}"
            ip("link", "add", f"eth{index}", "netns", namespace, "type", "veth", "peer", "name", port, "netns", SWITCH)
            ip("-n", SWITCH, "link", "set", port, "master", net, "up")
            ip("-n", namespace, "addr", "add", f"{self.address(machine, net)}/16", "dev", f"eth{index}")
            ip("-n", namespace, "link", "set", f"eth{index}", "up")
        # Virtual addresses need a way out before capture can take them; nothing answers there.
        ip("-n", namespace, "route", "add", "default", "via", f"{NETS[machine.networks[0]]}.{HOST_NUMBER}")
        hosts = NETNS_FOLDER / namespace / "hosts"
        hosts.parent.mkdir(parents=True, exist_ok=True)
        lines = ["127.0.0.1 localhost"] + [f"{address} {name} {name}.default.svc.cluster.local" for name, address in VIRTUAL_ADDRESSES.items()]
        hosts.write_text("\n".join(lines) + "\n")

    def close(self) -> None:
        for namespace in sorted(path.name for path in pathlib.Path("/run/netns").glob(PREFIX + "*")):
            ip("netns", "del", namespace)  # its links and rules go with it
        for folder in NETNS_FOLDER.glob(PREFIX + "*"):
            shutil.rmtree(folder)
        if NETNS_FOLDER.exists() and not any(NETNS_FOLDER.iterdir()):
            NETNS_FOLDER.rmdir()

    def address(self, machine: Machine, net: str = "") -> str:
        return f"{NETS[net or machine.networks[0]]}.{machine.number}"

    def within(self, machine: Machine, command: list[object]) -> list[object]:
        """The command that runs `command` on the machine."""
        return ["ip", "netns", "exec", PREFIX + machine.name, *command]

    def application_bind(self, machine: Machine) -> tuple[str, int]:
        return "0.0.0.0", machine.port

    def service_url(self, machine: Machine, service: str) -> str:
        return f"http://{service}:{SERVICE_PORT}"

    def database(self, machine: Machine) -> str:
        return f"mysqldb:{DATABASE_PORT}"

    def shell_hint(self, machine: Machine) -> str:
        return f"ip netns exec {PREFIX}{machine.name}"


class Loopback:
    """Each machine is an address 127.77.0.N. Nothing is captured: proxies listen where applications call them, as
    Istio's `captureMode: NONE` has it. A service listens at 127.77.0.N for others and at 127.77.1.N for its own calls."""

    name = "loopback"
    captures = False
    _application_ports = 20000

    def open(self) -> None:
        pass

    def close(self) -> None:
        pass

    def address(self, machine: Machine, net: str = "") -> str:
        return f"127.77.0.{machine.number}"

    def outbound_address(self, machine: Machine) -> str:
        return f"127.77.1.{machine.number}"

    def within(self, machine: Machine, command: list[object]) -> list[object]:
        return list(command)

    def application_bind(self, machine: Machine) -> tuple[str, int]:
        return "127.0.0.1", self._application_ports + machine.number

    def service_url(self, machine: Machine, service: str) -> str:
        return f"http://{self.outbound_address(machine)}:{SERVICE_PORT}"

    def database(self, machine: Machine) -> str:
        return f"{self.outbound_address(machine)}:{DATABASE_PORT}"

    def shell_hint(self, machine: Machine) -> str:
        return ""


def ip(*words: str) -> None:
    run(["ip", *words], "preparing the demo's network")
