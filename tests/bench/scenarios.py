"""What is measured. A scenario puts one kind of load on one contestant for a round and says what it cost."""

import dataclasses
import json
import re
import socket
import ssl
import statistics
import subprocess
import sys
import time
from collections.abc import Callable

from contestants import Contestant
from lab import Lab, Ports, Process

IDLE_CONNECTIONS = 4000


class Failed(Exception):
    """A round without a usable figure."""


@dataclasses.dataclass
class Scenario:
    name: str
    title: str
    unit: str
    round: Callable[[Lab, Process, Ports], float]
    fresh_process: bool = False  # memory is measured on a process that has done nothing else


@dataclasses.dataclass
class Result:
    scenario: Scenario
    rounds: int
    figures: dict[str, list[float]]
    failures: list[str]

    def median(self) -> dict[str, float]:
        return {name: statistics.median(values) for name, values in self.figures.items() if values}


def measure(scenario: Scenario, lab: Lab, field: list[Contestant], rounds: int) -> Result:
    result = Result(scenario, rounds, {contestant.name: [] for contestant in field}, [])
    running: dict[str, tuple[Process, Ports]] = {}
    try:
        for number in range(rounds):
            for contestant in field:
                try:
                    if contestant.name not in running:
                        running[contestant.name] = contestant.start(lab)
                    result.figures[contestant.name].append(scenario.round(lab, *running[contestant.name]))
                except (Failed, RuntimeError, OSError) as failure:
                    result.failures.append(f"{contestant.name}: {failure}")
                    print(f"bench: {scenario.name}, round {number + 1}: {contestant.name}: {failure}", file=sys.stderr, flush=True)
                if scenario.fresh_process and contestant.name in running:
                    running.pop(contestant.name)[0].stop()
    finally:
        for process, _ in running.values():
            process.stop()
    return result


# --- loads: each returns how many requests completed -------------------------------------------------------------------

def output(command: list[object]) -> str:
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if done.returncode != 0:
        raise Failed(f"{command[0]}: {(done.stderr or done.stdout).strip()[:200]}")
    return done.stdout


def number_in(pattern: str, text: str) -> int:
    match = re.search(pattern, text)
    return int(match.group(1)) if match else 0


def wrk(lab: Lab, port: int, path: str, connections: int) -> int:
    text = output(["wrk", "-t1", f"-c{connections}", f"-d{lab.seconds}s", f"http://127.0.0.1:{port}/{path}"])
    if wrong := number_in(r"Non-2xx or 3xx responses: (\d+)", text):
        raise Failed(f"{wrong} answers were not 2xx")
    return number_in(r"(\d+) requests in", text)


def h2load(lab: Lab, port: int, path: str, connections: int, streams: int) -> int:
    text = output(["h2load", f"-c{connections}", f"-m{streams}", f"-D{lab.seconds}", f"http://127.0.0.1:{port}/{path}"])
    good, failed = number_in(r"(\d+) succeeded", text), number_in(r"succeeded, (\d+) failed", text)
    if failed:
        raise Failed(f"{failed} requests failed")
    return good


def load(lab: Lab, port: int, connections: int, how: str, tls: bool) -> int:
    if lab.load is None:
        raise Failed("lateen_load is not built; ./dev build brings it")
    certificates = [lab.folder / "ca.crt", lab.folder / "client.crt", lab.folder / "client.key"] if tls else []
    counts = json.loads(output([lab.load, "127.0.0.1", port, lab.seconds, connections, "/1k", how, *certificates]))
    if counts["failed"]:
        raise Failed(f"{counts['failed']} requests failed")
    return counts["completed"]


def cpu_microseconds(process: Process, run: Callable[[], int]) -> float:
    """CPU time of the proxy for each request that the load completed."""
    before = process.cpu_nanoseconds()
    completed = run()
    spent = process.cpu_nanoseconds() - before
    if not completed:
        raise Failed("no request completed")
    return spent / completed / 1000


