"""The place of a benchmark: a folder with certificates and files, a backend, and processes that end with it."""

import dataclasses
import pathlib
import resource
import socket
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
START_SECONDS_MAX = 10


@dataclasses.dataclass
class Ports:
    plain: int
    tls: int
    h2: int


class Process:
    """A started program with everything it forked, as seen by the kernel."""

    def __init__(self, command: list[str | pathlib.Path], log: pathlib.Path):
        self._log = log
        self.program = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=open(log, "ab"), stderr=subprocess.STDOUT)

    def pids(self) -> list[int]:
        found, new = [], [self.program.pid]
        while new:
            found += new
            new = [int(child) for pid in new for task in tasks(pid) for child in read(task / "children").split()]
        return found

    def cpu_nanoseconds(self) -> int:
        """What the scheduler gave to all threads; those that ended take their share with them."""
        return sum(int(read(task / "schedstat").split()[0]) for pid in self.pids() for task in tasks(pid) if read(task / "schedstat"))

    def private_kib(self) -> int:
        """Memory that only these processes have and wrote to."""
        total = 0
        for pid in self.pids():
            for line in read(pathlib.Path(f"/proc/{pid}/smaps_rollup")).splitlines():
                if line.startswith("Private_Dirty:"):
                    total += int(line.split()[1])
        return total

    def wait_for(self, port: int) -> None:
        end = time.monotonic() + START_SECONDS_MAX
        while time.monotonic() < end:
            if self.program.poll() is not None:
                break
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    return
            time.sleep(0.02)
        tail = read(self._log).splitlines()[-5:]
        raise RuntimeError(f"{self.program.args[0]} does not listen at port {port}: " + " | ".join(tail))

    def stop(self) -> None:
        self.program.terminate()
        try:
            self.program.wait(5)
        except subprocess.TimeoutExpired:
            self.program.kill()
            self.program.wait()


def read(path: pathlib.Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""


def tasks(pid: int) -> list[pathlib.Path]:
    try:
        return list(pathlib.Path(f"/proc/{pid}/task").iterdir())
    except OSError:
        return []


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Lab:
    def __init__(self, folder: pathlib.Path, build: pathlib.Path, seconds: int):
        self.folder = folder
        self.load = next(iter(build.glob("**/lateen_load")), None)
        self.seconds = seconds
        self.backend_port = free_port()

    def __enter__(self) -> "Lab":
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        self.folder.chmod(0o755)
        self._make_files()
        self._make_certificates()
        self._backend = self.start(["nginx", "-c", self.configuration("backend.conf")], "backend")
        self._backend.wait_for(self.backend_port)
        return self

    def __exit__(self, *_: object) -> None:
        self._backend.stop()

    def start(self, command: list[str | pathlib.Path], name: str) -> Process:
        return Process(command, self.folder / f"{name}.log")

    def configuration(self, name: str, ports: Ports | None = None, as_name: str | None = None) -> pathlib.Path:
        """A file of peers/ with its places filled in."""
        text = (HERE / "peers" / name).read_text().replace("@LAB@", str(self.folder)).replace("@BACKEND@", str(self.backend_port))
        if ports:
            text = text.replace("@PLAIN@", str(ports.plain)).replace("@TLS@", str(ports.tls)).replace("@H2@", str(ports.h2))
        path = self.folder / (as_name or name)
        path.write_text(text)
        return path

    def _make_files(self) -> None:
        files = self.folder / "files"
        files.mkdir()
        for name, size in {"1k": 1024, "1m": 1024 * 1024}.items():
            (files / name).write_bytes(b"x" * size)
            (files / name).chmod(0o644)

    def _make_certificates(self) -> None:
        """A root, and a certificate with a SPIFFE identity for each side; P-256, as a mesh has them."""
        self._openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30",
                      "-subj", "/O=bench", "-keyout", "ca.key", "-out", "ca.crt")
        for side in ("server", "client"):
            (self.folder / f"{side}.ext").write_text(
                f"subjectAltName=critical,URI:spiffe://cluster.local/ns/default/sa/{side},IP:127.0.0.1\n"
                "keyUsage=critical,digitalSignature\nextendedKeyUsage=serverAuth,clientAuth\n")
            self._openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={side}",
                          "-keyout", f"{side}.key", "-out", f"{side}.csr")
            self._openssl("x509", "-req", "-in", f"{side}.csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-days", "30",
                          "-extfile", f"{side}.ext", "-out", f"{side}.crt")
        (self.folder / "server.pem").write_text(read(self.folder / "server.crt") + read(self.folder / "server.key"))

    def _openssl(self, *arguments: str) -> None:
        done = subprocess.run(["openssl", *arguments], cwd=self.folder, capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f"bench: openssl {arguments[0]} failed: {done.stderr.strip()}")
