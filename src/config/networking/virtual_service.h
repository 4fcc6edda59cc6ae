// VirtualService (networking.istio.io v1, v1beta1, v1alpha3): how requests to a host are matched, changed and sent on.
// spec/istio.md section 1.2 has the rules; what each member means stands in its fields(), which the reference page
// prints.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "lib/base/time.h"
#include "lib/schema/describe.h"

namespace lateen::config {

struct PortSelector {
  uint32_t number = 0;
  bool operator==(const PortSelector&) const = default;
  static schema::Fields fields();
};

struct Destination {
  std::string host;
  std::string subset;
  std::optional<PortSelector> port;
  bool operator==(const Destination&) const = default;
  static schema::Fields fields();
};

struct Percent {
  double value = 0;
  bool operator==(const Percent&) const = default;
  static schema::Fields fields();
};

struct HTTPFaultInjection {
  struct Delay {
    int32_t percent = 0;
    std::optional<Duration> fixed_delay;
    std::optional<Duration> exponential_delay;
    std::optional<Percent> percentage;
    bool operator==(const Delay&) const = default;
    static schema::Fields fields();
  };
  struct Abort {
    std::optional<int32_t> http_status;
    std::optional<std::string> grpc_status;
    std::optional<std::string> http2_error;
    std::optional<Percent> percentage;
    bool operator==(const Abort&) const = default;
    static schema::Fields fields();
  };
  std::optional<Delay> delay;
  std::optional<Abort> abort;
  bool operator==(const HTTPFaultInjection&) const = default;
  static schema::Fields fields();
};

struct StringMatch {
  std::optional<std::string> exact;
  std::optional<std::string> prefix;
  std::optional<std::string> regex;
  bool operator==(const StringMatch&) const = default;
  static schema::Fields fields();
};

struct HTTPMatchRequest {
  std::string name;
  std::optional<StringMatch> uri;
  std::optional<StringMatch> scheme;
  std::optional<StringMatch> method;
  std::optional<StringMatch> authority;
  std::map<std::string, StringMatch> headers;
  uint32_t port = 0;
  std::map<std::string, std::string> source_labels;
  std::vector<std::string> gateways;
  std::map<std::string, StringMatch> query_params;
  bool ignore_uri_case = false;
  std::map<std::string, StringMatch> without_headers;
  std::string source_namespace;
  std::string stat_prefix;
  bool operator==(const HTTPMatchRequest&) const = default;
  static schema::Fields fields();
};

struct CorsPolicy {
  enum class UnmatchedPreflights { UNSPECIFIED, FORWARD, IGNORE };
  std::vector<std::string> allow_origin;
  std::vector<StringMatch> allow_origins;
  std::vector<std::string> allow_methods;
  std::vector<std::string> allow_headers;
  std::vector<std::string> expose_headers;
  std::optional<Duration> max_age;
  std::optional<bool> allow_credentials;
  UnmatchedPreflights unmatched_preflights = UnmatchedPreflights::UNSPECIFIED;
  bool operator==(const CorsPolicy&) const = default;
  static schema::Fields fields();
};

struct Headers {
  struct HeaderOperations {
    std::map<std::string, std::string> set;
    std::map<std::string, std::string> add;
    std::vector<std::string> remove;
    bool operator==(const HeaderOperations&) const = default;
    static schema::Fields fields();
  };
  std::optional<HeaderOperations> request;
  std::optional<HeaderOperations> response;
  bool operator==(const Headers&) const = default;
  static schema::Fields fields();
};

struct Delegate {
  std::string name;
  std::string namespace_;
  bool operator==(const Delegate&) const = default;
  static schema::Fields fields();
};

struct RegexRewrite {
  std::string match;
  std::string rewrite;
  bool operator==(const RegexRewrite&) const = default;
  static schema::Fields fields();
};

struct HTTPRewrite {
  std::string uri;
  std::string authority;
  std::optional<RegexRewrite> uri_regex_rewrite;
  bool operator==(const HTTPRewrite&) const = default;
  static schema::Fields fields();
};

struct HTTPRedirect {
  enum class RedirectPortSelection { FROM_PROTOCOL_DEFAULT, FROM_REQUEST_PORT };
  std::string uri;
  std::string authority;
  std::optional<uint32_t> port;
  std::optional<RedirectPortSelection> derive_port;
  std::string scheme;
  uint32_t redirect_code = 0;
  std::string prefix_rewrite;
  bool operator==(const HTTPRedirect&) const = default;
  static schema::Fields fields();
};

struct HTTPMirrorPolicy {
  std::optional<Destination> destination;
  std::optional<Percent> percentage;
  bool operator==(const HTTPMirrorPolicy&) const = default;
  static schema::Fields fields();
};

struct HTTPRetry {
  int32_t attempts = 0;
  std::optional<Duration> per_try_timeout;
  std::string retry_on;
  std::optional<bool> retry_remote_localities;
  std::optional<bool> retry_ignore_previous_hosts;
  std::optional<Duration> backoff;
  bool operator==(const HTTPRetry&) const = default;
  static schema::Fields fields();
};

struct HTTPRouteDestination {
  std::optional<Destination> destination;
  int32_t weight = 0;
  std::optional<Headers> headers;
  bool operator==(const HTTPRouteDestination&) const = default;
  static schema::Fields fields();
};

struct HTTPBody {
  std::optional<std::string> string;
  std::optional<schema::Bytes> bytes;
  bool operator==(const HTTPBody&) const = default;
  static schema::Fields fields();
};

struct HTTPDirectResponse {
  uint32_t status = 0;
  std::optional<HTTPBody> body;
  bool operator==(const HTTPDirectResponse&) const = default;
  static schema::Fields fields();
};

struct HTTPRoute {
  std::string name;
  std::vector<HTTPMatchRequest> match;
  std::vector<HTTPRouteDestination> route;
  std::optional<HTTPRedirect> redirect;
  std::optional<HTTPDirectResponse> direct_response;
  std::optional<Delegate> delegate;
  std::optional<HTTPRewrite> rewrite;
  std::optional<Duration> timeout;
  std::optional<HTTPRetry> retries;
  std::optional<HTTPFaultInjection> fault;
  std::optional<Destination> mirror;
  std::vector<HTTPMirrorPolicy> mirrors;
  std::optional<uint32_t> mirror_percent;
  std::optional<Percent> mirror_percentage;
  std::optional<CorsPolicy> cors_policy;
  std::optional<Headers> headers;
  bool operator==(const HTTPRoute&) const = default;
  static schema::Fields fields();
};

struct L4MatchAttributes {
  std::vector<std::string> destination_subnets;
  uint32_t port = 0;
  std::string source_subnet;
  std::map<std::string, std::string> source_labels;
  std::vector<std::string> gateways;
  std::string source_namespace;
  bool operator==(const L4MatchAttributes&) const = default;
  static schema::Fields fields();
};

struct RouteDestination {
  std::optional<Destination> destination;
  int32_t weight = 0;
  bool operator==(const RouteDestination&) const = default;
  static schema::Fields fields();
};

struct TCPRoute {
  std::vector<L4MatchAttributes> match;
  std::vector<RouteDestination> route;
  bool operator==(const TCPRoute&) const = default;
  static schema::Fields fields();
};

struct TLSMatchAttributes {
  std::vector<std::string> sni_hosts;
  std::vector<std::string> destination_subnets;
  uint32_t port = 0;
  std::map<std::string, std::string> source_labels;
  std::vector<std::string> gateways;
  std::string source_namespace;
  bool operator==(const TLSMatchAttributes&) const = default;
  static schema::Fields fields();
};

struct TLSRoute {
  std::vector<TLSMatchAttributes> match;
  std::vector<RouteDestination> route;
  bool operator==(const TLSRoute&) const = default;
  static schema::Fields fields();
};

struct VirtualService {
  std::vector<std::string> hosts;
  std::vector<std::string> gateways;
  std::vector<HTTPRoute> http;
  std::vector<TLSRoute> tls;
  std::vector<TCPRoute> tcp;
  std::vector<std::string> export_to;
  bool operator==(const VirtualService&) const = default;
  static schema::Fields fields();
};

schema::Names names(CorsPolicy::UnmatchedPreflights);
schema::Names names(HTTPRedirect::RedirectPortSelection);

}  // namespace lateen::config
