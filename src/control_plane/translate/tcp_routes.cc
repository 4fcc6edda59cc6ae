#include "control_plane/translate/tcp_routes.h"

#include <algorithm>

#include "control_plane/snapshot/hosts.h"
#include "control_plane/translate/metrics.h"
#include "control_plane/translate/tcp_proxy.h"
#include "control_plane/translate/traffic_policy.h"
#include "lib/base/ip.h"

namespace lateen::translate {
namespace {

using snapshot::VirtualServiceObject;

void set_prefix(std::string_view text, envoy::config::listener::v3::FilterChainMatch& out) {
  const auto range = Cidr::parse(text);
  if (!range) return;
  auto* made = out.add_prefix_ranges();
  made->set_address_prefix(range->ip.text());
  made->mutable_prefix_len()->set_value(range->bits);
}

void set_destination(const TcpTarget& target, const std::vector<std::string>& subnets,
                     envoy::config::listener::v3::FilterChainMatch& out) {
  for (const auto& subnet : subnets) set_prefix(subnet, out);
  if (subnets.empty() && target.destination.find('/') != std::string::npos) set_prefix(target.destination, out);
}

FilterChain new_chain() {
  FilterChain out;
  out.mutable_transport_socket_connect_timeout()->set_seconds(15);
  return out;
}

FilterChain straight_chain(const Context& in, const TcpTarget& target) {
  FilterChain out = new_chain();
  const auto name = cluster_name(target.port.number, "", target.service.hostname);
  const bool by_name = registry::is_tls(target.port.protocol) &&
                       (target.destination.empty() || target.destination.find('/') != std::string::npos);
  if (by_name) out.mutable_filter_chain_match()->add_server_names(target.service.hostname);
  if (target.destination.find('/') != std::string::npos) set_destination(target, {}, *out.mutable_filter_chain_match());
  const auto policy = policy_for(in.rule_for(target.service), "", target.port.number);
  finish_tcp(in, Direction::outbound, out, tcp_proxy(in, {{name, 0}}, name, policy));
  return out;
}

FilterChain routed_chain(const Context& in, const TcpTarget& target, const VirtualServiceObject& object,
                         const std::vector<config::RouteDestination>& route, const std::vector<std::string>& names,
                         const std::vector<std::string>& subnets) {
  FilterChain out = new_chain();
  for (const auto& name : names) out.mutable_filter_chain_match()->add_server_names(name);
  if (!subnets.empty() || target.destination.find('/') != std::string::npos)
    set_destination(target, subnets, *out.mutable_filter_chain_match());
  set_config_metadata(out.mutable_metadata(), "virtual-service", object.metadata.namespace_, object.metadata.name);
  finish_tcp(in, Direction::outbound, out, routed_tcp_proxy(in, route, object, target.port.number));
  return out;
}

void add_tls_routes(const Context& in, const TcpTarget& target, const VirtualServiceObject& object,
                    std::vector<FilterChain>& out) {
  for (const auto& route : object.spec.tls)
    for (const auto& match : route.match) {
      if (match.port && match.port != target.port.number) continue;
      if (!means_proxy(in.proxy, match.gateways, match.source_labels, match.source_namespace,
                       {std::string(snapshot::mesh_gateway)}))
        continue;
      out.push_back(routed_chain(in, target, object, route.route, match.sni_hosts, match.destination_subnets));
    }
}

void add_tcp_routes(const Context& in, const TcpTarget& target, const VirtualServiceObject& object,
                    std::vector<FilterChain>& out) {
  for (const auto& route : object.spec.tcp) {
    bool everything = route.match.empty();
    std::vector<std::string> subnets;
    bool any = everything;
    for (const auto& match : route.match) {
      if (match.port && match.port != target.port.number) continue;
      if (!means_proxy(in.proxy, match.gateways, match.source_labels, match.source_namespace,
                       {std::string(snapshot::mesh_gateway)}))
        continue;
      any = true;
      everything |= match.destination_subnets.empty();
      subnets.insert(subnets.end(), match.destination_subnets.begin(), match.destination_subnets.end());
    }
    if (!any) continue;
    out.push_back(routed_chain(in, target, object, route.route, {}, everything ? std::vector<std::string>{} : subnets));
    if (everything) return;
  }
}

bool is_catch_all(const FilterChain& chain) { return !chain.has_filter_chain_match(); }

}  // namespace

bool means_proxy(const Proxy& proxy, const std::vector<std::string>& gateways, const registry::Labels& source_labels,
                 const std::string& source_namespace, const std::vector<std::string>& here) {
  if (!source_namespace.empty() && source_namespace != proxy.namespace_) return false;
  if (!registry::contains(proxy.labels, source_labels)) return false;
  return gateways.empty() ||
         std::ranges::any_of(gateways, [&](const auto& each) { return std::ranges::find(here, each) != here.end(); });
}

NetworkFilter routed_tcp_proxy(const Context& in, const std::vector<config::RouteDestination>& route,
                               const VirtualServiceObject& object, uint32_t default_port) {
  std::vector<WeightedTarget> targets;
  config::TrafficPolicy policy;
  for (const auto& each : route) {
    if (!each.destination || (route.size() > 1 && each.weight == 0)) continue;
    const auto& to = *each.destination;
    const auto* service = in.scope.service(to.host);
    uint32_t port = to.port && to.port->number ? to.port->number : default_port;
    if (!to.port && service && service->ports.size() == 1) port = service->ports.front().number;
    if (targets.empty() && service) policy = policy_for(in.rule_for(*service), to.subset, port);
    targets.push_back({cluster_name(port, to.subset, to.host), static_cast<uint32_t>(each.weight)});
  }
  if (targets.empty()) return tcp_proxy(in, std::string(black_hole_cluster));
  const std::string prefix = targets.size() == 1
                                 ? targets.front().cluster
                                 : fmt::format("{}.{}", object.metadata.name, object.metadata.namespace_);
  return tcp_proxy(in, targets, prefix, policy);
}

std::vector<FilterChain> tcp_chains(const Context& in, const TcpTarget& target) {
  std::vector<FilterChain> out;
  for (const auto* object : target.virtual_services) {
    const bool about_it = std::ranges::any_of(
        object->spec.hosts, [&](const auto& host) { return snapshot::covers(host, target.service.hostname); });
    if (!about_it) continue;
    if (registry::is_tls(target.port.protocol)) add_tls_routes(in, target, *object, out);
    if (!registry::is_tls(target.port.protocol)) add_tcp_routes(in, target, *object, out);
    if (!out.empty()) break;
  }
  const bool complete = std::ranges::any_of(out, is_catch_all);
  if (out.empty() || (!registry::is_tls(target.port.protocol) && !complete)) out.push_back(straight_chain(in, target));
  return out;
}

}  // namespace lateen::translate
