// The law of incremental translation: whatever changes came before, a World gives what a translation from scratch
// gives, and what did not change keeps its address.
#include "control_plane/translate/world.h"

#include <gtest/gtest.h>

#include "config/xds/message.h"
#include "control_plane/translate/name_table.h"
#include "control_plane/translate/translate.h"
#include "istio/networking/nds/v1/nds.pb.h"
#include "lib/base/random.h"

namespace lateen::translate {
namespace {

using config::Objects;

config::ObjectMeta meta(std::string name, std::string namespace_) {
  config::ObjectMeta out;
  out.name = std::move(name);
  out.namespace_ = std::move(namespace_);
  return out;
}

// A small mesh that changes at random: services, pods, slices, VMs, rules, routes, policies, Sidecars, gateways.
class RandomMesh {
 public:
  explicit RandomMesh(unsigned seed) : random_(seed) {
    for (int i = 0; i < 4; ++i) step();
  }

  // Without what hides services from one another.
  void settle() {
    services_ = {{"a", true}, {"b", true}, {"d", true}};
    pods_ = {{"a", 2}, {"b", 1}, {"d", 2}};
    sidecar_ = node_local_ = false;
  }

  void step() {
    switch (pick(12)) {
      case 0:
        return toggle(services_, host());
      case 1:
        return toggle(rules_, host());
      case 2:
        return toggle(routes_, host());
      case 3:
        strict_ = !strict_;
        return;
      case 4:
        sidecar_ = !sidecar_;
        return;
      case 5:
        gateway_ = !gateway_;
        return;
      case 6:
        vms_ = pick(3);
        return;
      case 7:
        node_local_ = !node_local_;
        return;
      default:
        pods_[host()] = pick(4);
    }
  }

  std::shared_ptr<const snapshot::Snapshot> snapshot() const {
    auto objects = std::make_shared<Objects>();
    for (const auto& [name, on] : services_)
      if (on) add_service(name, *objects);
    for (const auto& [name, on] : rules_)
      if (on) add_rule(name, *objects);
    for (const auto& [name, on] : routes_)
      if (on) add_route(name, *objects);
    if (strict_) {
      config::Object<config::PeerAuthentication> policy{.metadata = meta("default", "istio-system")};
      policy.spec.mtls = config::PeerAuthentication::MutualTLS{config::PeerAuthentication::MutualTLS::Mode::STRICT};
      objects->peer_authentications.push_back(std::move(policy));
    }
    if (sidecar_) {
      config::Object<config::Sidecar> sidecar{.metadata = meta("only-own", "shop")};
      sidecar.spec.egress.push_back({.hosts = {"./*"}});
      config::IstioIngressListener ingress;
      ingress.port = config::SidecarPort{.number = 8080, .protocol = "HTTP", .name = "http"};
      ingress.default_endpoint = "0.0.0.0:8080";
      sidecar.spec.ingress.push_back(std::move(ingress));
      objects->sidecars.push_back(std::move(sidecar));
    }
    if (gateway_) add_gateway(*objects);
    if (vms_ > 0) add_vms(*objects);
    snapshot::Inputs inputs;
    inputs.clusters.push_back({"Kubernetes", std::move(objects)});
    return snapshot::Snapshot::build(inputs);
  }

 private:
  size_t pick(size_t below) { return random_.below(below); }
  std::string host() { return std::string(1, static_cast<char>('a' + pick(4))); }
  static void toggle(std::map<std::string, bool>& all, const std::string& key) { all[key] = !all[key]; }
  static std::string namespace_of(const std::string& name) { return name < "c" ? "shop" : "web"; }

  void add_service(const std::string& name, Objects& out) const {
    config::Service service{.metadata = meta(name, namespace_of(name))};
    service.spec.cluster_ip = name == "d" ? "None" : "10.96.0." + std::to_string(name[0]);
    service.spec.selector = {{"app", name}};
    if (node_local_ && name == "a") service.spec.internal_traffic_policy = "Local";
    config::KubernetesPort port;
    port.name = name == "b" ? "tcp-b" : "http";
    port.port = 80;
    service.spec.ports = {port};
    out.services.push_back(std::move(service));
    const auto pods = pods_.find(name);
    for (size_t i = 0; pods != pods_.end() && i < pods->second; ++i) add_pod(name, i, out);
  }

