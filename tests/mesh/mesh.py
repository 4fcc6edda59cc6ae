"""The control plane and members of its mesh, as programs, for tests."""

import json
import os
import pathlib
import subprocess

from lab import Lab, descriptors, fetch, free_port, resident

SERVICE = """apiVersion: v1
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
  metadata: {{NAMESPACE: shop, CLUSTER_ID: Kubernetes, LABELS: {{app: edge}}}}
admin: {{address: {{socket_address: {{address: 127.0.0.1, port_value: {admin}}}}}}}
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


def cluster(name: str) -> str:
    return f"outbound|80||{name}.shop.svc.cluster.local"


class Control(Lab):
    """`lateen control` over a folder of objects, and a gateway proxy edge-1.shop."""

    def setUp(self):
        super().setUp()
        self.objects, self.state = self.folder / "objects", self.folder / "state"
        self.objects.mkdir()
        self.secure, self.plain, self.pages, self.admin = (free_port() for _ in range(4))

    def put(self, name: str, text: str) -> None:
        """A file of the folder, whole at once."""
        draft = self.folder / "draft"
        draft.write_text(text)
        draft.rename(self.objects / name)

    def put_service(self, name: str, number: int) -> None:
        self.put(f"{name}.yaml", SERVICE.format(name=name, number=number))

    def control_words(self) -> list:
        return [os.environ["LATEEN"], "control", "--config", self.objects, "--state", self.state,
                "--listen", f"127.0.0.1:{self.secure}", "--listen-plain", f"127.0.0.1:{self.plain}",
                "--pages", f"127.0.0.1:{self.pages}"]

    def start_control(self, *words: object) -> None:
        self.control = self.start(*self.control_words(), *words, log="control.log")
        self.until("the control plane is ready", lambda: fetch(self.pages, "/ready")[0] == 200)

    def start_proxy(self, api: str = "DELTA_GRPC") -> None:
        path = self.write("proxy.yaml", BOOTSTRAP.format(port=self.plain, admin=self.admin, api=api))
        self.proxy = self.start(os.environ["LATEEN_PROXY"], "-c", path, "--concurrency", "1", log="proxy.log")

    def asked(self, *words: str) -> object:
        done = self.lateen(*words, "--control", f"127.0.0.1:{self.pages}", "-o", "json")
        return json.loads(done.stdout) if done.stdout else None

    def clusters(self) -> list:
        """Of the proxy, as the control plane sent them."""
        return [each["name"] for each in self.asked("proxy-config", "clusters", "edge-1.shop") or []]

    def at_the_proxy(self) -> set:
        """Clusters that the proxy has in force."""
        return {line.split("::")[0] for line in fetch(self.admin, "/clusters")[1].decode().splitlines()}

    def states(self) -> dict:
        page = self.asked("proxy-status", "edge-1.shop")
        return {each["type"]: each["state"] for each in page[0]["types"]} if page else {}

    def token(self, identity: str = "shop/edge", ttl: str = "1h", state: pathlib.Path | None = None) -> pathlib.Path:
        """A file with a token and the root, as `lateen join` wants it."""
        done = self.lateen("token", identity, "--ttl", ttl, "--state", state or self.state)
        self.assertEqual(done.returncode, 0, done.stderr)
        root = (self.state / "root-cert.pem").read_text()
        return self.write(f"token-{len(list(self.folder.glob('token-*')))}", done.stdout + root)

    def join(self, token: pathlib.Path, *words: object, log: str, pages: str = "127.0.0.1") -> subprocess.Popen:
        return self.start(os.environ["LATEEN"], "join", f"127.0.0.1:{self.secure}", "--token", token, "--gateway",
                          "--name", log.split(".")[0], "--pages", pages, *words, log=log)

    def holds(self, process: subprocess.Popen) -> tuple[int, int]:
        return descriptors(process.pid), resident(process.pid)

    def released(self, process: subprocess.Popen, held: int, memory: int, growth: int) -> None:
        self.until_released(process, held)
        self.stays_within(process, memory + growth)
