"""The control plane as a program: a folder of objects in, a real proxy's configuration out.

Programs: LATEEN and LATEEN_PROXY in the environment.
"""

import json
import os
import pathlib
import signal
import socket
import subprocess
import tempfile
import time
import unittest

SERVICE = """
apiVersion: v1
kind: Service
metadata: {{name: {name}, namespace: shop}}
spec: {{clusterIP: 10.96.0.{number}, ports: [{{name: http, port: 80, targetPort: 8080}}]}}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {{name: {name}-1, namespace: shop, labels: {{kubernetes.io/service-name: {name}}}}}
addressType: IPv4
endpoints: [{{addresses: ["127.0.0.{number}"]}}]
ports: [{{name: http, port: 8080, protocol: TCP}}]
"""

BOOTSTRAP = """
node:
  id: router~127.0.0.1~edge-1.shop~shop.svc.cluster.local
  cluster: edge.shop
  metadata: {{NAMESPACE: shop, CLUSTER_ID: Kubernetes}}
dynamic_resources:
  ads_config: {{api_type: {api}, transport_api_version: V3, grpc_services: [{{envoy_grpc: {{cluster_name: xds}}}}]}}
  cds_config: {{ads: {{}}, resource_api_version: V3}}
  lds_config: {{ads: {{}}, resource_api_version: V3}}
static_resources:
  clusters:
  - name: xds
    type: STATIC
    connect_timeout: 1s
    typed_extension_protocol_options:
      envoy.extensions.upstreams.http.v3.HttpProtocolOptions:
        "@type": type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions
        explicit_http_config: {{http2_protocol_options: {{}}}}
    load_assignment:
      cluster_name: xds
      endpoints: [{{lb_endpoints: [{{endpoint: {{address: {{socket_address: {{address: 127.0.0.1, port_value: {port}}}}}}}}}]}}]
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def cluster(name: str) -> str:
    return f"outbound|80||{name}.shop.svc.cluster.local"


class Control(unittest.TestCase):
    def setUp(self):
        self.scratch = tempfile.TemporaryDirectory()
        self.addCleanup(self.scratch.cleanup)
        self.folder = pathlib.Path(self.scratch.name)
        self.objects = self.folder / "objects"
        self.objects.mkdir()
        self.secure, self.plain, self.pages = free_port(), free_port(), free_port()
        self.write("catalog", 7)
        self.start_control()

    def write(self, name: str, number: int) -> None:
        (self.objects / f"{name}.yaml").write_text(SERVICE.format(name=name, number=number))

    def start(self, program: str, *words: str, log: str) -> subprocess.Popen:
        with open(self.folder / log, "a", encoding="utf-8") as out:
            process = subprocess.Popen([os.environ[program], *words], stdout=out, stderr=subprocess.STDOUT, cwd=self.folder)
        self.addCleanup(self.end, process)
        return process

    def end(self, process: subprocess.Popen) -> int:
        process.terminate()
        try:
            return process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            return process.wait()

    def start_control(self) -> None:
        self.control = self.start("LATEEN", "control", "--config", str(self.objects), "--state", str(self.folder / "state"),
                                  "--listen", f"127.0.0.1:{self.secure}", "--listen-plain", f"127.0.0.1:{self.plain}",
                                  "--pages", f"127.0.0.1:{self.pages}", log="control.log")
        self.until("the control plane is ready", lambda: self.lateen("proxy-status").returncode in (0, 1))

    def start_proxy(self, api: str = "DELTA_GRPC") -> None:
        path = self.folder / f"{api}.yaml"
        path.write_text(BOOTSTRAP.format(api=api, port=self.plain))
        self.start("LATEEN_PROXY", "-c", str(path), log="proxy.log")

    def lateen(self, *words: str) -> subprocess.CompletedProcess:
        return subprocess.run([os.environ["LATEEN"], *words, "--control", f"127.0.0.1:{self.pages}", "-o", "json"],
                              capture_output=True, text=True, timeout=60)

    def clusters(self) -> list:
        done = self.lateen("proxy-config", "clusters", "edge-1.shop")
        return [each["name"] for each in json.loads(done.stdout)] if done.returncode == 0 else []

    def states(self) -> dict:
        done = self.lateen("proxy-status", "edge-1.shop")
        page = json.loads(done.stdout) if done.stdout else []
        return {each["type"]: each["state"] for each in page[0]["types"]} if page else {}

    def until(self, what: str, holds) -> None:
        end = time.monotonic() + 60
        while not holds():
            if time.monotonic() > end:
                logs = "".join(f"--- {p.name}\n{p.read_text()[-4000:]}" for p in sorted(self.folder.glob("*.log")))
                self.fail(f"never: {what}\n{logs}")
            time.sleep(0.1)

    def test_a_proxy_follows_the_folder(self):
        self.start_proxy()
        self.until("the proxy has its clusters", lambda: self.states().get("CDS") == "SYNCED" and cluster("catalog") in self.clusters())

        self.write("reviews", 8)
        self.until("a new service arrives", lambda: cluster("reviews") in self.clusters() and self.states().get("CDS") == "SYNCED")

        (self.objects / "catalog.yaml").write_text("apiVersion: v1\nkind: Service\nmetadata: {name: catalog, namespace: shop\n")
        log = self.folder / "control.log"
        self.until("the mistake is reported with its place", lambda: "catalog.yaml:" in log.read_text())
        self.assertIn(cluster("catalog"), self.clusters())
        self.assertIn(cluster("reviews"), self.clusters())

        (self.objects / "catalog.yaml").unlink()
        self.until("a deleted service goes", lambda: cluster("catalog") not in self.clusters() and cluster("reviews") in self.clusters())

    def test_a_state_of_the_world_proxy_reconnects(self):
        self.start_proxy("GRPC")
        self.until("the proxy has its clusters", lambda: self.states().get("CDS") == "SYNCED")
        root = (self.folder / "state" / "root-cert.pem").read_bytes()
        self.control.send_signal(signal.SIGKILL)
        self.control.wait()
        self.write("late", 9)
        self.start_control()
        self.until("the proxy is back and has what changed meanwhile",
                   lambda: self.states().get("CDS") == "SYNCED" and cluster("late") in self.clusters())
        self.assertEqual((self.folder / "state" / "root-cert.pem").read_bytes(), root)

    def test_it_ends_in_order_and_names_what_is_in_the_way(self):
        self.assertEqual(self.end(self.control), 0)
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", self.plain))
            taken.listen()
            done = subprocess.run([os.environ["LATEEN"], "control", "--config", self.objects, "--state", self.folder / "state",
                                   "--listen", "off", "--listen-plain", f"127.0.0.1:{self.plain}", "--pages", "off"],
                                  capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 3)
        self.assertIn(f"127.0.0.1:{self.plain}", done.stderr)
        missing = subprocess.run([os.environ["LATEEN"], "control", "--config", self.folder / "nothing", "--state", self.folder / "state"],
                                 capture_output=True, text=True, timeout=60)
        self.assertEqual(missing.returncode, 3)
        self.assertIn("nothing", missing.stderr)


if __name__ == "__main__":
    unittest.main()
