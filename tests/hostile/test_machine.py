"""A machine that has run out: a full disk, taken ports, no descriptors left."""

import os
import pathlib
import resource
import socket
import subprocess
import unittest

from lab import PATIENCE, Lab, Proxy, connect, descriptors, fetch, free_port
from mesh import SERVICE, Control


def may_mount() -> bool:
    done = subprocess.run(["unshare", "-m", "sh", "-c", "mount -t tmpfs -o size=64k none /mnt"], capture_output=True)
    return done.returncode == 0


def with_full_disk(folder: pathlib.Path, *words: object, after: str = "true") -> list:
    """The command, in a mount namespace of its own where the folder is a disk of 64 KB, filled once `after` was done."""
    folder.mkdir(exist_ok=True)
    script = (f'mount -t tmpfs -o size=64k none "{folder}" && {after} && {{ cat /dev/zero > "{folder}/full" 2>/dev/null; '
              'exec "$@"; }')
    return ["unshare", "-m", "sh", "-c", script, "sh", *words]


@unittest.skipUnless(may_mount(), "needs root: a full disk is made by mounting a small one")
class FullDisk(Control):
    def test_the_state_of_a_control_plane_that_starts(self):
        control = self.start(*with_full_disk(self.state, *self.control_words()), log="control.log")
        self.until("it gives up", lambda: control.poll() is not None)
        self.assertEqual(control.returncode, 3)
        self.until_logged("control.log", str(self.state), "No space left on device")

    def test_the_state_of_a_control_plane_that_has_started_before(self):
        self.start_control()
        self.end(self.control)
        self.put("catalog.yaml", SERVICE.format(name="catalog", number=7))
        kept = self.folder / "kept"
        self.state.rename(kept)
        self.control = self.start(*with_full_disk(self.state, *self.control_words(), after=f'cp "{kept}"/* "{self.state}"'),
                                  log="control.log")
        self.until("the control plane is ready", lambda: fetch(self.pages, "/ready")[0] == 200)
        self.state = kept  # for the tokens; the program has its copy
        member = self.join(self.token(), log="member.log", pages="127.0.0.35")
        self.until_logged("member.log", "joined as")
        self.end(member)
        self.lives(self.control)

    def test_the_state_of_a_member(self):
        self.start_control()
        held, memory = self.holds(self.control)
        state = self.folder / "member"
        words = [os.environ["LATEEN"], "join", f"127.0.0.1:{self.secure}", "--token", self.token(), "--gateway", "--name",
                 "full", "--pages", "127.0.0.36", "--state", state]
        member = self.start(*with_full_disk(state, *words), log="full.log")
        self.until_logged("full.log", "joined as")
        self.until_logged("full.log", "could not be kept", str(state), "No space left on device")
        self.end(member)
        self.released(self.control, held, memory, 48 << 20)


@unittest.skipUnless(may_mount(), "needs root: a full disk is made by mounting a small one")
class FullLog(Proxy):
    def start_proxy(self, bootstrap: str) -> subprocess.Popen:
        logs = self.folder / "logs"
        path = self.write("bootstrap.yaml", bootstrap.replace("/access.log", "/logs/access.log"))
        return self.start(*with_full_disk(logs, os.environ["LATEEN_PROXY"], "-c", path, "--concurrency", "1"), log="proxy.log")

    def test_the_access_log_of_a_proxy(self):
        self.until_logged("proxy.log", "logs/access.log", "No space left on device")
        said = self.log("proxy.log").count("No space left on device")
        for _ in range(300):
            self.assertEqual(fetch(self.plain, "/"), (200, b"fine"))
        self.assertLess(self.log("proxy.log").count("No space left on device") - said, 20, "not a line for each request")
        self.unharmed()


