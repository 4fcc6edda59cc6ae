#include "data_plane/discovery/read_cluster.h"

namespace lateen::discovery {

namespace {

using envoy::config::core::v3::HealthStatus;

upstream::Health health_of(HealthStatus status) {
  switch (status) {
    case HealthStatus::UNKNOWN:
    case HealthStatus::HEALTHY:
      return upstream::Health::healthy;
    case HealthStatus::DEGRADED:
      return upstream::Health::degraded;
    default:
      return upstream::Health::unhealthy;
  }
}

std::map<std::string, std::string> strings_of(const envoy::config::core::v3::Metadata& metadata,
                                              const std::string& key) {
  std::map<std::string, std::string> out;
  if (const auto it = metadata.filter_metadata().find(key); it != metadata.filter_metadata().end())
    for (const auto& [name, value] : it->second.fields())
      if (value.has_string_value()) out[name] = value.string_value();
  return out;
}

Result<upstream::Endpoint> read_endpoint(const envoy::config::endpoint::v3::LbEndpoint& message, bool named,
                                         Notes& notes) {
  notes.check(message, "lb_endpoints", {"endpoint", "health_status", "metadata", "load_balancing_weight"});
  notes.check(message.endpoint(), "endpoint", {"address", "hostname"});
  upstream::Endpoint out;
  const auto& address = message.endpoint().address();
  if (named && address.has_socket_address() && !Ip::parse(address.socket_address().address())) {
    out.hostname = address.socket_address().address();
    out.address.port = static_cast<uint16_t>(address.socket_address().port_value());
  } else {
    auto parsed = address_of(address);
    if (!parsed) return failed(parsed);
    out.address = std::move(*parsed);
    out.hostname = message.endpoint().hostname();
  }
  out.health = health_of(message.health_status());
  if (message.has_load_balancing_weight()) out.weight = message.load_balancing_weight().value();
  if (out.weight == 0) out.weight = 1;
  if (message.has_metadata()) {
    out.transport_match = strings_of(message.metadata(), "envoy.transport_socket_match");
    out.lb_metadata = strings_of(message.metadata(), "envoy.lb");
    const auto istio = strings_of(message.metadata(), "istio");
    if (const auto it = istio.find("workload"); it != istio.end()) out.istio_workload = it->second;
  }
  return out;
}

Result<std::shared_ptr<const upstream::EndpointSet>> read_set(
    const envoy::config::endpoint::v3::ClusterLoadAssignment& message, bool named, Notes& notes) {
  notes.check(message, "", {"cluster_name", "endpoints", "policy"});
  notes.check(message.policy(), "policy", {"overprovisioning_factor", "drop_overloads"});
  auto set = std::make_shared<upstream::EndpointSet>();
  if (message.policy().has_overprovisioning_factor())
    set->overprovisioning_percent = message.policy().overprovisioning_factor().value();
  for (const auto& drop : message.policy().drop_overloads())
    notes.not_honoured("policy.drop_overloads." + drop.category());
  for (const auto& group : message.endpoints()) {
    notes.check(group, "endpoints",
                {"locality", "lb_endpoints", "load_balancing_weight", "priority", "proximity", "metadata"});
    const upstream::Locality locality{group.locality().region(), group.locality().zone(), group.locality().sub_zone()};
    if (group.has_load_balancing_weight())
      set->locality_weights[{group.priority(), locality}] = group.load_balancing_weight().value();
    for (const auto& each : group.lb_endpoints()) {
      auto endpoint = read_endpoint(each, named, notes);
      if (!endpoint) return failed(endpoint, message.cluster_name());
      endpoint->locality = locality;
      endpoint->priority = group.priority();
      set->endpoints.push_back(std::move(*endpoint));
    }
  }
  return set;
}

}  // namespace

Result<std::shared_ptr<const upstream::EndpointSet>> read_endpoints(
    const envoy::config::endpoint::v3::ClusterLoadAssignment& message, Notes& notes) {
  return read_set(message, false, notes);
}

Result<std::shared_ptr<const upstream::EndpointSet>> read_named_endpoints(
    const envoy::config::endpoint::v3::ClusterLoadAssignment& message, Notes& notes) {
  return read_set(message, true, notes);
}

}  // namespace lateen::discovery
