#include "config/telemetry/telemetry.h"

#include "lib/schema/field.h"

namespace lateen::config {

using namespace schema;  // field(), record() and the attributes

Names names(TelemetryMode) {
  static constexpr Name all[] = {{"CLIENT_AND_SERVER", 0}, {"CLIENT", 1}, {"SERVER", 2}};
  return all;
}

Names names(MetricSelector::IstioMetric) {
  static constexpr Name all[] = {
      {"ALL_METRICS", 0},        {"REQUEST_COUNT", 1},          {"REQUEST_DURATION", 2},       {"REQUEST_SIZE", 3},
      {"RESPONSE_SIZE", 4},      {"TCP_OPENED_CONNECTIONS", 5}, {"TCP_CLOSED_CONNECTIONS", 6}, {"TCP_SENT_BYTES", 7},
      {"TCP_RECEIVED_BYTES", 8}, {"GRPC_REQUEST_MESSAGES", 9},  {"GRPC_RESPONSE_MESSAGES", 10}};
  return all;
}

Fields MetricSelector::fields() {
  return record(
      "MetricSelector", "Which metrics.",
      {
          field("metric", &MetricSelector::metric, "One of Istio's.", one_of("metricMatch")),
          field("customMetric", &MetricSelector::custom_metric, "Another, by name.", one_of("metricMatch"), fewest(1)),
          field("mode", &MetricSelector::mode, "Clients, servers or both."),
      });
}

Names names(MetricsOverrides::TagOverride::Operation) {
  static constexpr Name all[] = {{"UPSERT", 0}, {"REMOVE", 1}};
  return all;
}

Fields MetricsOverrides::TagOverride::fields() {
  return record("MetricsOverrides.TagOverride", "A change of a label.",
                {
                    field("operation", &MetricsOverrides::TagOverride::operation, "Set or remove."),
                    field("value", &MetricsOverrides::TagOverride::value, "CEL expression of its value."),
                });
}

Fields MetricsOverrides::fields() {
  return record("MetricsOverrides", "Changes of metrics.",
                {
                    field("match", &MetricsOverrides::match, "Which.", otherwise("all")),
                    field("disabled", &MetricsOverrides::disabled, "Switches them off."),
                    field("tagOverrides", &MetricsOverrides::tag_overrides, "Changes of labels by name."),
                });
}

Fields ProviderRef::fields() {
  return record("ProviderRef", "A provider of the mesh configuration.",
                {
                    field("name", &ProviderRef::name, "Its name.", required),
                });
}

Fields Metrics::fields() {
  return record("Metrics", "Metrics of one set of providers.",
                {
                    field("providers", &Metrics::providers, "Where they go.", otherwise("the mesh's default")),
                    field("overrides", &Metrics::overrides, "Changes."),
                    field("reportingInterval", &Metrics::reporting_interval, "Time between reports of TCP metrics.",
                          at_least_long(1ms), otherwise("5s")),
                });
}

Fields AccessLogging::LogSelector::fields() {
  return record("AccessLogging.LogSelector", "Which side.",
                {
                    field("mode", &AccessLogging::LogSelector::mode, "Clients, servers or both."),
                });
}

Fields AccessLogging::Filter::fields() {
  return record("AccessLogging.Filter", "Which requests are logged.",
                {
                    field("expression", &AccessLogging::Filter::expression, "CEL expression."),
                });
}

Fields AccessLogging::fields() {
  return record("AccessLogging", "Access logs.",
                {
                    field("match", &AccessLogging::match, "Which side."),
                    field("providers", &AccessLogging::providers, "Where they go.", otherwise("the mesh's default")),
                    field("disabled", &AccessLogging::disabled, "Switches them off."),
                    field("filter", &AccessLogging::filter, "Which requests."),
                });
}

Fields Tracing::TracingSelector::fields() {
  return record("Tracing.TracingSelector", "Which side.",
                {
                    field("mode", &Tracing::TracingSelector::mode, "Clients, servers or both."),
                });
}

Fields Tracing::Formatter::fields() {
  return record("Tracing.Formatter", "A value made by an access log format.",
                {
                    field("value", &Tracing::Formatter::value, "The format.", required),
                });
}

Fields Tracing::Environment::fields() {
  return record("Tracing.Environment", "A value taken from the environment.",
                {
                    field("name", &Tracing::Environment::name, "Name of the variable.", required),
                    field("defaultValue", &Tracing::Environment::default_value, "Value when it is missing."),
                });
}

Fields Tracing::Literal::fields() {
  return record("Tracing.Literal", "A fixed value.",
                {
                    field("value", &Tracing::Literal::value, "The value.", required),
                });
}

Fields Tracing::RequestHeader::fields() {
  return record("Tracing.RequestHeader", "A value taken from a request header.",
                {
                    field("name", &Tracing::RequestHeader::name, "Its name.", required),
                    field("defaultValue", &Tracing::RequestHeader::default_value, "Value when it is missing."),
                });
}

Fields Tracing::CustomTag::fields() {
  return record("Tracing.CustomTag", "Where a tag's value comes from.",
                {
                    field("literal", &Tracing::CustomTag::literal, "Fixed.", one_of("type")),
                    field("environment", &Tracing::CustomTag::environment, "From the environment.", one_of("type")),
                    field("header", &Tracing::CustomTag::header, "From a request header.", one_of("type")),
                    field("formatter", &Tracing::CustomTag::formatter, "From an access log format.", one_of("type")),
                });
}

Fields Tracing::fields() {
  return record("Tracing", "Traces.",
                {
                    field("match", &Tracing::match, "Which side."),
                    field("providers", &Tracing::providers, "Where they go.", otherwise("the mesh's default")),
                    field("randomSamplingPercentage", &Tracing::random_sampling_percentage, "Share of requests.",
                          at_least(0), at_most(100), otherwise("1")),
                    field("disableSpanReporting", &Tracing::disable_span_reporting, "Makes no spans."),
                    field("customTags", &Tracing::custom_tags, "Tags by name."),
                    field("useRequestIdForTraceSampling", &Tracing::use_request_id_for_trace_sampling,
                          "Derives the decision from x-request-id.", otherwise("true")),
                    field("enableIstioTags", &Tracing::enable_istio_tags, "Adds Istio's tags.", otherwise("true")),
                    field("disableContextPropagation", &Tracing::disable_context_propagation,
                          "Neither reads nor writes trace headers.", otherwise("false")),
                });
}

Fields Telemetry::fields() {
  return record(
      "Telemetry", "Traces, metrics and access logs of workloads.",
      {
          field("selector", &Telemetry::selector, "Workloads it is for.", otherwise("all of the namespace"),
                one_of("target")),
          field("targetRef", &Telemetry::target_ref, "Object it is attached to.", one_of("target")),
          field("targetRefs", &Telemetry::target_refs, "Objects it is attached to.", most(16), one_of("target")),
          field("tracing", &Telemetry::tracing, "Traces."),
          field("metrics", &Telemetry::metrics, "Metrics."),
          field("accessLogging", &Telemetry::access_logging, "Access logs."),
      });
}

}  // namespace lateen::config
