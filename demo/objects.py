"""The configuration folder that the control plane watches: the objects of demo/mesh, and those that hold addresses of
this machine, which are written here."""

import os
import pathlib
import shutil

from places import Loopback, Namespaces
from world import DATABASE, MEMBERS, NAMESPACE, RATINGS, SERVICES, Machine

HERE = pathlib.Path(__file__).resolve().parent


class Objects:
    def __init__(self, folder: pathlib.Path, place: Namespaces | Loopback):
        self._place = place
        self.folder = folder

    def write(self) -> None:
        """Starts from nothing: the mesh of demo/mesh, this machine's addresses, and everybody reading reviews v1."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        for file in sorted((HERE / "mesh").glob("*.yaml")):
            shutil.copy(file, self.folder / file.name)
        self._put("workloads.yaml", "---\n".join(self._workload(machine) for machine in MEMBERS))
        if not self._place.captures:
            self._put("listeners.yaml", "---\n".join(self._sidecar(machine) for machine in [DATABASE, *SERVICES]))
        self.apply("reviews-v1.yaml")

    def apply(self, step: str) -> None:
        """Puts a file of demo/mesh/steps into force. Files about one host take each other's place."""
        self._put("step-" + step.split("-")[0] + ".yaml", (HERE / "mesh" / "steps" / step).read_text())

    def withdraw(self, host: str) -> None:
        (self.folder / f"step-{host}.yaml").unlink(missing_ok=True)

    def _put(self, name: str, text: str) -> None:
        """Whole or not at all: the control plane may read at any moment."""
        draft = self.folder / f".{name}.draft"
        draft.write_text(text)
        os.replace(draft, self.folder / name)

    def _workload(self, machine: Machine) -> str:
        labels = machine.all_labels | {"security.istio.io/tlsMode": "istio"}
        return f"""apiVersion: networking.istio.io/v1
kind: WorkloadEntry
metadata:
  name: {machine.name}
  namespace: {NAMESPACE}
spec:
  address: {self._place.address(machine)}
  serviceAccount: {machine.account}
  labels: {{{", ".join(f"{name}: {value}" for name, value in labels.items())}}}
"""

    def _sidecar(self, machine: Machine) -> str:
        """Bound listeners: one where others call the application, and those where it calls others."""
        assert isinstance(self._place, Loopback)
        name, protocol = ("tcp-mysql", "TCP") if machine == DATABASE else ("http", "HTTP")
        _, port = self._place.application_bind(machine)
        outbound = self._place.outbound_address(machine)
        text = f"""apiVersion: networking.istio.io/v1
kind: Sidecar
metadata:
  name: {machine.name}
  namespace: {NAMESPACE}
spec:
  workloadSelector: {{labels: {{app: {machine.app}, version: {machine.version}}}}}
  ingress:
  - port: {{number: {machine.port}, name: {name}, protocol: {protocol}}}
    bind: {self._place.address(machine)}
    captureMode: NONE
    defaultEndpoint: 127.0.0.1:{port}
  egress:
  - port: {{number: 9080, name: http, protocol: HTTP}}
    bind: {outbound}
    captureMode: NONE
    hosts: ["./*"]
"""
        if machine == RATINGS:
            text += f"""  - port: {{number: 3306, name: tcp-mysql, protocol: TCP}}
    bind: {outbound}
    captureMode: NONE
    hosts: ["./mysqldb.default.svc.cluster.local"]
"""
        return text
