#include "data_plane/http/filters/cors.h"

#include <algorithm>

namespace lateen::filters {

static constexpr const char* allowed_origin = "cors.allowed_origin";  // in the exchange's filter state

const CorsPolicy* Cors::policy_of(proxy::Exchange& exchange) const {
  const auto* policy = route_settings<CorsPolicy>(exchange);
  return policy && policy->share.holds(exchange.draw) ? policy : nullptr;
}

std::optional<http::Response> Cors::on_request(proxy::Exchange& exchange) {
  const http::Headers& request = exchange.headers();
  const CorsPolicy* policy = policy_of(exchange);
  const std::string_view origin = request.value("origin");
  if (!policy || origin.empty()) return std::nullopt;
  const bool allowed = std::ranges::any_of(policy->origins, [&](const auto& match) { return match.matches(origin); });
  // Remembered, because the route may take the field off the request before the response comes.
  if (allowed) exchange.record.extra.make().filter_state[allowed_origin] = origin;
  if (request.method() != "OPTIONS" || request.value("access-control-request-method").empty()) return std::nullopt;
  if (!allowed && policy->forward_not_matching_preflights) return std::nullopt;
  http::Response response = exchange.reply(200, "", "cors_response");
  const auto put = [&](const char* name, const std::string& value) {
    if (allowed && !value.empty()) response.headers.set(name, value);
  };
  put("access-control-allow-methods", policy->methods);
  put("access-control-allow-headers", policy->headers);
  put("access-control-max-age", policy->max_age);
  return response;
}

void Cors::on_response(proxy::Exchange& exchange, http::Response& response) {
  const auto& state = exchange.record.extra->filter_state;
  const auto origin = state.find(allowed_origin);
  const CorsPolicy* policy = policy_of(exchange);
  if (!policy || origin == state.end()) return;
  response.headers.set("access-control-allow-origin", origin->second);
  if (policy->credentials.value_or(false)) response.headers.set("access-control-allow-credentials", "true");
  if (!policy->expose_headers.empty()) response.headers.set("access-control-expose-headers", policy->expose_headers);
}

}  // namespace lateen::filters
