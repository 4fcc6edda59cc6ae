#include "data_plane/discovery/read_cluster.h"

#include "config/xds/names.h"
#include "config/xds/typed_struct.h"

namespace lateen::discovery {

namespace {

using envoy::config::cluster::v3::Cluster;
using envoy::extensions::upstreams::http::v3::HttpProtocolOptions;
using upstream::ClusterSettings;

Result<upstream::Discovery> read_discovery(const Cluster& message) {
  if (message.has_cluster_type())
    return fail(ErrorKind::unsupported, "cluster_type {} is not supported", message.cluster_type().name());
  switch (message.type()) {
    case Cluster::STATIC:
      return upstream::Discovery::fixed;
    case Cluster::EDS:
      return upstream::Discovery::eds;
    case Cluster::STRICT_DNS:
      return upstream::Discovery::strict_dns;
    case Cluster::LOGICAL_DNS:
      return upstream::Discovery::logical_dns;
    case Cluster::ORIGINAL_DST:
      return upstream::Discovery::original_destination;
    default:
      return fail(ErrorKind::unsupported, "cluster type {} is not supported",
                  Cluster::DiscoveryType_Name(message.type()));
  }
}

void read_balancing(const Cluster& message, ClusterSettings& out, Notes& notes) {
  switch (message.lb_policy()) {
    case Cluster::ROUND_ROBIN:
      out.balancing = upstream::Balancing::round_robin;
      break;
    case Cluster::LEAST_REQUEST:
      out.balancing = upstream::Balancing::least_request;
      break;
    case Cluster::RANDOM:
      out.balancing = upstream::Balancing::random;
      break;
    case Cluster::CLUSTER_PROVIDED:
      out.balancing = upstream::Balancing::cluster_provided;
      break;
    default:
      out.balancing = upstream::Balancing::random;
      notes.note(fmt::format("lb_policy {} is not honoured: endpoints are chosen at random",
                             Cluster::LbPolicy_Name(message.lb_policy())));
  }
  notes.check(message.least_request_lb_config(), "least_request_lb_config", {"choice_count"});
  if (message.least_request_lb_config().has_choice_count())
    out.least_request_choices = message.least_request_lb_config().choice_count().value();
  const auto& common = message.common_lb_config();
  notes.check(common, "common_lb_config",
              {"healthy_panic_threshold", "locality_weighted_lb_config", "update_merge_window"});
  if (common.has_healthy_panic_threshold())
    out.panic_threshold_percent = static_cast<uint32_t>(common.healthy_panic_threshold().value());
  out.locality_weighted = common.has_locality_weighted_lb_config();
}

void read_breakers(const Cluster& message, ClusterSettings& out, Notes& notes) {
  notes.check(message.circuit_breakers(), "circuit_breakers", {"thresholds"});
  for (const auto& threshold : message.circuit_breakers().thresholds()) {
    notes.check(
        threshold, "circuit_breakers.thresholds",
        {"priority", "max_connections", "max_pending_requests", "max_requests", "max_retries", "track_remaining"});
    if (threshold.priority() == envoy::config::core::v3::HIGH) {
      notes.not_honoured("circuit_breakers.thresholds of priority HIGH");
      continue;
    }
    auto& breakers = out.breakers;
    if (threshold.has_max_connections()) breakers.max_connections = threshold.max_connections().value();
    if (threshold.has_max_pending_requests()) breakers.max_pending_requests = threshold.max_pending_requests().value();
    if (threshold.has_max_requests()) breakers.max_requests = threshold.max_requests().value();
    if (threshold.has_max_retries()) breakers.max_retries = threshold.max_retries().value();
  }
}

void read_outliers(const Cluster& message, ClusterSettings& out, Notes& notes) {
  if (!message.has_outlier_detection()) return;
  const auto& from = message.outlier_detection();
  notes.check(from, "outlier_detection",
              {"consecutive_5xx", "enforcing_consecutive_5xx", "consecutive_gateway_failure",
               "enforcing_consecutive_gateway_failure", "consecutive_local_origin_failure",
               "enforcing_consecutive_local_origin_failure", "split_external_local_origin_errors", "interval",
               "base_ejection_time", "max_ejection_time", "max_ejection_percent", "always_eject_one_host",
               "enforcing_success_rate", "enforcing_local_origin_success_rate", "enforcing_failure_percentage"});
  upstream::OutlierDetection to;
  const auto number = [](const google::protobuf::UInt32Value& value, bool there, uint32_t& target) {
    if (there) target = value.value();
  };
  number(from.consecutive_5xx(), from.has_consecutive_5xx(), to.consecutive_5xx);
  number(from.enforcing_consecutive_5xx(), from.has_enforcing_consecutive_5xx(), to.enforcing_consecutive_5xx);
  number(from.consecutive_gateway_failure(), from.has_consecutive_gateway_failure(), to.consecutive_gateway_failure);
  number(from.enforcing_consecutive_gateway_failure(), from.has_enforcing_consecutive_gateway_failure(),
         to.enforcing_gateway_failure);
  number(from.consecutive_local_origin_failure(), from.has_consecutive_local_origin_failure(),
         to.consecutive_local_origin_failure);
  number(from.enforcing_consecutive_local_origin_failure(), from.has_enforcing_consecutive_local_origin_failure(),
         to.enforcing_local_origin);
  number(from.max_ejection_percent(), from.has_max_ejection_percent(), to.max_ejection_percent);
  to.always_eject_one_host = from.always_eject_one_host().value();
  to.split_local_origin = from.split_external_local_origin_errors();
  if (from.has_interval()) to.interval = duration_of(from.interval());
  if (from.has_base_ejection_time()) to.base_ejection_time = duration_of(from.base_ejection_time());
  if (from.has_max_ejection_time()) to.max_ejection_time = duration_of(from.max_ejection_time());
  // Success-rate detectors are on by default in Envoy; they are named only when somebody sets them to something.
  const bool success_rate = from.has_enforcing_success_rate() && from.enforcing_success_rate().value() > 0;
  const bool percentage = from.has_enforcing_failure_percentage() && from.enforcing_failure_percentage().value() > 0;
  if (from.enforcing_local_origin_success_rate().value() > 0)
    notes.not_honoured("outlier_detection.enforcing_local_origin_success_rate");
  if (success_rate) notes.not_honoured("outlier_detection.enforcing_success_rate");
  if (percentage) notes.not_honoured("outlier_detection.enforcing_failure_percentage");
  out.outlier_detection = to;
}

void read_http2(const envoy::config::core::v3::Http2ProtocolOptions& from, http::ClientOptions& to, Notes& notes) {
  notes.check(from, "http2_protocol_options",
              {"max_concurrent_streams", "initial_stream_window_size", "initial_connection_window_size",
               "allow_connect", "connection_keepalive"});
  if (from.has_connection_keepalive()) read_keepalive(from.connection_keepalive(), to.ping_interval, to.ping_timeout);
  to.version = http::Version::http2;
  if (from.has_max_concurrent_streams()) to.max_concurrent_streams = from.max_concurrent_streams().value();
  if (from.has_initial_stream_window_size()) to.initial_stream_window = from.initial_stream_window_size().value();
  if (from.has_initial_connection_window_size())
    to.initial_connection_window = from.initial_connection_window_size().value();
}

Result<> read_protocol_options(const Cluster& message, ClusterSettings& out, Notes& notes) {
  if (message.has_http2_protocol_options()) read_http2(message.http2_protocol_options(), out.http, notes);
  const auto it =
      message.typed_extension_protocol_options().find("envoy.extensions.upstreams.http.v3.HttpProtocolOptions");
  if (it == message.typed_extension_protocol_options().end()) return {};
  HttpProtocolOptions options;
  if (auto read = xds::unpack(it->second, options); !read) return read;
  notes.check(options, "http_protocol_options",
              {"explicit_http_config", "use_downstream_protocol_config", "auto_config", "common_http_protocol_options",
               "upstream_http_protocol_options"});
  const auto& explicit_config = options.explicit_http_config();
  notes.check(explicit_config.http_protocol_options(), "http_protocol_options", {});
  notes.check(options.use_downstream_protocol_config().http_protocol_options(), "http_protocol_options", {});
  if (explicit_config.has_http2_protocol_options())
    read_http2(explicit_config.http2_protocol_options(), out.http, notes);
  if (explicit_config.has_http3_protocol_options())
    return fail(ErrorKind::unsupported, "http3_protocol_options is not supported");
  if (options.has_use_downstream_protocol_config()) {
    out.use_downstream_protocol = true;
    if (options.use_downstream_protocol_config().has_http2_protocol_options()) {
      read_http2(options.use_downstream_protocol_config().http2_protocol_options(), out.http, notes);
      out.http.version = http::Version::http1_1;
    }
  }
  if (options.has_auto_config()) notes.note("auto_config is not honoured: HTTP/1.1 is used");
  const auto& common = options.common_http_protocol_options();
  notes.check(common, "common_http_protocol_options",
              {"idle_timeout", "max_connection_duration", "max_requests_per_connection"});
  if (common.has_idle_timeout()) out.http.idle_timeout = duration_of(common.idle_timeout());
  if (common.has_max_connection_duration())
    out.http.max_connection_duration = duration_of(common.max_connection_duration());
  if (common.has_max_requests_per_connection())
    out.http.max_requests_per_connection = common.max_requests_per_connection().value();
  notes.check(options.upstream_http_protocol_options(), "upstream_http_protocol_options",
              {"auto_sni", "auto_san_validation"});
  out.auto_sni = options.upstream_http_protocol_options().auto_sni();
  if (options.upstream_http_protocol_options().auto_san_validation())
    notes.not_honoured("upstream_http_protocol_options.auto_san_validation");
  return {};
}

Result<std::shared_ptr<upstream::TransportSocket>> read_socket(const envoy::config::core::v3::TransportSocket& message,
                                                               TlsContexts& tls, Notes& notes) {
  if (message.typed_config().type_url().empty() || xds::type_name_of(message.typed_config().type_url()) ==
                                                       "envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer")
    return std::make_shared<upstream::RawSocket>();
  envoy::extensions::transport_sockets::tls::v3::UpstreamTlsContext context;
  if (xds::type_name_of(message.typed_config().type_url()) != context.GetDescriptor()->full_name())
    return fail(ErrorKind::unsupported, "transport socket {} ({}) is not supported", message.name(),
                xds::type_name_of(message.typed_config().type_url()));
  if (auto read = xds::unpack(message.typed_config(), context); !read) return failed(read, message.name());
  auto slot = tls.upstream(context, notes);
  if (!slot) return failed(slot, message.name());
  return std::make_shared<upstream::TlsSocket>(
      *slot, upstream::TlsSocket::Settings{.sni = context.sni(), .auto_host_sni = context.auto_host_sni()});
}

Result<> read_sockets(const Cluster& message, ClusterSettings& out, TlsContexts& tls, Notes& notes) {
  for (const auto& match : message.transport_socket_matches()) {
    auto socket = read_socket(match.transport_socket(), tls, notes);
    if (!socket) return failed(socket);
    upstream::TransportSocketMatch each{.name = match.name(), .socket = std::move(*socket)};
    for (const auto& [key, value] : match.match().fields()) each.match[key] = value.string_value();
    out.transport_sockets.push_back(std::move(each));
  }
  auto socket = read_socket(message.transport_socket(), tls, notes);
  if (!socket) return failed(socket);
  out.transport_sockets.push_back({.name = "default", .socket = std::move(*socket)});
  return {};
}

void read_istio_metadata(const Cluster& message, ClusterSettings& out) {
  const auto it = message.metadata().filter_metadata().find("istio");
  if (it == message.metadata().filter_metadata().end()) return;
  const auto& fields = it->second.fields();
  const auto has = [&](const char* key, const char* value) {
    const auto field = fields.find(key);
    return field != fields.end() &&
           (field->second.string_value() == value || (field->second.bool_value() && std::string_view(value) == "true"));
  };
  out.alpn_override = !has("alpn_override", "false");
  out.disable_metadata_headers = has("disable_mx", "true");
  out.external = has("external", "true");
  const auto services = fields.find("services");
  if (services == fields.end() || services->second.list_value().values_size() == 0) return;
  const auto& service = services->second.list_value().values(0).struct_value().fields();
  const auto text = [&](const char* key) {
    return service.contains(key) ? service.at(key).string_value() : std::string();
  };
  out.service = {text("host"), text("name"), text("namespace")};
}

Result<> read_filters(const Cluster& message, ClusterSettings& out) {
  for (const auto& filter : message.filters()) {
    const auto opened = xds::open_any(filter.typed_config());
    if (!opened) return failed(opened, filter.name());
    if (opened->type_url != xds::istio_filter::metadata_exchange)
      return fail(ErrorKind::unsupported, "cluster filter {} is not supported", opened->type_url);
    out.metadata_exchange = true;
  }
  return {};
}

// Of messages inside of which only some fields are read.
void note_parts(const Cluster& message, Notes& notes) {
  // istiod's "NAME;" is the name again, closed for Envoy's rules of tags.
  const auto& statistics = message.alt_stat_name();
  if (!statistics.empty() && statistics != message.name() && statistics != message.name() + ";")
    notes.not_honoured("alt_stat_name");
  notes.check(message.eds_cluster_config(), "eds_cluster_config", {"eds_config", "service_name"});
  if (message.eds_cluster_config().has_eds_config() && !message.eds_cluster_config().eds_config().has_ads())
    notes.not_honoured("eds_cluster_config.eds_config other than ads");
  notes.check(message.upstream_bind_config(), "upstream_bind_config", {"source_address"});
  notes.check(message.upstream_connection_options(), "upstream_connection_options", {"tcp_keepalive"});
  notes.check(message.original_dst_lb_config(), "original_dst_lb_config",
              {"use_http_header", "upstream_port_override"});
}

Result<> read_connecting(const Cluster& message, ClusterSettings& out) {
  if (message.upstream_bind_config().has_source_address()) {
    const auto& source = message.upstream_bind_config().source_address();
    const auto ip = Ip::parse(source.address());
    if (!ip) return failed(ip, "upstream_bind_config.source_address");
    out.bind = SocketAddress{*ip, static_cast<uint16_t>(source.port_value()), {}};
  }
  if (message.upstream_connection_options().has_tcp_keepalive()) {
    const auto& keepalive = message.upstream_connection_options().tcp_keepalive();
    out.tcp_keepalive = io::KeepAlive{keepalive.keepalive_probes().value(), keepalive.keepalive_time().value(),
                                      keepalive.keepalive_interval().value()};
  }
  return {};
}

}  // namespace

Result<std::shared_ptr<const ClusterSettings>> read_cluster(const Cluster& message, TlsContexts& tls, Notes& notes) {
  notes.check(message, "",
              {"name",
               "type",
               "eds_cluster_config",
               "connect_timeout",
               "lb_policy",
               "least_request_lb_config",
               "common_lb_config",
               "circuit_breakers",
               "outlier_detection",
               "http2_protocol_options",
               "typed_extension_protocol_options",
               "transport_socket",
               "transport_socket_matches",
               "load_assignment",
               "metadata",
               "filters",
               "alt_stat_name",
               "upstream_bind_config",
               "upstream_connection_options",
               "dns_refresh_rate",
               "respect_dns_ttl",
               "dns_lookup_family",
               "original_dst_lb_config",
               "max_requests_per_connection",
               "dns_jitter"});
  note_parts(message, notes);
  auto out = std::make_shared<ClusterSettings>();
  out->name = message.name();
  auto discovery = read_discovery(message);
  if (!discovery) return failed(discovery);
  out->discovery = *discovery;
  out->eds_name = message.eds_cluster_config().service_name().empty() ? message.name()
                                                                      : message.eds_cluster_config().service_name();
  if (message.has_connect_timeout()) out->connect_timeout = duration_of(message.connect_timeout());
  if (message.has_max_requests_per_connection())
    out->http.max_requests_per_connection = message.max_requests_per_connection().value();
  read_balancing(message, *out, notes);
  read_breakers(message, *out, notes);
  read_outliers(message, *out, notes);
  read_istio_metadata(message, *out);
  if (auto read = read_protocol_options(message, *out, notes); !read) return failed(read);
  if (auto read = read_sockets(message, *out, tls, notes); !read) return failed(read);
  if (auto read = read_filters(message, *out); !read) return failed(read);
  if (auto read = read_connecting(message, *out); !read) return failed(read);
  if (message.has_dns_jitter()) out->dns_jitter = duration_of(message.dns_jitter());
  if (message.has_dns_refresh_rate()) out->dns_refresh_rate = duration_of(message.dns_refresh_rate());
  out->respect_dns_ttl = message.respect_dns_ttl();
  out->dns_v6 = message.dns_lookup_family() != Cluster::V4_ONLY;
  out->dns_v4 = message.dns_lookup_family() != Cluster::V6_ONLY;
  const auto& original = message.original_dst_lb_config();
  if (original.has_upstream_port_override())
    out->original_destination_port = static_cast<uint16_t>(original.upstream_port_override().value());
  if (original.use_http_header()) notes.not_honoured("original_dst_lb_config.use_http_header");
  const bool named =
      out->discovery == upstream::Discovery::strict_dns || out->discovery == upstream::Discovery::logical_dns;
  auto set =
      named ? read_named_endpoints(message.load_assignment(), notes) : read_endpoints(message.load_assignment(), notes);
  if (!set) return failed(set);
  out->fixed_endpoints = (*set)->endpoints;
  if (out->locality_weighted && !(*set)->locality_weights.empty() && out->discovery != upstream::Discovery::eds)
    notes.not_honoured("load_assignment.endpoints.load_balancing_weight");
  return std::shared_ptr<const ClusterSettings>(std::move(out));
}

}  // namespace lateen::discovery
