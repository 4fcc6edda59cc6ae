#include "config/mesh/mesh_config.h"
#include "lib/schema/field.h"

namespace lateen::config {

using namespace schema;  // field(), record() and the attributes

Names names(MeshConfig::ExtensionProvider::ServiceAttributeEnrichment) {
  static constexpr Name all[] = {{"ISTIO_CANONICAL", 0}, {"OTEL_SEMANTIC_CONVENTIONS", 1}};
  return all;
}

Fields MeshConfig::ExtensionProvider::EnvoyExternalAuthorizationRequestBody::fields() {
  return record(
      "MeshConfig.ExtensionProvider.EnvoyExternalAuthorizationRequestBody", "How much of a body is sent along.",
      {
          field("maxRequestBytes",
                &MeshConfig::ExtensionProvider::EnvoyExternalAuthorizationRequestBody::max_request_bytes,
                "Most bytes."),
          field("allowPartialMessage",
                &MeshConfig::ExtensionProvider::EnvoyExternalAuthorizationRequestBody::allow_partial_message,
                "Sends the beginning of larger bodies instead of refusing them."),
          field("packAsBytes", &MeshConfig::ExtensionProvider::EnvoyExternalAuthorizationRequestBody::pack_as_bytes,
                "Sends bytes instead of text."),
      });
}

Fields MeshConfig::ExtensionProvider::EnvoyExternalAuthorizationHttpProvider::fields() {
  return record(
      "MeshConfig.ExtensionProvider.EnvoyExternalAuthorizationHttpProvider", "An authorizer over HTTP.",
      {
          field("service", &MeshConfig::ExtensionProvider::EnvoyExternalAuthorizationHttpProvider::service,
                "Host of the service, `namespace/host`."),
          field("port", &MeshConfig::ExtensionProvider::EnvoyExternalAuthorizationHttpProvider::port,
                "Port of the service.", at_most(65535)),
          field("timeout", &MeshConfig::ExtensionProvider::EnvoyExternalAuthorizationHttpProvider::timeout,
                "Limit of a call.", otherwise("600s")),
          field("pathPrefix", &MeshConfig::ExtensionProvider::EnvoyExternalAuthorizationHttpProvider::path_prefix,
                "Prefix of the path of calls."),
          field("failOpen", &MeshConfig::ExtensionProvider::EnvoyExternalAuthorizationHttpProvider::fail_open,
                "Allows requests when it fails."),
          field("clearRouteCache",
                &MeshConfig::ExtensionProvider::EnvoyExternalAuthorizationHttpProvider::clear_route_cache,
                "Matches the route again afterwards."),
          field("statusOnError",
                &MeshConfig::ExtensionProvider::EnvoyExternalAuthorizationHttpProvider::status_on_error,
                "HTTP status when it fails.", otherwise("403")),
          field("includeHeadersInCheck",
                &MeshConfig::ExtensionProvider::EnvoyExternalAuthorizationHttpProvider::include_headers_in_check,
                "Headers sent along.", deprecated("use includeRequestHeadersInCheck")),
          field(
              "includeRequestHeadersInCheck",
              &MeshConfig::ExtensionProvider::EnvoyExternalAuthorizationHttpProvider::include_request_headers_in_check,
              "Headers sent along."),
          field("includeAdditionalHeadersInCheck",
                &MeshConfig::ExtensionProvider::EnvoyExternalAuthorizationHttpProvider::
                    include_additional_headers_in_check,
                "Fixed headers sent along."),
          field("includeRequestBodyInCheck",
                &MeshConfig::ExtensionProvider::EnvoyExternalAuthorizationHttpProvider::include_request_body_in_check,
                "How much of the body is sent along."),
          field("headersToUpstreamOnAllow",
                &MeshConfig::ExtensionProvider::EnvoyExternalAuthorizationHttpProvider::headers_to_upstream_on_allow,
                "Headers of its answer that go to the service."),
          field("headersToDownstreamOnDeny",
                &MeshConfig::ExtensionProvider::EnvoyExternalAuthorizationHttpProvider::headers_to_downstream_on_deny,
                "Headers of its answer that go to the client when it denies."),
          field("headersToDownstreamOnAllow",
                &MeshConfig::ExtensionProvider::EnvoyExternalAuthorizationHttpProvider::headers_to_downstream_on_allow,
                "Headers of its answer that go to the client when it allows."),
      });
}

Fields MeshConfig::ExtensionProvider::EnvoyExternalAuthorizationGrpcProvider::fields() {
  return record(
      "MeshConfig.ExtensionProvider.EnvoyExternalAuthorizationGrpcProvider", "An authorizer over gRPC.",
      {
          field("service", &MeshConfig::ExtensionProvider::EnvoyExternalAuthorizationGrpcProvider::service,
                "Host of the service, `namespace/host`."),
          field("port", &MeshConfig::ExtensionProvider::EnvoyExternalAuthorizationGrpcProvider::port,
                "Port of the service.", at_most(65535)),
          field("timeout", &MeshConfig::ExtensionProvider::EnvoyExternalAuthorizationGrpcProvider::timeout,
                "Limit of a call.", otherwise("600s")),
          field("failOpen", &MeshConfig::ExtensionProvider::EnvoyExternalAuthorizationGrpcProvider::fail_open,
                "Allows requests when it fails."),
          field("clearRouteCache",
                &MeshConfig::ExtensionProvider::EnvoyExternalAuthorizationGrpcProvider::clear_route_cache,
                "Matches the route again afterwards."),
          field("statusOnError",
                &MeshConfig::ExtensionProvider::EnvoyExternalAuthorizationGrpcProvider::status_on_error,
                "HTTP status when it fails.", otherwise("403")),
          field("includeRequestBodyInCheck",
                &MeshConfig::ExtensionProvider::EnvoyExternalAuthorizationGrpcProvider::include_request_body_in_check,
                "How much of the body is sent along."),
      });
}

Fields MeshConfig::ExtensionProvider::HttpHeader::fields() {
  return record(
      "MeshConfig.ExtensionProvider.HttpHeader", "A header sent along.",
      {
          field("name", &MeshConfig::ExtensionProvider::HttpHeader::name, "Its name."),
          field("value", &MeshConfig::ExtensionProvider::HttpHeader::value, "Its value.", one_of("headerValue")),
          field("envName", &MeshConfig::ExtensionProvider::HttpHeader::env_name,
                "Variable of the environment that holds its value.", one_of("headerValue")),
      });
}

Names names(MeshConfig::ExtensionProvider::ZipkinTracingProvider::TraceContextOption) {
  static constexpr Name all[] = {{"USE_B3", 0}, {"USE_B3_WITH_W3C_PROPAGATION", 1}};
  return all;
}

Fields MeshConfig::ExtensionProvider::ZipkinTracingProvider::fields() {
  return record(
      "MeshConfig.ExtensionProvider.ZipkinTracingProvider", "Zipkin.",
      {
          field("service", &MeshConfig::ExtensionProvider::ZipkinTracingProvider::service,
                "Host of the service, `namespace/host`."),
          field("port", &MeshConfig::ExtensionProvider::ZipkinTracingProvider::port, "Port of the service.",
                at_most(65535)),
          field("maxTagLength", &MeshConfig::ExtensionProvider::ZipkinTracingProvider::max_tag_length,
                "Longest path in a tag.", otherwise("256")),
          field("enable64bitTraceId", &MeshConfig::ExtensionProvider::ZipkinTracingProvider::enable_64bit_trace_id,
                "Makes trace ids of 64 bits."),
          field("path", &MeshConfig::ExtensionProvider::ZipkinTracingProvider::path, "Path of the collector.",
                otherwise("/api/v2/spans")),
          field("traceContextOption", &MeshConfig::ExtensionProvider::ZipkinTracingProvider::trace_context_option,
                "Trace headers that are used."),
          field("timeout", &MeshConfig::ExtensionProvider::ZipkinTracingProvider::timeout, "Limit of a call."),
          field("headers", &MeshConfig::ExtensionProvider::ZipkinTracingProvider::headers, "Headers sent along."),
      });
}

Fields MeshConfig::ExtensionProvider::LightstepTracingProvider::fields() {
  return record(
      "MeshConfig.ExtensionProvider.LightstepTracingProvider", "Lightstep.",
      {
          field("service", &MeshConfig::ExtensionProvider::LightstepTracingProvider::service,
                "Host of the service, `namespace/host`."),
          field("port", &MeshConfig::ExtensionProvider::LightstepTracingProvider::port, "Port of the service.",
                at_most(65535)),
          field("accessToken", &MeshConfig::ExtensionProvider::LightstepTracingProvider::access_token, "Access token."),
          field("maxTagLength", &MeshConfig::ExtensionProvider::LightstepTracingProvider::max_tag_length,
                "Longest path in a tag.", otherwise("256")),
      });
}

Fields MeshConfig::ExtensionProvider::DatadogTracingProvider::fields() {
  return record("MeshConfig.ExtensionProvider.DatadogTracingProvider", "Datadog.",
                {
                    field("service", &MeshConfig::ExtensionProvider::DatadogTracingProvider::service,
                          "Host of the agent, `namespace/host`."),
                    field("port", &MeshConfig::ExtensionProvider::DatadogTracingProvider::port, "Port of the agent.",
                          at_most(65535)),
                    field("maxTagLength", &MeshConfig::ExtensionProvider::DatadogTracingProvider::max_tag_length,
                          "Longest path in a tag.", otherwise("256")),
                });
}

Fields MeshConfig::ExtensionProvider::SkyWalkingTracingProvider::fields() {
  return record("MeshConfig.ExtensionProvider.SkyWalkingTracingProvider", "SkyWalking.",
                {
                    field("service", &MeshConfig::ExtensionProvider::SkyWalkingTracingProvider::service,
                          "Host of the service, `namespace/host`."),
                    field("port", &MeshConfig::ExtensionProvider::SkyWalkingTracingProvider::port,
                          "Port of the service.", at_most(65535)),
                    field("accessToken", &MeshConfig::ExtensionProvider::SkyWalkingTracingProvider::access_token,
                          "Access token."),
                });
}

Fields MeshConfig::ExtensionProvider::StackdriverProvider::Logging::fields() {
  return record("MeshConfig.ExtensionProvider.StackdriverProvider.Logging", "Its access logs.",
                {
                    field("labels", &MeshConfig::ExtensionProvider::StackdriverProvider::Logging::labels,
                          "More labels, as CEL expressions."),
                });
}

Fields MeshConfig::ExtensionProvider::StackdriverProvider::fields() {
  return record(
      "MeshConfig.ExtensionProvider.StackdriverProvider", "Stackdriver.",
      {
          field("debug", &MeshConfig::ExtensionProvider::StackdriverProvider::debug, "Writes debug output.",
                deprecated("it has no effect")),
          field("maxNumberOfAttributes", &MeshConfig::ExtensionProvider::StackdriverProvider::max_number_of_attributes,
                "Most attributes of a span.", deprecated("it has no effect")),
          field("maxNumberOfAnnotations",
                &MeshConfig::ExtensionProvider::StackdriverProvider::max_number_of_annotations,
                "Most annotations of a span.", deprecated("it has no effect")),
          field("maxNumberOfMessageEvents",
                &MeshConfig::ExtensionProvider::StackdriverProvider::max_number_of_message_events,
                "Most events of a span.", deprecated("it has no effect")),
          field("maxTagLength", &MeshConfig::ExtensionProvider::StackdriverProvider::max_tag_length,
                "Longest path in a tag.", otherwise("256")),
          field("logging", &MeshConfig::ExtensionProvider::StackdriverProvider::logging, "Its access logs."),
      });
}

Names names(MeshConfig::ExtensionProvider::OpenCensusAgentTracingProvider::TraceContext) {
  static constexpr Name all[] = {
      {"UNSPECIFIED", 0}, {"W3C_TRACE_CONTEXT", 1}, {"GRPC_BIN", 2}, {"CLOUD_TRACE_CONTEXT", 3}, {"B3", 4}};
  return all;
}

Fields MeshConfig::ExtensionProvider::OpenCensusAgentTracingProvider::fields() {
  return record(
      "MeshConfig.ExtensionProvider.OpenCensusAgentTracingProvider", "OpenCensus.",
      {
          field("service", &MeshConfig::ExtensionProvider::OpenCensusAgentTracingProvider::service,
                "Host of the agent, `namespace/host`."),
          field("port", &MeshConfig::ExtensionProvider::OpenCensusAgentTracingProvider::port, "Port of the agent.",
                at_most(65535)),
          field("context", &MeshConfig::ExtensionProvider::OpenCensusAgentTracingProvider::context,
                "Trace headers that are used."),
          field("maxTagLength", &MeshConfig::ExtensionProvider::OpenCensusAgentTracingProvider::max_tag_length,
                "Longest path in a tag.", otherwise("256")),
      });
}

Fields MeshConfig::ExtensionProvider::PrometheusMetricsProvider::fields() {
  return record("MeshConfig.ExtensionProvider.PrometheusMetricsProvider", "Prometheus; no settings.", {});
}

Fields MeshConfig::ExtensionProvider::EnvoyFileAccessLogProvider::LogFormat::fields() {
  return record("MeshConfig.ExtensionProvider.EnvoyFileAccessLogProvider.LogFormat", "The format of a line.",
                {
                    field("text", &MeshConfig::ExtensionProvider::EnvoyFileAccessLogProvider::LogFormat::text,
                          "As text with command operators.", one_of("logFormat")),
                    field("labels", &MeshConfig::ExtensionProvider::EnvoyFileAccessLogProvider::LogFormat::labels,
                          "As JSON: members and their formats.", one_of("logFormat")),
                });
}

Fields MeshConfig::ExtensionProvider::EnvoyFileAccessLogProvider::fields() {
  return record(
      "MeshConfig.ExtensionProvider.EnvoyFileAccessLogProvider", "Access logs in a file.",
      {
          field("path", &MeshConfig::ExtensionProvider::EnvoyFileAccessLogProvider::path,
                "The file, such as /dev/stdout."),
          field("logFormat", &MeshConfig::ExtensionProvider::EnvoyFileAccessLogProvider::log_format, "The format.",
                otherwise("Istio's")),
          field("omitEmptyValues", &MeshConfig::ExtensionProvider::EnvoyFileAccessLogProvider::omit_empty_values,
                "Leaves out what is empty."),
      });
}

Fields MeshConfig::ExtensionProvider::EnvoyHttpGrpcV3LogProvider::fields() {
  return record(
      "MeshConfig.ExtensionProvider.EnvoyHttpGrpcV3LogProvider", "HTTP access logs over gRPC.",
      {
          field("service", &MeshConfig::ExtensionProvider::EnvoyHttpGrpcV3LogProvider::service,
                "Host of the service, `namespace/host`."),
          field("port", &MeshConfig::ExtensionProvider::EnvoyHttpGrpcV3LogProvider::port, "Port of the service.",
                at_most(65535)),
          field("logName", &MeshConfig::ExtensionProvider::EnvoyHttpGrpcV3LogProvider::log_name, "Name of the log.",
                otherwise("http_envoy_accesslog")),
          field("filterStateObjectsToLog",
                &MeshConfig::ExtensionProvider::EnvoyHttpGrpcV3LogProvider::filter_state_objects_to_log,
                "Filter state sent along."),
          field("additionalRequestHeadersToLog",
                &MeshConfig::ExtensionProvider::EnvoyHttpGrpcV3LogProvider::additional_request_headers_to_log,
                "Request headers sent along."),
          field("additionalResponseHeadersToLog",
                &MeshConfig::ExtensionProvider::EnvoyHttpGrpcV3LogProvider::additional_response_headers_to_log,
                "Response headers sent along."),
          field("additionalResponseTrailersToLog",
                &MeshConfig::ExtensionProvider::EnvoyHttpGrpcV3LogProvider::additional_response_trailers_to_log,
                "Response trailers sent along."),
      });
}

Fields MeshConfig::ExtensionProvider::EnvoyTcpGrpcV3LogProvider::fields() {
  return record("MeshConfig.ExtensionProvider.EnvoyTcpGrpcV3LogProvider", "TCP access logs over gRPC.",
                {
                    field("service", &MeshConfig::ExtensionProvider::EnvoyTcpGrpcV3LogProvider::service,
                          "Host of the service, `namespace/host`."),
                    field("port", &MeshConfig::ExtensionProvider::EnvoyTcpGrpcV3LogProvider::port,
                          "Port of the service.", at_most(65535)),
                    field("logName", &MeshConfig::ExtensionProvider::EnvoyTcpGrpcV3LogProvider::log_name,
                          "Name of the log.", otherwise("tcp_envoy_accesslog")),
                    field("filterStateObjectsToLog",
                          &MeshConfig::ExtensionProvider::EnvoyTcpGrpcV3LogProvider::filter_state_objects_to_log,
                          "Filter state sent along."),
                });
}

Fields MeshConfig::ExtensionProvider::EnvoyOpenTelemetryLogProvider::LogFormat::fields() {
  return record(
      "MeshConfig.ExtensionProvider.EnvoyOpenTelemetryLogProvider.LogFormat", "The format of a record.",
      {
          field("text", &MeshConfig::ExtensionProvider::EnvoyOpenTelemetryLogProvider::LogFormat::text, "The body."),
          field("labels", &MeshConfig::ExtensionProvider::EnvoyOpenTelemetryLogProvider::LogFormat::labels,
                "Attributes and their formats."),
      });
}

Fields MeshConfig::ExtensionProvider::EnvoyOpenTelemetryLogProvider::fields() {
  return record(
      "MeshConfig.ExtensionProvider.EnvoyOpenTelemetryLogProvider", "Access logs over OpenTelemetry.",
      {
          field("service", &MeshConfig::ExtensionProvider::EnvoyOpenTelemetryLogProvider::service,
                "Host of the collector, `namespace/host`."),
          field("port", &MeshConfig::ExtensionProvider::EnvoyOpenTelemetryLogProvider::port, "Port of the collector.",
                at_most(65535)),
          field("logName", &MeshConfig::ExtensionProvider::EnvoyOpenTelemetryLogProvider::log_name, "Name of the log.",
                otherwise("otel_envoy_accesslog")),
          field("logFormat", &MeshConfig::ExtensionProvider::EnvoyOpenTelemetryLogProvider::log_format, "The format."),
      });
}

Fields MeshConfig::ExtensionProvider::GrpcService::fields() {
  return record("MeshConfig.ExtensionProvider.GrpcService", "Settings of gRPC calls.",
                {
                    field("timeout", &MeshConfig::ExtensionProvider::GrpcService::timeout, "Limit of a call."),
                    field("initialMetadata", &MeshConfig::ExtensionProvider::GrpcService::initial_metadata,
                          "Metadata sent along."),
                });
}

Fields MeshConfig::ExtensionProvider::ResourceDetectors::EnvironmentResourceDetector::fields() {
  return record("MeshConfig.ExtensionProvider.ResourceDetectors.EnvironmentResourceDetector",
                "OTEL_RESOURCE_ATTRIBUTES; no settings.", {});
}

Fields MeshConfig::ExtensionProvider::ResourceDetectors::DynatraceResourceDetector::fields() {
  return record("MeshConfig.ExtensionProvider.ResourceDetectors.DynatraceResourceDetector",
                "Dynatrace's files; no settings.", {});
}

Fields MeshConfig::ExtensionProvider::ResourceDetectors::fields() {
  return record(
      "MeshConfig.ExtensionProvider.ResourceDetectors", "Where resource attributes come from.",
      {
          field("environment", &MeshConfig::ExtensionProvider::ResourceDetectors::environment, "From the environment."),
          field("dynatrace", &MeshConfig::ExtensionProvider::ResourceDetectors::dynatrace, "From Dynatrace's files."),
      });
}

Fields MeshConfig::ExtensionProvider::HttpService::fields() {
  return record("MeshConfig.ExtensionProvider.HttpService", "Settings of HTTP calls.",
                {
                    field("path", &MeshConfig::ExtensionProvider::HttpService::path, "Path."),
                    field("timeout", &MeshConfig::ExtensionProvider::HttpService::timeout, "Limit of a call."),
                    field("headers", &MeshConfig::ExtensionProvider::HttpService::headers, "Headers sent along."),
                });
}

Fields MeshConfig::ExtensionProvider::OpenTelemetryTracingProvider::DynatraceSampler::DynatraceApi::fields() {
  return record(
      "MeshConfig.ExtensionProvider.OpenTelemetryTracingProvider.DynatraceSampler.DynatraceApi",
      "Where the sampler asks.",
      {
          field("service",
                &MeshConfig::ExtensionProvider::OpenTelemetryTracingProvider::DynatraceSampler::DynatraceApi::service,
                "Host of the service, `namespace/host`."),
          field("port",
                &MeshConfig::ExtensionProvider::OpenTelemetryTracingProvider::DynatraceSampler::DynatraceApi::port,
                "Port of the service.", at_most(65535)),
          field("http",
                &MeshConfig::ExtensionProvider::OpenTelemetryTracingProvider::DynatraceSampler::DynatraceApi::http,
                "Settings of calls."),
      });
}

Fields MeshConfig::ExtensionProvider::OpenTelemetryTracingProvider::DynatraceSampler::fields() {
  return record(
      "MeshConfig.ExtensionProvider.OpenTelemetryTracingProvider.DynatraceSampler", "Dynatrace's sampler.",
      {
          field("tenant", &MeshConfig::ExtensionProvider::OpenTelemetryTracingProvider::DynatraceSampler::tenant,
                "Tenant."),
          field("clusterId", &MeshConfig::ExtensionProvider::OpenTelemetryTracingProvider::DynatraceSampler::cluster_id,
                "Cluster."),
          field("rootSpansPerMinute",
                &MeshConfig::ExtensionProvider::OpenTelemetryTracingProvider::DynatraceSampler::root_spans_per_minute,
                "Spans when the interface does not answer.", otherwise("1000")),
          field("httpService",
                &MeshConfig::ExtensionProvider::OpenTelemetryTracingProvider::DynatraceSampler::http_service,
                "Where it asks."),
      });
}

Fields MeshConfig::ExtensionProvider::OpenTelemetryTracingProvider::fields() {
  return record(
      "MeshConfig.ExtensionProvider.OpenTelemetryTracingProvider", "OpenTelemetry.",
      {
          field("service", &MeshConfig::ExtensionProvider::OpenTelemetryTracingProvider::service,
                "Host of the collector, `namespace/host`."),
          field("port", &MeshConfig::ExtensionProvider::OpenTelemetryTracingProvider::port, "Port of the collector.",
                at_most(65535)),
          field("maxTagLength", &MeshConfig::ExtensionProvider::OpenTelemetryTracingProvider::max_tag_length,
                "Longest path in a tag.", otherwise("256")),
          field("http", &MeshConfig::ExtensionProvider::OpenTelemetryTracingProvider::http, "Sends by HTTP."),
          field("grpc", &MeshConfig::ExtensionProvider::OpenTelemetryTracingProvider::grpc, "Settings of gRPC calls."),
          field("resourceDetectors", &MeshConfig::ExtensionProvider::OpenTelemetryTracingProvider::resource_detectors,
                "Where resource attributes come from."),
          field("serviceAttributeEnrichment",
                &MeshConfig::ExtensionProvider::OpenTelemetryTracingProvider::service_attribute_enrichment,
                "How service attributes are named."),
          field("dynatraceSampler", &MeshConfig::ExtensionProvider::OpenTelemetryTracingProvider::dynatrace_sampler,
                "Dynatrace's sampler.", one_of("sampling")),
      });
}

Fields MeshConfig::ExtensionProvider::SDSProvider::fields() {
  return record(
      "MeshConfig.ExtensionProvider.SDSProvider", "Secrets of another server.",
      {
          field("name", &MeshConfig::ExtensionProvider::SDSProvider::name, "Name of the secret provider."),
          field("service", &MeshConfig::ExtensionProvider::SDSProvider::service, "Host of the server."),
          field("port", &MeshConfig::ExtensionProvider::SDSProvider::port, "Port of the server.", at_most(65535)),
      });
}

Fields MeshConfig::ExtensionProvider::fields() {
  return record(
      "MeshConfig.ExtensionProvider", "Something outside of the mesh that policies can name.",
      {
          field("name", &MeshConfig::ExtensionProvider::name, "Name that policies use."),
          field("envoyExtAuthzHttp", &MeshConfig::ExtensionProvider::envoy_ext_authz_http, "An authorizer over HTTP.",
                one_of("provider")),
          field("envoyExtAuthzGrpc", &MeshConfig::ExtensionProvider::envoy_ext_authz_grpc, "An authorizer over gRPC.",
                one_of("provider")),
          field("zipkin", &MeshConfig::ExtensionProvider::zipkin, "Zipkin.", one_of("provider")),
          field("lightstep", &MeshConfig::ExtensionProvider::lightstep, "Lightstep.", one_of("provider"),
                deprecated("use opentelemetry")),
          field("datadog", &MeshConfig::ExtensionProvider::datadog, "Datadog.", one_of("provider")),
          field("stackdriver", &MeshConfig::ExtensionProvider::stackdriver, "Stackdriver.", one_of("provider")),
          field("opencensus", &MeshConfig::ExtensionProvider::opencensus, "OpenCensus.", one_of("provider"),
                deprecated("use opentelemetry")),
          field("skywalking", &MeshConfig::ExtensionProvider::skywalking, "SkyWalking.", one_of("provider")),
          field("opentelemetry", &MeshConfig::ExtensionProvider::opentelemetry, "OpenTelemetry traces.",
                one_of("provider")),
          field("prometheus", &MeshConfig::ExtensionProvider::prometheus, "Prometheus.", one_of("provider")),
          field("envoyFileAccessLog", &MeshConfig::ExtensionProvider::envoy_file_access_log, "Access logs in a file.",
                one_of("provider")),
          field("envoyHttpAls", &MeshConfig::ExtensionProvider::envoy_http_als, "HTTP access logs over gRPC.",
                one_of("provider")),
          field("envoyTcpAls", &MeshConfig::ExtensionProvider::envoy_tcp_als, "TCP access logs over gRPC.",
                one_of("provider")),
          field("envoyOtelAls", &MeshConfig::ExtensionProvider::envoy_otel_als, "Access logs over OpenTelemetry.",
                one_of("provider")),
          field("sds", &MeshConfig::ExtensionProvider::sds, "Secrets of another server.", one_of("provider")),
      });
}

}  // namespace lateen::config
