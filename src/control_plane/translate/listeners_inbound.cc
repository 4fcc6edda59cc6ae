#include <algorithm>
#include <envoy/extensions/filters/listener/original_dst/v3/original_dst.pb.h>

#include "control_plane/translate/authn.h"
#include "control_plane/translate/http_connection_manager.h"
#include "control_plane/translate/inbound.h"
#include "control_plane/translate/inbound_chains.h"
#include "control_plane/translate/listeners.h"
#include "control_plane/translate/tcp_proxy.h"

namespace lateen::translate {
namespace {

using envoy::config::listener::v3::ListenerFilter;
using envoy::config::listener::v3::ListenerFilterChainMatchPredicate;

// Connections to the capture port itself would go in circles.
FilterChain black_hole(const Context& in) {
  FilterChain out;
  out.set_name("virtualInbound-blackhole");
  out.mutable_filter_chain_match()->mutable_destination_port()->set_value(
      static_cast<uint32_t>(in.mesh.proxy_inbound_listen_port));
  *out.add_filters() = metadata_exchange_filter();
  *out.add_filters() = tcp_proxy(in, std::string(black_hole_cluster));
  return out;
}

// Switches a peeking filter off for the ports of whose chains none needs it.
void disable_for(const std::vector<uint32_t>& ports, ListenerFilter& out) {
  const auto set_port = [](ListenerFilterChainMatchPredicate* predicate, uint32_t port) {
    predicate->mutable_destination_port_range()->set_start(static_cast<int32_t>(port));
    predicate->mutable_destination_port_range()->set_end(static_cast<int32_t>(port + 1));
  };
  auto* predicate = out.mutable_filter_disabled();
  if (ports.size() == 1) return set_port(predicate, ports.front());
  for (const uint32_t port : ports) set_port(predicate->mutable_or_match()->add_rules(), port);
}

// Adds the filter when some chain needs it, with the ports that do not.
void add_inspector(const Context& in, const Listener& listener, bool (*needs)(const FilterChain&),
                   ListenerFilter filter, std::vector<ListenerFilter>& out) {
  std::map<uint32_t, bool> by_port;
  bool anywhere = false;
  for (const auto& chain : listener.filter_chains()) {
    const bool here = needs(chain);
    anywhere |= here;
    const auto& match = chain.filter_chain_match();
    if (match.has_destination_port()) by_port[match.destination_port().value()] |= here;
  }
  if (!anywhere) return;
  std::vector<uint32_t> unneeded;
  for (const auto& [port, here] : by_port)
    if (!here && port != static_cast<uint32_t>(in.mesh.proxy_inbound_listen_port)) unneeded.push_back(port);
  unneeded.push_back(static_cast<uint32_t>(in.mesh.proxy_inbound_listen_port));
  disable_for(unneeded, filter);
  out.push_back(std::move(filter));
}

void set_listener_filters(const Context& in, Listener& out) {
  std::vector<ListenerFilter> filters;
  ListenerFilter original;
  original.set_name("envoy.filters.listener.original_dst");
  *original.mutable_typed_config() = xds::pack(envoy::extensions::filters::listener::original_dst::v3::OriginalDst());
  filters.push_back(std::move(original));
  add_inspector(in, out, needs_tls_inspector, tls_inspector(), filters);
  add_inspector(in, out, needs_http_inspector, http_inspector(), filters);
  for (auto& filter : filters) *out.add_listener_filters() = std::move(filter);
  set(out.mutable_listener_filters_timeout(), in.mesh.protocol_detection_timeout.value_or(0s));
  out.set_continue_on_listener_filters_timeout(true);
}

Listener virtual_inbound(const Context& in, const std::vector<InboundPort>& ports) {
  Listener out;
  out.set_name("virtualInbound");
  set_address(out.mutable_address(), in.proxy.wildcard_address(),
              static_cast<uint32_t>(in.mesh.proxy_inbound_listen_port));
  out.set_traffic_direction(core::INBOUND);
  out.mutable_max_connections_to_accept_per_socket_event()->set_value(1);
  *out.add_filter_chains() = black_hole(in);
  for (auto& chain : passthrough_chains(in)) *out.add_filter_chains() = std::move(chain);
  for (const auto& port : ports) {
    if (!port.captured) continue;
    for (auto& chain : chains_of(in, port)) *out.add_filter_chains() = std::move(chain);
  }
  set_listener_filters(in, out);
  return out;
}

// A port of Sidecar.ingress on which the proxy listens by itself.
Listener own_listener(const Context& in, const InboundPort& port) {
  Listener out;
  const std::string bind = port.bind.empty() ? in.proxy.wildcard_address() : port.bind;
  out.set_name(fmt::format("{}_{}", bind, port.target));
  set_address(out.mutable_address(), bind, port.target);
  out.set_traffic_direction(core::INBOUND);
  out.mutable_max_connections_to_accept_per_socket_event()->set_value(1);
  bool tls = false, http = false;
  for (auto& chain : chains_of(in, port)) {
    chain.mutable_filter_chain_match()->clear_destination_port();
    tls |= needs_tls_inspector(chain);
    http |= needs_http_inspector(chain);
    *out.add_filter_chains() = std::move(chain);
  }
  if (tls) *out.add_listener_filters() = tls_inspector();
  if (http) *out.add_listener_filters() = http_inspector();
  set(out.mutable_listener_filters_timeout(), in.mesh.protocol_detection_timeout.value_or(0s));
  out.set_continue_on_listener_filters_timeout(true);
  return out;
}

}  // namespace

void add_inbound_listeners(const Context& in, std::vector<Listener>& out) {
  const auto ports = inbound_ports(in);
  if (in.mesh.proxy_inbound_listen_port > 0 && !in.proxy.captures_nothing()) out.push_back(virtual_inbound(in, ports));
  for (const auto& port : ports)
    if (!port.captured) out.push_back(own_listener(in, port));
}

}  // namespace lateen::translate