# --- scenarios ---------------------------------------------------------------------------------------------------------

def http1(lab: Lab, process: Process, ports: Ports) -> float:
    return cpu_microseconds(process, lambda: wrk(lab, ports.plain, "1k", 64))


def mtls(lab: Lab, process: Process, ports: Ports) -> float:
    return cpu_microseconds(process, lambda: load(lab, ports.tls, 32, "kept", tls=True))


def handshake(lab: Lab, process: Process, ports: Ports) -> float:
    return cpu_microseconds(process, lambda: load(lab, ports.tls, 8, "fresh", tls=True))


def http2(lab: Lab, process: Process, ports: Ports) -> float:
    return cpu_microseconds(process, lambda: h2load(lab, ports.h2, "1k", 4, 100))


def bulk(lab: Lab, process: Process, ports: Ports) -> float:
    return cpu_microseconds(process, lambda: wrk(lab, ports.plain, "1m", 8)) / 1000


def base(lab: Lab, process: Process, ports: Ports) -> float:
    ask(ports.plain, None)
    time.sleep(0.2)
    return process.private_kib() / 1024


def idle(lab: Lab, process: Process, ports: Ports) -> float:
    return per_idle_connection(process, ports.plain, None, IDLE_CONNECTIONS)


def idle_mtls(lab: Lab, process: Process, ports: Ports) -> float:
    context = ssl.create_default_context(cafile=lab.folder / "ca.crt")
    context.load_cert_chain(lab.folder / "client.crt", lab.folder / "client.key")
    return per_idle_connection(process, ports.tls, context, IDLE_CONNECTIONS // 4)


def ask(port: int, context: ssl.SSLContext | None) -> socket.socket:
    """One exchange over a new connection, which stays open."""
    connection = socket.create_connection(("127.0.0.1", port), timeout=10)
    if context:
        connection = context.wrap_socket(connection, server_hostname="127.0.0.1")
    connection.sendall(b"GET /1k HTTP/1.1\r\nhost: bench.test\r\n\r\n")
    answer = b""
    while len(answer) < answer.find(b"\r\n\r\n") + 4 + 1024 or b"\r\n\r\n" not in answer:
        if not (more := connection.recv(65536)):
            raise Failed("the connection ended within an answer")
        answer += more
    if not answer.startswith(b"HTTP/1.1 200"):
        raise Failed(f"the answer was {answer[:40]!r}")
    return connection


def per_idle_connection(process: Process, port: int, context: ssl.SSLContext | None, count: int) -> float:
    """KiB that each connection holds which has carried one exchange and now waits."""
    warm = [ask(port, context) for _ in range(50)]
    time.sleep(0.3)
    before = process.private_kib()
    connections = [ask(port, context) for _ in range(count)]
    time.sleep(0.5)
    grown = process.private_kib() - before
    for connection in warm + connections:
        connection.close()
    return grown / count


ALL = {scenario.name: scenario for scenario in [
    Scenario("http1", "HTTP/1.1, 1 KiB, 64 kept connections", "CPU us/request", http1),
    Scenario("mtls", "mTLS (TLS 1.3, P-256), 1 KiB, 32 kept connections", "CPU us/request", mtls),
    Scenario("handshake", "new mTLS connection for each request, 8 at once", "CPU us/request", handshake),
    Scenario("http2", "HTTP/2 down, HTTP/1.1 up, 1 KiB, 4 connections x 100 streams", "CPU us/request", http2),
    Scenario("bulk", "1 MiB bodies, 8 connections", "CPU ms/MiB", bulk),
    Scenario("idle", "memory of an idle connection, plain", "KiB/connection", idle, fresh_process=True),
    Scenario("idle-mtls", "memory of an idle connection, mTLS", "KiB/connection", idle_mtls, fresh_process=True),
    Scenario("base", "private memory after the first request", "MiB", base, fresh_process=True),
]}
