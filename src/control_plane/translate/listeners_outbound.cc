#include <algorithm>
#include <map>

#include "control_plane/translate/http_connection_manager.h"
#include "control_plane/translate/listeners.h"
#include "control_plane/translate/tcp_routes.h"

namespace lateen::translate {
namespace {

using registry::Port;
using registry::Protocol;
using registry::Service;

// One outbound listener while services are added to it, oldest first.
struct Draft {
  std::string bind;
  uint32_t port = 0;
  bool bound = false;      // listens for real
  bool sniff_http = true;  // HTTP must be told from other bytes
  bool has_http = false;
  std::string route_name;
  bool grpc_web = false;
  std::vector<FilterChain> tcp;
};

using Drafts = std::map<std::pair<std::string, uint32_t>, Draft>;

bool has_same_match(const std::vector<FilterChain>& chains, const FilterChain& next) {
  return std::ranges::any_of(chains, [&](const FilterChain& each) {
    return xds::serialize(each.filter_chain_match()) == xds::serialize(next.filter_chain_match());
  });
}

class Drafter {
 public:
  explicit Drafter(const Context& in) : in_(in) {}

  void add(const EgressScope& egress) {
    for (const auto* service : egress.services)
      for (const auto& port : service->ports)
        if (port.protocol != Protocol::udp) add(egress, *service, port);
  }
  const Drafts& drafts() const { return drafts_; }

 private:
  // Sidecar objects may say what an egress port speaks.
  static Protocol protocol_of(const EgressScope& egress, const Port& port) {
    if (!egress.listener || !egress.listener->port) return port.protocol;
    const auto protocol = registry::protocol_named(egress.listener->port->protocol);
    return protocol == Protocol::automatic ? port.protocol : protocol;
  }

  bool binds(const EgressScope& egress) const {
    return in_.proxy.captures_nothing() ||
           (egress.listener && egress.listener->capture_mode == config::CaptureMode::NONE);
  }

  Draft& draft(const EgressScope& egress, const std::string& bind, uint32_t port) {
    auto& out = drafts_[{bind, port}];
    out.bind = bind;
    out.port = port;
    out.bound = binds(egress);
    out.sniff_http = !egress.listener || egress.listener->bind.empty();
    return out;
  }

  void add(const EgressScope& egress, const Service& service, const Port& port) {
    const Protocol protocol = protocol_of(egress, port);
    const std::string wildcard = in_.proxy.wildcard_address();
    if (egress.listener && !egress.listener->bind.empty())
      return add(egress, service, port, protocol, egress.listener->bind, "");
    if (in_.proxy.captures_nothing()) return add(egress, service, port, protocol, in_.proxy.loopback_address(), "");
    if (registry::is_http(protocol)) return add(egress, service, port, protocol, wildcard, "");
    if (service.headless && !service.endpoints.empty()) return add_headless(egress, service, port, protocol);
    for (const auto& vip : vips_of(service)) {
      const bool range = vip.find('/') != std::string::npos;
      add(egress, service, port, protocol, range || vip.empty() ? wildcard : vip, vip);
    }
  }

  std::vector<std::string> vips_of(const Service& service) const {
    if (service.provider == registry::Provider::external && !service.addresses.empty())
      return service.addresses.begin()->second;
    std::string vip = service.address_for(in_.proxy.cluster);
    if (vip == "0.0.0.0" && !service.auto_address.empty() && in_.proxy.text("DNS_CAPTURE") == "true")
      vip = service.auto_address;
    return {vip == "0.0.0.0" ? "" : vip};
  }

  // Each instance of a headless service is called by its own address.
  void add_headless(const EgressScope& egress, const Service& service, const Port& port, Protocol protocol) {
    for (const auto& endpoint : service.endpoints) {
      const bool itself = std::ranges::find(in_.proxy.ips, endpoint.address) != in_.proxy.ips.end();
      if (endpoint.port_name != port.name || itself || endpoint.network != network_of_proxy(endpoint)) continue;
      add(egress, service, port, protocol, endpoint.address, endpoint.address);
    }
  }
  const std::string& network_of_proxy(const registry::Endpoint& endpoint) const {
    return in_.proxy.network.empty() ? endpoint.network : in_.proxy.network;
  }

