#include <set>

#include <fmt/format.h>

#include "control_plane/analyze/names.h"
#include "lib/base/strings.h"

namespace lateen::analyze {
namespace {

using namespace config;

void check_gateways(const std::vector<std::string>& gateways, const std::string& path, Findings& findings) {
  for (size_t i = 0; i < gateways.size(); ++i) {
    const std::string_view gateway = gateways[i];
    const size_t slash = gateway.find('/');
    if (slash == std::string_view::npos) {
      check_fqdn(gateway, at(path, i), findings);
    } else if (!is_label(gateway.substr(0, slash)) || !is_fqdn(gateway.substr(slash + 1))) {
      findings.error(at(path, i), fmt::format("\"{}\" must have the form NAMESPACE/NAME", gateway));
    }
  }
}

// `strict`: an empty exact or prefix is refused, as the proxy would.
void check_match(const StringMatch& match, bool strict, const std::string& path, Findings& findings) {
  if (strict && match.exact && match.exact->empty()) findings.error(path + ".exact", "must not be empty");
  if (strict && match.prefix && match.prefix->empty()) findings.error(path + ".prefix", "must not be empty");
  if (!match.regex || *match.regex == "*") return;
  if (match.regex->empty()) {
    findings.error(path + ".regex", "must not be empty");
  } else {
    check_regex(*match.regex, path + ".regex", findings);
  }
}

void check_match(const std::optional<StringMatch>& match, bool strict, const std::string& path, Findings& findings) {
  if (match) check_match(*match, strict, path, findings);
}

bool names_a_claim(std::string_view header) {
  return header.starts_with("@request.auth.claims") || header.starts_with("x-jwt-claim.");
}

bool is_pseudo(std::string_view header) {
  return header == ":method" || header == ":scheme" || header == ":authority" || header == ":path" ||
         header == ":status";
}

void check_header_matches(const std::map<std::string, StringMatch>& headers, const std::string& path,
                          Findings& findings) {
  for (const auto& [name, match] : headers) {
    const std::string where = schema::child_path(path, name);
    if (!names_a_claim(name) && !is_pseudo(name) && !is_header_name(name))
      findings.error(where, fmt::format("\"{}\" is not a header name", name));
    check_match(match, true, where, findings);
  }
}

void check_common_match(const std::map<std::string, std::string>& source_labels,
                        const std::vector<std::string>& gateways, const std::string& source_namespace,
                        const std::string& path, Findings& findings) {
  check_labels(source_labels, path + ".sourceLabels", findings);
  check_gateways(gateways, path + ".gateways", findings);
  if (!source_namespace.empty() && !is_label(source_namespace)) {
    findings.error(path + ".sourceNamespace", fmt::format("\"{}\" is not a namespace", source_namespace));
  }
}

void check_request(const HTTPMatchRequest& match, const std::string& path, Findings& findings) {
  check_header_matches(match.headers, path + ".headers", findings);
  check_header_matches(match.without_headers, path + ".withoutHeaders", findings);
  check_match(match.uri, false, path + ".uri", findings);
  check_match(match.scheme, true, path + ".scheme", findings);
  check_match(match.method, true, path + ".method", findings);
  check_match(match.authority, true, path + ".authority", findings);
  for (const auto& [name, query] : match.query_params) {
    check_match(query, true, schema::child_path(path + ".queryParams", name), findings);
  }
  check_common_match(match.source_labels, match.gateways, match.source_namespace, path, findings);
}

bool is_authority(std::string_view name) {
  return equal_ignoring_case(name, ":authority") || equal_ignoring_case(name, "host");
}

// A header value as Envoy formats it: no control characters, and every % begins %COMMAND% or stands doubled.
void check_header_value(std::string_view value, const std::string& path, Findings& findings) {
  const bool clean = std::ranges::none_of(
      value, [](char c) { return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f; });
  if (!clean) findings.error(path, "a header value has no control characters");
  for (size_t i = value.find('%'); i != std::string_view::npos; i = value.find('%', i + 1)) {
    const size_t end = value.find('%', i + 1);
    if (end == std::string_view::npos || (end > i + 1 && !(value[i + 1] >= 'A' && value[i + 1] <= 'Z'))) {
      findings.error(path, "% begins a command such as %START_TIME%; write %% for a percent sign");
      return;
    }
    i = end;
  }
}

void check_header_names(const Headers::HeaderOperations& operations, bool request, const std::string& path,
                        Findings& findings) {
  const auto check = [&](std::string_view name, const std::string& where, bool may_be_authority) {
    if (may_be_authority && is_authority(name)) return;
    if (name.starts_with(':') || equal_ignoring_case(name, "host")) {
      findings.error(where, fmt::format("{} cannot be changed here", name));
    } else if (!is_header_name(name)) {
      findings.error(where, fmt::format("\"{}\" is not a header name", name));
    }
  };
  for (const auto* values : {&operations.set, &operations.add}) {
    const std::string where = path + (values == &operations.set ? ".set" : ".add");
    for (const auto& [name, value] : *values) check_header_value(value, schema::child_path(where, name), findings);
  }
  for (const auto& [name, value] : operations.set) check(name, schema::child_path(path + ".set", name), request);
  for (const auto& [name, value] : operations.add) check(name, schema::child_path(path + ".add", name), request);
  for (size_t i = 0; i < operations.remove.size(); ++i) check(operations.remove[i], at(path + ".remove", i), false);
}

void check_headers(const std::optional<Headers>& headers, const std::string& path, Findings& findings) {
  if (!headers) return;
  if (headers->request) check_header_names(*headers->request, true, path + ".request", findings);
  if (headers->response) check_header_names(*headers->response, false, path + ".response", findings);
}

void check_cors(const CorsPolicy& cors, const std::string& path, Findings& findings) {
  for (size_t i = 0; i < cors.allow_origins.size(); ++i) {
    const StringMatch& origin = cors.allow_origins[i];
    const std::string where = at(path + ".allowOrigins", i);
    if (!origin.exact && !origin.prefix && !origin.regex)
      findings.error(where, "one of exact, prefix and regex is required");
    check_match(origin, true, where, findings);
  }
  static constexpr std::string_view methods[] = {"GET",     "HEAD",    "POST",  "PUT",   "DELETE",
                                                 "CONNECT", "OPTIONS", "TRACE", "PATCH", "*"};
  for (size_t i = 0; i < cors.allow_methods.size(); ++i) {
    if (std::ranges::find(methods, cors.allow_methods[i]) == std::end(methods)) {
      findings.error(at(path + ".allowMethods", i), fmt::format("\"{}\" is not an HTTP method", cors.allow_methods[i]));
    }
  }
  const auto names = [&](const std::vector<std::string>& list, const std::string& where) {
    for (size_t i = 0; i < list.size(); ++i) {
      if (list[i] != "*" && !is_header_name(list[i]))
        findings.error(at(where, i), fmt::format("\"{}\" is not a header name", list[i]));
    }
  };
  names(cors.allow_headers, path + ".allowHeaders");
  names(cors.expose_headers, path + ".exposeHeaders");
  if (cors.max_age && *cors.max_age % Duration(1s) != Duration(0))
    findings.error(path + ".maxAge", "must be whole seconds");
}

bool is_grpc_status(std::string_view name) {
  static constexpr std::string_view all[] = {"OK",
                                             "CANCELLED",
                                             "UNKNOWN",
                                             "INVALID_ARGUMENT",
                                             "DEADLINE_EXCEEDED",
                                             "NOT_FOUND",
                                             "ALREADY_EXISTS",
                                             "PERMISSION_DENIED",
                                             "UNAUTHENTICATED",
                                             "RESOURCE_EXHAUSTED",
                                             "FAILED_PRECONDITION",
                                             "ABORTED",
                                             "OUT_OF_RANGE",
                                             "UNIMPLEMENTED",
                                             "INTERNAL",
                                             "UNAVAILABLE",
                                             "DATA_LOSS"};
  return std::ranges::find(all, name) != std::end(all);
}

void check_share(const std::optional<Percent>& percent, const std::string& path, Findings& findings) {
  if (percent && percent->value > 0 && percent->value < 0.0001)
    findings.error(path, "must be 0, or between 0.0001 and 100");
}

void check_fault(const HTTPFaultInjection& fault, const std::string& path, Findings& findings) {
  if (!fault.abort && !fault.delay) findings.error(path, "one of abort and delay is required");
  if (fault.abort && fault.abort->grpc_status && !is_grpc_status(*fault.abort->grpc_status)) {
    findings.error(
        path + ".abort.grpcStatus",
        fmt::format("\"{}\" is not the name of a gRPC status, such as UNAVAILABLE", *fault.abort->grpc_status));
  }
  if (fault.abort) {
    const auto& abort = *fault.abort;
    if (abort.http2_error)
      findings.error(path + ".abort.http2Error", "not implemented, as in Istio; use httpStatus or grpcStatus");
    if (!abort.http_status && !abort.grpc_status && !abort.http2_error)
      findings.warning(path + ".abort", "has no effect without httpStatus or grpcStatus");
    check_share(abort.percentage, path + ".abort.percentage.value", findings);
  }
  if (fault.delay) {
    if (fault.delay->exponential_delay)
      findings.error(path + ".delay.exponentialDelay", "not implemented, as in Istio; use fixedDelay");
    check_share(fault.delay->percentage, path + ".delay.percentage.value", findings);
  }
  if (fault.delay) check_milliseconds(fault.delay->fixed_delay, path + ".delay.fixedDelay", findings);
}

void check_prefix_rewrite(const HTTPRoute& route, const std::string& path, Findings& findings) {
  if (route.redirect->prefix_rewrite.empty()) return;
  if (!route.redirect->uri.empty()) findings.error(path, "only one of uri and prefixRewrite may be set");
  for (const auto& match : route.match) {
    if (match.uri && !match.uri->prefix) findings.error(path, "needs prefix in every uri match of the route");
  }
}

void check_redirect(const HTTPRedirect& redirect, const std::string& path, Findings& findings) {
  const bool empty = redirect.uri.empty() && redirect.authority.empty() && redirect.scheme.empty() && !redirect.port &&
                     !redirect.derive_port && redirect.prefix_rewrite.empty();
  if (empty) findings.error(path, "one of uri, authority, scheme, port, derivePort and prefixRewrite is required");
  const uint32_t code = redirect.redirect_code;
  if (code != 0 && code != 301 && code != 302 && code != 303 && code != 307 && code != 308) {
    findings.error(path + ".redirectCode", "must be 301, 302, 303, 307 or 308");
  }
  if (!redirect.scheme.empty() && redirect.scheme != "http" && redirect.scheme != "https") {
    findings.error(path + ".scheme", "must be http or https");
  }
}

void check_direct_response(const HTTPDirectResponse& response, const std::string& path, Findings& findings) {
  constexpr size_t largest = 1 << 20, large = 100 << 10;
  if (!response.body) return;
  const size_t size = response.body->string  ? response.body->string->size()
                      : response.body->bytes ? response.body->bytes->value.size()
                                             : 0;
  if (size > largest) findings.error(path + ".body", "a body may have at most 1 MiB");
  if (size > large && size <= largest)
    findings.warning(path + ".body", "a body above 100 kB costs memory in every proxy");
}

void check_rewrite(const HTTPRewrite& rewrite, const std::string& path, Findings& findings) {
  if (rewrite.uri.empty() && rewrite.authority.empty() && !rewrite.uri_regex_rewrite) {
    findings.error(path, "one of uri, authority and uriRegexRewrite is required");
  }
  if (!rewrite.uri_regex_rewrite) return;
  const std::string where = path + ".uriRegexRewrite";
  if (!rewrite.uri.empty()) findings.error(where, "only one of uri and uriRegexRewrite may be set");
  if (rewrite.uri_regex_rewrite->match.empty()) {
    findings.error(where + ".match", "must not be empty");
  } else {
    check_regex(rewrite.uri_regex_rewrite->match, where + ".match", findings);
  }
  if (rewrite.uri_regex_rewrite->rewrite.empty()) findings.error(where + ".rewrite", "must not be empty");
}

void check_authority(const HTTPRoute& route, const std::string& path, Findings& findings) {
  int changes = route.rewrite && !route.rewrite->authority.empty() ? 1 : 0;
  if (route.headers && route.headers->request) {
    for (const auto& [name, value] : route.headers->request->set) changes += is_authority(name);
    for (const auto& [name, value] : route.headers->request->add) changes += is_authority(name);
  }
  if (changes > 1) findings.error(path, "the authority is rewritten more than once");
}

// What a route may not have beside a redirect or a direct response, which answer by themselves.
void check_alone(const HTTPRoute& route, std::string_view what, const std::string& path, Findings& findings) {
  if (!route.route.empty()) findings.error(path + ".route", fmt::format("cannot stand beside {}", what));
  if (route.fault) findings.error(path + ".fault", fmt::format("cannot stand beside {}", what));
  if (route.rewrite) findings.error(path + ".rewrite", fmt::format("cannot stand beside {}", what));
}

void check_action(const HTTPRoute& route, bool in_delegate, const std::string& path, Findings& findings) {
  if (route.delegate && !in_delegate) {
    if (route.redirect) findings.error(path + ".redirect", "cannot stand beside delegate");
    if (!route.route.empty()) findings.error(path + ".route", "cannot stand beside delegate");
    return;
  }
  if (route.delegate) findings.error(path + ".delegate", "a delegate cannot delegate further");
  if (route.redirect) {
    check_alone(route, "redirect", path, findings);
    if (route.direct_response) findings.error(path + ".directResponse", "cannot stand beside redirect");
  } else if (route.direct_response) {
    check_alone(route, "directResponse", path, findings);
  } else if (route.route.empty()) {
    findings.error(path, "one of route, redirect, directResponse and delegate is required");
  }
  if (route.mirror && !route.mirrors.empty())
    findings.error(path + ".mirrors", "only one of mirror and mirrors may be set");
}

template <class Destinations>
void check_weights(const Destinations& destinations, const std::string& path, Findings& findings) {
  int64_t total = 0;
  for (size_t i = 0; i < destinations.size(); ++i) {
    if (destinations[i].destination)
      check_destination(*destinations[i].destination, at(path, i) + ".destination", findings);
    total += destinations[i].weight;
  }
  if (destinations.size() > 1 && total == 0)
    findings.error(path, "of several destinations one must have a weight above 0");
}

void check_http(const HTTPRoute& route, bool in_delegate, const std::string& path, Findings& findings) {
  check_action(route, in_delegate, path, findings);
  for (size_t i = 0; i < route.match.size(); ++i) check_request(route.match[i], at(path + ".match", i), findings);
  check_headers(route.headers, path + ".headers", findings);
  if (route.cors_policy) check_cors(*route.cors_policy, path + ".corsPolicy", findings);
  if (route.fault) check_fault(*route.fault, path + ".fault", findings);
  if (route.mirror) check_destination(*route.mirror, path + ".mirror", findings);
  for (size_t i = 0; i < route.mirrors.size(); ++i) {
    const auto& mirror = route.mirrors[i];
    if (mirror.destination) check_destination(*mirror.destination, at(path + ".mirrors", i) + ".destination", findings);
  }
  if (route.redirect) {
    check_redirect(*route.redirect, path + ".redirect", findings);
    check_prefix_rewrite(route, path + ".redirect.prefixRewrite", findings);
  }
  if (route.direct_response) check_direct_response(*route.direct_response, path + ".directResponse", findings);
  if (route.retries) check_retry(*route.retries, path + ".retries", findings);
  if (route.rewrite) check_rewrite(*route.rewrite, path + ".rewrite", findings);
  check_authority(route, path, findings);
  check_weights(route.route, path + ".route", findings);
  for (size_t i = 0; i < route.route.size(); ++i)
    check_headers(route.route[i].headers, at(path + ".route", i) + ".headers", findings);
  // 0s switches the timeout off.
  if (route.timeout && *route.timeout != Duration(0)) check_milliseconds(route.timeout, path + ".timeout", findings);
}

void check_tls(const TLSRoute& route, const std::vector<std::string>& hosts, const std::string& path,
               Findings& findings) {
  for (size_t i = 0; i < route.match.size(); ++i) {
    const auto& match = route.match[i];
    const std::string where = at(path + ".match", i);
    for (size_t j = 0; j < match.sni_hosts.size(); ++j) {
      const auto& sni = match.sni_hosts[j];
      if (!is_ip(sni)) check_wildcard_host(sni, at(where + ".sniHosts", j), findings);
      if (std::ranges::none_of(hosts, [&](const auto& host) { return covered_by(sni, host); })) {
        findings.error(at(where + ".sniHosts", j), fmt::format("\"{}\" is not covered by spec.hosts", sni));
      }
    }
    check_subnets(match.destination_subnets, where + ".destinationSubnets", findings);
    check_common_match(match.source_labels, match.gateways, match.source_namespace, where, findings);
  }
  if (route.route.empty()) findings.error(path + ".route", "required");
  check_weights(route.route, path + ".route", findings);
}

void check_tcp(const TCPRoute& route, const std::string& path, Findings& findings) {
  for (size_t i = 0; i < route.match.size(); ++i) {
    const auto& match = route.match[i];
    const std::string where = at(path + ".match", i);
    check_subnets(match.destination_subnets, where + ".destinationSubnets", findings);
    check_common_match(match.source_labels, match.gateways, match.source_namespace, where, findings);
  }
  if (route.route.empty()) findings.error(path + ".route", "required");
  check_weights(route.route, path + ".route", findings);
}

void check_hosts(const VirtualService& spec, Findings& findings) {
  const bool mesh = spec.gateways.empty() || std::ranges::find(spec.gateways, "mesh") != spec.gateways.end();
  for (size_t i = 0; i < spec.hosts.size(); ++i) {
    const auto& host = spec.hosts[i];
    const std::string path = at("spec.hosts", i);
    if (!is_wildcard_host(host) && !is_ip(host)) check_wildcard_host(host, path, findings);
    if (mesh && host == "*") findings.error(path, "* is for gateways only; the mesh's own proxies need a host");
    for (size_t j = 0; j < i && j < 1000; ++j) {
      if (covered_by(host, spec.hosts[j]) || covered_by(spec.hosts[j], host)) {
        findings.error(path, fmt::format("\"{}\" and \"{}\" overlap", spec.hosts[j], host));
        break;
      }
    }
  }
}

void check_delegate(const VirtualService& spec, Findings& findings) {
  if (!spec.hosts.empty()) return;
  if (!spec.gateways.empty()) findings.error("spec.gateways", "a delegate (no hosts) has no gateways");
  if (!spec.tls.empty()) findings.error("spec.tls", "a delegate (no hosts) has http routes only");
  if (!spec.tcp.empty()) findings.error("spec.tcp", "a delegate (no hosts) has http routes only");
}

}  // namespace

void validate(const Object<VirtualService>& object, Findings& findings) {
  const VirtualService& spec = object.spec;
  check_delegate(spec, findings);
  check_gateways(spec.gateways, "spec.gateways", findings);
  check_hosts(spec, findings);
  if (spec.http.empty() && spec.tls.empty() && spec.tcp.empty())
    findings.error("spec", "one of http, tls and tcp is required");
  for (size_t i = 0; i < spec.http.size(); ++i)
    check_http(spec.http[i], spec.hosts.empty(), at("spec.http", i), findings);
  for (size_t i = 0; i < spec.tls.size(); ++i) check_tls(spec.tls[i], spec.hosts, at("spec.tls", i), findings);
  for (size_t i = 0; i < spec.tcp.size(); ++i) check_tcp(spec.tcp[i], at("spec.tcp", i), findings);
  check_export_to(spec.export_to, object.metadata.namespace_, false, findings);
}

}  // namespace lateen::analyze
