#include "control_plane/translate/translate.h"

#include <set>

#include "control_plane/translate/access_log.h"
#include "control_plane/translate/clusters.h"
#include "control_plane/translate/context.h"
#include "control_plane/translate/endpoints.h"
#include "control_plane/translate/gateways.h"
#include "control_plane/translate/listeners.h"
#include "control_plane/translate/routes.h"
#include "control_plane/translate/unsupported.h"

namespace lateen::translate {
namespace {

std::vector<Cluster> clusters_of(const Context& in) {
  std::vector<Cluster> out;
  add_outbound_clusters(in, out);
  if (needs_sni_clusters(in)) add_sni_clusters(in, out);
  add_inbound_clusters(in, out);
  add_fixed_clusters(in, out);
  return out;
}

std::vector<Listener> listeners_of(const Context& in) {
  auto out = in.proxy.is_router() ? gateway_listeners(in) : sidecar_listeners(in);
  for (auto& listener : out) add_refusal_log(in, listener);
  return out;
}

std::vector<RouteConfiguration> routes_of(const Context& in, const std::vector<std::string>& names) {
  std::vector<RouteConfiguration> out;
  for (const auto& name : names)
    out.push_back(in.proxy.is_router() ? gateway_route(in, name) : sidecar_route(in, name));
  return out;
}

std::vector<ClusterLoadAssignment> endpoints_of(const Context& in, const std::vector<std::string>& names) {
  std::vector<ClusterLoadAssignment> out;
  for (const auto& name : names) out.push_back(load_assignment(in, name));
  return out;
}

void add_route_names(const FilterChain& chain, std::set<std::string>& seen, std::vector<std::string>& out) {
  for (const auto& filter : chain.filters()) {
    hcm::HttpConnectionManager manager;
    if (!filter.typed_config().Is<hcm::HttpConnectionManager>() || !filter.typed_config().UnpackTo(&manager)) continue;
    const auto& name = manager.rds().route_config_name();
    if (!name.empty() && seen.insert(name).second) out.push_back(name);
  }
}

}  // namespace

std::vector<std::string> route_names(const std::vector<Listener>& listeners) {
  std::set<std::string> seen;
  std::vector<std::string> out;
  for (const auto& listener : listeners) {
    for (const auto& chain : listener.filter_chains()) add_route_names(chain, seen, out);
    if (listener.has_default_filter_chain()) add_route_names(listener.default_filter_chain(), seen, out);
  }
  return out;
}

std::vector<std::string> endpoint_names(const std::vector<Cluster>& clusters) {
  std::set<std::string> seen;
  std::vector<std::string> out;
  for (const auto& cluster : clusters) {
    if (cluster.type() != Cluster::EDS) continue;
    const auto& service = cluster.eds_cluster_config().service_name();
    const auto& name = service.empty() ? cluster.name() : service;
    if (seen.insert(name).second) out.push_back(name);
  }
  return out;
}

std::vector<Listener> listeners(const snapshot::Snapshot& snapshot, const Proxy& proxy) {
  return listeners_of(Context(snapshot, proxy));
}

std::vector<Cluster> clusters(const snapshot::Snapshot& snapshot, const Proxy& proxy) {
  return clusters_of(Context(snapshot, proxy));
}

std::vector<RouteConfiguration> routes(const snapshot::Snapshot& snapshot, const Proxy& proxy,
                                       const std::vector<std::string>& names) {
  return routes_of(Context(snapshot, proxy), names);
}

std::vector<ClusterLoadAssignment> endpoints(const snapshot::Snapshot& snapshot, const Proxy& proxy,
                                             const std::vector<std::string>& cluster_names) {
  return endpoints_of(Context(snapshot, proxy), cluster_names);
}

Resources translate(const snapshot::Snapshot& snapshot, const Proxy& proxy) {
  const Proxy whole = completed(proxy, snapshot);
  const Context in(snapshot, whole);
  Resources out;
  out.listeners = listeners_of(in);
  out.clusters = clusters_of(in);
  out.routes = routes_of(in, route_names(out.listeners));
  out.endpoints = endpoints_of(in, endpoint_names(out.clusters));
  out.warnings = unsupported(whole);
  for (auto& each : unsupported(in)) out.warnings.push_back(std::move(each));
  return out;
}

}  // namespace lateen::translate
