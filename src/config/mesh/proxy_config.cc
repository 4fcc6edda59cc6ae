#include "config/mesh/proxy_config.h"

#include "lib/schema/field.h"

namespace lateen::config {

using namespace schema;  // field(), record() and the attributes

Names names(AuthenticationPolicy) {
  static constexpr Name all[] = {{"NONE", 0}, {"MUTUAL_TLS", 1}, {"INHERIT", 1000}};
  return all;
}

Names names(ForwardClientCertDetails) {
  static constexpr Name all[] = {{"UNDEFINED", 0},      {"SANITIZE", 1},     {"FORWARD_ONLY", 2},
                                 {"APPEND_FORWARD", 3}, {"SANITIZE_SET", 4}, {"ALWAYS_FORWARD_ONLY", 5}};
  return all;
}

Fields ProxyTracing::Zipkin::fields() {
  return record("ProxyTracing.Zipkin", "Zipkin.",
                {
                    field("address", &ProxyTracing::Zipkin::address, "Address of the collector, host:port."),
                });
}

Fields ProxyTracing::Lightstep::fields() {
  return record("ProxyTracing.Lightstep", "Lightstep.",
                {
                    field("address", &ProxyTracing::Lightstep::address, "Address of the satellite pool."),
                    field("accessToken", &ProxyTracing::Lightstep::access_token, "Access token."),
                });
}

Fields ProxyTracing::Datadog::fields() {
  return record("ProxyTracing.Datadog", "Datadog.",
                {
                    field("address", &ProxyTracing::Datadog::address, "Address of the agent."),
                });
}

Fields ProxyTracing::Stackdriver::fields() {
  return record("ProxyTracing.Stackdriver", "Stackdriver.",
                {
                    field("debug", &ProxyTracing::Stackdriver::debug, "Writes debug output."),
                    field("maxNumberOfAttributes", &ProxyTracing::Stackdriver::max_number_of_attributes,
                          "Most attributes of a span."),
                    field("maxNumberOfAnnotations", &ProxyTracing::Stackdriver::max_number_of_annotations,
                          "Most annotations of a span."),
                    field("maxNumberOfMessageEvents", &ProxyTracing::Stackdriver::max_number_of_message_events,
                          "Most events of a span."),
                });
}

Names names(ProxyTracing::OpenCensusAgent::TraceContext) {
  static constexpr Name all[] = {
      {"UNSPECIFIED", 0}, {"W3C_TRACE_CONTEXT", 1}, {"GRPC_BIN", 2}, {"CLOUD_TRACE_CONTEXT", 3}, {"B3", 4}};
  return all;
}

Fields ProxyTracing::OpenCensusAgent::fields() {
  return record("ProxyTracing.OpenCensusAgent", "OpenCensus.",
                {
                    field("address", &ProxyTracing::OpenCensusAgent::address, "Address of the agent."),
                    field("context", &ProxyTracing::OpenCensusAgent::context, "Trace headers that are used."),
                });
}

Fields ProxyTracing::Literal::fields() {
  return record("ProxyTracing.Literal", "A fixed value.",
                {
                    field("value", &ProxyTracing::Literal::value, "The value."),
                });
}

Fields ProxyTracing::Environment::fields() {
  return record("ProxyTracing.Environment", "A value taken from the environment.",
                {
                    field("name", &ProxyTracing::Environment::name, "Name of the variable."),
                    field("defaultValue", &ProxyTracing::Environment::default_value, "Value when it is missing."),
                });
}

Fields ProxyTracing::RequestHeader::fields() {
  return record("ProxyTracing.RequestHeader", "A value taken from a request header.",
                {
                    field("name", &ProxyTracing::RequestHeader::name, "Its name."),
                    field("defaultValue", &ProxyTracing::RequestHeader::default_value, "Value when it is missing."),
                });
}

Fields ProxyTracing::CustomTag::fields() {
  return record(
      "ProxyTracing.CustomTag", "Where a tag's value comes from.",
      {
          field("literal", &ProxyTracing::CustomTag::literal, "Fixed.", one_of("type")),
          field("environment", &ProxyTracing::CustomTag::environment, "From the environment.", one_of("type")),
          field("header", &ProxyTracing::CustomTag::header, "From a request header.", one_of("type")),
      });
}

Fields ProxyTracing::fields() {
  return record(
      "ProxyTracing", "Tracing set in the bootstrap; Telemetry and extension providers supersede it.",
      {
          field("zipkin", &ProxyTracing::zipkin, "Zipkin.", one_of("tracer"), not_honoured()),
          field("lightstep", &ProxyTracing::lightstep, "Lightstep.", one_of("tracer"), not_honoured()),
          field("datadog", &ProxyTracing::datadog, "Datadog.", one_of("tracer"), not_honoured()),
          field("stackdriver", &ProxyTracing::stackdriver, "Stackdriver.", one_of("tracer"), not_honoured()),
          field("openCensusAgent", &ProxyTracing::open_census_agent, "OpenCensus.", one_of("tracer"), not_honoured()),
          field("customTags", &ProxyTracing::custom_tags, "Tags by name."),
          field("maxPathTagLength", &ProxyTracing::max_path_tag_length, "Longest path in a tag.", otherwise("256")),
          field("sampling", &ProxyTracing::sampling, "Share of requests in percent.", at_least(0), at_most(100),
                otherwise("1")),
          field("tlsSettings", &ProxyTracing::tls_settings, "TLS towards the collector.", not_honoured()),
          field("enableIstioTags", &ProxyTracing::enable_istio_tags, "Adds Istio's tags.", otherwise("true"),
                not_honoured()),
      });
}

Fields SDS::fields() {
  return record("SDS", "Unused.",
                {
                    field("enabled", &SDS::enabled, "Unused."),
                    field("k8sSaJwtPath", &SDS::k8s_sa_jwt_path, "Unused."),
                });
}

Fields Topology::ProxyProtocolConfiguration::fields() {
  return record("Topology.ProxyProtocolConfiguration", "The PROXY protocol; no settings.", {});
}

Fields Topology::fields() {
  return record("Topology", "What stands before a gateway.",
                {
                    field("numTrustedProxies", &Topology::num_trusted_proxies,
                          "Trusted proxies whose X-Forwarded-For entries count.", otherwise("0")),
                    field("forwardClientCertDetails", &Topology::forward_client_cert_details,
                          "What happens to X-Forwarded-Client-Cert."),
                    field("proxyProtocol", &Topology::proxy_protocol, "Expects the PROXY protocol.", not_honoured()),
                });
}

Fields PrivateKeyProvider::CryptoMb::fields() {
  return record("PrivateKeyProvider.CryptoMb", "Intel CryptoMB.",
                {
                    field("pollDelay", &PrivateKeyProvider::CryptoMb::poll_delay, "Wait for a full batch."),
                    field("fallback", &PrivateKeyProvider::CryptoMb::fallback,
                          "Whether OpenSSL does it where the hardware is missing."),
                });
}

Fields PrivateKeyProvider::QAT::fields() {
  return record("PrivateKeyProvider.QAT", "Intel QAT.",
                {
                    field("pollDelay", &PrivateKeyProvider::QAT::poll_delay, "Wait between polls."),
                    field("fallback", &PrivateKeyProvider::QAT::fallback,
                          "Whether OpenSSL does it where the hardware is missing."),
                });
}

Fields PrivateKeyProvider::fields() {
  return record("PrivateKeyProvider", "Hardware that signs with private keys.",
                {
                    field("cryptomb", &PrivateKeyProvider::cryptomb, "Intel CryptoMB.", one_of("provider")),
                    field("qat", &PrivateKeyProvider::qat, "Intel QAT.", one_of("provider")),
                });
}

Fields RemoteService::fields() {
  return record("RemoteService", "A service that proxies send to.",
                {
                    field("address", &RemoteService::address, "host:port."),
                    field("tlsSettings", &RemoteService::tls_settings, "TLS towards it.", not_honoured()),
                    field("tcpKeepalive", &RemoteService::tcp_keepalive, "Keepalive probes."),
                });
}

Names names(ProxyConfig::TracingServiceName) {
  static constexpr Name all[] = {
      {"APP_LABEL_AND_NAMESPACE", 0}, {"CANONICAL_NAME_ONLY", 1}, {"CANONICAL_NAME_AND_NAMESPACE", 2}};
  return all;
}

Names names(ProxyConfig::InboundInterceptionMode) {
  static constexpr Name all[] = {{"REDIRECT", 0}, {"TPROXY", 1}, {"NONE", 2}};
  return all;
}

Fields ProxyConfig::ProxyStatsMatcher::fields() {
  return record("ProxyConfig.ProxyStatsMatcher", "Metrics of the proxy that are made beside the usual ones.",
                {
                    field("inclusionPrefixes", &ProxyConfig::ProxyStatsMatcher::inclusion_prefixes, "By beginning."),
                    field("inclusionSuffixes", &ProxyConfig::ProxyStatsMatcher::inclusion_suffixes, "By end."),
                    field("inclusionRegexps", &ProxyConfig::ProxyStatsMatcher::inclusion_regexps, "By RE2 expression."),
                });
}

Names names(ProxyConfig::ProxyHeaders::MetadataExchangeMode) {
  static constexpr Name all[] = {{"UNDEFINED", 0}, {"IN_MESH", 1}};
  return all;
}

Fields ProxyConfig::ProxyHeaders::Server::fields() {
  return record("ProxyConfig.ProxyHeaders.Server", "The server header.",
                {
                    field("disabled", &ProxyConfig::ProxyHeaders::Server::disabled, "Leaves the header as it is."),
                    field("value", &ProxyConfig::ProxyHeaders::Server::value, "Its value.", otherwise("istio-envoy")),
                });
}

Fields ProxyConfig::ProxyHeaders::RequestId::fields() {
  return record("ProxyConfig.ProxyHeaders.RequestId", "The x-request-id header.",
                {
                    field("disabled", &ProxyConfig::ProxyHeaders::RequestId::disabled, "Makes none."),
                });
}

Fields ProxyConfig::ProxyHeaders::AttemptCount::fields() {
  return record("ProxyConfig.ProxyHeaders.AttemptCount", "The x-envoy-attempt-count header.",
                {
                    field("disabled", &ProxyConfig::ProxyHeaders::AttemptCount::disabled, "Makes none."),
                });
}

Fields ProxyConfig::ProxyHeaders::XForwardedHost::fields() {
  return record("ProxyConfig.ProxyHeaders.XForwardedHost", "The x-forwarded-host header.",
                {
                    field("enabled", &ProxyConfig::ProxyHeaders::XForwardedHost::enabled, "Makes it."),
                });
}

Fields ProxyConfig::ProxyHeaders::XForwardedPort::fields() {
  return record("ProxyConfig.ProxyHeaders.XForwardedPort", "The x-forwarded-port header.",
                {
                    field("enabled", &ProxyConfig::ProxyHeaders::XForwardedPort::enabled, "Makes it."),
                });
}

Fields ProxyConfig::ProxyHeaders::EnvoyDebugHeaders::fields() {
  return record("ProxyConfig.ProxyHeaders.EnvoyDebugHeaders", "Headers such as x-envoy-upstream-service-time.",
                {
                    field("disabled", &ProxyConfig::ProxyHeaders::EnvoyDebugHeaders::disabled, "Makes none."),
                });
}

Fields ProxyConfig::ProxyHeaders::MetadataExchangeHeaders::fields() {
  return record("ProxyConfig.ProxyHeaders.MetadataExchangeHeaders", "The x-envoy-peer-metadata headers.",
                {
                    field("mode", &ProxyConfig::ProxyHeaders::MetadataExchangeHeaders::mode, "Where they are sent."),
                });
}

Fields ProxyConfig::ProxyHeaders::SetCurrentClientCertDetails::fields() {
  return record(
      "ProxyConfig.ProxyHeaders.SetCurrentClientCertDetails",
      "What of a client certificate goes into X-Forwarded-Client-Cert.",
      {
          field("subject", &ProxyConfig::ProxyHeaders::SetCurrentClientCertDetails::subject, "The subject.",
                otherwise("true")),
          field("cert", &ProxyConfig::ProxyHeaders::SetCurrentClientCertDetails::cert, "The certificate."),
          field("chain", &ProxyConfig::ProxyHeaders::SetCurrentClientCertDetails::chain, "The chain."),
          field("dns", &ProxyConfig::ProxyHeaders::SetCurrentClientCertDetails::dns, "DNS names.", otherwise("true")),
          field("uri", &ProxyConfig::ProxyHeaders::SetCurrentClientCertDetails::uri, "URI names.", otherwise("true")),
      });
}

Fields ProxyConfig::ProxyHeaders::fields() {
  return record(
      "ProxyConfig.ProxyHeaders", "Headers that proxies add.",
      {
          field("forwardedClientCert", &ProxyConfig::ProxyHeaders::forwarded_client_cert,
                "What happens to X-Forwarded-Client-Cert.", not_honoured()),
          field("setCurrentClientCertDetails", &ProxyConfig::ProxyHeaders::set_current_client_cert_details,
                "What of a client certificate goes into it.", not_honoured()),
          field("requestId", &ProxyConfig::ProxyHeaders::request_id, "x-request-id."),
          field("server", &ProxyConfig::ProxyHeaders::server, "server."),
          field("attemptCount", &ProxyConfig::ProxyHeaders::attempt_count, "x-envoy-attempt-count.", not_honoured()),
          field("envoyDebugHeaders", &ProxyConfig::ProxyHeaders::envoy_debug_headers,
                "x-envoy-upstream-service-time and its like.", not_honoured()),
          field("metadataExchangeHeaders", &ProxyConfig::ProxyHeaders::metadata_exchange_headers,
                "x-envoy-peer-metadata.", not_honoured()),
          field("preserveHttp1HeaderCase", &ProxyConfig::ProxyHeaders::preserve_http1_header_case,
                "Keeps the case of HTTP/1 header names.", not_honoured()),
          field("xForwardedHost", &ProxyConfig::ProxyHeaders::x_forwarded_host, "x-forwarded-host.", not_honoured()),
          field("xForwardedPort", &ProxyConfig::ProxyHeaders::x_forwarded_port, "x-forwarded-port.", not_honoured()),
      });
}

Names names(ProxyConfig::ConnectionSettings::Profile) {
  static constexpr Name all[] = {{"SIDECAR", 0}, {"EDGE", 1}};
  return all;
}

Names names(ProxyConfig::ConnectionSettings::HeadersWithUnderscoresAction) {
  static constexpr Name all[] = {{"HEADERS_WITH_UNDERSCORES_UNSPECIFIED", 0},
                                 {"HEADERS_WITH_UNDERSCORES_ALLOW", 1},
                                 {"HEADERS_WITH_UNDERSCORES_REJECT_REQUEST", 2},
                                 {"HEADERS_WITH_UNDERSCORES_DROP_HEADER", 3}};
  return all;
}

Names names(ProxyConfig::ConnectionSettings::PathWithEscapedSlashesAction) {
  static constexpr Name all[] = {{"PATH_WITH_ESCAPED_SLASHES_UNSPECIFIED", 0},
                                 {"KEEP_UNCHANGED", 1},
                                 {"REJECT_REQUEST", 2},
                                 {"UNESCAPE_AND_REDIRECT", 3},
                                 {"UNESCAPE_AND_FORWARD", 4}};
  return all;
}

Fields ProxyConfig::ConnectionSettings::fields() {
  return record(
      "ProxyConfig.ConnectionSettings", "Limits of connections.",
      {
          field("profile", &ProxyConfig::ConnectionSettings::profile,
                "Defaults for sidecars, or for proxies that face the internet."),
          field("listenerPerConnectionBufferLimitBytes",
                &ProxyConfig::ConnectionSettings::listener_per_connection_buffer_limit_bytes,
                "Buffer of a connection from a client.", at_least(0)),
          field("clusterPerConnectionBufferLimitBytes",
                &ProxyConfig::ConnectionSettings::cluster_per_connection_buffer_limit_bytes,
                "Buffer of a connection to a server.", at_least(0)),
          field("httpIdleTimeout", &ProxyConfig::ConnectionSettings::http_idle_timeout,
                "Idle connections are closed after it."),
          field("httpMaxConnectionDuration", &ProxyConfig::ConnectionSettings::http_max_connection_duration,
                "Longest life of a connection."),
          field("httpDrainTimeout", &ProxyConfig::ConnectionSettings::http_drain_timeout,
                "Time that streams have to end on a closing connection."),
          field("httpRequestTimeout", &ProxyConfig::ConnectionSettings::http_request_timeout,
                "Limit for receiving a request."),
          field("httpRequestHeadersTimeout", &ProxyConfig::ConnectionSettings::http_request_headers_timeout,
                "Limit for receiving a request's headers."),
          field("httpStreamIdleTimeout", &ProxyConfig::ConnectionSettings::http_stream_idle_timeout,
                "Idle streams are reset after it."),
          field("httpMaxStreamDuration", &ProxyConfig::ConnectionSettings::http_max_stream_duration,
                "Longest life of a stream."),
          field("httpMaxConcurrentStreams", &ProxyConfig::ConnectionSettings::http_max_concurrent_streams,
                "Most streams of an HTTP/2 connection.", at_least(1)),
          field("http2InitialStreamWindowSize", &ProxyConfig::ConnectionSettings::http2_initial_stream_window_size,
                "HTTP/2 window of a stream.", at_least(65535)),
          field("http2InitialConnectionWindowSize",
                &ProxyConfig::ConnectionSettings::http2_initial_connection_window_size,
                "HTTP/2 window of a connection.", at_least(65535)),
          field("httpHeadersWithUnderscoresAction",
                &ProxyConfig::ConnectionSettings::http_headers_with_underscores_action,
                "What happens to header names with underscores."),
          field("httpMergeSlashes", &ProxyConfig::ConnectionSettings::http_merge_slashes, "Merges slashes in paths."),
          field("httpPathWithEscapedSlashesAction",
                &ProxyConfig::ConnectionSettings::http_path_with_escaped_slashes_action,
                "What happens to %2F and %5C in paths."),
          field("listenerConnectionLimit", &ProxyConfig::ConnectionSettings::listener_connection_limit,
                "Most connections of a listener.", at_least(1)),
          field("globalDownstreamConnectionLimit", &ProxyConfig::ConnectionSettings::global_downstream_connection_limit,
                "Most connections of the proxy.", at_least(1)),
      });
}

Fields ProxyConfig::fields() {
  return record(
      "ProxyConfig",
      "What a proxy needs to start: the mesh's defaultConfig, the annotation proxy.istio.io/config, a machine's "
      "PROXY_CONFIG.",
      {
          field("configPath", &ProxyConfig::config_path, "Folder of generated files.", not_honoured()),
          field("binaryPath", &ProxyConfig::binary_path, "The proxy's program.", not_honoured()),
          field("serviceCluster", &ProxyConfig::service_cluster, "Name of the proxy's service.", one_of("clusterName"),
                not_honoured()),
          field("tracingServiceName", &ProxyConfig::tracing_service_name, "How the service is named in traces.",
                one_of("clusterName"), not_honoured()),
          field("drainDuration", &ProxyConfig::drain_duration,
                "Time that connections have to end when listeners change.", at_least_long(1s), not_honoured()),
          field("discoveryAddress", &ProxyConfig::discovery_address, "Address of the control plane.", not_honoured()),
          field("discoveryRefreshDelay", &ProxyConfig::discovery_refresh_delay, "Unused.",
                deprecated("it has no effect")),
          field("zipkinAddress", &ProxyConfig::zipkin_address, "Address of Zipkin.",
                deprecated("use tracing.zipkin.address")),
          field("statsdUdpAddress", &ProxyConfig::statsd_udp_address, "Address of a statsd server.", not_honoured()),
          field("envoyMetricsServiceAddress", &ProxyConfig::envoy_metrics_service_address,
                "Address of a metrics service.", deprecated("use envoyMetricsService")),
          field("proxyAdminPort", &ProxyConfig::proxy_admin_port, "Port of the admin page.", at_least(0),
                at_most(65535), not_honoured()),
          field("availabilityZone", &ProxyConfig::availability_zone, "Unused.", deprecated("it has no effect")),
          field("controlPlaneAuthPolicy", &ProxyConfig::control_plane_auth_policy,
                "Whether the control plane is reached by TLS.", not_honoured()),
          field("customConfigFile", &ProxyConfig::custom_config_file, "A bootstrap file instead of the generated one.",
                not_honoured()),
          field("statNameLength", &ProxyConfig::stat_name_length, "Longest metric name.", at_least(0), not_honoured()),
          field("concurrency", &ProxyConfig::concurrency, "Worker threads; 0: as many as cores.", at_least(0),
                not_honoured()),
          field("proxyBootstrapTemplatePath", &ProxyConfig::proxy_bootstrap_template_path,
                "A bootstrap template instead of the built-in one.", not_honoured()),
          field("interceptionMode", &ProxyConfig::interception_mode, "How traffic is captured.", not_honoured()),
          field("tracing", &ProxyConfig::tracing, "Tracing in the bootstrap."),
          field("sds", &ProxyConfig::sds, "Unused.", deprecated("it has no effect")),
          field("envoyAccessLogService", &ProxyConfig::envoy_access_log_service, "Where access logs are streamed.",
                not_honoured()),
          field("envoyMetricsService", &ProxyConfig::envoy_metrics_service, "Where metrics are streamed.",
                not_honoured()),
          field("proxyMetadata", &ProxyConfig::proxy_metadata,
                "Environment of the agent; ISTIO_META_ names become node metadata.", not_honoured()),
          field("runtimeValues", &ProxyConfig::runtime_values, "Envoy's runtime values.", not_honoured()),
          field("statusPort", &ProxyConfig::status_port, "Port of the agent.", at_least(0), at_most(65535),
                not_honoured()),
          field("extraStatTags", &ProxyConfig::extra_stat_tags, "More labels of Istio's metrics.", not_honoured()),
          field("gatewayTopology", &ProxyConfig::gateway_topology, "What stands before a gateway."),
          field("terminationDrainDuration", &ProxyConfig::termination_drain_duration,
                "Time that connections have to end when the proxy stops.", not_honoured()),
          field("meshId", &ProxyConfig::mesh_id, "Name of the mesh.", not_honoured()),
          field("readinessProbe", &ProxyConfig::readiness_probe, "How the agent probes the application.",
                not_honoured()),
          field("proxyStatsMatcher", &ProxyConfig::proxy_stats_matcher, "Metrics beside the usual ones.",
                not_honoured()),
          field("holdApplicationUntilProxyStarts", &ProxyConfig::hold_application_until_proxy_starts,
                "Starts the application after the proxy.", not_honoured()),
          field("caCertificatesPem", &ProxyConfig::ca_certificates_pem, "More certificates to trust.", not_honoured()),
          field("image", &ProxyConfig::image, "Image of the proxy.", not_honoured()),
          field("privateKeyProvider", &ProxyConfig::private_key_provider, "Hardware that signs.", not_honoured()),
          field("proxyHeaders", &ProxyConfig::proxy_headers, "Headers that proxies add.", not_honoured()),
          field("fileFlushInterval", &ProxyConfig::file_flush_interval, "Access log files are flushed after it.",
                not_honoured()),
          field("fileFlushMinSizeKb", &ProxyConfig::file_flush_min_size_kb,
                "Access log files are flushed from this size on.", not_honoured()),
          field("statsCompression", &ProxyConfig::stats_compression, "Compresses metrics.", otherwise("true"),
                not_honoured()),
          field("connectionSettings", &ProxyConfig::connection_settings, "Limits of connections.", not_honoured()),
      });
}

}  // namespace lateen::config