  void add(const EgressScope& egress, const Service& service, const Port& port, Protocol protocol,
           const std::string& bind, const std::string& vip) {
    Draft& out = draft(egress, bind, port.number);
    const bool automatic = protocol == Protocol::automatic;
    if ((registry::is_http(protocol) || automatic) && !out.has_http) {
      out.has_http = true;
      const bool by_host = automatic && !vip.empty();
      out.route_name = by_host ? fmt::format("{}:{}", service.hostname, port.number) : fmt::to_string(port.number);
    }
    if (protocol == Protocol::grpc_web) out.grpc_web = true;
    if (registry::is_http(protocol)) return;
    for (auto& chain : tcp_chains(in_, {service, port, vip, egress.virtual_services}))
      if (!has_same_match(out.tcp, chain)) out.tcp.push_back(std::move(chain));
  }

  const Context& in_;
  Drafts drafts_;
};

FilterChain http_chain(const Context& in, const Draft& draft) {
  FilterChain out;
  out.mutable_transport_socket_connect_timeout()->set_seconds(15);
  if (draft.sniff_http || !draft.tcp.empty()) {
    auto* match = out.mutable_filter_chain_match();
    match->set_transport_protocol("raw_buffer");
    match->add_application_protocols("http/1.1");
    match->add_application_protocols("h2c");
  }
  *out.add_filters() =
      http_connection_manager(in, {.direction = Direction::outbound,
                                   .stat_prefix = fmt::format("outbound_{}_{};", draft.bind, draft.port),
                                   .route_name = draft.route_name,
                                   .grpc_web = draft.grpc_web});
  return out;
}

// The chain without a match becomes the default one when there are others; when none takes the rest, the connection
// goes on to where it was going.
void set_chains(const Context& in, std::vector<FilterChain> chains, Listener& out) {
  if (chains.size() == 1 && !chains.front().has_filter_chain_match()) {
    *out.add_filter_chains() = std::move(chains.front());
    return;
  }
  for (auto& chain : chains) {
    if (chain.has_filter_chain_match()) {
      *out.add_filter_chains() = std::move(chain);
    } else {
      *out.mutable_default_filter_chain() = std::move(chain);
    }
  }
  if (!out.has_default_filter_chain()) *out.mutable_default_filter_chain() = fallthrough_chain(in);
}

Listener finished(const Context& in, const Draft& draft) {
  Listener out;
  out.set_name(fmt::format("{}_{}", draft.bind, draft.port));
  set_address(out.mutable_address(), draft.bind, draft.port);
  out.set_traffic_direction(core::OUTBOUND);
  if (draft.bound) {
    out.mutable_max_connections_to_accept_per_socket_event()->set_value(1);
  } else {
    out.mutable_bind_to_port()->set_value(false);
  }
  std::vector<FilterChain> chains;
  if (draft.has_http) chains.push_back(http_chain(in, draft));
  chains.insert(chains.end(), draft.tcp.begin(), draft.tcp.end());
  const bool tls = std::ranges::any_of(chains, needs_tls_inspector);
  const bool http = std::ranges::any_of(chains, needs_http_inspector);
  if (tls) *out.add_listener_filters() = tls_inspector();
  if (http) *out.add_listener_filters() = http_inspector();
  set(out.mutable_listener_filters_timeout(), tls || http ? in.mesh.protocol_detection_timeout.value_or(0s) : 0s);
  out.set_continue_on_listener_filters_timeout(true);
  set_chains(in, std::move(chains), out);
  return out;
}

}  // namespace

void add_outbound_listeners(const Context& in, std::vector<Listener>& out) {
  Drafter drafter(in);
  for (const auto& egress : in.scope.egress) drafter.add(egress);
  for (const auto& [key, draft] : drafter.drafts()) out.push_back(finished(in, draft));
}

}  // namespace lateen::translate
