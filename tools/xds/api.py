"""Which part of the Envoy API we build, and what is added to it. Plain data, read by generate.py."""

# Files of the wheel to generate, as path patterns (fnmatch); what they import is added.
WISHED = [
    "envoy/*/v3/*.proto",
    "xds/*.proto",
    "udpa/type/*.proto",
    "google/rpc/*.proto",
    "cel/expr/syntax.proto",
    "opentelemetry/proto/collector/*.proto",
]

# Less of that: protocols and extensions nobody asked for, and files whose imports are not in the wheel.
LEFT_OUT = [
    "envoy/extensions/bootstrap/reverse_tunnel/*",
    "envoy/extensions/clusters/redis/*",
    "envoy/extensions/clusters/reverse_connection/*",
    "envoy/extensions/common/aws/*",
    "envoy/extensions/filters/http/alternate_protocols_cache/*",
    "envoy/extensions/filters/http/aws_*",
    "envoy/extensions/filters/http/cache*",
    "envoy/extensions/filters/http/gzip/*",
    "envoy/extensions/filters/http/mcp*",
    "envoy/extensions/filters/http/proto_*",
    "envoy/extensions/filters/http/thrift_to_metadata/*",
    "envoy/extensions/filters/network/dubbo_proxy/*",
    "envoy/extensions/filters/network/generic_proxy/*",
    "envoy/extensions/filters/network/reverse_tunnel/*",
    "envoy/extensions/filters/network/thrift_proxy/*",
    "envoy/extensions/grpc_service/*",
    "envoy/extensions/health_checkers/*",
    "envoy/extensions/http/cache*",
    "envoy/extensions/injected_credentials/*",
    "envoy/extensions/network/dns_resolver/apple/*",
    "envoy/extensions/quic/*",
    "envoy/extensions/transport_sockets/alts/*",
    "envoy/extensions/transport_sockets/s2a/*",
    "envoy/extensions/watchdog/*",
    "envoy/service/redis_auth/*",
    "envoy/service/trace/*",
    "envoy/watchdog/*",
    "google/rpc/context/*",
    "xds/service/*",
]

# Fields that are newer than the wheel: (message, field, number, type, the file that declares the type, Envoy version).
# The generator refuses an entry that the wheel already has: then delete it here.
ADDITIONS = [
    ("envoy.config.cluster.v3.CircuitBreakers.Thresholds.RetryBudget", "budget_interval", 3,
     "google.protobuf.Duration", "google/protobuf/duration.proto", "1.37"),
    ("envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.Tracing",
     "no_context_propagation", 13, "bool", None, "1.37"),
    ("envoy.config.core.v3.Http2ProtocolOptions", "stream_reset_burst", 21,
     "google.protobuf.UInt64Value", "google/protobuf/wrappers.proto", "1.38"),
    ("envoy.config.core.v3.Http2ProtocolOptions", "stream_reset_rate", 22,
     "google.protobuf.UInt64Value", "google/protobuf/wrappers.proto", "1.38"),
    ("envoy.config.listener.v3.Listener", "stats_matcher", 39,
     "envoy.config.metrics.v3.StatsMatcher", "envoy/config/metrics/v3/stats.proto", "1.40"),
    ("envoy.config.cluster.v3.Cluster", "stats_matcher", 61,
     "envoy.config.metrics.v3.StatsMatcher", "envoy/config/metrics/v3/stats.proto", "1.40"),
]

# Words that C++ keeps for itself though protoc 3.21 does not know it: the field gets a "_" and keeps its JSON name.
KEYWORDS = {"requires", "concept", "co_await", "co_return", "co_yield", "constinit", "consteval", "char8_t"}
