#include "config/networking/virtual_service.h"

#include "lib/schema/field.h"

namespace lateen::config {

using namespace schema;  // field(), record() and the attributes

Fields PortSelector::fields() {
  return record("PortSelector", "A port by its number.",
                {
                    field("number", &PortSelector::number, "The port.", at_least(1), at_most(65535)),
                });
}

Fields Destination::fields() {
  return record(
      "Destination", "Where requests go: a host of the service registry, and a subset of its endpoints.",
      {
          field("host", &Destination::host,
                "Host of a service; a name without dots is completed with the namespace of the object.", required),
          field("subset", &Destination::subset, "Subset that a DestinationRule of the host defines."),
          field("port", &Destination::port, "Port of the service.", otherwise("the service's only port")),
      });
}

Fields RouteDestination::fields() {
  return record("RouteDestination", "A destination and its share of connections.",
                {
                    field("destination", &RouteDestination::destination, "Where connections go.", required),
                    field("weight", &RouteDestination::weight, "Share among the destinations.", at_least(0)),
                });
}

Fields L4MatchAttributes::fields() {
  return record(
      "L4MatchAttributes", "Which connections a TCP route takes; all given conditions must hold.",
      {
          field("destinationSubnets", &L4MatchAttributes::destination_subnets,
                "Addresses or CIDR ranges the connection goes to."),
          field("port", &L4MatchAttributes::port, "Port the connection goes to.", at_most(65535)),
          field("sourceSubnet", &L4MatchAttributes::source_subnet, "Never implemented in Istio.",
                not_honoured("sourceSubnet is not implemented, as in Istio")),
          field("sourceLabels", &L4MatchAttributes::source_labels, "Labels of the calling workload."),
          field("gateways", &L4MatchAttributes::gateways,
                "Gateways this match applies to; replaces the list of the object."),
          field("sourceNamespace", &L4MatchAttributes::source_namespace, "Namespace of the calling workload."),
      });
}

Fields TCPRoute::fields() {
  return record(
      "TCPRoute", "Routes connections as they are.",
      {
          field("match", &TCPRoute::match, "Conditions, of which one must hold.", otherwise("every connection")),
          field("route", &TCPRoute::route, "Destinations and their weights."),
      });
}

Fields TLSMatchAttributes::fields() {
  return record(
      "TLSMatchAttributes", "Which TLS connections a TLS route takes; all given conditions must hold.",
      {
          field("sniHosts", &TLSMatchAttributes::sni_hosts,
                "Server names of the client hello; a `*.` prefix matches any label. Must be covered by the hosts of "
                "the object.",
                required),
          field("destinationSubnets", &TLSMatchAttributes::destination_subnets,
                "Addresses or CIDR ranges the connection goes to."),
          field("port", &TLSMatchAttributes::port, "Port the connection goes to.", at_most(65535)),
          field("sourceLabels", &TLSMatchAttributes::source_labels, "Labels of the calling workload."),
          field("gateways", &TLSMatchAttributes::gateways,
                "Gateways this match applies to; replaces the list of the object."),
          field("sourceNamespace", &TLSMatchAttributes::source_namespace, "Namespace of the calling workload."),
      });
}

Fields TLSRoute::fields() {
  return record("TLSRoute", "Routes TLS connections that are not terminated, by their server name.",
                {
                    field("match", &TLSRoute::match, "Conditions, of which one must hold.", required),
                    field("route", &TLSRoute::route, "Destinations and their weights."),
                });
}

Fields Percent::fields() {
  return record("Percent", "A share in percent.",
                {
                    field("value", &Percent::value, "From 0 to 100.", at_least(0), at_most(100)),
                });
}

Fields HTTPBody::fields() {
  return record("HTTPBody", "The body of a direct response.",
                {
                    field("string", &HTTPBody::string, "As text.", one_of("specifier")),
                    field("bytes", &HTTPBody::bytes, "As base64.", one_of("specifier")),
                });
}

Fields HTTPDirectResponse::fields() {
  return record("HTTPDirectResponse", "An answer the proxy gives by itself.",
                {
                    field("status", &HTTPDirectResponse::status, "HTTP status.", required, at_least(200), at_most(599)),
                    field("body", &HTTPDirectResponse::body, "Body, up to 1 MiB.", otherwise("empty")),
                });
}

Fields HTTPRetry::fields() {
  return record(
      "HTTPRetry", "When and how often a request is tried again.",
      {
          field("attempts", &HTTPRetry::attempts, "Retries after the first try; 0 switches retries off.", at_least(0)),
          field("perTryTimeout", &HTTPRetry::per_try_timeout, "Limit of one try.", at_least_long(1ms),
                otherwise("the timeout of the route")),
          field("retryOn", &HTTPRetry::retry_on, "Conditions as Envoy names them, or HTTP statuses, by commas."),
          field("retryRemoteLocalities", &HTTPRetry::retry_remote_localities,
                "Whether retries may go to other localities."),
          field("retryIgnorePreviousHosts", &HTTPRetry::retry_ignore_previous_hosts,
                "Whether retries avoid endpoints tried before.", otherwise("true")),
          field("backoff", &HTTPRetry::backoff, "First pause between tries.", at_least_long(1ms), otherwise("25ms")),
      });
}

Fields HTTPMirrorPolicy::fields() {
  return record("HTTPMirrorPolicy", "Copies of requests whose answers are dropped.",
                {
                    field("destination", &HTTPMirrorPolicy::destination, "Where copies go.", required),
                    field("percentage", &HTTPMirrorPolicy::percentage, "Share of requests; 0 switches it off.",
                          otherwise("100 %")),
                });
}

Fields HTTPFaultInjection::Delay::fields() {
  return record(
      "HTTPFaultInjection.Delay", "Holds requests before they are forwarded.",
      {
          field("percent", &HTTPFaultInjection::Delay::percent, "Share of requests.", deprecated("use percentage"),
                at_least(0), at_most(100)),
          field("fixedDelay", &HTTPFaultInjection::Delay::fixed_delay, "How long.", one_of("httpDelayType"),
                at_least_long(1ms)),
          field("exponentialDelay", &HTTPFaultInjection::Delay::exponential_delay, "Never implemented in Istio.",
                one_of("httpDelayType"),
                not_honoured("exponentialDelay is not implemented, as in Istio; use fixedDelay")),
          field("percentage", &HTTPFaultInjection::Delay::percentage, "Share of requests.", otherwise("100 %")),
      });
}

Fields HTTPFaultInjection::Abort::fields() {
  return record(
      "HTTPFaultInjection.Abort", "Answers requests instead of forwarding them.",
      {
          field("httpStatus", &HTTPFaultInjection::Abort::http_status, "HTTP status of the answer.",
                one_of("errorType"), at_least(200), at_most(599)),
          field("grpcStatus", &HTTPFaultInjection::Abort::grpc_status,
                "gRPC status of the answer, by name (`UNAVAILABLE`).", one_of("errorType")),
          field("http2Error", &HTTPFaultInjection::Abort::http2_error, "Never implemented in Istio.",
                one_of("errorType"),
                not_honoured("http2Error is not implemented, as in Istio; use httpStatus or grpcStatus")),
          field("percentage", &HTTPFaultInjection::Abort::percentage, "Share of requests.", otherwise("100 %")),
      });
}

Fields HTTPFaultInjection::fields() {
  return record("HTTPFaultInjection", "Faults to test how callers cope.",
                {
                    field("delay", &HTTPFaultInjection::delay, "Delays."),
                    field("abort", &HTTPFaultInjection::abort, "Errors."),
                });
}

Fields StringMatch::fields() {
  return record(
      "StringMatch", "How a text is compared; without any member it only has to be present.",
      {
          field("exact", &StringMatch::exact, "Equal to this text.", one_of("matchType")),
          field("prefix", &StringMatch::prefix, "Begins with this text.", one_of("matchType")),
          field("regex", &StringMatch::regex, "Matches this RE2 expression from begin to end; `*` alone means present.",
                one_of("matchType"), most(1024)),
      });
}

Names names(CorsPolicy::UnmatchedPreflights) {
  static constexpr Name all[] = {{"UNSPECIFIED", 0}, {"FORWARD", 1}, {"IGNORE", 2}};
  return all;
}

Fields CorsPolicy::fields() {
  return record("CorsPolicy", "Cross-origin requests (the Fetch standard) answered by the proxy.",
                {
                    field("allowOrigin", &CorsPolicy::allow_origin, "Allowed origins.", deprecated("use allowOrigins")),
                    field("allowOrigins", &CorsPolicy::allow_origins, "Allowed origins."),
                    field("allowMethods", &CorsPolicy::allow_methods, "Allowed methods."),
                    field("allowHeaders", &CorsPolicy::allow_headers, "Allowed request headers."),
                    field("exposeHeaders", &CorsPolicy::expose_headers, "Response headers that scripts may read."),
                    field("maxAge", &CorsPolicy::max_age, "How long a preflight may be cached.", at_least_long(1ms)),
                    field("allowCredentials", &CorsPolicy::allow_credentials, "Whether credentials are allowed."),
                    field("unmatchedPreflights", &CorsPolicy::unmatched_preflights,
                          "What happens to preflights of other origins.", otherwise("FORWARD")),
                });
}

Fields RegexRewrite::fields() {
  return record("RegexRewrite", "Rewrites what an expression matches.",
                {
                    field("match", &RegexRewrite::match, "RE2 expression.", most(1024)),
                    field("rewrite", &RegexRewrite::rewrite, "Replacement; `\\1` stands for a group."),
                });
}

Fields HTTPRewrite::fields() {
  return record("HTTPRewrite", "Changes of path and host before forwarding.",
                {
                    field("uri", &HTTPRewrite::uri, "Replaces the path, or the matched prefix of it."),
                    field("authority", &HTTPRewrite::authority, "Replaces the host."),
                    field("uriRegexRewrite", &HTTPRewrite::uri_regex_rewrite, "Rewrites the path by an expression."),
                });
}

Fields Headers::HeaderOperations::fields() {
  return record("Headers.HeaderOperations", "Changes of headers.",
                {
                    field("set", &Headers::HeaderOperations::set, "Replaces or adds."),
                    field("add", &Headers::HeaderOperations::add, "Adds beside existing values."),
                    field("remove", &Headers::HeaderOperations::remove, "Removes."),
                });
}

Fields Headers::fields() {
  return record("Headers", "Changes of request and response headers.",
                {
                    field("request", &Headers::request, "Before the request is sent on."),
                    field("response", &Headers::response, "Before the response is returned."),
                });
}

Fields HTTPMatchRequest::fields() {
  return record(
      "HTTPMatchRequest", "Which requests a route takes; all given conditions must hold.",
      {
          field("name", &HTTPMatchRequest::name, "Joined to the name of the route in route and metric names."),
          field("uri", &HTTPMatchRequest::uri, "The path with its query."),
          field("scheme", &HTTPMatchRequest::scheme, "http or https."),
          field("method", &HTTPMatchRequest::method, "The request method."),
          field("authority", &HTTPMatchRequest::authority, "The Host header."),
          field("headers", &HTTPMatchRequest::headers, "Header values by name in lower case."),
          field("port", &HTTPMatchRequest::port, "Port the request goes to.", at_most(65535)),
          field("sourceLabels", &HTTPMatchRequest::source_labels, "Labels of the calling workload."),
          field("gateways", &HTTPMatchRequest::gateways,
                "Gateways this match applies to; replaces the list of the object."),
          field("queryParams", &HTTPMatchRequest::query_params, "Query parameters by name."),
          field("ignoreUriCase", &HTTPMatchRequest::ignore_uri_case,
                "Compares uri without case; for exact and prefix."),
          field("withoutHeaders", &HTTPMatchRequest::without_headers, "Headers that must not match."),
          field("sourceNamespace", &HTTPMatchRequest::source_namespace, "Namespace of the calling workload."),
          field("statPrefix", &HTTPMatchRequest::stat_prefix, "Prefix of the metrics of this route."),
      });
}

Fields HTTPRouteDestination::fields() {
  return record("HTTPRouteDestination", "A destination, its share of requests, and header changes for it.",
                {
                    field("destination", &HTTPRouteDestination::destination, "Where requests go.", required),
                    field("weight", &HTTPRouteDestination::weight,
                          "Share among the destinations; without effect for a single one.", at_least(0)),
                    field("headers", &HTTPRouteDestination::headers, "Header changes for this destination."),
                });
}

Fields Delegate::fields() {
  return record("Delegate", "A VirtualService that continues a route.",
                {
                    field("name", &Delegate::name, "Its name."),
                    field("namespace", &Delegate::namespace_, "Its namespace.", otherwise("that of this object")),
                });
}

Names names(HTTPRedirect::RedirectPortSelection) {
  static constexpr Name all[] = {{"FROM_PROTOCOL_DEFAULT", 0}, {"FROM_REQUEST_PORT", 1}};
  return all;
}

Fields HTTPRedirect::fields() {
  return record(
      "HTTPRedirect", "An answer that sends the client elsewhere.",
      {
          field("uri", &HTTPRedirect::uri, "Replaces the path, or the matched prefix of it."),
          field("authority", &HTTPRedirect::authority, "Replaces the host."),
          field("port", &HTTPRedirect::port, "Replaces the port.", one_of("redirectPort"), at_most(65535)),
          field("derivePort", &HTTPRedirect::derive_port, "How the port follows from the scheme or the request.",
                one_of("redirectPort"), not_honoured()),
          field("scheme", &HTTPRedirect::scheme, "Replaces the scheme."),
          field("redirectCode", &HTTPRedirect::redirect_code, "HTTP status of the answer: 301, 302, 303, 307 or 308.",
                otherwise("301")),
          field("prefixRewrite", &HTTPRedirect::prefix_rewrite, "Replaces the matched prefix of the path."),
      });
}

Fields HTTPRoute::fields() {
  return record(
      "HTTPRoute", "One HTTP rule: what it matches, and what it does.",
      {
          field("name", &HTTPRoute::name, "Name in logs and metrics."),
          field("match", &HTTPRoute::match, "Conditions, of which one must hold.", otherwise("every request")),
          field("route", &HTTPRoute::route, "Destinations and their weights."),
          field("redirect", &HTTPRoute::redirect, "Answers with a redirect."),
          field("directResponse", &HTTPRoute::direct_response, "Answers by itself."),
          field("delegate", &HTTPRoute::delegate, "Continues in another VirtualService."),
          field("rewrite", &HTTPRoute::rewrite, "Changes path and host."),
          field("timeout", &HTTPRoute::timeout, "Limit of the whole exchange.", otherwise("none")),
          field("retries", &HTTPRoute::retries, "Retries.", otherwise("the mesh's default policy")),
          field("fault", &HTTPRoute::fault, "Faults."),
          field("mirror", &HTTPRoute::mirror, "A destination for copies of requests."),
          field("mirrors", &HTTPRoute::mirrors, "Destinations for copies of requests."),
          field("mirrorPercent", &HTTPRoute::mirror_percent, "Share of copies.", alias("mirror_percent"),
                deprecated("use mirrorPercentage"), at_most(100)),
          field("mirrorPercentage", &HTTPRoute::mirror_percentage, "Share of copies.", otherwise("100 %")),
          field("corsPolicy", &HTTPRoute::cors_policy, "Cross-origin rules."),
          field("headers", &HTTPRoute::headers, "Header changes."),
      });
}

Fields VirtualService::fields() {
  return record("VirtualService", "How requests to hosts are matched, changed and sent on.",
                {
                    field("hosts", &VirtualService::hosts,
                          "Hosts that callers use; a `*.` prefix is allowed. Empty for a delegate only."),
                    field("gateways", &VirtualService::gateways,
                          "Gateways (`namespace/name`) and `mesh`, the sidecars, that apply it.", otherwise("mesh")),
                    field("http", &VirtualService::http, "HTTP rules; the first that matches is taken."),
                    field("tls", &VirtualService::tls, "Rules for TLS that is not terminated."),
                    field("tcp", &VirtualService::tcp, "Rules for other connections."),
                    field("exportTo", &VirtualService::export_to, "Namespaces that see it: `.`, `*` or names.",
                          otherwise("as the mesh configuration says")),
                });
}

}  // namespace lateen::config
