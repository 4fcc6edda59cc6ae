// MeshConfig: settings of the whole mesh. A default-constructed one holds Istio's defaults, so reading a file into it
// overlays the file on them.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "config/kubernetes/meta.h"
#include "config/mesh/proxy_config.h"
#include "config/networking/destination_rule.h"
#include "config/networking/virtual_service.h"
#include "lib/base/time.h"
#include "lib/schema/describe.h"
#include "lib/schema/node.h"

namespace lateen::config {

enum class Resource { SERVICE_REGISTRY };

struct ConfigSource {
  std::string address;
  std::optional<ClientTLSSettings> tls_settings;
  std::vector<Resource> subscribed_resources;
  bool operator==(const ConfigSource&) const = default;
  static schema::Fields fields();
};

struct ServiceEntryVisibility {
  enum class Visibility { VISIBILITY_UNSPECIFIED, NONE, NAMESPACE, PUBLIC };
  struct MatchRule {
    std::optional<LabelSelector> namespace_selector;
    bool operator==(const MatchRule&) const = default;
    static schema::Fields fields();
  };
  struct Policy {
    Visibility visibility = Visibility::VISIBILITY_UNSPECIFIED;
    std::vector<MatchRule> matching_rules;
    bool operator==(const Policy&) const = default;
    static schema::Fields fields();
  };
  Visibility default_visibility = Visibility::VISIBILITY_UNSPECIFIED;
  bool apply_to_sidecars = false;
  std::vector<Policy> policies;
  bool operator==(const ServiceEntryVisibility&) const = default;
  static schema::Fields fields();
};

struct Certificate {
  std::string secret_name;
  std::vector<std::string> dns_names;
  bool operator==(const Certificate&) const = default;
  static schema::Fields fields();
};

struct MeshConfig {
  enum class IngressControllerMode { UNSPECIFIED, OFF, DEFAULT, STRICT };
  enum class AuthPolicy { NONE, MUTUAL_TLS };
  enum class AccessLogEncoding { TEXT, JSON };
  enum class H2UpgradePolicy { DO_NOT_UPGRADE, UPGRADE };
  struct OutboundTrafficPolicy {
    enum class Mode { REGISTRY_ONLY, ALLOW_ANY, ALLOW_ANY_DYNAMIC_DNS = 3 };
    Mode mode = Mode::ALLOW_ANY;
    std::optional<ClientTLSSettings> tls;
    bool operator==(const OutboundTrafficPolicy&) const = default;
    static schema::Fields fields();
  };
  struct InboundTrafficPolicy {
    enum class Mode { PASSTHROUGH, LOCALHOST };
    Mode mode = Mode::PASSTHROUGH;
    bool operator==(const InboundTrafficPolicy&) const = default;
    static schema::Fields fields();
  };
  struct CertificateData {
    std::optional<std::string> pem;
    std::optional<std::string> spiffe_bundle_url;
    std::vector<std::string> cert_signers;
    std::vector<std::string> trust_domains;
    bool operator==(const CertificateData&) const = default;
    static schema::Fields fields();
  };
  struct ServiceSettings {
    struct Settings {
      bool cluster_local = false;
      bool operator==(const Settings&) const = default;
      static schema::Fields fields();
    };
    std::optional<Settings> settings;
    std::vector<std::string> hosts;
    bool operator==(const ServiceSettings&) const = default;
    static schema::Fields fields();
  };
  struct ServiceScopeConfigs {
    enum class Scope { LOCAL, GLOBAL };
    std::optional<LabelSelector> namespace_selector;
    std::optional<LabelSelector> services_selector;
    Scope scope = Scope::LOCAL;
    bool operator==(const ServiceScopeConfigs&) const = default;
    static schema::Fields fields();
  };
  struct CA {
    std::string address;
    std::optional<ClientTLSSettings> tls_settings;
    std::optional<Duration> request_timeout;
    bool istiod_side = false;
    bool operator==(const CA&) const = default;
    static schema::Fields fields();
  };
  struct ExtensionProvider {
    enum class ServiceAttributeEnrichment { ISTIO_CANONICAL, OTEL_SEMANTIC_CONVENTIONS };
    struct EnvoyExternalAuthorizationRequestBody {
      uint32_t max_request_bytes = 0;
      bool allow_partial_message = false;
      bool pack_as_bytes = false;
      bool operator==(const EnvoyExternalAuthorizationRequestBody&) const = default;
      static schema::Fields fields();
    };
    struct EnvoyExternalAuthorizationHttpProvider {
      std::string service;
      uint32_t port = 0;
      std::optional<Duration> timeout;
      std::string path_prefix;
      bool fail_open = false;
      bool clear_route_cache = false;
      std::string status_on_error;
      std::vector<std::string> include_headers_in_check;
      std::vector<std::string> include_request_headers_in_check;
      std::map<std::string, std::string> include_additional_headers_in_check;
      std::optional<EnvoyExternalAuthorizationRequestBody> include_request_body_in_check;
      std::vector<std::string> headers_to_upstream_on_allow;
      std::vector<std::string> headers_to_downstream_on_deny;
      std::vector<std::string> headers_to_downstream_on_allow;
      bool operator==(const EnvoyExternalAuthorizationHttpProvider&) const = default;
      static schema::Fields fields();
    };
    struct EnvoyExternalAuthorizationGrpcProvider {
      std::string service;
      uint32_t port = 0;
      std::optional<Duration> timeout;
      bool fail_open = false;
      bool clear_route_cache = false;
      std::string status_on_error;
      std::optional<EnvoyExternalAuthorizationRequestBody> include_request_body_in_check;
      bool operator==(const EnvoyExternalAuthorizationGrpcProvider&) const = default;
      static schema::Fields fields();
    };
    struct HttpHeader {
      std::string name;
      std::optional<std::string> value;
      std::optional<std::string> env_name;
      bool operator==(const HttpHeader&) const = default;
      static schema::Fields fields();
    };
    struct ZipkinTracingProvider {
      enum class TraceContextOption { USE_B3, USE_B3_WITH_W3C_PROPAGATION };
      std::string service;
      uint32_t port = 0;
      uint32_t max_tag_length = 0;
      bool enable_64bit_trace_id = false;
      std::string path;
      TraceContextOption trace_context_option = TraceContextOption::USE_B3;
      std::optional<Duration> timeout;
      std::vector<HttpHeader> headers;
      bool operator==(const ZipkinTracingProvider&) const = default;
      static schema::Fields fields();
    };
    struct LightstepTracingProvider {
      std::string service;
      uint32_t port = 0;
      std::string access_token;
      uint32_t max_tag_length = 0;
      bool operator==(const LightstepTracingProvider&) const = default;
      static schema::Fields fields();
    };
    struct DatadogTracingProvider {
      std::string service;
      uint32_t port = 0;
      uint32_t max_tag_length = 0;
      bool operator==(const DatadogTracingProvider&) const = default;
      static schema::Fields fields();
    };
    struct SkyWalkingTracingProvider {
      std::string service;
      uint32_t port = 0;
      std::string access_token;
      bool operator==(const SkyWalkingTracingProvider&) const = default;
      static schema::Fields fields();
    };
    struct StackdriverProvider {
      struct Logging {
        std::map<std::string, std::string> labels;
        bool operator==(const Logging&) const = default;
        static schema::Fields fields();
      };
      bool debug = false;
      std::optional<int64_t> max_number_of_attributes;
      std::optional<int64_t> max_number_of_annotations;
      std::optional<int64_t> max_number_of_message_events;
      uint32_t max_tag_length = 0;
      std::optional<Logging> logging;
      bool operator==(const StackdriverProvider&) const = default;
      static schema::Fields fields();
    };
    struct OpenCensusAgentTracingProvider {
      enum class TraceContext { UNSPECIFIED, W3C_TRACE_CONTEXT, GRPC_BIN, CLOUD_TRACE_CONTEXT, B3 };
      std::string service;
      uint32_t port = 0;
      std::vector<TraceContext> context;
      uint32_t max_tag_length = 0;
      bool operator==(const OpenCensusAgentTracingProvider&) const = default;
      static schema::Fields fields();
    };
    struct PrometheusMetricsProvider {
      bool operator==(const PrometheusMetricsProvider&) const = default;
      static schema::Fields fields();
    };
    struct EnvoyFileAccessLogProvider {
      struct LogFormat {
        std::optional<std::string> text;
        schema::Node labels;
        bool operator==(const LogFormat&) const = default;
        static schema::Fields fields();
      };
      std::string path;
      std::optional<LogFormat> log_format;
      bool omit_empty_values = false;
      bool operator==(const EnvoyFileAccessLogProvider&) const = default;
      static schema::Fields fields();
    };
    struct EnvoyHttpGrpcV3LogProvider {
      std::string service;
      uint32_t port = 0;
      std::string log_name;
      std::vector<std::string> filter_state_objects_to_log;
      std::vector<std::string> additional_request_headers_to_log;
      std::vector<std::string> additional_response_headers_to_log;
      std::vector<std::string> additional_response_trailers_to_log;
      bool operator==(const EnvoyHttpGrpcV3LogProvider&) const = default;
      static schema::Fields fields();
    };
    struct EnvoyTcpGrpcV3LogProvider {
      std::string service;
      uint32_t port = 0;
      std::string log_name;
      std::vector<std::string> filter_state_objects_to_log;
      bool operator==(const EnvoyTcpGrpcV3LogProvider&) const = default;
      static schema::Fields fields();
    };
    struct EnvoyOpenTelemetryLogProvider {
      struct LogFormat {
        std::string text;
        schema::Node labels;
        bool operator==(const LogFormat&) const = default;
        static schema::Fields fields();
      };
      std::string service;
      uint32_t port = 0;
      std::string log_name;
      std::optional<LogFormat> log_format;
      bool operator==(const EnvoyOpenTelemetryLogProvider&) const = default;
      static schema::Fields fields();
    };
    struct ResourceDetectors {
      struct EnvironmentResourceDetector {
        bool operator==(const EnvironmentResourceDetector&) const = default;
        static schema::Fields fields();
      };
      struct DynatraceResourceDetector {
        bool operator==(const DynatraceResourceDetector&) const = default;
        static schema::Fields fields();
      };
      std::optional<EnvironmentResourceDetector> environment;
      std::optional<DynatraceResourceDetector> dynatrace;
      bool operator==(const ResourceDetectors&) const = default;
      static schema::Fields fields();
    };
    struct GrpcService {
      std::optional<Duration> timeout;
      std::vector<HttpHeader> initial_metadata;
      bool operator==(const GrpcService&) const = default;
      static schema::Fields fields();
    };
    struct HttpService {
      std::string path;
      std::optional<Duration> timeout;
      std::vector<HttpHeader> headers;
      bool operator==(const HttpService&) const = default;
      static schema::Fields fields();
    };
    struct OpenTelemetryTracingProvider {
      struct DynatraceSampler {
        struct DynatraceApi {
          std::string service;
          uint32_t port = 0;
          std::optional<HttpService> http;
          bool operator==(const DynatraceApi&) const = default;
          static schema::Fields fields();
        };
        std::string tenant;
        int32_t cluster_id = 0;
        uint32_t root_spans_per_minute = 0;
        std::optional<DynatraceApi> http_service;
        bool operator==(const DynatraceSampler&) const = default;
        static schema::Fields fields();
      };
      std::string service;
      uint32_t port = 0;
      uint32_t max_tag_length = 0;
      std::optional<HttpService> http;
      std::optional<GrpcService> grpc;
      std::optional<ResourceDetectors> resource_detectors;
      ServiceAttributeEnrichment service_attribute_enrichment = ServiceAttributeEnrichment::ISTIO_CANONICAL;
      std::optional<DynatraceSampler> dynatrace_sampler;
      bool operator==(const OpenTelemetryTracingProvider&) const = default;
      static schema::Fields fields();
    };
    struct SDSProvider {
      std::string name;
      std::string service;
      uint32_t port = 0;
      bool operator==(const SDSProvider&) const = default;
      static schema::Fields fields();
    };
    std::string name;
    std::optional<EnvoyExternalAuthorizationHttpProvider> envoy_ext_authz_http;
    std::optional<EnvoyExternalAuthorizationGrpcProvider> envoy_ext_authz_grpc;
    std::optional<ZipkinTracingProvider> zipkin;
    std::optional<LightstepTracingProvider> lightstep;
    std::optional<DatadogTracingProvider> datadog;
    std::optional<StackdriverProvider> stackdriver;
    std::optional<OpenCensusAgentTracingProvider> opencensus;
    std::optional<SkyWalkingTracingProvider> skywalking;
    std::optional<OpenTelemetryTracingProvider> opentelemetry;
    std::optional<PrometheusMetricsProvider> prometheus;
    std::optional<EnvoyFileAccessLogProvider> envoy_file_access_log;
    std::optional<EnvoyHttpGrpcV3LogProvider> envoy_http_als;
    std::optional<EnvoyTcpGrpcV3LogProvider> envoy_tcp_als;
    std::optional<EnvoyOpenTelemetryLogProvider> envoy_otel_als;
    std::optional<SDSProvider> sds;
    bool operator==(const ExtensionProvider&) const = default;
    static schema::Fields fields();
  };
  struct DefaultProviders {
    std::vector<std::string> tracing;
    std::vector<std::string> metrics;
    std::vector<std::string> access_logging;
    bool operator==(const DefaultProviders&) const = default;
    static schema::Fields fields();
  };
  struct ProxyPathNormalization {
    enum class NormalizationType { DEFAULT, NONE, BASE, MERGE_SLASHES, DECODE_AND_MERGE_SLASHES };
    NormalizationType normalization = NormalizationType::DEFAULT;
    bool operator==(const ProxyPathNormalization&) const = default;
    static schema::Fields fields();
  };
  struct TLSConfig {
    enum class TLSProtocol { TLS_AUTO, TLSV1_2, TLSV1_3 };
    TLSProtocol min_protocol_version = TLSProtocol::TLS_AUTO;
    std::vector<std::string> ecdh_curves;
    std::vector<std::string> cipher_suites;
    bool operator==(const TLSConfig&) const = default;
    static schema::Fields fields();
  };
  struct DefaultTrafficPolicy {
    std::optional<ConnectionPoolSettings> connection_pool;
    std::optional<OutlierDetection> outlier_detection;
    bool operator==(const DefaultTrafficPolicy&) const = default;
    static schema::Fields fields();
  };
  int32_t proxy_listen_port = 15001;
  int32_t proxy_inbound_listen_port = 15006;
  int32_t proxy_http_port = 0;
  std::optional<Duration> connect_timeout = Duration(10s);
  std::optional<Duration> hbone_idle_timeout = Duration(1h);
  std::optional<Duration> protocol_detection_timeout = Duration(0s);
  std::optional<ConnectionPoolSettings::TCPSettings::TcpKeepalive> tcp_keepalive;
  std::string ingress_class = "istio";
  std::string ingress_service = "istio-ingressgateway";
  IngressControllerMode ingress_controller_mode = IngressControllerMode::STRICT;
  std::string ingress_selector = "ingressgateway";
  bool enable_tracing = true;
  std::string access_log_file;
  std::string access_log_format;
  AccessLogEncoding access_log_encoding = AccessLogEncoding::TEXT;
  bool enable_envoy_access_log_service = false;
  bool disable_envoy_listener_log = false;
  ProxyConfig default_config;
  OutboundTrafficPolicy outbound_traffic_policy;
  InboundTrafficPolicy inbound_traffic_policy;
  std::vector<ConfigSource> config_sources;
  std::optional<bool> enable_auto_mtls = true;
  std::string trust_domain = "cluster.local";
  std::vector<std::string> trust_domain_aliases;
  std::vector<CertificateData> ca_certificates;
  std::vector<std::string> default_service_export_to = {"*"};
  std::vector<std::string> default_virtual_service_export_to = {"*"};
  std::vector<std::string> default_destination_rule_export_to = {"*"};
  std::string root_namespace = "istio-system";
  std::optional<LocalityLoadBalancerSetting> locality_lb_setting = LocalityLoadBalancerSetting{.enabled = true};
  std::optional<ZoneAwareLoadBalancerSetting> zone_aware_lb_setting;
  std::optional<Duration> dns_refresh_rate = Duration(60s);
  H2UpgradePolicy h2_upgrade_policy = H2UpgradePolicy::DO_NOT_UPGRADE;
  std::string inbound_cluster_stat_name;
  std::string outbound_cluster_stat_name;
  std::vector<Certificate> certificates;
  std::vector<ServiceSettings> service_settings;
  std::vector<ServiceScopeConfigs> service_scope_configs;
  std::optional<bool> enable_prometheus_merge = true;
  std::optional<bool> verify_certificate_at_client;
  std::optional<CA> ca;
  std::vector<ExtensionProvider> extension_providers;
  std::optional<DefaultProviders> default_providers;
  std::vector<LabelSelector> discovery_selectors;
  std::optional<ProxyPathNormalization> path_normalization;
  std::optional<HTTPRetry> default_http_retry_policy;
  std::optional<TLSConfig> mesh_mtls;
  std::optional<TLSConfig> tls_defaults;
  std::optional<DefaultTrafficPolicy> default_traffic_policy;
  std::optional<ServiceEntryVisibility> service_entry_visibility;
  bool operator==(const MeshConfig&) const = default;
  static schema::Fields fields();
};

schema::Names names(Resource);
schema::Names names(ServiceEntryVisibility::Visibility);
schema::Names names(MeshConfig::IngressControllerMode);
schema::Names names(MeshConfig::AuthPolicy);
schema::Names names(MeshConfig::AccessLogEncoding);
schema::Names names(MeshConfig::H2UpgradePolicy);
schema::Names names(MeshConfig::OutboundTrafficPolicy::Mode);
schema::Names names(MeshConfig::InboundTrafficPolicy::Mode);
schema::Names names(MeshConfig::ServiceScopeConfigs::Scope);
schema::Names names(MeshConfig::ExtensionProvider::ServiceAttributeEnrichment);
schema::Names names(MeshConfig::ExtensionProvider::ZipkinTracingProvider::TraceContextOption);
schema::Names names(MeshConfig::ExtensionProvider::OpenCensusAgentTracingProvider::TraceContext);
schema::Names names(MeshConfig::ProxyPathNormalization::NormalizationType);
schema::Names names(MeshConfig::TLSConfig::TLSProtocol);

}  // namespace lateen::config