class TakenPorts(Lab):
    def refusal(self, *words: object) -> str:
        done = subprocess.run([str(word) for word in words], capture_output=True, text=True, timeout=PATIENCE, cwd=self.folder)
        self.assertNotEqual(done.returncode, 0)
        return done.stderr

    def taken(self) -> int:
        holder = socket.socket()
        self.addCleanup(holder.close)
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        return holder.getsockname()[1]

    def test_of_the_control_plane(self):
        for flag in ("--listen", "--listen-plain", "--pages"):
            with self.subTest(flag):
                port = self.taken()
                doors = {"--listen": "off", "--listen-plain": "off", "--pages": "off", flag: f"127.0.0.1:{port}"}
                said = self.refusal(os.environ["LATEEN"], "control", "--config", self.folder, "--state", self.folder / "state",
                                    *(word for door in doors.items() for word in door))
                self.assertIn(f"127.0.0.1:{port}", said)
                self.assertIn("in use", said)

    def test_of_a_proxy(self):
        port = self.taken()
        admin = f"admin: {{address: {{socket_address: {{address: 127.0.0.1, port_value: {port}}}}}}}\n"
        said = self.refusal(os.environ["LATEEN_PROXY"], "-c", self.write("admin.yaml", admin))
        self.assertIn(f"127.0.0.1:{port}", said)
        self.assertIn("in use", said)

    def test_of_a_listener(self):
        """The listener says so; the others serve."""
        good, bad, admin = free_port(), self.taken(), free_port()
        listener = """
  - name: {name}
    address: {{socket_address: {{address: 127.0.0.1, port_value: {port}}}}}
    filter_chains: [{{filters: [{{name: http, typed_config: {{
      "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager,
      stat_prefix: {name},
      route_config: {{virtual_hosts: [{{name: all, domains: ["*"], routes: [
        {{match: {{prefix: /}}, direct_response: {{status: 200, body: {{inline_string: fine}}}}}}]}}]}},
      http_filters: [{{name: router, typed_config: {{
        "@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router}}}}]}}}}]}}]"""
        text = (f"admin: {{address: {{socket_address: {{address: 127.0.0.1, port_value: {admin}}}}}}}\n"
                "static_resources:\n  listeners:" + listener.format(name="bad", port=bad) + listener.format(name="good", port=good) + "\n")
        proxy = self.start(os.environ["LATEEN_PROXY"], "-c", self.write("two.yaml", text), log="proxy.log")
        self.until_logged("proxy.log", "listener bad", f"127.0.0.1:{bad}", "in use")
        self.until("the good one serves", lambda: fetch(good, "/") == (200, b"fine"))
        self.lives(proxy)



class TakenByAnother(Control):
    def test_the_pages_of_a_member(self):
        self.start_control()
        held, memory = self.holds(self.control)
        for port in (15000, 15021, 15090):
            with self.subTest(port), socket.socket() as holder:
                holder.bind(("127.0.0.37", port))
                holder.listen()
                member = self.join(self.token(), log=f"member-{port}.log", pages="127.0.0.37")
                self.until("it gives up", lambda: member.poll() is not None)
                self.assertNotEqual(member.returncode, 0)
                self.until_logged(f"member-{port}.log", f"127.0.0.37:{port}", "in use")
        self.released(self.control, held, memory, 48 << 20)


class NoDescriptors(Proxy):
    def test_more_connections_than_descriptors(self):
        limit = descriptors(self.proxy.pid) + 20
        resource.prlimit(self.proxy.pid, resource.RLIMIT_NOFILE, (limit, limit))
        many = [connect(self.plain) for _ in range(100)]  # the kernel takes them; the proxy can not take all
        self.until_logged("proxy.log", "plain", "Too many open files")
        for connection in many:
            connection.close()
        self.until("new clients are served again", lambda: fetch(self.plain, "/") == (200, b"fine"))
        self.assertLess(self.log("proxy.log").count("Too many open files"), 1000)
        self.lives(self.proxy)
        self.until_released(self.proxy, self.held)


if __name__ == "__main__":
    unittest.main()
