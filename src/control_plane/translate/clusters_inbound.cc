#include "control_plane/translate/clusters.h"
#include "control_plane/translate/inbound.h"
#include "control_plane/translate/load_balancing.h"
#include "control_plane/translate/traffic_policy.h"

namespace lateen::translate {
namespace {

void set_static_endpoint(Cluster& out, std::string_view address, uint32_t port) {
  out.set_type(Cluster::STATIC);
  out.set_lb_policy(Cluster::ROUND_ROBIN);
  out.mutable_load_assignment()->set_cluster_name(out.name());
  auto* endpoint = out.mutable_load_assignment()->add_endpoints()->add_lb_endpoints()->mutable_endpoint();
  set_address(endpoint->mutable_address(), address, port);
}

void set_original_destination(Cluster& out, const Proxy& proxy) {
  out.set_type(Cluster::ORIGINAL_DST);
  out.set_lb_policy(Cluster::CLUSTER_PROVIDED);
  out.mutable_common_lb_config();
  out.mutable_cleanup_interval()->set_seconds(9'223'372'035);  // never: the longest that istiod can say
  set_bind_to_inbound_address(out, proxy);
}

std::optional<config::ConnectionPoolSettings> pool_of(const Context& in, const InboundPort& port,
                                                      const snapshot::DestinationRuleObject* rule) {
  if (port.ingress && port.ingress->connection_pool) return port.ingress->connection_pool;
  if (in.scope.sidecar && in.scope.sidecar->spec.inbound_connection_pool)
    return in.scope.sidecar->spec.inbound_connection_pool;
  return policy_for(rule, "", port.service_port).connection_pool;
}

Cluster inbound_cluster(const Context& in, const InboundPort& port) {
  Cluster out = named_cluster(in.mesh, port.cluster);
  const bool local = in.mesh.inbound_traffic_policy.mode == config::MeshConfig::InboundTrafficPolicy::Mode::LOCALHOST;
  if (!port.endpoint_address.empty()) {
    set_static_endpoint(out, port.endpoint_address, port.endpoint_port);
  } else if (local || in.proxy.captures_nothing()) {
    set_static_endpoint(out, in.proxy.loopback_address(), port.target);
  } else {
    set_original_destination(out, in.proxy);
  }
  const auto* rule = port.service ? in.rule_for(*port.service) : nullptr;
  auto pool = pool_of(in, port, rule);
  set_default_keepalive(in.mesh.tcp_keepalive, pool);
  apply_connection_pool(pool, out);
  if (port.service) set_services_metadata(out, *port.service);
  if (rule && rule->spec.traffic_policy)
    set_config_metadata(out.mutable_metadata(), "destination-rule", rule->metadata.namespace_, rule->metadata.name);
  set_http_options(
      out,
      {.http2 = registry::is_http2(port.protocol), .like_downstream = port.protocol == registry::Protocol::automatic},
      {});
  return out;
}

}  // namespace

void add_inbound_clusters(const Context& in, std::vector<Cluster>& out) {
  for (const auto& port : inbound_ports(in)) out.push_back(inbound_cluster(in, port));
}

}  // namespace lateen::translate
