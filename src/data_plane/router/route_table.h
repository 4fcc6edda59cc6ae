// The route table: virtual hosts, routes, and what each of them does to a request. Immutable; built from
// envoy.config.route.v3.RouteConfiguration by data_plane/discovery, or by hand in tests. An exchange holds the table it
// matched with, so that views into it stay valid.
#pragma once
#include <map>
#include <optional>
#include <unordered_map>
#include <variant>

#include "data_plane/router/match.h"
#include "data_plane/telemetry/format.h"
#include "lib/base/strings.h"
#include "lib/base/time.h"

namespace lateen::router {

// --- changes to headers ----------------------------------------------------------------------------------------------

struct HeaderAddition {
  enum Action : uint8_t { append, add_if_absent, overwrite, overwrite_if_exists };
  std::string name;  // lower case
  telemetry::Format value;
  Action action = append;
  bool keep_empty = false;
};
struct HeaderMutations {
  std::vector<std::string> remove;  // lower case; first
  std::vector<HeaderAddition> add;
  bool empty() const { return remove.empty() && add.empty(); }
  void apply(Headers& headers, const telemetry::FormatInput& input) const;
};
struct Mutations {
  HeaderMutations request, response;
};

// --- what a route does -----------------------------------------------------------------------------------------------

struct Fraction {
  uint32_t numerator = 100, denominator = 100;
  // `draw` is the exchange's one random value: the same for all fractions and weights of a request.
  bool holds(uint64_t draw) const { return draw % denominator < numerator; }
};

// Which answers and failures are worth another attempt (Envoy's retry_on).
struct RetryOn {
  bool server_error = false, gateway_error = false, reset = false, reset_before_request = false,
       connect_failure = false, refused_stream = false, retriable_4xx = false, envoy_ratelimited = false,
       retriable_status_codes = false, retriable_headers = false;
  bool grpc_cancelled = false, grpc_deadline_exceeded = false, grpc_internal = false, grpc_resource_exhausted = false,
       grpc_unavailable = false;
  bool operator==(const RetryOn&) const = default;
};
// Reads a comma-separated list such as "connect-failure,refused-stream"; words that are not known are given back.
std::vector<std::string> parse_retry_on(std::string_view list, RetryOn& on);

struct RetryPolicy {
  RetryOn on;
  uint32_t retries = 1;
  Duration per_try_timeout = 0s;
  std::vector<uint32_t> status_codes;
  std::vector<HeaderMatch> retriable_headers;
  Duration back_off = 25ms, back_off_max = 250ms;
  bool avoid_previous_hosts = false;
  uint32_t host_attempts = 1;  // draws again to find a host that was not tried
};

struct PathRewrite {
  enum Kind : uint8_t { none, prefix, regex };
  Kind kind = none;
  std::string text;  // the new prefix, or the substitution
  std::shared_ptr<const Regex> expression;
};

struct Mirror {
  std::string cluster;
  Fraction fraction;
  bool append_shadow = true;  // "-shadow" after the host
};

struct WeightedCluster {
  std::string name, header;  // by name, or by the value of a request header
  uint32_t weight = 0;
  Mutations mutations;
  std::string host_rewrite;
};

// Settings of one filter for one route; the filter knows the type.
struct FilterSettings {
  virtual ~FilterSettings() = default;
};
struct PerFilter {
  std::map<std::string, std::shared_ptr<const FilterSettings>, std::less<>> settings;
  std::vector<std::string> disabled;
};

struct Forward {
  std::vector<WeightedCluster> clusters;  // one entry: no draw
  uint32_t total_weight = 0;
  Duration timeout = 15s;                       // of the whole exchange with all attempts; 0: none
  std::optional<Duration> idle_timeout;         // instead of the connection manager's
  std::optional<Duration> max_stream_duration;  // set: wins over the connection manager's (0: no limit)
  std::optional<Duration> max_grpc_timeout;     // set: grpc-timeout counts, limited by this (0: no limit)
  std::optional<RetryPolicy> retry;             // else the virtual host's
  PathRewrite path_rewrite;
  std::string host_rewrite;  // literal
  std::string host_rewrite_header;
  bool auto_host_rewrite = false;  // the endpoint's host name
  bool append_forwarded_host = false;
  std::vector<Mirror> mirrors;
  std::vector<std::string> upgrades;  // allowed beside those of the connection manager; lower case
  uint32_t cluster_not_found_status = 503;
};

struct Redirect {
  std::string scheme, host, path;  // empty: as in the request
  PathRewrite path_rewrite;        // instead of path
  std::optional<uint16_t> port;
  uint16_t status = 301;
  bool strip_query = false;
};

struct DirectResponse {
  uint32_t status = 200;
  std::string body;
};

struct Route {
  std::string name;
  PathMatch path;
  std::vector<HeaderMatch> headers;
  std::vector<QueryMatch> query;
  std::optional<Fraction> fraction;
  bool grpc_only = false;
  std::variant<Forward, Redirect, DirectResponse> action;
  Mutations mutations;
  PerFilter filters;

  bool matches(const Headers& headers, std::string_view path, uint64_t draw) const;
};

struct VirtualHost {
  std::string name;
  std::vector<std::string> domains;
  std::vector<Route> routes;
  Mutations mutations;
  std::optional<RetryPolicy> retry;
  enum : uint8_t { no_tls, external_tls, all_tls } require_tls = no_tls;
  bool count_attempts_in_request = false, count_attempts_in_response = false;
  PerFilter filters;
};

class RouteTable {
 public:
  struct Contents {
    std::string name;
    std::vector<VirtualHost> hosts;
    Mutations mutations;
    bool most_specific_mutations_win = false;
    bool ignore_port_in_host = false;
    PerFilter filters;
  };
  // Fails when a domain occurs twice, in Envoy's words.
  static Result<std::shared_ptr<const RouteTable>> make(Contents contents);

  struct Found {
    const VirtualHost* host = nullptr;
    const Route* route = nullptr;  // null: the host has no route for the request
  };
  // By :authority, then the first route of that host that matches.
  Found find(const Headers& request, uint64_t draw) const;
  const VirtualHost* find_host(std::string_view authority) const;

  const Contents& contents() const { return contents_; }

  // The settings of that filter that hold for a route: route before virtual host before table.
  const FilterSettings* settings_for(const Found& found, std::string_view filter) const;
  bool disabled_for(const Found& found, std::string_view filter) const;

 private:
  explicit RouteTable(Contents contents) : contents_(std::move(contents)) {}
  Contents contents_;
  using Index = std::unordered_map<std::string, const VirtualHost*, StringHash, std::equal_to<>>;
  Index exact_;
  std::map<size_t, Index, std::greater<>> suffixes_, prefixes_;  // by length without the star, longest first
  const VirtualHost* any_ = nullptr;
};

// Applies the mutations of cluster, route, virtual host and table in Envoy's order. Null parts are skipped.
void mutate_request(Headers& headers, const RouteTable& table, const RouteTable::Found& found,
                    const WeightedCluster* cluster, const telemetry::FormatInput& input);
void mutate_response(Headers& headers, const RouteTable& table, const RouteTable::Found& found,
                     const WeightedCluster* cluster, const telemetry::FormatInput& input);

// The authority without its port. An IPv6 address keeps its brackets.
std::string_view without_port(std::string_view authority);
// Where a redirect sends the request.
std::string redirect_location(const Redirect& redirect, const Route& route, const Headers& request);
// The path after the rewrite; `matched` is what the route's path matcher covered.
std::string rewritten_path(const PathRewrite& rewrite, const PathMatch& matched, std::string_view path);

}  // namespace lateen::router
