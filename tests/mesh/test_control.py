"""The control plane as a program: a folder of objects in, a real proxy's configuration out.

Programs: LATEEN and LATEEN_PROXY in the environment.
"""

import signal
import socket
import unittest

from mesh import Control, cluster


class Follows(Control):
    def setUp(self):
        super().setUp()
        self.put_service("catalog", 7)
        self.start_control()

    def settled(self) -> bool:
        return self.states().get("CDS") == "SYNCED"

    def test_a_proxy_follows_the_folder(self):
        self.start_proxy()
        self.until("the proxy has its clusters", lambda: self.settled() and cluster("catalog") in self.clusters())

        self.put_service("reviews", 8)
        self.until("a new service arrives", lambda: cluster("reviews") in self.clusters() and self.settled())

        self.put("catalog.yaml", "apiVersion: v1\nkind: Service\nmetadata: {name: catalog, namespace: shop\n")
        self.until("the mistake is reported with its place", lambda: "catalog.yaml:" in self.log("control.log"))
        self.assertIn(cluster("catalog"), self.clusters())
        self.assertIn(cluster("reviews"), self.clusters())

        (self.objects / "catalog.yaml").unlink()
        self.until("a deleted service goes", lambda: cluster("catalog") not in self.clusters() and cluster("reviews") in self.clusters())

    def connect_timeout(self) -> str:
        found = [each for each in self.asked("proxy-config", "clusters", "edge-1.shop") or [] if each["name"] == cluster("catalog")]
        return found[0].get("connectTimeout", "") if found else ""

    def test_it_follows_the_settings_of_the_mesh(self):
        self.end(self.control)
        mesh = self.write("mesh.yaml", "connectTimeout: 7s\n")
        self.start_control("--mesh-config", mesh)
        self.start_proxy()
        self.until("the file counts", lambda: self.connect_timeout() == "7s")
        self.write("mesh.yaml", "connectTimeout: soon\n")
        self.until("a mistake is reported with its place", lambda: "mesh.yaml:1:" in self.log("control.log"))
        self.assertEqual(self.connect_timeout(), "7s")
        self.write("mesh.yaml", "connectTimeout: 9s\n")
        self.until("a change arrives", lambda: self.connect_timeout() == "9s")

    def test_it_follows_the_config_map_of_the_mesh(self):
        settings = "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: istio, namespace: istio-system}}\ndata: {{mesh: '{}'}}\n"
        self.put("mesh.yaml", settings.format("connectTimeout: 7s"))
        self.start_proxy()
        self.until("the map counts", lambda: self.connect_timeout() == "7s")
        self.put("mesh.yaml", settings.format("connectTimeout: soon"))
        self.until("a mistake is reported", lambda: "connectTimeout" in self.log("control.log"))
        self.assertEqual(self.connect_timeout(), "7s")
        (self.objects / "mesh.yaml").unlink()
        self.until("without it the default counts", lambda: self.connect_timeout() == "10s")

    def test_a_state_of_the_world_proxy_reconnects(self):
        self.start_proxy("GRPC")
        self.until("the proxy has its clusters", self.settled)
        root = (self.state / "root-cert.pem").read_bytes()
        self.control.send_signal(signal.SIGKILL)
        self.control.wait()
        self.put_service("late", 9)
        self.start_control()
        self.until("the proxy is back and has what changed meanwhile", lambda: self.settled() and cluster("late") in self.clusters())
        self.assertEqual((self.state / "root-cert.pem").read_bytes(), root)

    def test_it_ends_in_order_and_names_what_is_in_the_way(self):
        self.assertEqual(self.end(self.control), 0)
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", self.plain))
            taken.listen()
            done = self.lateen("control", "--config", self.objects, "--state", self.state,
                               "--listen", "off", "--listen-plain", f"127.0.0.1:{self.plain}", "--pages", "off")
        self.assertEqual(done.returncode, 3)
        self.assertIn(f"127.0.0.1:{self.plain}", done.stderr)
        missing = self.lateen("control", "--config", self.folder / "nothing", "--state", self.state)
        self.assertEqual(missing.returncode, 3)
        self.assertIn("nothing", missing.stderr)


if __name__ == "__main__":
    unittest.main()
