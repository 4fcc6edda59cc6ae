#include <cmath>
#include <envoy/extensions/filters/http/cors/v3/cors.pb.h>
#include <envoy/extensions/filters/http/fault/v3/fault.pb.h>

#include "control_plane/translate/routes.h"

namespace lateen::translate {
namespace {

using envoy::config::route::v3::RouteAction;
using envoy::type::v3::FractionalPercent;

void set_percent(const std::optional<config::Percent>& percent, FractionalPercent* out) {
  if (!percent) {
    out->set_numerator(100);
    out->set_denominator(FractionalPercent::HUNDRED);
    return;
  }
  out->set_numerator(static_cast<uint32_t>(std::llround(percent->value * 10000)));
  out->set_denominator(FractionalPercent::MILLION);
}

constexpr std::pair<std::string_view, uint32_t> grpc_codes[] = {{"OK", 0},
                                                                {"CANCELLED", 1},
                                                                {"UNKNOWN", 2},
                                                                {"INVALID_ARGUMENT", 3},
                                                                {"DEADLINE_EXCEEDED", 4},
                                                                {"NOT_FOUND", 5},
                                                                {"ALREADY_EXISTS", 6},
                                                                {"PERMISSION_DENIED", 7},
                                                                {"RESOURCE_EXHAUSTED", 8},
                                                                {"FAILED_PRECONDITION", 9},
                                                                {"ABORTED", 10},
                                                                {"OUT_OF_RANGE", 11},
                                                                {"UNIMPLEMENTED", 12},
                                                                {"INTERNAL", 13},
                                                                {"UNAVAILABLE", 14},
                                                                {"DATA_LOSS", 15},
                                                                {"UNAUTHENTICATED", 16}};

void set_fault(const config::HTTPFaultInjection& fault, Route& out) {
  envoy::extensions::filters::http::fault::v3::HTTPFault made;
  if (fault.delay && fault.delay->fixed_delay) {
    set(made.mutable_delay()->mutable_fixed_delay(), *fault.delay->fixed_delay);
    set_percent(fault.delay->percentage, made.mutable_delay()->mutable_percentage());
  }
  if (fault.abort) {
    auto* abort = made.mutable_abort();
    set_percent(fault.abort->percentage, abort->mutable_percentage());
    if (fault.abort->http_status) abort->set_http_status(static_cast<uint32_t>(*fault.abort->http_status));
    if (fault.abort->grpc_status)
      for (const auto& [name, code] : grpc_codes)
        if (name == *fault.abort->grpc_status) abort->set_grpc_status(code);
  }
  (*out.mutable_typed_per_filter_config())["envoy.filters.http.fault"] = xds::pack(made);
}

std::string joined_by_comma(const std::vector<std::string>& parts) { return fmt::format("{}", fmt::join(parts, ",")); }

void set_cors(const config::CorsPolicy& cors, Route& out) {
  envoy::extensions::filters::http::cors::v3::CorsPolicy made;
  for (const auto& each : cors.allow_origin) {
    auto* origin = made.add_allow_origin_string_match();
    each == "*" ? origin->mutable_safe_regex()->set_regex(".*") : origin->set_exact(each);
  }
  for (const auto& each : cors.allow_origins) *made.add_allow_origin_string_match() = string_matcher(each);
  made.set_allow_methods(joined_by_comma(cors.allow_methods));
  made.set_allow_headers(joined_by_comma(cors.allow_headers));
  made.set_expose_headers(joined_by_comma(cors.expose_headers));
  if (cors.max_age) made.set_max_age(fmt::to_string(*cors.max_age / 1s));
  if (cors.allow_credentials) made.mutable_allow_credentials()->set_value(*cors.allow_credentials);
  made.mutable_filter_enabled()->mutable_default_value()->set_numerator(100);
  if (cors.unmatched_preflights != config::CorsPolicy::UnmatchedPreflights::UNSPECIFIED)
    made.mutable_forward_not_matching_preflights()->set_value(cors.unmatched_preflights ==
                                                              config::CorsPolicy::UnmatchedPreflights::FORWARD);
  (*out.mutable_typed_per_filter_config())["envoy.filters.http.cors"] = xds::pack(made);
}

void add_mirror(const RouteScope& scope, const config::Destination& destination,
                const std::optional<config::Percent>& percent, RouteAction& out) {
  if (percent && percent->value == 0) return;
  auto* made = out.add_request_mirror_policies();
  made->set_cluster(cluster_of(scope, destination));
  set_percent(percent, made->mutable_runtime_fraction()->mutable_default_value());
  made->mutable_trace_sampled()->set_value(false);
  made->set_disable_shadow_host_suffix_append(true);
}

}  // namespace

void set_filter_configs(const config::HTTPRoute& route, Route& out) {
  if (route.fault) set_fault(*route.fault, out);
  if (route.cors_policy) set_cors(*route.cors_policy, out);
}

void add_mirrors(const RouteScope& scope, const config::HTTPRoute& route, RouteAction& out) {
  auto percent = route.mirror_percentage;
  if (!percent && route.mirror_percent) percent = config::Percent{static_cast<double>(*route.mirror_percent)};
  if (route.mirror) add_mirror(scope, *route.mirror, percent, out);
  for (const auto& each : route.mirrors)
    if (each.destination) add_mirror(scope, *each.destination, each.percentage, out);
}

}  // namespace lateen::translate
