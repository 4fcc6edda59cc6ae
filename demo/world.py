"""Who takes part in the demo: machines, what runs on each, and how they are addressed."""

import dataclasses

TRUST_DOMAIN = "cluster.local"
NAMESPACE = "default"
SERVICE_PORT = 9080
DATABASE_PORT = 3306
INGRESS_PORT = 8080
CONTROL_PORT = 15012


@dataclasses.dataclass(frozen=True, eq=False)  # a machine is itself: it may be a key
class Machine:
    """One machine with one workload. `number` is the last part of its address in every network it stands in."""

    name: str
    number: int
    app: str = ""             # what runs there: a role of bookinfo, mysqldb, or a gateway
    version: str = "v1"
    account: str = ""         # service account: with the namespace, the identity
    labels: dict[str, str] = dataclasses.field(default_factory=dict)
    networks: tuple[str, ...] = ("mesh",)

    @property
    def all_labels(self) -> dict[str, str]:
        own = {"app": self.app, "version": self.version} if self.app else {}
        return own | self.labels

    @property
    def is_gateway(self) -> bool:
        return "istio" in self.labels

    @property
    def identity(self) -> str:
        return f"spiffe://{TRUST_DOMAIN}/ns/{NAMESPACE}/sa/{self.account}"

    @property
    def port(self) -> int:
        return DATABASE_PORT if self.app == "mysqldb" else SERVICE_PORT


CONTROL = Machine("control", 2)
INGRESS = Machine("ingress", 10, app="ingressgateway", account="ingressgateway", labels={"istio": "ingressgateway"})
EASTWEST = Machine("eastwest", 11, app="eastwestgateway", account="eastwestgateway", labels={"istio": "eastwestgateway"}, networks=("mesh", "outside"))
PRODUCTPAGE = Machine("productpage", 20, app="productpage", account="bookinfo-productpage")
DETAILS = Machine("details", 21, app="details", account="bookinfo-details")
REVIEWS = [Machine(f"reviews-v{n}", 30 + n, app="reviews", version=f"v{n}", account="bookinfo-reviews") for n in (1, 2, 3)]
RATINGS = Machine("ratings", 40, app="ratings", account="bookinfo-ratings")
DATABASE = Machine("mysqldb", 50, app="mysqldb", account="bookinfo-mysqldb")
SIMPLE = Machine("simple-vm", 60, account="simple-vm", networks=("outside",))
STRANGER = Machine("stranger", 70)  # in the network, not in the mesh: no proxy, no certificate

SERVICES = [PRODUCTPAGE, DETAILS, *REVIEWS, RATINGS]
GATEWAYS = [INGRESS, EASTWEST]
MEMBERS = [DATABASE, *SERVICES, *GATEWAYS]  # each has a proxy and an identity
MACHINES = [CONTROL, *MEMBERS, SIMPLE, STRANGER]

# The addresses people call, as demo/mesh/services.yaml gives them.
VIRTUAL_ADDRESSES = {"productpage": "10.78.0.20", "details": "10.78.0.21", "reviews": "10.78.0.30", "ratings": "10.78.0.40",
                     "mysqldb": "10.78.0.50"}
