// envoy.config.listener.v3.Listener to downstream::ListenerSettings, with all its filters.
#pragma once
#include <envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager.pb.h>

#include "data_plane/discovery/read_routes.h"
#include "data_plane/discovery/tls_contexts.h"
#include "data_plane/downstream/worker.h"

namespace lateen::discovery {

// What reading a listener needs from its surroundings. Lives as long as discovery does.
struct ListenerSurroundings {
  TlsContexts& tls;
  const telemetry::Peer& self;  // this proxy, for Istio's metrics and metadata headers
  const std::string& node_id;
  // Shared by all log users of a path, so that lines of several listeners keep their order.
  std::map<std::string, std::shared_ptr<telemetry::LogFile>>& log_files;
  const telemetry::OpenLog& open_log;  // opens those that are not there yet
  metrics::Registry& registry;
};

struct ReadListener {
  std::shared_ptr<const downstream::ListenerSettings> settings;
  std::set<std::string> route_names;  // RDS names that must be there before the listener may serve
  std::optional<Duration> patience;   // how long for (initial_fetch_timeout), the longest of all; 0: for ever
  std::vector<std::shared_ptr<const upstream::TlsSlot>> tls;  // contexts that must have their secrets
  // Route tables that came inline, under the names that the connection managers use for them.
  std::map<std::string, std::shared_ptr<const router::RouteTable>> inline_routes;
};

Result<ReadListener> read_listener(const envoy::config::listener::v3::Listener& message,
                                   const ListenerSurroundings& around, Notes& notes);

// --- the parts, for the sources of this folder ---------------------------------------------------------------------

using MakeHttpFilter = std::function<std::unique_ptr<proxy::Filter>(downstream::Worker&)>;
// The filters before the router. Fails for a filter that is not supported, naming its type.
Result<std::vector<MakeHttpFilter>> read_http_filters(
    const google::protobuf::RepeatedPtrField<
        envoy::extensions::filters::network::http_connection_manager::v3::HttpFilter>& filters,
    const ListenerSurroundings& around, telemetry::Direction direction, Notes& notes);
// typed_per_filter_config of routes.
Result<std::shared_ptr<const router::FilterSettings>> read_filter_settings(const std::string& filter,
                                                                           const google::protobuf::Any& config,
                                                                           Notes& notes);

// The connection manager as the last filter of a chain.
Result<std::function<std::unique_ptr<tcp::TerminalFilter>(downstream::Worker&)>> read_manager(
    const envoy::extensions::filters::network::http_connection_manager::v3::HttpConnectionManager& message,
    const std::string& place, const ListenerSurroundings& around, telemetry::Direction direction, ReadListener& out,
    Notes& notes);

Result<telemetry::AccessLogs> read_access_logs(
    const google::protobuf::RepeatedPtrField<envoy::config::accesslog::v3::AccessLog>& logs,
    const ListenerSurroundings& around, Notes& notes);

// The network filters of a chain: those before the last one, and the last one.
Result<> read_network_filters(const google::protobuf::RepeatedPtrField<envoy::config::listener::v3::Filter>& filters,
                              const ListenerSurroundings& around, telemetry::Direction direction,
                              downstream::FilterChainSettings& chain, ReadListener& out, Notes& notes);

}  // namespace lateen::discovery
