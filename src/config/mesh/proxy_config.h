// ProxyConfig, the `defaultConfig` of the mesh: what a proxy needs to start. A default-constructed one holds Istio's
// defaults.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "config/networking/destination_rule.h"
#include "config/networking/proxy_config.h"
#include "config/networking/workload_group.h"
#include "lib/base/time.h"
#include "lib/schema/describe.h"

namespace lateen::config {

enum class AuthenticationPolicy { NONE, MUTUAL_TLS, INHERIT = 1000 };

enum class ForwardClientCertDetails {
  UNDEFINED,
  SANITIZE,
  FORWARD_ONLY,
  APPEND_FORWARD,
  SANITIZE_SET,
  ALWAYS_FORWARD_ONLY
};

struct ProxyTracing {
  struct Zipkin {
    std::string address;
    bool operator==(const Zipkin&) const = default;
    static schema::Fields fields();
  };
  struct Lightstep {
    std::string address;
    std::string access_token;
    bool operator==(const Lightstep&) const = default;
    static schema::Fields fields();
  };
  struct Datadog {
    std::string address;
    bool operator==(const Datadog&) const = default;
    static schema::Fields fields();
  };
  struct Stackdriver {
    bool debug = false;
    std::optional<int64_t> max_number_of_attributes;
    std::optional<int64_t> max_number_of_annotations;
    std::optional<int64_t> max_number_of_message_events;
    bool operator==(const Stackdriver&) const = default;
    static schema::Fields fields();
  };
  struct OpenCensusAgent {
    enum class TraceContext { UNSPECIFIED, W3C_TRACE_CONTEXT, GRPC_BIN, CLOUD_TRACE_CONTEXT, B3 };
    std::string address;
    std::vector<TraceContext> context;
    bool operator==(const OpenCensusAgent&) const = default;
    static schema::Fields fields();
  };
  struct Environment {
    std::string name;
    std::string default_value;
    bool operator==(const Environment&) const = default;
    static schema::Fields fields();
  };
  struct Literal {
    std::string value;
    bool operator==(const Literal&) const = default;
    static schema::Fields fields();
  };
  struct RequestHeader {
    std::string name;
    std::string default_value;
    bool operator==(const RequestHeader&) const = default;
    static schema::Fields fields();
  };
  struct CustomTag {
    std::optional<Literal> literal;
    std::optional<Environment> environment;
    std::optional<RequestHeader> header;
    bool operator==(const CustomTag&) const = default;
    static schema::Fields fields();
  };
  std::optional<Zipkin> zipkin;
  std::optional<Lightstep> lightstep;
  std::optional<Datadog> datadog;
  std::optional<Stackdriver> stackdriver;
  std::optional<OpenCensusAgent> open_census_agent;
  std::map<std::string, CustomTag> custom_tags;
  uint32_t max_path_tag_length = 0;
  double sampling = 0;
  std::optional<ClientTLSSettings> tls_settings;
  std::optional<bool> enable_istio_tags;
  bool operator==(const ProxyTracing&) const = default;
  static schema::Fields fields();
};

struct SDS {
  bool enabled = false;
  std::string k8s_sa_jwt_path;
  bool operator==(const SDS&) const = default;
  static schema::Fields fields();
};

struct Topology {
  struct ProxyProtocolConfiguration {
    bool operator==(const ProxyProtocolConfiguration&) const = default;
    static schema::Fields fields();
  };
  uint32_t num_trusted_proxies = 0;
  ForwardClientCertDetails forward_client_cert_details = ForwardClientCertDetails::UNDEFINED;
  std::optional<ProxyProtocolConfiguration> proxy_protocol;
  bool operator==(const Topology&) const = default;
  static schema::Fields fields();
};

struct PrivateKeyProvider {
  struct CryptoMb {
    std::optional<Duration> poll_delay;
    std::optional<bool> fallback;
    bool operator==(const CryptoMb&) const = default;
    static schema::Fields fields();
  };
  struct QAT {
    std::optional<Duration> poll_delay;
    std::optional<bool> fallback;
    bool operator==(const QAT&) const = default;
    static schema::Fields fields();
  };
  std::optional<CryptoMb> cryptomb;
  std::optional<QAT> qat;
  bool operator==(const PrivateKeyProvider&) const = default;
  static schema::Fields fields();
};

struct RemoteService {
  std::string address;
  std::optional<ClientTLSSettings> tls_settings;
  std::optional<ConnectionPoolSettings::TCPSettings::TcpKeepalive> tcp_keepalive;
  bool operator==(const RemoteService&) const = default;
  static schema::Fields fields();
};

struct ProxyConfig {
  enum class TracingServiceName { APP_LABEL_AND_NAMESPACE, CANONICAL_NAME_ONLY, CANONICAL_NAME_AND_NAMESPACE };
  enum class InboundInterceptionMode { REDIRECT, TPROXY, NONE };
  struct ProxyStatsMatcher {
    std::vector<std::string> inclusion_prefixes;
    std::vector<std::string> inclusion_suffixes;
    std::vector<std::string> inclusion_regexps;
    bool operator==(const ProxyStatsMatcher&) const = default;
    static schema::Fields fields();
  };
  struct ProxyHeaders {
    enum class MetadataExchangeMode { UNDEFINED, IN_MESH };
    struct Server {
      std::optional<bool> disabled;
      std::string value;
      bool operator==(const Server&) const = default;
      static schema::Fields fields();
    };
    struct RequestId {
      std::optional<bool> disabled;
      bool operator==(const RequestId&) const = default;
      static schema::Fields fields();
    };
    struct AttemptCount {
      std::optional<bool> disabled;
      bool operator==(const AttemptCount&) const = default;
      static schema::Fields fields();
    };
    struct XForwardedHost {
      std::optional<bool> enabled;
      bool operator==(const XForwardedHost&) const = default;
      static schema::Fields fields();
    };
    struct XForwardedPort {
      std::optional<bool> enabled;
      bool operator==(const XForwardedPort&) const = default;
      static schema::Fields fields();
    };
    struct EnvoyDebugHeaders {
      std::optional<bool> disabled;
      bool operator==(const EnvoyDebugHeaders&) const = default;
      static schema::Fields fields();
    };
    struct MetadataExchangeHeaders {
      MetadataExchangeMode mode = MetadataExchangeMode::UNDEFINED;
      bool operator==(const MetadataExchangeHeaders&) const = default;
      static schema::Fields fields();
    };
    struct SetCurrentClientCertDetails {
      std::optional<bool> subject;
      std::optional<bool> cert;
      std::optional<bool> chain;
      std::optional<bool> dns;
      std::optional<bool> uri;
      bool operator==(const SetCurrentClientCertDetails&) const = default;
      static schema::Fields fields();
    };
    ForwardClientCertDetails forwarded_client_cert = ForwardClientCertDetails::UNDEFINED;
    std::optional<SetCurrentClientCertDetails> set_current_client_cert_details;
    std::optional<RequestId> request_id;
    std::optional<Server> server;
    std::optional<AttemptCount> attempt_count;
    std::optional<EnvoyDebugHeaders> envoy_debug_headers;
    std::optional<MetadataExchangeHeaders> metadata_exchange_headers;
    std::optional<bool> preserve_http1_header_case;
    std::optional<XForwardedHost> x_forwarded_host;
    std::optional<XForwardedPort> x_forwarded_port;
    bool operator==(const ProxyHeaders&) const = default;
    static schema::Fields fields();
  };
  struct ConnectionSettings {
    enum class Profile { SIDECAR, EDGE };
    enum class HeadersWithUnderscoresAction {
      HEADERS_WITH_UNDERSCORES_UNSPECIFIED,
      HEADERS_WITH_UNDERSCORES_ALLOW,
      HEADERS_WITH_UNDERSCORES_REJECT_REQUEST,
      HEADERS_WITH_UNDERSCORES_DROP_HEADER
    };
    enum class PathWithEscapedSlashesAction {
      PATH_WITH_ESCAPED_SLASHES_UNSPECIFIED,
      KEEP_UNCHANGED,
      REJECT_REQUEST,
      UNESCAPE_AND_REDIRECT,
      UNESCAPE_AND_FORWARD
    };
    Profile profile = Profile::SIDECAR;
    std::optional<int32_t> listener_per_connection_buffer_limit_bytes;
    std::optional<int32_t> cluster_per_connection_buffer_limit_bytes;
    std::optional<Duration> http_idle_timeout;
    std::optional<Duration> http_max_connection_duration;
    std::optional<Duration> http_drain_timeout;
    std::optional<Duration> http_request_timeout;
    std::optional<Duration> http_request_headers_timeout;
    std::optional<Duration> http_stream_idle_timeout;
    std::optional<Duration> http_max_stream_duration;
    std::optional<int32_t> http_max_concurrent_streams;
    std::optional<int32_t> http2_initial_stream_window_size;
    std::optional<int32_t> http2_initial_connection_window_size;
    HeadersWithUnderscoresAction http_headers_with_underscores_action =
        HeadersWithUnderscoresAction::HEADERS_WITH_UNDERSCORES_UNSPECIFIED;
    std::optional<bool> http_merge_slashes;
    PathWithEscapedSlashesAction http_path_with_escaped_slashes_action =
        PathWithEscapedSlashesAction::PATH_WITH_ESCAPED_SLASHES_UNSPECIFIED;
    std::optional<int32_t> listener_connection_limit;
    std::optional<int32_t> global_downstream_connection_limit;
    bool operator==(const ConnectionSettings&) const = default;
    static schema::Fields fields();
  };
  std::string config_path = "./etc/istio/proxy";
  std::string binary_path = "/usr/local/bin/envoy";
  std::optional<std::string> service_cluster = "istio-proxy";
  std::optional<TracingServiceName> tracing_service_name;
  std::optional<Duration> drain_duration = Duration(45s);
  std::string discovery_address = "istiod.istio-system.svc:15012";
  std::optional<Duration> discovery_refresh_delay;
  std::string zipkin_address;
  std::string statsd_udp_address;
  std::string envoy_metrics_service_address;
  int32_t proxy_admin_port = 15000;
  std::string availability_zone;
  AuthenticationPolicy control_plane_auth_policy = AuthenticationPolicy::MUTUAL_TLS;
  std::string custom_config_file;
  int32_t stat_name_length = 189;
  std::optional<int32_t> concurrency;
  std::string proxy_bootstrap_template_path;
  InboundInterceptionMode interception_mode = InboundInterceptionMode::REDIRECT;
  std::optional<ProxyTracing> tracing;
  std::optional<SDS> sds;
  std::optional<RemoteService> envoy_access_log_service;
  std::optional<RemoteService> envoy_metrics_service;
  std::map<std::string, std::string> proxy_metadata;
  std::map<std::string, std::string> runtime_values;
  int32_t status_port = 15020;
  std::vector<std::string> extra_stat_tags;
  std::optional<Topology> gateway_topology;
  std::optional<Duration> termination_drain_duration = Duration(5s);
  std::string mesh_id;
  std::optional<ReadinessProbe> readiness_probe;
  std::optional<ProxyStatsMatcher> proxy_stats_matcher;
  std::optional<bool> hold_application_until_proxy_starts;
  std::vector<std::string> ca_certificates_pem;
  std::optional<ProxyImage> image;
  std::optional<PrivateKeyProvider> private_key_provider;
  std::optional<ProxyHeaders> proxy_headers;
  std::optional<Duration> file_flush_interval = Duration(1s);
  uint32_t file_flush_min_size_kb = 64;
  std::optional<bool> stats_compression;
  std::optional<ConnectionSettings> connection_settings;
  bool operator==(const ProxyConfig&) const = default;
  static schema::Fields fields();
};

schema::Names names(AuthenticationPolicy);
schema::Names names(ForwardClientCertDetails);
schema::Names names(ProxyTracing::OpenCensusAgent::TraceContext);
schema::Names names(ProxyConfig::TracingServiceName);
schema::Names names(ProxyConfig::InboundInterceptionMode);
schema::Names names(ProxyConfig::ProxyHeaders::MetadataExchangeMode);
schema::Names names(ProxyConfig::ConnectionSettings::Profile);
schema::Names names(ProxyConfig::ConnectionSettings::HeadersWithUnderscoresAction);
schema::Names names(ProxyConfig::ConnectionSettings::PathWithEscapedSlashesAction);

}  // namespace lateen::config
