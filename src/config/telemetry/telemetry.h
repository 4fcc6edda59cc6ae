// Telemetry: traces, metrics and access logs of workloads.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "config/networking/selector.h"
#include "lib/base/time.h"
#include "lib/schema/describe.h"

namespace lateen::config {

enum class TelemetryMode { CLIENT_AND_SERVER, CLIENT, SERVER };

struct ProviderRef {
  std::string name;
  bool operator==(const ProviderRef&) const = default;
  static schema::Fields fields();
};

struct AccessLogging {
  struct LogSelector {
    TelemetryMode mode = TelemetryMode::CLIENT_AND_SERVER;
    bool operator==(const LogSelector&) const = default;
    static schema::Fields fields();
  };
  struct Filter {
    std::string expression;
    bool operator==(const Filter&) const = default;
    static schema::Fields fields();
  };
  std::optional<LogSelector> match;
  std::vector<ProviderRef> providers;
  std::optional<bool> disabled;
  std::optional<Filter> filter;
  bool operator==(const AccessLogging&) const = default;
  static schema::Fields fields();
};

struct Tracing {
  struct TracingSelector {
    TelemetryMode mode = TelemetryMode::CLIENT_AND_SERVER;
    bool operator==(const TracingSelector&) const = default;
    static schema::Fields fields();
  };
  struct Literal {
    std::string value;
    bool operator==(const Literal&) const = default;
    static schema::Fields fields();
  };
  struct Formatter {
    std::string value;
    bool operator==(const Formatter&) const = default;
    static schema::Fields fields();
  };
  struct Environment {
    std::string name;
    std::string default_value;
    bool operator==(const Environment&) const = default;
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
    std::optional<Formatter> formatter;
    bool operator==(const CustomTag&) const = default;
    static schema::Fields fields();
  };
  std::optional<TracingSelector> match;
  std::vector<ProviderRef> providers;
  std::optional<double> random_sampling_percentage;
  std::optional<bool> disable_span_reporting;
  std::map<std::string, CustomTag> custom_tags;
  std::optional<bool> use_request_id_for_trace_sampling;
  std::optional<bool> enable_istio_tags;
  std::optional<bool> disable_context_propagation;
  bool operator==(const Tracing&) const = default;
  static schema::Fields fields();
};

struct MetricSelector {
  enum class IstioMetric {
    ALL_METRICS,
    REQUEST_COUNT,
    REQUEST_DURATION,
    REQUEST_SIZE,
    RESPONSE_SIZE,
    TCP_OPENED_CONNECTIONS,
    TCP_CLOSED_CONNECTIONS,
    TCP_SENT_BYTES,
    TCP_RECEIVED_BYTES,
    GRPC_REQUEST_MESSAGES,
    GRPC_RESPONSE_MESSAGES
  };
  std::optional<IstioMetric> metric;
  std::optional<std::string> custom_metric;
  TelemetryMode mode = TelemetryMode::CLIENT_AND_SERVER;
  bool operator==(const MetricSelector&) const = default;
  static schema::Fields fields();
};

struct MetricsOverrides {
  struct TagOverride {
    enum class Operation { UPSERT, REMOVE };
    Operation operation = Operation::UPSERT;
    std::string value;
    bool operator==(const TagOverride&) const = default;
    static schema::Fields fields();
  };
  std::optional<MetricSelector> match;
  std::optional<bool> disabled;
  std::map<std::string, TagOverride> tag_overrides;
  bool operator==(const MetricsOverrides&) const = default;
  static schema::Fields fields();
};

struct Metrics {
  std::vector<ProviderRef> providers;
  std::vector<MetricsOverrides> overrides;
  std::optional<Duration> reporting_interval;
  bool operator==(const Metrics&) const = default;
  static schema::Fields fields();
};

struct Telemetry {
  std::optional<PolicySelector> selector;
  std::optional<PolicyTargetReference> target_ref;
  std::vector<PolicyTargetReference> target_refs;
  std::vector<Tracing> tracing;
  std::vector<Metrics> metrics;
  std::vector<AccessLogging> access_logging;
  bool operator==(const Telemetry&) const = default;
  static schema::Fields fields();
};

schema::Names names(TelemetryMode);
schema::Names names(MetricSelector::IstioMetric);
schema::Names names(MetricsOverrides::TagOverride::Operation);

}  // namespace lateen::config
