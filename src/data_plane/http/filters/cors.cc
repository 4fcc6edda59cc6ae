#include "data_plane/http/filters/cors.h"

#include <algorithm>

namespace lateen::filters {

const CorsPolicy* Cors::matching(proxy::Exchange& exchange) const {
  const auto* policy = route_settings<CorsPolicy>(exchange);
  const auto origin = exchange.headers().get("origin");
  if (!policy || !origin || !policy->share.holds(exchange.draw)) return nullptr;
  return std::ranges::any_of(policy->origins, [&](const router::StringMatch& match) { return match.matches(*origin); })
             ? policy
             : nullptr;
}

std::optional<http::Response> Cors::on_request(proxy::Exchange& exchange) {
  http::Headers& request = exchange.headers();
  if (request.method() != "OPTIONS" || !request.has("access-control-request-method") || !request.has("origin"))
    return std::nullopt;
  const CorsPolicy* policy = matching(exchange);
  if (!policy) {
    const auto* own = route_settings<CorsPolicy>(exchange);
    if (own && !own->forward_not_matching_preflights) return exchange.reply(200, "", "cors_response");
    return std::nullopt;
  }
  http::Response response = exchange.reply(200, "", "cors_response");
  const auto put = [&](const char* name, const std::string& value) {
    if (!value.empty()) response.headers.set(name, value);
  };
  put("access-control-allow-methods", policy->methods);
  put("access-control-allow-headers", policy->headers);
  put("access-control-max-age", policy->max_age);
  return response;
}

void Cors::on_response(proxy::Exchange& exchange, http::Response& response) {
  const CorsPolicy* policy = matching(exchange);
  if (!policy) return;
  response.headers.set("access-control-allow-origin", exchange.headers().value("origin"));
  if (policy->credentials.value_or(false)) response.headers.set("access-control-allow-credentials", "true");
  if (!policy->expose_headers.empty()) response.headers.set("access-control-expose-headers", policy->expose_headers);
}

}  // namespace lateen::filters