  static void add_pod(const std::string& name, size_t i, Objects& out) {
    const std::string pod_name = name + "-" + std::to_string(i);
    const std::string address = "10.1." + std::to_string(name[0]) + "." + std::to_string(i + 1);
    config::Pod pod{.metadata = meta(pod_name, namespace_of(name))};
    pod.metadata.labels = {{"app", name}, {"version", i % 2 ? "v2" : "v1"}};
    pod.spec.node_name = "node-" + std::to_string(i);
    pod.spec.service_account_name = i == 3 ? "other" : name;
    pod.status = config::PodStatus{.phase = "Running", .pod_ip = address};
    out.pods.push_back(std::move(pod));
    config::EndpointSlice slice{.metadata = meta(pod_name, namespace_of(name))};
    slice.metadata.labels = {{"kubernetes.io/service-name", name}};
    slice.address_type = "IPv4";
    slice.endpoints.push_back({.addresses = {address}});
    config::EndpointPort port;
    port.name = name == "b" ? "tcp-b" : "http";
    port.port = 80;
    slice.ports = {port};
    out.endpoint_slices.push_back(std::move(slice));
  }

  static void add_rule(const std::string& name, Objects& out) {
    config::Object<config::DestinationRule> rule{.metadata = meta(name, namespace_of(name))};
    rule.spec.host = name;
    rule.spec.subsets.push_back({.name = "v1", .labels = {{"version", "v1"}}});
    out.destination_rules.push_back(std::move(rule));
  }

  static void add_route(const std::string& name, Objects& out) {
    config::Object<config::VirtualService> object{.metadata = meta(name, namespace_of(name))};
    object.spec.hosts = {name};
    config::HTTPRoute route;
    config::HTTPRouteDestination to;
    to.destination = config::Destination{.host = name, .subset = "v1"};
    route.route.push_back(to);
    route.timeout = 3s;
    object.spec.http.push_back(route);
    out.virtual_services.push_back(std::move(object));
  }

  static void add_gateway(Objects& out) {
    config::Object<config::Gateway> gateway{.metadata = meta("gateway", "web")};
    gateway.spec.selector = {{"istio", "gateway"}};
    config::Server plain, by_sni;
    plain.port = config::Port{.number = 80, .protocol = "HTTP", .name = "http"};
    plain.hosts = {"*"};
    by_sni.port = config::Port{.number = 15443, .protocol = "TLS", .name = "tls"};
    by_sni.hosts = {"*.shop.svc.cluster.local"};
    by_sni.tls.emplace().mode = config::ServerTLSSettings::TLSmode::AUTO_PASSTHROUGH;
    gateway.spec.servers = {plain, by_sni};
    out.gateways.push_back(std::move(gateway));
  }

  // A service that machines serve, each at an address of its own.
  void add_vms(Objects& out) const {
    config::Object<config::ServiceEntry> entry{.metadata = meta("vms", "shop")};
    entry.spec.hosts = {"vms.example"};
    entry.spec.location = config::ServiceEntry::Location::MESH_INTERNAL;
    entry.spec.resolution = config::ServiceEntry::Resolution::STATIC;
    entry.spec.ports.push_back({.number = 80, .protocol = "HTTP", .name = "http", .target_port = 8080});
    for (size_t i = 0; i < vms_; ++i) {
      config::WorkloadEntry machine;
      machine.address = "10.3.0." + std::to_string(i + 1);
      entry.spec.endpoints.push_back(std::move(machine));
    }
    out.service_entries.push_back(std::move(entry));
  }

