#include <envoy/extensions/network/dns_resolver/cares/v3/cares_dns_resolver.pb.h>

#include "control_plane/translate/authn.h"
#include "control_plane/translate/clusters.h"
#include "control_plane/translate/endpoints.h"
#include "control_plane/translate/load_balancing.h"
#include "control_plane/translate/traffic_policy.h"

namespace lateen::translate {
namespace {

using envoy::extensions::upstreams::http::v3::HttpProtocolOptions;
using registry::Port;
using registry::Resolution;
using registry::Service;

// One outbound cluster in the making.
struct Build {
  const Context& in;
  const Service& service;
  const Port& port;
  const snapshot::DestinationRuleObject* rule = nullptr;
  std::string subset;
  bool sni = false;

  std::string name() const {
    return sni ? sni_name(port.number, subset, service.hostname) : cluster_name(port.number, subset, service.hostname);
  }
};

void set_dns(const Build& build, Cluster& out) {
  out.set_dns_lookup_family(build.in.proxy.wildcard_address() == "::" ? Cluster::V6_ONLY : Cluster::V4_ONLY);
  set(out.mutable_dns_refresh_rate(), build.in.mesh.dns_refresh_rate.value_or(60s));
  set(out.mutable_dns_jitter(), 100ms);
  out.set_respect_dns_ttl(true);
  envoy::extensions::network::dns_resolver::cares::v3::CaresDnsResolverConfig resolver;
  resolver.mutable_udp_max_queries()->set_value(100);
  out.mutable_typed_dns_resolver_config()->set_name("envoy.network.dns_resolver.cares");
  *out.mutable_typed_dns_resolver_config()->mutable_typed_config() = xds::pack(resolver);
  *out.mutable_load_assignment() = dns_assignment(build.in, build.service, build.port, build.subset, out.name());
}

void set_discovery(const Build& build, Cluster& out) {
  switch (build.service.resolution) {
    case Resolution::dns:
      out.set_type(Cluster::STRICT_DNS);
      return set_dns(build, out);
    case Resolution::dns_round_robin:
      out.set_type(Cluster::LOGICAL_DNS);
      return set_dns(build, out);
    case Resolution::passthrough:
    case Resolution::dynamic_dns:
      if (build.in.proxy.is_router() || build.sni) break;
      out.set_type(Cluster::ORIGINAL_DST);
      out.set_lb_policy(Cluster::CLUSTER_PROVIDED);
      return;
    case Resolution::client_side:
    case Resolution::alias:
      break;
  }
  out.set_type(Cluster::EDS);
  out.mutable_eds_cluster_config()->set_service_name(out.name());
  set_ads(out.mutable_eds_cluster_config()->mutable_eds_config());
}

void set_metadata(const Build& build, Cluster& out) {
  set_services_metadata(out, build.service);
  if (build.rule)
    set_config_metadata(out.mutable_metadata(), "destination-rule", build.rule->metadata.namespace_,
                        build.rule->metadata.name);
  if (!build.subset.empty()) set_istio_metadata(out.mutable_metadata(), "subset", build.subset);
  if (build.service.mesh_external)
    (*(*out.mutable_metadata()->mutable_filter_metadata())["istio"].mutable_fields())["external"].set_bool_value(true);
}

bool upgrades_to_http2(const Build& build, const config::TrafficPolicy& policy) {
  using Policy = config::ConnectionPoolSettings::HTTPSettings::H2UpgradePolicy;
  if (build.port.protocol != registry::Protocol::http) return false;
  const auto own = policy.connection_pool && policy.connection_pool->http
                       ? policy.connection_pool->http->h2_upgrade_policy
                       : Policy::DEFAULT;
  if (own != Policy::DEFAULT) return own == Policy::UPGRADE;
  return build.in.mesh.h2_upgrade_policy == config::MeshConfig::H2UpgradePolicy::UPGRADE;
}

HttpVersion version_of(const Build& build, const config::TrafficPolicy& policy) {
  HttpVersion out;
  out.http2 = registry::is_http2(build.port.protocol) || upgrades_to_http2(build, policy);
  const bool automatic = build.port.protocol == registry::Protocol::automatic;
  const bool asked =
      policy.connection_pool && policy.connection_pool->http && policy.connection_pool->http->use_client_protocol;
  out.like_downstream = asked || (automatic && !build.in.proxy.is_router());
  return out;
}

HttpProtocolOptions http_options(const config::TrafficPolicy& policy) {
  HttpProtocolOptions out;
  if (!policy.connection_pool) return out;
  const auto& pool = *policy.connection_pool;
  if (pool.tcp && pool.tcp->max_connection_duration)
    set(out.mutable_common_http_protocol_options()->mutable_max_connection_duration(),
        *pool.tcp->max_connection_duration);
  if (!pool.http) return out;
  if (pool.http->idle_timeout)
    set(out.mutable_common_http_protocol_options()->mutable_idle_timeout(), *pool.http->idle_timeout);
  if (pool.http->max_requests_per_connection > 0)
    out.mutable_common_http_protocol_options()->mutable_max_requests_per_connection()->set_value(
        static_cast<uint32_t>(pool.http->max_requests_per_connection));
  return out;
}

void set_http2_details(const config::TrafficPolicy& policy, HttpProtocolOptions& out) {
  if (!policy.connection_pool || !policy.connection_pool->http) return;
  const auto& http = *policy.connection_pool->http;
  auto* http2 = out.mutable_explicit_http_config()->mutable_http2_protocol_options();
  if (http.max_concurrent_streams > 0)
    http2->mutable_max_concurrent_streams()->set_value(static_cast<uint32_t>(http.max_concurrent_streams));
  if (!http.http2_keep_alive) return;
  if (http.http2_keep_alive->interval)
    set(http2->mutable_connection_keepalive()->mutable_interval(), *http.http2_keep_alive->interval);
  if (http.http2_keep_alive->timeout)
    set(http2->mutable_connection_keepalive()->mutable_timeout(), *http.http2_keep_alive->timeout);
}

config::TrafficPolicy policy_of(const Build& build) {
  config::TrafficPolicy out = policy_for(build.rule, build.subset, build.port.number);
  if (const auto& mesh = build.in.mesh.default_traffic_policy) {
    if (!out.connection_pool) out.connection_pool = mesh->connection_pool;
    if (!out.outlier_detection) out.outlier_detection = mesh->outlier_detection;
  }
  set_default_keepalive(build.in.mesh.tcp_keepalive, out.connection_pool);
  return out;
}

Cluster outbound_cluster(const Build& build) {
  Cluster out = named_cluster(build.in.mesh, build.name());
  const config::TrafficPolicy policy = policy_of(build);
  set_discovery(build, out);
  out.mutable_common_lb_config()->mutable_healthy_panic_threshold();
  set_metadata(build, out);
  auto* filter = out.add_filters();
  filter->set_name("istio.metadata_exchange");
  *filter->mutable_typed_config() = tcp_metadata_exchange();
  apply_connection_pool(policy.connection_pool, out);
  apply_retry_budget(policy.retry_budget, out);
  apply_outlier_detection(policy.outlier_detection, out);
  apply_load_balancer(policy.load_balancer, build.in.mesh.locality_lb_setting, policy.outlier_detection.has_value(),
                      out);
  const HttpVersion version = version_of(build, policy);
  HttpProtocolOptions options = http_options(policy);
  if (version.http2 && !version.like_downstream) set_http2_details(policy, options);
  if (!build.sni) {
    const bool by_rule = policy.load_balancer && out.type() == Cluster::ORIGINAL_DST &&
                         build.service.resolution == Resolution::client_side;
    if (!by_rule || policy.tls)
      apply_upstream_tls({build.in, build.service, build.port, build.subset, policy, version.http2}, out, options);
  }
  set_http_options(out, version, options);
  return out;
}

}  // namespace

void add_service_clusters(const Context& in, const Service& service, bool sni, std::vector<Cluster>& out) {
  if (sni && service.mesh_external) return;
  const auto* rule = in.rule_for(service);
  for (const auto& port : service.ports) {
    if (port.protocol == registry::Protocol::udp) continue;
    out.push_back(outbound_cluster({in, service, port, rule, "", sni}));
    if (!rule) continue;
    for (const auto& subset : rule->spec.subsets)
      out.push_back(outbound_cluster({in, service, port, rule, subset.name, sni}));
  }
}

void add_outbound_clusters(const Context& in, std::vector<Cluster>& out) {
  for (const auto* service : in.scope.services) add_service_clusters(in, *service, false, out);
}

void add_sni_clusters(const Context& in, std::vector<Cluster>& out) {
  for (const auto* service : in.scope.services) add_service_clusters(in, *service, true, out);
}

}  // namespace lateen::translate
