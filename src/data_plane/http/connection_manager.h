// The HTTP connection manager: from a server connection's streams to exchanges and back. It cleans the request's head
// (Envoy's header pipeline), finds the route, runs the filters, writes the response, and tells the logs.
#pragma once
#include "data_plane/http/filter.h"
#include "data_plane/telemetry/access_log.h"
#include "lib/metrics/metrics.h"

namespace lateen::proxy {

// The route table of a name on one worker; RDS exchanges the table, exchanges under way keep theirs.
struct RouteSlot {
  std::shared_ptr<const router::RouteTable> table;
};

enum class ForwardClientCert : uint8_t { sanitize, forward_only, append_forward, sanitize_set, always_forward_only };
enum class EscapedSlashes : uint8_t { keep, reject, unescape_and_redirect, unescape_and_forward };

// Plain values of an HttpConnectionManager message; immutable, shared by the workers. Defaults are Envoy's.
struct ManagerSettings {
  std::string stat_prefix;
  http::Protocol codec = http::Protocol::detect;  // AUTO
  http::ServerOptions server;
  router::StreamClock::Limits limits{.idle = 5min};
  std::string server_name = "envoy";
  bool keep_server_header = false;  // PASS_THROUGH; else overwritten
  bool append_server_if_absent = false;
  bool use_remote_address = false;
  uint32_t trusted_hops = 0;
  bool skip_xff_append = false;
  bool generate_request_id = true, preserve_external_request_id = false, always_return_request_id = false;
  ForwardClientCert forward_client_cert = ForwardClientCert::sanitize;
  bool cert_subject = false, cert_uri = false, cert_dns = false, cert_pem = false;
  bool normalize_path = false, merge_slashes = false;
  bool strip_any_port = false;
  EscapedSlashes escaped_slashes = EscapedSlashes::keep;
  std::vector<std::string> upgrades;  // lower case: websocket, connect
  bool reject_underscores = false, drop_underscores = false;
  telemetry::AccessLogs access_logs;
  bool tracing = false;          // make and pass trace headers
  double random_sampling = 100;  // percent of new traces that are sampled
};

struct ManagerCounters {
  explicit ManagerCounters(metrics::Registry& registry);
  metrics::CounterFamily requests, responses;
  metrics::GaugeFamily active;
};

// One worker's manager of one filter chain. Outlives its connections (they hold it by shared pointer).
class ConnectionManager {
 public:
  ConnectionManager(std::shared_ptr<const ManagerSettings> settings, std::shared_ptr<RouteSlot> routes, Chain chain,
                    metrics::Shard& shard, const ManagerCounters& counters);

  // Serves a connection to its end. `connection` and `transport` outlive the task.
  io::Task<void> serve(io::Transport& transport, const telemetry::ConnectionRecord& connection, Buffer first,
                       std::shared_ptr<http::Drain> drain);

  const ManagerSettings& settings() const { return *settings_; }

 private:
  class Connection;
  io::Task<void> serve_exchange(http::ServerStream& stream, const telemetry::ConnectionRecord& connection);
  void finish(Exchange& exchange, const http::Headers& response);

  std::shared_ptr<const ManagerSettings> settings_;
  std::shared_ptr<RouteSlot> routes_;
  Chain chain_;
  metrics::Counter requests_, responses_[6];
  metrics::Gauge active_;
};

}  // namespace lateen::proxy
