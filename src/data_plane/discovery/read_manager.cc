#include "config/xds/names.h"
#include "data_plane/discovery/read_listener.h"
#include "data_plane/downstream/http_terminal.h"

namespace lateen::discovery {

namespace hcmv3 = envoy::extensions::filters::network::http_connection_manager::v3;
using hcmv3::HttpConnectionManager;
using proxy::ManagerSettings;

namespace {

void read_server_options(const HttpConnectionManager& message, ManagerSettings& out, Notes& notes) {
  http::ServerOptions& server = out.server;
  if (message.has_max_request_headers_kb()) server.max_head_bytes = message.max_request_headers_kb().value() * 1024;
  const auto& common = message.common_http_protocol_options();
  notes.check(common, "common_http_protocol_options",
              {"idle_timeout", "max_connection_duration", "max_headers_count", "max_stream_duration",
               "headers_with_underscores_action", "max_requests_per_connection"});
  if (common.has_max_headers_count()) server.max_head_fields = common.max_headers_count().value();
  if (common.has_idle_timeout()) server.idle_timeout = duration_of(common.idle_timeout());
  if (common.has_max_connection_duration())
    server.max_connection_duration = duration_of(common.max_connection_duration());
  if (common.has_max_requests_per_connection())
    server.max_requests_per_connection = common.max_requests_per_connection().value();
  out.limits.whole = duration_of(common.max_stream_duration());
  out.reject_underscores =
      common.headers_with_underscores_action() == envoy::config::core::v3::HttpProtocolOptions::REJECT_REQUEST;
  out.drop_underscores =
      common.headers_with_underscores_action() == envoy::config::core::v3::HttpProtocolOptions::DROP_HEADER;
  if (message.has_request_headers_timeout())
    server.request_headers_timeout = duration_of(message.request_headers_timeout());
  notes.check(message.http_protocol_options(), "http_protocol_options", {"accept_http_10"});
  notes.check(message.http2_protocol_options(), "http2_protocol_options",
              {"max_concurrent_streams", "initial_stream_window_size", "initial_connection_window_size",
               "allow_connect", "connection_keepalive"});
  server.accept_http10 = message.http_protocol_options().accept_http_10();
  const auto& http2 = message.http2_protocol_options();
  if (http2.has_connection_keepalive())
    read_keepalive(http2.connection_keepalive(), server.ping_interval, server.ping_timeout);
  if (http2.has_max_concurrent_streams()) server.max_concurrent_streams = http2.max_concurrent_streams().value();
  if (http2.has_initial_stream_window_size()) server.initial_stream_window = http2.initial_stream_window_size().value();
  if (http2.has_initial_connection_window_size())
    server.initial_connection_window = http2.initial_connection_window_size().value();
}

void read_identity(const HttpConnectionManager& message, ManagerSettings& out, Notes& notes) {
  out.use_remote_address = message.use_remote_address().value();
  out.trusted_hops = message.xff_num_trusted_hops();
  out.skip_xff_append = message.skip_xff_append();
  out.generate_request_id = !message.has_generate_request_id() || message.generate_request_id().value();
  out.preserve_external_request_id = message.preserve_external_request_id();
  out.always_return_request_id = message.always_set_request_id_in_response();
  switch (message.forward_client_cert_details()) {
    case HttpConnectionManager::FORWARD_ONLY:
      out.forward_client_cert = proxy::ForwardClientCert::forward_only;
      break;
    case HttpConnectionManager::APPEND_FORWARD:
      out.forward_client_cert = proxy::ForwardClientCert::append_forward;
      break;
    case HttpConnectionManager::SANITIZE_SET:
      out.forward_client_cert = proxy::ForwardClientCert::sanitize_set;
      break;
    case HttpConnectionManager::ALWAYS_FORWARD_ONLY:
      out.forward_client_cert = proxy::ForwardClientCert::always_forward_only;
      break;
    default:
      out.forward_client_cert = proxy::ForwardClientCert::sanitize;
  }
  const auto& details = message.set_current_client_cert_details();
  notes.check(details, "set_current_client_cert_details", {"subject", "uri", "dns", "cert"});
  out.cert_subject = details.subject().value();
  out.cert_uri = details.uri();
  out.cert_dns = details.dns();
  out.cert_pem = details.cert();
}

void read_paths(const HttpConnectionManager& message, ManagerSettings& out) {
  out.normalize_path = message.normalize_path().value();
  out.merge_slashes = message.merge_slashes();
  out.strip_any_port = message.strip_any_host_port();
  switch (message.path_with_escaped_slashes_action()) {
    case HttpConnectionManager::REJECT_REQUEST:
      out.escaped_slashes = proxy::EscapedSlashes::reject;
      break;
    case HttpConnectionManager::UNESCAPE_AND_REDIRECT:
      out.escaped_slashes = proxy::EscapedSlashes::unescape_and_redirect;
      break;
    case HttpConnectionManager::UNESCAPE_AND_FORWARD:
      out.escaped_slashes = proxy::EscapedSlashes::unescape_and_forward;
      break;
    default:
      out.escaped_slashes = proxy::EscapedSlashes::keep;
  }
}

Result<std::shared_ptr<ManagerSettings>> read_settings(const HttpConnectionManager& message,
                                                       const ListenerSurroundings& around,
                                                       telemetry::Direction direction, Notes& notes) {
  auto out = std::make_shared<ManagerSettings>();
  out->stat_prefix = message.stat_prefix();
  switch (message.codec_type()) {
    case HttpConnectionManager::AUTO:
      out->codec = http::Protocol::detect;
      break;
    case HttpConnectionManager::HTTP1:
      out->codec = http::Protocol::http1;
      break;
    case HttpConnectionManager::HTTP2:
      out->codec = http::Protocol::http2;
      break;
    default:
      return fail(ErrorKind::unsupported, "codec_type HTTP3 is not supported");
  }
  read_server_options(message, *out, notes);
  read_identity(message, *out, notes);
  read_paths(message, *out);
  if (message.has_stream_idle_timeout()) out->limits.idle = duration_of(message.stream_idle_timeout());
  out->limits.request = duration_of(message.request_timeout());
  if (!message.server_name().empty()) out->server_name = message.server_name();
  out->keep_server_header = message.server_header_transformation() == HttpConnectionManager::PASS_THROUGH;
  out->append_server_if_absent = message.server_header_transformation() == HttpConnectionManager::APPEND_IF_ABSENT;
  for (const auto& upgrade : message.upgrade_configs())
    notes.check(upgrade, "upgrade_configs", {"upgrade_type", "enabled"});
  for (const auto& upgrade : message.upgrade_configs())
    if (!upgrade.has_enabled() || upgrade.enabled().value()) out->upgrades.push_back(lowered(upgrade.upgrade_type()));
  out->tracing = message.has_tracing();
  if (message.tracing().has_random_sampling()) out->random_sampling = message.tracing().random_sampling().value();
  if (message.tracing().has_client_sampling() && message.tracing().client_sampling().value() < 100)
    notes.not_honoured("tracing.client_sampling");
  if (message.tracing().has_overall_sampling() && message.tracing().overall_sampling().value() < 100)
    notes.not_honoured("tracing.overall_sampling");
  if (message.has_request_id_extension() &&
      xds::type_name_of(message.request_id_extension().typed_config().type_url()) !=
          "envoy.extensions.request_id.uuid.v3.UuidRequestIdConfig")
    notes.not_honoured("request_id_extension other than uuid");
  if (message.has_rds() && !message.rds().config_source().has_ads())
    notes.not_honoured("rds.config_source other than ads");
  if (message.tracing().has_provider())
    notes.note(fmt::format("tracing.provider {}: trace headers are passed and made, spans are not reported yet",
                           message.tracing().provider().name()));
  auto logs = read_access_logs(message.access_log(), around, notes);
  if (!logs) return failed(logs, "access_log");
  out->access_logs = std::move(*logs);
  return out;
}

}  // namespace

Result<std::function<std::unique_ptr<tcp::TerminalFilter>(downstream::Worker&)>> read_manager(
    const HttpConnectionManager& message, const std::string& place, const ListenerSurroundings& around,
    telemetry::Direction direction, ReadListener& out, Notes& notes) {
  notes.check(message, "http_connection_manager",
              {"codec_type",
               "stat_prefix",
               "rds",
               "route_config",
               "http_filters",
               "tracing",
               "common_http_protocol_options",
               "http_protocol_options",
               "http2_protocol_options",
               "server_name",
               "server_header_transformation",
               "max_request_headers_kb",
               "stream_idle_timeout",
               "request_timeout",
               "request_headers_timeout",
               "access_log",
               "use_remote_address",
               "xff_num_trusted_hops",
               "skip_xff_append",
               "generate_request_id",
               "preserve_external_request_id",
               "always_set_request_id_in_response",
               "forward_client_cert_details",
               "set_current_client_cert_details",
               "normalize_path",
               "merge_slashes",
               "path_with_escaped_slashes_action",
               "strip_any_host_port",
               "upgrade_configs",
               "request_id_extension",
               "proxy_100_continue"});
  auto settings = read_settings(message, around, direction, notes);
  if (!settings) return failed(settings);
  auto filters = read_http_filters(message.http_filters(), around, direction, notes);
  if (!filters) return failed(filters, "http_filters");
  std::string routes;
  if (message.has_rds()) {
    routes = message.rds().route_config_name();
    out.route_names.insert(routes);
    const auto& source = message.rds().config_source();
    const Duration patience = source.has_initial_fetch_timeout() ? duration_of(source.initial_fetch_timeout()) : 15s;
    const bool longer = patience == 0s || (out.patience && *out.patience > 0s && patience > *out.patience);
    if (!out.patience || longer) out.patience = patience;
  } else if (message.has_route_config()) {
    auto table = read_routes(message.route_config(), read_filter_settings, notes);
    if (!table) return failed(table, "route_config");
    // A name that no RDS resource can have, so that inline tables never mix with delivered ones.
    routes = fmt::format("inline:{}:{}", place, out.inline_routes.size());
    out.inline_routes[routes] = std::move(*table);
  } else {
    return fail(ErrorKind::unsupported,
                "the connection manager needs rds or route_config; scoped_routes is not supported");
  }
  return [settings = std::shared_ptr<const ManagerSettings>(std::move(*settings)), filters = std::move(*filters),
          routes](downstream::Worker& worker) {
    std::vector<std::unique_ptr<proxy::Filter>> made;
    for (const MakeHttpFilter& make : filters) made.push_back(make(worker));
    return std::make_unique<downstream::HttpTerminal>(std::make_unique<proxy::ConnectionManager>(
        settings, worker.route_slot(routes), proxy::Chain(std::move(made), worker.router), worker.shard,
        worker.families.manager));
  };
}

}  // namespace lateen::discovery
