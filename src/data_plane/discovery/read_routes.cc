#include "data_plane/discovery/read_routes.h"

#include <envoy/config/route/v3/route_components.pb.h>

#include "config/xds/typed_struct.h"
#include "data_plane/discovery/read_route_action.h"
#include "data_plane/discovery/string_match.h"

namespace lateen::discovery {

namespace routev3 = envoy::config::route::v3;
using router::PathMatch;

namespace {

Result<PathMatch> read_path(const routev3::RouteMatch& message) {
  PathMatch out;
  out.case_sensitive = !message.has_case_sensitive() || message.case_sensitive().value();
  const auto text = [&](PathMatch::Kind kind, const std::string& value) {
    out.kind = kind;
    out.text = out.case_sensitive ? value : lowered(value);
    return out;
  };
  switch (message.path_specifier_case()) {
    case routev3::RouteMatch::kPrefix:
      return text(message.prefix() == "/" ? PathMatch::any : PathMatch::prefix, message.prefix());
    case routev3::RouteMatch::kPath:
      return text(PathMatch::exact, message.path());
    case routev3::RouteMatch::kPathSeparatedPrefix:
      return text(PathMatch::separated_prefix, message.path_separated_prefix());
    case routev3::RouteMatch::kConnectMatcher:
      out.kind = PathMatch::connect;
      return out;
    case routev3::RouteMatch::kSafeRegex: {
      auto expression = router::Regex::compile(message.safe_regex().regex());
      if (!expression) return failed(expression);
      out.kind = PathMatch::regex;
      out.text = message.safe_regex().regex();
      out.expression = std::move(*expression);
      return out;
    }
    default:
      return fail(ErrorKind::unsupported,
                  "a route must match by prefix, path, path_separated_prefix, safe_regex or connect_matcher");
  }
}

Result<> read_match(const routev3::RouteMatch& message, router::Route& out, Notes& notes) {
  notes.check(message, "match",
              {"prefix", "path", "path_separated_prefix", "safe_regex", "connect_matcher", "case_sensitive", "headers",
               "query_parameters", "runtime_fraction", "grpc"});
  auto path = read_path(message);
  if (!path) return failed(path);
  out.path = std::move(*path);
  for (const auto& each : message.headers()) {
    auto match = header_match(each);
    if (!match) return failed(match);
    out.headers.push_back(std::move(*match));
  }
  for (const auto& each : message.query_parameters()) {
    auto match = query_match(each);
    if (!match) return failed(match);
    out.query.push_back(std::move(*match));
  }
  if (message.has_runtime_fraction()) out.fraction = fraction_of(message.runtime_fraction().default_value());
  out.grpc_only = message.has_grpc();
  return {};
}

Result<router::PerFilter> read_filters(const google::protobuf::Map<std::string, google::protobuf::Any>& configs,
                                       const ReadFilterSettings& filters, Notes& notes) {
  router::PerFilter out;
  for (const auto& [name, any] : configs) {
    routev3::FilterConfig wrapper;
    google::protobuf::Any config = any;
    if (any.Is<routev3::FilterConfig>() && any.UnpackTo(&wrapper)) {
      if (wrapper.disabled()) {
        out.disabled.push_back(name);
        continue;
      }
      config = wrapper.config();
    }
    auto settings = filters(name, config, notes);
    if (!settings) {
      if (wrapper.is_optional()) continue;
      return failed(settings, fmt::format("typed_per_filter_config[{}]", name));
    }
    if (*settings) out.settings[name] = std::move(*settings);
  }
  return out;
}

// What route configurations, virtual hosts and routes have alike.
template <class Message, class Out>
Result<> read_shared(const Message& message, const ReadFilterSettings& filters, Notes& notes, Out& out) {
  auto mutations = read_mutations(message);
  if (!mutations) return failed(mutations);
  out.mutations = std::move(*mutations);
  auto per_filter = read_filters(message.typed_per_filter_config(), filters, notes);
  if (!per_filter) return failed(per_filter);
  out.filters = std::move(*per_filter);
  return {};
}

Result<router::Route> read_route(const routev3::Route& message, const ReadFilterSettings& filters, Notes& notes) {
  notes.check(
      message, "route",
      {"name", "match", "route", "redirect", "direct_response", "metadata", "decorator", "typed_per_filter_config",
       "request_headers_to_add", "request_headers_to_remove", "response_headers_to_add", "response_headers_to_remove"});
  router::Route out;
  out.name = message.name();
  if (auto read = read_match(message.match(), out, notes); !read) return failed(read);
  if (auto read = read_action(message, out, notes); !read) return failed(read);
  if (auto read = read_shared(message, filters, notes, out); !read) return failed(read);
  return out;
}

Result<router::VirtualHost> read_host(const routev3::VirtualHost& message, const ReadFilterSettings& filters,
                                      Notes& notes) {
  notes.check(message, "virtual_hosts",
              {"name", "domains", "routes", "require_tls", "retry_policy", "include_request_attempt_count",
               "include_attempt_count_in_response", "request_headers_to_add", "request_headers_to_remove",
               "response_headers_to_add", "response_headers_to_remove", "typed_per_filter_config"});
  router::VirtualHost out;
  out.name = message.name();
  out.domains.assign(message.domains().begin(), message.domains().end());
  out.count_attempts_in_request = message.include_request_attempt_count();
  out.count_attempts_in_response = message.include_attempt_count_in_response();
  out.require_tls = message.require_tls() == routev3::VirtualHost::ALL             ? router::VirtualHost::all_tls
                    : message.require_tls() == routev3::VirtualHost::EXTERNAL_ONLY ? router::VirtualHost::external_tls
                                                                                   : router::VirtualHost::no_tls;
  if (message.has_retry_policy()) {
    auto retry = read_retry(message.retry_policy(), notes);
    if (!retry) return failed(retry);
    out.retry = std::move(*retry);
  }
  for (const auto& each : message.routes()) {
    auto route = read_route(each, filters, notes);
    if (!route) return failed(route, fmt::format("route {}", each.name()));
    out.routes.push_back(std::move(*route));
  }
  if (auto read = read_shared(message, filters, notes, out); !read) return failed(read);
  return out;
}

Result<> check_bodies(const router::VirtualHost& host, size_t longest) {
  for (const router::Route& route : host.routes)
    if (const auto* direct = std::get_if<router::DirectResponse>(&route.action);
        direct && direct->body.size() > longest)
      return fail(ErrorKind::too_large, "route {}: response body size is {} bytes; maximum is {}", route.name,
                  direct->body.size(), longest);
  return {};
}

}  // namespace

Result<std::shared_ptr<const router::RouteTable>> read_routes(const routev3::RouteConfiguration& message,
                                                              const ReadFilterSettings& filters, Notes& notes) {
  notes.check(message, "",
              {"name", "virtual_hosts", "validate_clusters", "ignore_port_in_host_matching",
               "most_specific_header_mutations_wins", "request_headers_to_add", "request_headers_to_remove",
               "response_headers_to_add", "response_headers_to_remove", "typed_per_filter_config",
               "max_direct_response_body_size_bytes"});
  if (message.validate_clusters().value()) notes.not_honoured("validate_clusters");
  router::RouteTable::Contents out;
  out.name = message.name();
  out.ignore_port_in_host = message.ignore_port_in_host_matching();
  out.most_specific_mutations_win = message.most_specific_header_mutations_wins();
  const size_t longest_body =
      message.has_max_direct_response_body_size_bytes() ? message.max_direct_response_body_size_bytes().value() : 4096;
  for (const auto& each : message.virtual_hosts()) {
    auto host = read_host(each, filters, notes);
    if (!host) return failed(host, fmt::format("virtual host {}", each.name()));
    if (auto fits = check_bodies(*host, longest_body); !fits)
      return failed(fits, fmt::format("virtual host {}", each.name()));
    out.hosts.push_back(std::move(*host));
  }
  if (auto read = read_shared(message, filters, notes, out); !read) return failed(read);
  return router::RouteTable::make(std::move(out));
}

}  // namespace lateen::discovery
