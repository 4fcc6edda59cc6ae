#include "control_plane/translate/listeners.h"

#include <algorithm>
#include <envoy/extensions/filters/listener/http_inspector/v3/http_inspector.pb.h>
#include <envoy/extensions/filters/listener/tls_inspector/v3/tls_inspector.pb.h>

#include "control_plane/translate/metrics.h"
#include "control_plane/translate/tcp_proxy.h"

namespace lateen::translate {
namespace {

// Where connections to nobody we know go.
std::string unknown_destination(const Context& in) {
  return std::string(in.scope.registry_only ? black_hole_cluster : passthrough_cluster);
}

using envoy::config::listener::v3::ListenerFilter;

// Takes all that was captured on the way out; the original destination picks the listener that handles it.
Listener virtual_outbound(const Context& in) {
  Listener out;
  const auto port = static_cast<uint32_t>(in.mesh.proxy_listen_port);
  out.set_name("virtualOutbound");
  set_address(out.mutable_address(), in.proxy.wildcard_address(), port);
  out.set_traffic_direction(core::OUTBOUND);
  out.mutable_use_original_dst()->set_value(true);
  out.mutable_max_connections_to_accept_per_socket_event()->set_value(1);
  auto* loop = out.add_filter_chains();
  loop->set_name("virtualOutbound-blackhole");
  loop->mutable_filter_chain_match()->mutable_destination_port()->set_value(port);
  *loop->add_filters() = tcp_proxy(in, std::string(black_hole_cluster));
  auto* all = out.add_filter_chains();
  all->set_name("virtualOutbound-catchall-tcp");
  finish_tcp(in, Direction::outbound, *all, tcp_proxy(in, unknown_destination(in)));
  return out;
}

template <class Config>
ListenerFilter listener_filter(const std::string& name, const Config& config) {
  ListenerFilter out;
  out.set_name(name);
  *out.mutable_typed_config() = xds::pack(config);
  return out;
}

}  // namespace

ListenerFilter tls_inspector() {
  envoy::extensions::filters::listener::tls_inspector::v3::TlsInspector config;
  config.mutable_initial_read_buffer_size()->set_value(512);
  return listener_filter("envoy.filters.listener.tls_inspector", config);
}

ListenerFilter http_inspector() {
  return listener_filter("envoy.filters.listener.http_inspector",
                         envoy::extensions::filters::listener::http_inspector::v3::HttpInspector());
}

FilterChain fallthrough_chain(const Context& in) {
  FilterChain out;
  out.set_name("PassthroughFilterChain");
  out.mutable_filter_chain_match();
  finish_tcp(in, Direction::outbound, out, tcp_proxy(in, unknown_destination(in)));
  return out;
}

bool needs_tls_inspector(const FilterChain& chain) {
  const auto& match = chain.filter_chain_match();
  return match.transport_protocol() == "tls" || !match.server_names().empty() ||
         (!match.application_protocols().empty() && match.transport_protocol() != "raw_buffer");
}

bool needs_http_inspector(const FilterChain& chain) {
  const auto& match = chain.filter_chain_match();
  return match.transport_protocol() == "raw_buffer" &&
         std::ranges::find(match.application_protocols(), "http/1.1") != match.application_protocols().end();
}

std::vector<Listener> sidecar_outbound_listeners(const Context& in) {
  std::vector<Listener> out;
  add_outbound_listeners(in, out);
  if (in.mesh.proxy_listen_port > 0 && !in.proxy.captures_nothing()) out.push_back(virtual_outbound(in));
  return out;
}

std::vector<Listener> sidecar_listeners(const Context& in) {
  auto out = sidecar_outbound_listeners(in);
  add_inbound_listeners(in, out);
  return out;
}

}  // namespace lateen::translate
