#include <algorithm>
#include <envoy/extensions/retry/host/previous_hosts/v3/previous_hosts.pb.h>
#include <envoy/extensions/retry/priority/previous_priorities/v3/previous_priorities_config.pb.h>

#include "control_plane/translate/routes.h"
#include "control_plane/translate/traffic_policy.h"
#include "lib/base/strings.h"

namespace lateen::translate {
namespace {

using config::Headers;
using envoy::config::route::v3::RedirectAction;
using envoy::config::route::v3::RetryPolicy;
using envoy::config::route::v3::RouteAction;
using HeaderOptions = google::protobuf::RepeatedPtrField<core::HeaderValueOption>;

constexpr std::string_view default_retry_on =
    "connect-failure,refused-stream,unavailable,cancelled,retriable-status-codes";

bool names_host(std::string_view header) { return header == ":authority" || equal_ignoring_case(header, "host"); }

void add_header(const std::string& name, const std::string& value, bool replaces, HeaderOptions& out) {
  if (name.starts_with(':') || names_host(name)) return;
  auto* made = out.Add();
  made->mutable_header()->set_key(name);
  made->mutable_header()->set_value(value);
  if (replaces) made->set_append_action(core::HeaderValueOption::OVERWRITE_IF_EXISTS_OR_ADD);
}

void add_headers(const Headers::HeaderOperations& operations, HeaderOptions& out) {
  for (const auto& [name, value] : operations.set) add_header(name, value, true, out);
  for (const auto& [name, value] : operations.add) add_header(name, value, false, out);
}

// Both Route and ClusterWeight carry header operations under the same names.
template <class Target>
void apply_headers(const std::optional<Headers>& headers, Target& out) {
  if (!headers) return;
  if (headers->request) {
    add_headers(*headers->request, *out.mutable_request_headers_to_add());
    for (const auto& each : headers->request->remove) out.add_request_headers_to_remove(each);
  }
  if (headers->response) {
    add_headers(*headers->response, *out.mutable_response_headers_to_add());
    for (const auto& each : headers->response->remove) out.add_response_headers_to_remove(each);
  }
}

std::string host_rewrite(const std::optional<Headers>& headers) {
  if (headers && headers->request)
    for (const auto& [name, value] : headers->request->set)
      if (names_host(name)) return value;
  return "";
}

void set_redirect(const config::HTTPRedirect& wanted, Route& out) {
  auto* made = out.mutable_redirect();
  made->set_path_redirect(wanted.uri);
  if (!wanted.prefix_rewrite.empty()) made->set_prefix_rewrite(wanted.prefix_rewrite);
  made->set_host_redirect(wanted.authority);
  if (!wanted.scheme.empty()) made->set_scheme_redirect(wanted.scheme);
  if (wanted.port) made->set_port_redirect(*wanted.port);
  switch (wanted.redirect_code) {
    case 302:
      return made->set_response_code(RedirectAction::FOUND);
    case 303:
      return made->set_response_code(RedirectAction::SEE_OTHER);
    case 307:
      return made->set_response_code(RedirectAction::TEMPORARY_REDIRECT);
    case 308:
      return made->set_response_code(RedirectAction::PERMANENT_REDIRECT);
    default:
      return made->set_response_code(RedirectAction::MOVED_PERMANENTLY);
  }
}

void set_direct_response(const config::HTTPDirectResponse& wanted, Route& out) {
  out.mutable_direct_response()->set_status(wanted.status);
  if (!wanted.body) return;
  auto* body = out.mutable_direct_response()->mutable_body();
  if (wanted.body->string) body->set_inline_string(*wanted.body->string);
  if (wanted.body->bytes) body->set_inline_bytes(wanted.body->bytes->value);
}

void set_rewrite(const config::HTTPRewrite& wanted, const config::HTTPRoute& route, RouteAction& out) {
  if (wanted.uri_regex_rewrite) {
    out.mutable_regex_rewrite()->mutable_pattern()->set_regex(wanted.uri_regex_rewrite->match);
    out.mutable_regex_rewrite()->set_substitution(wanted.uri_regex_rewrite->rewrite);
  } else if (!wanted.uri.empty()) {
    out.set_prefix_rewrite(wanted.uri);
  }
  if (!wanted.authority.empty()) out.set_host_rewrite_literal(wanted.authority);
  (void)route;
}

void add_destination_hash(const RouteScope& scope, const config::Destination& to, RouteAction& out) {
  if (const auto* service = scope.in.scope.service(to.host))
    add_hash_policies(scope.in, *service, to.subset, port_of(scope, to), out);
}

void set_destinations(const RouteScope& scope, const config::HTTPRoute& route, Route& out) {
  auto& action = *out.mutable_route();
  std::vector<const config::HTTPRouteDestination*> list;
  for (const auto& each : route.route)
    if (each.destination && (route.route.size() == 1 || each.weight > 0)) list.push_back(&each);
  if (list.size() == 1) {
    const auto& only = *list.front();
    action.set_cluster(cluster_of(scope, *only.destination));
    apply_headers(only.headers, out);
    if (const auto host = host_rewrite(only.headers); !host.empty()) action.set_host_rewrite_literal(host);
  } else {
    for (const auto* each : list) {
      auto* made = action.mutable_weighted_clusters()->add_clusters();
      made->set_name(cluster_of(scope, *each->destination));
      made->mutable_weight()->set_value(static_cast<uint32_t>(each->weight));
      apply_headers(each->headers, *made);
      if (const auto host = host_rewrite(each->headers); !host.empty()) made->set_host_rewrite_literal(host);
    }
  }
  for (const auto* each : list) add_destination_hash(scope, *each->destination, action);
}

void set_route(const RouteScope& scope, const config::HTTPRoute& route, Route& out) {
  auto& action = *out.mutable_route();
  set_timeout(route.timeout, action);
  set_retries(scope.in.mesh, route.retries, action);
  if (const auto host = host_rewrite(route.headers); !host.empty()) action.set_host_rewrite_literal(host);
  if (route.rewrite) set_rewrite(*route.rewrite, route, action);
  add_mirrors(scope, route, action);
  set_destinations(scope, route, out);
}

// Numbers in retryOn are status codes; the rest are Envoy's words.
void set_retry_on(std::string_view text, RetryPolicy& out) {
  std::vector<std::string_view> words;
  for (const auto part : split(text, ',')) {
    if (const auto code = parse_number<uint32_t>(trimmed(part))) {
      out.add_retriable_status_codes(*code);
    } else {
      words.push_back(part);
    }
  }
  constexpr std::string_view by_status = "retriable-status-codes";
  if (!out.retriable_status_codes().empty() && std::ranges::find(words, by_status) == words.end())
    words.push_back(by_status);
  out.set_retry_on(joined(words, ","));
}

}  // namespace

void set_timeout(const std::optional<Duration>& timeout, RouteAction& out) {
  set(out.mutable_timeout(), timeout.value_or(0s));
  set(out.mutable_max_grpc_timeout(), timeout.value_or(0s));
}

void set_retries(const config::MeshConfig& mesh, const std::optional<config::HTTPRetry>& wanted, RouteAction& out) {
  const auto& rule = wanted ? wanted : mesh.default_http_retry_policy;
  if (rule && rule->attempts <= 0) return;
  auto& made = *out.mutable_retry_policy();
  made.mutable_num_retries()->set_value(rule ? static_cast<uint32_t>(rule->attempts) : 2);
  made.set_host_selection_retry_max_attempts(5);
  set_retry_on(rule && !rule->retry_on.empty() ? std::string_view(rule->retry_on) : default_retry_on, made);
  if (!rule || rule->retry_ignore_previous_hosts.value_or(true)) {
    auto* predicate = made.add_retry_host_predicate();
    predicate->set_name("envoy.retry_host_predicates.previous_hosts");
    *predicate->mutable_typed_config() =
        xds::pack(envoy::extensions::retry::host::previous_hosts::v3::PreviousHostsPredicate());
  }
  if (!rule) return;
  if (rule->per_try_timeout) set(made.mutable_per_try_timeout(), *rule->per_try_timeout);
  if (rule->backoff) set(made.mutable_retry_back_off()->mutable_base_interval(), *rule->backoff);
  if (!rule->retry_remote_localities.value_or(false)) return;
  envoy::extensions::retry::priority::previous_priorities::v3::PreviousPrioritiesConfig priorities;
  priorities.set_update_frequency(2);
  made.mutable_retry_priority()->set_name("envoy.retry_priorities.previous_priorities");
  *made.mutable_retry_priority()->mutable_typed_config() = xds::pack(priorities);
}

void add_hash_policies(const Context& in, const registry::Service& service, std::string_view subset, uint32_t port,
                       RouteAction& out) {
  const auto policy = policy_for(in.rule_for(service), subset, port);
  if (!policy.load_balancer || !policy.load_balancer->consistent_hash) return;
  const auto& hash = *policy.load_balancer->consistent_hash;
  if (hash.http_header_name) out.add_hash_policy()->mutable_header()->set_header_name(*hash.http_header_name);
  if (hash.http_query_parameter_name)
    out.add_hash_policy()->mutable_query_parameter()->set_name(*hash.http_query_parameter_name);
  if (hash.use_source_ip.value_or(false)) out.add_hash_policy()->mutable_connection_properties()->set_source_ip(true);
  if (!hash.http_cookie) return;
  auto* cookie = out.add_hash_policy()->mutable_cookie();
  cookie->set_name(hash.http_cookie->name);
  cookie->set_path(hash.http_cookie->path);
  if (hash.http_cookie->ttl) set(cookie->mutable_ttl(), *hash.http_cookie->ttl);
  for (const auto& each : hash.http_cookie->attributes) {
    auto* attribute = cookie->add_attributes();
    attribute->set_name(each.name);
    attribute->set_value(each.value);
  }
}

void set_action(const RouteScope& scope, const config::HTTPRoute& route, Route& out) {
  apply_headers(route.headers, out);
  if (route.redirect) {
    set_redirect(*route.redirect, out);
  } else if (route.direct_response) {
    set_direct_response(*route.direct_response, out);
  } else {
    set_route(scope, route, out);
  }
  set_filter_configs(route, out);
}

uint32_t port_of(const RouteScope& scope, const config::Destination& to) {
  if (to.port && to.port->number) return to.port->number;
  const auto known = std::ranges::find(scope.services, to.host, [](const auto* each) { return each->hostname; });
  if (known != scope.services.end() && (*known)->ports.size() == 1) return (*known)->ports.front().number;
  return scope.port;
}

std::string cluster_of(const RouteScope& scope, const config::Destination& to) {
  return cluster_name(port_of(scope, to), to.subset, to.host);
}

}  // namespace lateen::translate
