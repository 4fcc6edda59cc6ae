// The law of incremental translation: whatever changes came before, a World gives what a translation from scratch
// gives, and what did not change keeps its address.
#include "control_plane/translate/world.h"

#include <gtest/gtest.h>

#include "config/xds/message.h"
#include "control_plane/translate/translate.h"
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

// A small mesh that changes at random: services, pods, slices, rules, routes, policies, Sidecars.
class RandomMesh {
 public:
  explicit RandomMesh(unsigned seed) : random_(seed) {
    for (int i = 0; i < 4; ++i) step();
  }

  void step() {
    switch (pick(8)) {
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
      objects->sidecars.push_back(std::move(sidecar));
    }
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

  Random random_;
  std::map<std::string, bool> services_{{"a", true}, {"b", true}, {"d", true}}, rules_, routes_;
  std::map<std::string, size_t> pods_{{"a", 2}, {"b", 1}, {"d", 2}};
  bool strict_ = false, sidecar_ = false;
};

Proxy proxy(std::string namespace_, std::string ip, registry::Labels labels = {}) {
  Proxy out;
  out.ips = {std::move(ip)};
  out.namespace_ = std::move(namespace_);
  out.cluster = "Kubernetes";
  out.labels = std::move(labels);
  return out;
}

std::map<std::string, std::string> contents(const World::List& list) {
  std::map<std::string, std::string> out;
  for (const auto& each : list->items) out[each->name] = each->bytes;
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

void expect_law(World& world, const Proxy& who) {
  const Resources scratch = translate(world.snapshot(), who);
  EXPECT_EQ(contents(world.listeners(who)), contents(scratch.listeners));
  EXPECT_EQ(contents(world.clusters(who)), contents(scratch.clusters));
  EXPECT_EQ(contents(world.routes(who, world.route_names(who))), contents(scratch.routes));
  EXPECT_EQ(contents(world.endpoints(who, world.endpoint_names(who))), contents(scratch.endpoints));
}

const std::vector<Proxy> proxies{proxy("shop", "10.1.97.1", {{"app", "a"}}), proxy("web", "10.1.100.1"),
                                 proxy("web", "10.9.9.9")};

TEST(world, gives_what_a_translation_from_scratch_gives) {
  for (unsigned seed = 1; seed <= 6; ++seed) {
    RandomMesh mesh(seed);
    World world(mesh.snapshot());
    for (int i = 0; i < 12; ++i) {
      for (const auto& each : proxies) expect_law(world, each);
      ASSERT_FALSE(HasFailure()) << "seed " << seed << ", step " << i;
      mesh.step();
      world.set(mesh.snapshot());
      if (i % 5 == 4) world.collect();
    }
  }
}

TEST(world, keeps_what_did_not_change) {
  RandomMesh mesh(7);
  World world(mesh.snapshot());
  const auto& who = proxies[2];
  const auto listeners = world.listeners(who);
  EXPECT_FALSE(world.set(mesh.snapshot()));
  EXPECT_EQ(world.listeners(who), listeners);
  const auto computed = world.statistics().computed;
  world.listeners(who);
  EXPECT_EQ(world.statistics().computed, computed);
}

}  // namespace
}  // namespace lateen::translate
