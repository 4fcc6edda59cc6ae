#include "control_plane/translate/inbound_chains.h"

#include "control_plane/translate/authn.h"
#include "control_plane/translate/http_connection_manager.h"
#include "control_plane/translate/metrics.h"
#include "control_plane/translate/rbac.h"
#include "control_plane/translate/tcp_proxy.h"
#include "control_plane/translate/tls_context.h"

namespace lateen::translate {
namespace {

using Alpn = std::vector<const char*>;

const Alpn mesh_http{"istio-http/1.0", "istio-http/1.1", "istio-h2"};
const Alpn mesh_any{"istio", "istio-peer-exchange", "istio-http/1.0", "istio-http/1.1", "istio-h2"};
const Alpn mesh_tcp{"istio-peer-exchange", "istio"};
const Alpn plain_http{"http/1.1", "h2c"};

// What stands behind all chains of one port.
struct Target {
  const Context& in;
  std::string chain_name_http, chain_name_tcp;
  std::string stat_prefix;  // of HTTP
  std::string cluster;
  std::string operation_host;
  uint32_t service_port = 0;
  uint32_t port = 0;  // 0: any
  registry::Protocol protocol = registry::Protocol::automatic;
};

enum class Transport { plain, mutual_tls, any_tls };

RouteConfiguration route_config(const Target& target) {
  RouteConfiguration out;
  out.set_name(target.cluster);
  out.mutable_validate_clusters()->set_value(false);
  auto* host = out.add_virtual_hosts();
  host->set_name(fmt::format("inbound|http|{}", target.service_port));
  host->add_domains("*");
  auto* route = host->add_routes();
  route->set_name("default");
  route->mutable_match()->set_prefix("/");
  route->mutable_decorator()->set_operation(fmt::format("{}:{}/*", target.operation_host, target.service_port));
  auto* action = route->mutable_route();
  action->set_cluster(target.cluster);
  action->mutable_timeout();
  action->mutable_max_stream_duration()->mutable_max_stream_duration();
  action->mutable_max_stream_duration()->mutable_grpc_timeout_header_max();
  if (!registry::is_grpc(target.protocol)) {
    action->mutable_retry_policy()->set_retry_on("reset-before-request");
    action->mutable_retry_policy()->mutable_num_retries()->set_value(2);
  }
  return out;
}

FilterChain chain_of(const Target& target, bool http, Transport transport, const Alpn& alpn) {
  FilterChain out;
  out.set_name(http ? target.chain_name_http : target.chain_name_tcp);
  auto* match = out.mutable_filter_chain_match();
  if (target.port) match->mutable_destination_port()->set_value(target.port);
  match->set_transport_protocol(transport == Transport::plain ? "raw_buffer" : "tls");
  for (const auto* each : alpn) match->add_application_protocols(each);
  *out.add_filters() = metadata_exchange_filter();
  if (http) {
    const RouteConfiguration routes = route_config(target);
    *out.add_filters() =
        http_connection_manager(target.in, {.direction = Direction::inbound,
                                            .stat_prefix = target.stat_prefix,
                                            .route_config = &routes,
                                            .port = target.port,
                                            .grpc_web = target.protocol == registry::Protocol::grpc_web});
  } else {
    for (auto& filter : tcp_policy_filters(target.in, target.port)) *out.add_filters() = std::move(filter);
    finish_tcp(target.in, Direction::inbound, out, tcp_proxy(target.in, target.cluster));
  }
  if (transport == Transport::mutual_tls)
    *out.mutable_transport_socket() = tls_socket(istio_server_context(target.in.mesh, http));
  return out;
}

// Each mode and protocol, in the order in which Envoy's users know them.
std::vector<FilterChain> strict(const Target& target) {
  std::vector<FilterChain> out;
  const bool automatic = target.protocol == registry::Protocol::automatic;
  const bool http = registry::is_http(target.protocol);
  if (http || automatic) out.push_back(chain_of(target, true, Transport::mutual_tls, automatic ? mesh_http : Alpn{}));
  if (!http) out.push_back(chain_of(target, false, Transport::mutual_tls, {}));
  return out;
}

std::vector<FilterChain> plain(const Target& target) {
  std::vector<FilterChain> out;
  const bool automatic = target.protocol == registry::Protocol::automatic;
  const bool http = registry::is_http(target.protocol);
  if (http || automatic) out.push_back(chain_of(target, true, Transport::plain, automatic ? plain_http : Alpn{}));
  if (!http) out.push_back(chain_of(target, false, Transport::plain, {}));
  return out;
}

std::vector<FilterChain> permissive(const Target& target) {
  std::vector<FilterChain> out;
  if (registry::is_http(target.protocol)) {
    out.push_back(chain_of(target, true, Transport::mutual_tls, mesh_any));
    out.push_back(chain_of(target, true, Transport::plain, {}));
  } else if (target.protocol == registry::Protocol::automatic) {
    out.push_back(chain_of(target, true, Transport::mutual_tls, mesh_http));
    out.push_back(chain_of(target, true, Transport::plain, plain_http));
    out.push_back(chain_of(target, false, Transport::mutual_tls, mesh_tcp));
    out.push_back(chain_of(target, false, Transport::plain, {}));
    out.push_back(chain_of(target, false, Transport::any_tls, {}));
  } else {
    out.push_back(chain_of(target, false, Transport::mutual_tls, mesh_any));
    out.push_back(chain_of(target, false, Transport::any_tls, {}));
    out.push_back(chain_of(target, false, Transport::plain, {}));
  }
  return out;
}

std::vector<FilterChain> by_mode(const Target& target, MtlsMode mode) {
  switch (mode) {
    case MtlsMode::disable:
      return plain(target);
    case MtlsMode::permissive:
      return permissive(target);
    case MtlsMode::strict:
      return strict(target);
  }
  return {};
}

}  // namespace

std::vector<FilterChain> chains_of(const Context& in, const InboundPort& port) {
  const std::string bind = port.bind.empty() ? in.proxy.wildcard_address() : port.bind;
  const std::string name = fmt::format("{}_{}", bind, port.target);
  const Target target{
      in,          name,         name, fmt::format("inbound_{};", name), port.cluster, port.host(), port.service_port,
      port.target, port.protocol};
  return by_mode(target, workload_mtls(in.snapshot, in.proxy.namespace_, in.proxy.labels, port.target));
}

std::vector<FilterChain> passthrough_chains(const Context& in) {
  const std::string cluster(inbound_passthrough_cluster);
  const Target target{in, "virtualInbound-catchall-http", "virtualInbound", cluster + ";", cluster, "", 0,
                      0,  registry::Protocol::automatic};
  return by_mode(target, workload_mtls(in.snapshot, in.proxy.namespace_, in.proxy.labels, 0));
}

}  // namespace lateen::translate
