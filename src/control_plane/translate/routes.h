// Route configurations (spec/istio.md section 3.7). See translate.h for the whole.
#pragma once
#include <string>
#include <vector>

#include "control_plane/translate/context.h"
#include "control_plane/translate/messages.h"

namespace lateen::translate {

// "80", "catalog.shop.svc.cluster.local:8081"
RouteConfiguration sidecar_route(const Context& in, const std::string& name);
// "http.8080", "https.443.https.gw.default"
RouteConfiguration gateway_route(const Context& in, const std::string& name);

// --- parts -----------------------------------------------------------------------------------------------------------

RouteConfiguration empty_route_configuration(const std::string& name);
VirtualHost named_virtual_host(const std::string& host, uint32_t port);
// A service's names and addresses as domains of a virtual host.
std::vector<std::string> domains_of(const registry::Service& service, const Proxy& proxy);

// What a VirtualService's HTTP routes are translated for.
struct RouteScope {
  const Context& in;
  const snapshot::VirtualServiceObject& object;
  uint32_t port = 0;                // of the listener
  std::vector<std::string> here;    // the gateways that mean this place: "mesh", or NAMESPACE/NAME
  const ServicePointers& services;  // known here: they decide a destination's port when it names none
};

std::vector<Route> http_routes(const RouteScope& scope);
// Straight to a port of a service.
Route default_route(const Context& in, const registry::Service& service, uint32_t port);
bool is_catch_all(const Route& route);

// route_match.cc
void set_match(const config::HTTPMatchRequest& match, envoy::config::route::v3::RouteMatch& out);
// route_action.cc: what happens to a request that matched.
void set_action(const RouteScope& scope, const config::HTTPRoute& route, Route& out);
void set_retries(const config::MeshConfig& mesh, const std::optional<config::HTTPRetry>& wanted,
                 envoy::config::route::v3::RouteAction& out);
void set_timeout(const std::optional<Duration>& timeout, envoy::config::route::v3::RouteAction& out);
void add_hash_policies(const Context& in, const registry::Service& service, std::string_view subset, uint32_t port,
                       envoy::config::route::v3::RouteAction& out);
// route_filters.cc: faults, CORS, mirrors.
void set_filter_configs(const config::HTTPRoute& route, Route& out);
void add_mirrors(const RouteScope& scope, const config::HTTPRoute& route, envoy::config::route::v3::RouteAction& out);
envoy::type::matcher::v3::StringMatcher string_matcher(const config::StringMatch& match);
// The port and cluster that a destination means here.
uint32_t port_of(const RouteScope& scope, const config::Destination& destination);
std::string cluster_of(const RouteScope& scope, const config::Destination& destination);

}  // namespace lateen::translate
