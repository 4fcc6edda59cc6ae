#include "control_plane/translate/routes.h"
#include "control_plane/translate/tcp_routes.h"

namespace lateen::translate {
namespace {

using config::HTTPMatchRequest;
using config::HTTPRoute;
using envoy::config::route::v3::RouteMatch;

// "/*" for a prefix, the path itself otherwise: what spans call the operation.
std::string operation_path(const RouteMatch& match) {
  switch (match.path_specifier_case()) {
    case RouteMatch::kPath:
      return match.path();
    case RouteMatch::kSafeRegex:
      return match.safe_regex().regex();
    default:
      return match.prefix() + "*";
  }
}

std::string operation(const RouteScope& scope, const HTTPRoute& route, const RouteMatch& match) {
  const std::string path = operation_path(match);
  if (route.route.size() == 1 && route.route.front().destination && !route.redirect && !route.direct_response) {
    const auto& to = *route.route.front().destination;
    return fmt::format("{}:{}{}", to.host, port_of(scope, to), path);
  }
  return fmt::format("{}:{}{}", scope.object.metadata.name, scope.port, path);
}

Route one_route(const RouteScope& scope, const HTTPRoute& route, const HTTPMatchRequest* match) {
  Route out;
  out.set_name(route.name);
  if (match) {
    if (!route.name.empty() && !match->name.empty()) out.set_name(route.name + "." + match->name);
    set_match(*match, *out.mutable_match());
    if (!match->stat_prefix.empty()) out.set_stat_prefix(match->stat_prefix);
  } else {
    out.mutable_match()->set_prefix("/");
  }
  set_config_metadata(out.mutable_metadata(), "virtual-service", scope.object.metadata.namespace_,
                      scope.object.metadata.name);
  set_action(scope, route, out);
  out.mutable_decorator()->set_operation(operation(scope, route, out.match()));
  return out;
}

bool means_here(const RouteScope& scope, const HTTPMatchRequest& match) {
  if (match.port && match.port != scope.port) return false;
  return means_proxy(scope.in.proxy, match.gateways, match.source_labels, match.source_namespace, scope.here);
}

}  // namespace

bool is_catch_all(const Route& route) {
  const auto& match = route.match();
  return match.path_specifier_case() == RouteMatch::kPrefix && match.prefix() == "/" && match.headers().empty() &&
         match.query_parameters().empty() && match.dynamic_metadata().empty();
}

std::vector<Route> http_routes(const RouteScope& scope) {
  std::vector<Route> out;
  for (const auto& route : scope.object.spec.http) {
    if (route.match.empty()) {
      out.push_back(one_route(scope, route, nullptr));
      return out;
    }
    for (const auto& match : route.match) {
      if (!means_here(scope, match)) continue;
      out.push_back(one_route(scope, route, &match));
      if (is_catch_all(out.back())) return out;
    }
  }
  return out;
}

Route default_route(const Context& in, const registry::Service& service, uint32_t port) {
  Route out;
  out.set_name("default");
  out.mutable_match()->set_prefix("/");
  out.mutable_decorator()->set_operation(fmt::format("{}:{}/*", service.hostname, port));
  auto& action = *out.mutable_route();
  action.set_cluster(cluster_name(port, "", service.hostname));
  set_timeout(std::nullopt, action);
  set_retries(in.mesh, std::nullopt, action);
  add_hash_policies(in, service, "", port, action);
  return out;
}

}  // namespace lateen::translate
