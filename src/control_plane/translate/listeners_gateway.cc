#include <algorithm>
#include <map>
#include <set>

#include "control_plane/snapshot/hosts.h"
#include "control_plane/translate/gateways.h"
#include "control_plane/translate/http_connection_manager.h"
#include "control_plane/translate/inbound_chains.h"
#include "control_plane/translate/listeners.h"
#include "control_plane/translate/metrics.h"
#include "control_plane/translate/tcp_proxy.h"
#include "control_plane/translate/tcp_routes.h"
#include "control_plane/translate/tls_context.h"

namespace lateen::translate {
namespace {

using registry::Service;

FilterChain new_chain() {
  FilterChain out;
  out.mutable_transport_socket_connect_timeout()->set_seconds(15);
  return out;
}

void set_server_names(const std::vector<std::string>& hosts, FilterChain& out) {
  if (std::ranges::find(hosts, "*") != hosts.end()) return;
  for (const auto& host : hosts) out.mutable_filter_chain_match()->add_server_names(host);
}

std::string bind_of(const Context& in, const GatewayServer& server) {
  return server.server->bind.empty() ? in.proxy.wildcard_address() : server.server->bind;
}

NetworkFilter http_manager(const Context& in, const GatewayServer& server) {
  return http_connection_manager(in, {.direction = Direction::gateway,
                                      .stat_prefix = fmt::format("outbound_{}_{};", bind_of(in, server), server.target),
                                      .route_name = server.route_name,
                                      .port = server.target,
                                      .grpc_web = server.protocol == registry::Protocol::grpc_web});
}

FilterChain http_chain(const Context& in, const GatewayServer& server) {
  FilterChain out = new_chain();
  if (server.terminates_tls()) {
    set_server_names(server.hosts(), out);
    *out.mutable_transport_socket() = tls_socket(server_context(*server.server->tls, in.mesh, true));
  }
  *out.add_filters() = http_manager(in, server);
  return out;
}

// TCP, plain or after TLS: the first route of each VirtualService that means this gateway and port.
void add_tcp_chains(const Context& in, const GatewayServer& server, std::vector<FilterChain>& out) {
  for (const auto* object : in.scope.virtual_services) {
    if (hosts_served(server, *object).empty()) continue;
    for (const auto& route : object->spec.tcp) {
      const bool meant =
          route.match.empty() || std::ranges::any_of(route.match, [&](const auto& match) {
            return (!match.port || match.port == server.number()) &&
                   means_proxy(in.proxy, match.gateways, match.source_labels, match.source_namespace, {server.name()});
          });
      if (!meant) continue;
      FilterChain chain = new_chain();
      if (server.terminates_tls()) {
        set_server_names(server.hosts(), chain);
        *chain.mutable_transport_socket() = tls_socket(server_context(*server.server->tls, in.mesh, false));
        *chain.add_filters() = metadata_exchange_filter();
      }
      finish_tcp(in, Direction::gateway, chain, routed_tcp_proxy(in, route.route, *object, server.number()));
      out.push_back(std::move(chain));
      return;
    }
  }
}

// TLS that is not ended here: by server name, to where a VirtualService's tls route says.
void add_passthrough_chains(const Context& in, const GatewayServer& server, std::vector<FilterChain>& out) {
  for (const auto* object : in.scope.virtual_services) {
    if (hosts_served(server, *object).empty()) continue;
    for (const auto& route : object->spec.tls)
      for (const auto& match : route.match) {
        if ((match.port && match.port != server.number()) ||
            !means_proxy(in.proxy, match.gateways, match.source_labels, match.source_namespace, {server.name()}))
          continue;
        FilterChain chain = new_chain();
        for (const auto& name : match.sni_hosts) chain.mutable_filter_chain_match()->add_server_names(name);
        set_config_metadata(chain.mutable_metadata(), "virtual-service", object->metadata.namespace_,
                            object->metadata.name);
        finish_tcp(in, Direction::gateway, chain, routed_tcp_proxy(in, route.route, *object, server.number()));
        out.push_back(std::move(chain));
      }
  }
}

FilterChain sni_chain(const Context& in, const std::string& name) {
  FilterChain out = new_chain();
  auto* match = out.mutable_filter_chain_match();
  match->add_server_names(name);
  for (const auto* alpn : {"istio", "istio-peer-exchange", "istio-http/1.0", "istio-http/1.1", "istio-h2"})
    match->add_application_protocols(alpn);
  finish_tcp(in, Direction::gateway, out, tcp_proxy(in, name));
  return out;
}

// One chain a service port and subset: mutual TLS goes through untouched to the service that its server name tells.
void add_sni_chains(const Context& in, const GatewayServer& server, std::vector<FilterChain>& out) {
  const auto hosts = server.hosts();
  for (const auto* service : in.scope.services) {
    const bool meant =
        std::ranges::any_of(hosts, [&](const auto& host) { return snapshot::covers(host, service->hostname); });
    if (service->mesh_external || !meant) continue;
    const auto* rule = in.rule_for(*service);
    for (const auto& port : service->ports) {
      if (port.protocol == registry::Protocol::udp) continue;
      out.push_back(sni_chain(in, sni_name(port.number, "", service->hostname)));
      if (!rule) continue;
      for (const auto& subset : rule->spec.subsets)
        out.push_back(sni_chain(in, sni_name(port.number, subset.name, service->hostname)));
    }
  }
}

void add_chains(const Context& in, const GatewayServer& server, std::vector<FilterChain>& out) {
  if (server.serves_http()) {
    const bool plain_again = !server.terminates_tls() && std::ranges::any_of(out, [](const FilterChain& each) {
      return !each.has_filter_chain_match() && !each.has_transport_socket();
    });
    if (!plain_again) out.push_back(http_chain(in, server));
  } else if (server.passes_by_sni()) {
    add_sni_chains(in, server, out);
  } else if (server.passes_tls()) {
    add_passthrough_chains(in, server, out);
  } else {
    add_tcp_chains(in, server, out);
  }
}

Listener gateway_listener(const std::string& bind, uint32_t port, std::vector<FilterChain> chains) {
  Listener out;
  out.set_name(fmt::format("{}_{}", bind, port));
  set_address(out.mutable_address(), bind, port);
  out.set_traffic_direction(core::OUTBOUND);
  out.mutable_max_connections_to_accept_per_socket_event()->set_value(1);
  const bool tls = std::ranges::any_of(
      chains, [](const auto& each) { return needs_tls_inspector(each) || each.has_transport_socket(); });
  if (tls) *out.add_listener_filters() = tls_inspector();
  std::set<std::string> matches;  // the first chain of a match wins
  for (auto& chain : chains)
    if (matches.insert(xds::serialize(chain.filter_chain_match())).second) *out.add_filter_chains() = std::move(chain);
  return out;
}

}  // namespace

std::vector<Listener> gateway_listeners(const Context& in) {
  struct Draft {
    bool tls = false;
    std::vector<FilterChain> chains;
  };
  std::map<std::pair<std::string, uint32_t>, Draft> drafts;
  for (const auto& server : gateway_servers(in)) {
    const bool tls = registry::is_tls(server.protocol);
    const auto [at, is_new] = drafts.try_emplace({bind_of(in, server), server.target}, Draft{tls, {}});
    // Plain and TLS cannot share a port: the older server keeps it.
    if (!is_new && at->second.tls != tls) continue;
    add_chains(in, server, at->second.chains);
  }
  std::vector<Listener> out;
  for (auto& [key, draft] : drafts)
    if (!draft.chains.empty()) out.push_back(gateway_listener(key.first, key.second, std::move(draft.chains)));
  return out;
}

}  // namespace lateen::translate
