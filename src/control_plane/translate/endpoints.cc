#include "control_plane/translate/endpoints.h"

#include <algorithm>
#include <map>
#include <numeric>

#include "control_plane/snapshot/hosts.h"
#include "control_plane/translate/authn.h"
#include "control_plane/translate/load_balancing.h"
#include "control_plane/translate/traffic_policy.h"
#include "lib/base/strings.h"

namespace lateen::translate {
namespace {

using envoy::config::endpoint::v3::LbEndpoint;
using registry::Endpoint;
using registry::Port;
using registry::Service;

struct Wanted {
  const Context& in;
  const Service& service;
  const Port& port;
  const snapshot::DestinationRuleObject* rule = nullptr;
  std::string subset;
  bool only_mutual_tls = false;
};

std::string_view label_or(const registry::Labels& labels, std::initializer_list<std::string_view> keys,
                          std::string_view otherwise) {
  for (const auto key : keys)
    if (const auto found = labels.find(std::string(key)); found != labels.end() && !found->second.empty())
      return found->second;
  return otherwise;
}

// "workload;namespace;canonical name;canonical revision;cluster", which telemetry reads.
std::string workload_text(const Endpoint& endpoint) {
  const auto name = label_or(endpoint.labels, {"service.istio.io/canonical-name", "app.kubernetes.io/name", "app"},
                             endpoint.workload);
  const auto revision =
      label_or(endpoint.labels, {"service.istio.io/canonical-revision", "app.kubernetes.io/version", "version"}, "");
  return fmt::format("{};{};{};{};{}", endpoint.workload, endpoint.namespace_, name, revision, endpoint.cluster);
}

void set_tls_mode(LbEndpoint& out) {
  auto& match = (*out.mutable_metadata()->mutable_filter_metadata())["envoy.transport_socket_match"];
  (*match.mutable_fields())["tlsMode"].set_string_value("istio");
}

core::HealthStatus status_of(registry::Health health) {
  switch (health) {
    case registry::Health::healthy:
      return core::HEALTHY;
    case registry::Health::unhealthy:
      return core::UNHEALTHY;
    case registry::Health::draining:
      return core::DRAINING;
    case registry::Health::unknown:
      break;
  }
  return core::UNKNOWN;
}

bool does_mutual_tls(const Context& in, const Endpoint& endpoint) {
  return endpoint.mutual_tls &&
         workload_mtls(in.snapshot, endpoint.namespace_, endpoint.labels, endpoint.port) != MtlsMode::disable;
}

LbEndpoint direct(const Context& in, const Endpoint& endpoint, uint32_t factor) {
  LbEndpoint out;
  set_address(out.mutable_endpoint()->mutable_address(), endpoint.address, endpoint.port);
  out.set_health_status(status_of(endpoint.health));
  out.mutable_load_balancing_weight()->set_value(endpoint.weight * factor);
  set_istio_metadata(out.mutable_metadata(), "workload", workload_text(endpoint));
  if (does_mutual_tls(in, endpoint)) set_tls_mode(out);
  return out;
}

LbEndpoint through(const registry::NetworkGateway& gateway, uint32_t weight) {
  LbEndpoint out;
  set_address(out.mutable_endpoint()->mutable_address(), gateway.address, gateway.port);
  out.set_health_status(core::HEALTHY);
  out.mutable_load_balancing_weight()->set_value(weight);
  set_tls_mode(out);
  return out;
}

bool is_cluster_local(const Context& in, const Service& service) {
  for (const auto& settings : in.mesh.service_settings) {
    const bool named =
        std::ranges::any_of(settings.hosts, [&](const auto& host) { return snapshot::covers(host, service.hostname); });
    if (named && settings.settings) return settings.settings->cluster_local;
  }
  return service.hostname.ends_with(".kube-system.svc." + in.proxy.domain) ||
         service.hostname == "kubernetes.default.svc." + in.proxy.domain;
}

// The networks that the proxy asks to see (REQUESTED_NETWORK_VIEW), all when it names none.
bool is_in_view(const Context& in, const Endpoint& endpoint) {
  const auto view = in.proxy.text("REQUESTED_NETWORK_VIEW");
  if (view.empty()) return true;
  const auto names = split(view, ',');
  return endpoint.network.empty() || std::ranges::find(names, endpoint.network) != names.end();
}

bool is_wanted(const Wanted& wanted, const Endpoint& endpoint) {
  if (endpoint.port_name != wanted.port.name) return false;
  const auto* subset = subset_of(wanted.rule, wanted.subset);
  if (!wanted.subset.empty() && !subset) return false;
  if (subset && !registry::contains(endpoint.labels, subset->labels)) return false;
  if (wanted.service.node_local && endpoint.node != wanted.in.proxy.text("NODE_NAME")) return false;
  if (is_cluster_local(wanted.in, wanted.service) && endpoint.cluster != wanted.in.proxy.cluster) return false;
  return is_in_view(wanted.in, endpoint);
}

// The gateways to go through, none when the endpoint is reached directly.
std::vector<registry::NetworkGateway> gateways_to(const Context& in, const Endpoint& endpoint) {
  const auto& networks = in.snapshot.networks;
  if (!networks.any_gateways() || endpoint.network == in.proxy.network) return {};
  return networks.gateways_to(endpoint.network, endpoint.cluster);
}

// Weights are whole numbers, so all are multiplied by this before a share of them goes to each gateway.
uint32_t weight_factor(const Context& in, const std::vector<const Endpoint*>& endpoints) {
  uint32_t factor = 1;
  for (const auto* each : endpoints) {
    const auto count = static_cast<uint32_t>(gateways_to(in, *each).size());
    if (count) factor = std::lcm(factor, count);
  }
  return factor;
}

LocalityGroup group_of(const Wanted& wanted, const registry::Locality& locality,
                       const std::vector<const Endpoint*>& endpoints) {
  const Context& in = wanted.in;
  LocalityGroup out{.locality = locality};
  std::map<registry::NetworkGateway, uint32_t> gateway_weights;
  const uint32_t factor = weight_factor(in, endpoints);
  for (const auto* each : endpoints) {
    const auto gateways = gateways_to(in, *each);
    if (gateways.empty()) {
      if (each->address.empty() || (wanted.only_mutual_tls && !does_mutual_tls(in, *each))) continue;
      out.endpoints.push_back(
          {direct(in, *each, factor), labels_with_place(each->labels, each->locality, each->network, each->cluster)});
    } else if (does_mutual_tls(in, *each)) {
      for (const auto& gateway : gateways)
        gateway_weights[gateway] += each->weight * factor / static_cast<uint32_t>(gateways.size());
    }
  }
  for (const auto& [gateway, weight] : gateway_weights)
    out.endpoints.push_back(
        {through(gateway, weight), labels_with_place({}, locality, gateway.network, gateway.cluster)});
  return out;
}

std::vector<LocalityGroup> groups_of(const Wanted& wanted) {
  std::map<registry::Locality, std::vector<const Endpoint*>> by_locality;
  for (const auto& each : wanted.service.endpoints)
    if (is_wanted(wanted, each)) by_locality[each.locality].push_back(&each);
  std::vector<LocalityGroup> out;
  for (const auto& [locality, list] : by_locality) {
    auto group = group_of(wanted, locality, list);
    if (!group.endpoints.empty() || wanted.only_mutual_tls) out.push_back(std::move(group));
  }
  return out;
}

void set_groups(const std::vector<LocalityGroup>& groups, ClusterLoadAssignment& out) {
  for (const auto& group : groups) {
    auto* made = out.add_endpoints();
    auto* locality = made->mutable_locality();
    locality->set_region(group.locality.region);
    locality->set_zone(group.locality.zone);
    locality->set_sub_zone(group.locality.subzone);
    made->set_priority(group.priority);
    uint32_t weight = 0;
    for (const auto& each : group.endpoints) {
      *made->add_lb_endpoints() = each.message;
      weight += each.message.load_balancing_weight().value();
    }
    if (group.weight) weight = group.weight;
    if (weight) made->mutable_load_balancing_weight()->set_value(weight);
  }
}

ClusterLoadAssignment assignment(const Wanted& wanted, const std::string& name) {
  ClusterLoadAssignment out;
  out.set_cluster_name(name);
  auto groups = groups_of(wanted);
  const auto policy = policy_for(wanted.rule, wanted.subset, wanted.port.number);
  const auto* setting = locality_setting(policy.load_balancer, wanted.in.mesh.locality_lb_setting);
  if (setting) apply_locality(*setting, wanted.in.proxy, policy.outlier_detection.has_value(), groups);
  set_groups(groups, out);
  return out;
}

}  // namespace

ClusterLoadAssignment load_assignment(const Context& in, const Service& service, const std::string& cluster_name) {
  const ClusterName parts = parse_cluster_name(cluster_name);
  if (const auto* port = service.port(parts.port))
    return assignment({in, service, *port, in.rule_for(service), parts.subset, parts.sni}, cluster_name);
  ClusterLoadAssignment out;
  out.set_cluster_name(cluster_name);
  return out;
}

ClusterLoadAssignment load_assignment(const Context& in, const std::string& cluster_name) {
  const ClusterName parts = parse_cluster_name(cluster_name);
  if (const auto* service = parts.ok ? in.scope.service(parts.host) : nullptr)
    return load_assignment(in, *service, cluster_name);
  ClusterLoadAssignment out;
  out.set_cluster_name(cluster_name);
  return out;
}

ClusterLoadAssignment dns_assignment(const Context& in, const Service& service, const Port& port,
                                     const std::string& subset, const std::string& cluster_name) {
  return assignment({in, service, port, in.rule_for(service), subset, false}, cluster_name);
}

}  // namespace lateen::translate