  Random random_;
  std::map<std::string, bool> services_{{"a", true}, {"b", true}, {"d", true}}, rules_, routes_;
  std::map<std::string, size_t> pods_{{"a", 2}, {"b", 1}, {"d", 2}};
  size_t vms_ = 1;
  bool strict_ = false, sidecar_ = false, gateway_ = true, node_local_ = false;
};

Proxy proxy(std::string namespace_, std::string ip, registry::Labels labels = {}) {
  Proxy out;
  out.ips = {std::move(ip)};
  out.namespace_ = std::move(namespace_);
  out.cluster = "Kubernetes";
  out.labels = std::move(labels);
  out.metadata = schema::Node::map();
  out.metadata["NODE_NAME"] = out.ips[0].ends_with(".1") ? "node-0" : "node-1";
  return out;
}

std::map<std::string, std::string> contents(const ResourceSetPointer& set) {
  std::map<std::string, std::string> out;
  for (const auto& each : set->all()) out[each->name] = each->message();
  return out;
}

template <class Messages>
std::map<std::string, std::string> contents(const Messages& messages) {
  std::map<std::string, std::string> out;
  for (const auto& each : messages) {
    if constexpr (requires { each.name(); }) {
      out[each.name()] = xds::serialize(each);
    } else {
      out[each.cluster_name()] = xds::serialize(each);
    }
  }
  return out;
}

// A member that lives through the changes, with the proxy it is.
struct Living {
  Living(World& world, Proxy who) : proxy(std::move(who)), member(world, proxy) {}
  Proxy proxy;
  World::Member member;
};

void expect_law(World& world, Living& each) {
  const Resources scratch = translate(*world.snapshot(), each.proxy);
  auto& member = each.member;
  EXPECT_EQ(contents(member.listeners()), contents(scratch.listeners));
  EXPECT_EQ(contents(member.clusters()), contents(scratch.clusters));
  EXPECT_EQ(contents(member.routes(member.route_names())), contents(scratch.routes));
  EXPECT_EQ(contents(member.endpoints(member.endpoint_names())), contents(scratch.endpoints));
  const Proxy whole = completed(each.proxy, *world.snapshot());
  EXPECT_EQ(contents(member.name_table()).begin()->second,
            xds::serialize(name_table(Context(*world.snapshot(), whole))));
}

Proxy router(std::string namespace_, std::string ip, registry::Labels labels) {
  Proxy out = proxy(std::move(namespace_), std::move(ip), std::move(labels));
  out.type = Proxy::Type::router;
  return out;
}

// Replicas of one workload, one that no object knows, a VM, instances of a headless service, and gateways.
const std::vector<Proxy> proxies{proxy("shop", "10.1.97.1", {{"app", "a"}}),
                                 proxy("shop", "10.1.97.2", {{"app", "a"}}),
                                 proxy("web", "10.1.100.1"),
                                 proxy("web", "10.1.100.2"),
                                 proxy("web", "10.9.9.9"),
                                 proxy("shop", "10.3.0.1"),
                                 proxy("shop", "10.3.0.2"),
                                 router("web", "10.4.0.1", {{"istio", "gateway"}}),
                                 router("web", "10.1.99.1", {{"istio", "gateway"}})};

TEST(world, gives_what_a_translation_from_scratch_gives) {
  for (unsigned seed = 1; seed <= 6; ++seed) {
    RandomMesh mesh(seed);
    World world(mesh.snapshot());
    std::vector<std::unique_ptr<Living>> all;
    for (const auto& each : proxies) all.push_back(std::make_unique<Living>(world, each));
    for (int i = 0; i < 14; ++i) {
      for (const auto& each : all) expect_law(world, *each);
      ASSERT_FALSE(HasFailure()) << "seed " << seed << ", step " << i;
      const size_t returning = i % all.size();
      all[returning].reset();
      if (i % 5 == 4) world.collect();
      all[returning] = std::make_unique<Living>(world, proxies[returning]);
      mesh.step();
      world.set(mesh.snapshot());
      world.tidy();
    }
  }
}

TEST(world, keeps_what_did_not_change) {
  RandomMesh mesh(7);
  World world(mesh.snapshot());
  World::Member who(world, proxies[4]);
  const auto listeners = who.listeners();
  EXPECT_FALSE(world.set(mesh.snapshot()));
  EXPECT_EQ(who.listeners(), listeners);
  const auto computed = world.statistics().computed;
  who.listeners();
  EXPECT_EQ(world.statistics().computed, computed);
}

TEST(world, replicas_share_everything_and_others_what_is_equal) {
  RandomMesh mesh(1);
  mesh.settle();
  World world(mesh.snapshot());
  World::Member one(world, proxies[0]), replica(world, proxies[1]), other(world, proxies[4]);
  EXPECT_EQ(one.listeners(), replica.listeners());
  EXPECT_EQ(one.clusters(), replica.clusters());
  EXPECT_EQ(one.routes(one.route_names()), replica.routes(replica.route_names()));
  EXPECT_EQ(one.endpoints(one.endpoint_names()), replica.endpoints(replica.endpoint_names()));
  EXPECT_EQ(one.name_table(), replica.name_table());
  EXPECT_NE(one.clusters(), other.clusters());
  const auto* name = "outbound|80||a.shop.svc.cluster.local";
  ASSERT_NE(one.clusters()->find(name), nullptr);
  EXPECT_EQ(one.clusters()->find(name), other.clusters()->find(name));
}

TEST(world, forgets_what_nobody_holds_and_nothing_else) {
  RandomMesh mesh(1);
  mesh.settle();
  World world(mesh.snapshot());
  World::Member stays(world, proxies[0]);
  const auto clusters = stays.clusters();
  world.collect();
  auto leaves = std::make_unique<World::Member>(world, proxies[4]);
  std::weak_ptr<const ResourceSet> only_its = leaves->clusters();
  world.collect();
  EXPECT_FALSE(only_its.expired());
  leaves.reset();
  const auto before = world.statistics();
  world.collect();
  EXPECT_TRUE(only_its.expired());
  EXPECT_GT(world.statistics().collected, before.collected);
  EXPECT_EQ(stays.clusters(), clusters);
  EXPECT_EQ(world.statistics().computed, before.computed);
}

}  // namespace
}  // namespace lateen::translate
