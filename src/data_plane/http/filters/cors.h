// envoy.filters.http.cors: answers preflight requests and marks responses for browsers (the Fetch standard's CORS
// protocol). The policy is the route's; a route without one is left alone.
#pragma once
#include "data_plane/http/filter.h"

namespace lateen::filters {

struct CorsPolicy final : router::FilterSettings {
  std::vector<router::StringMatch> origins;
  std::string methods, headers, expose_headers, max_age;
  std::optional<bool> credentials;
  router::Fraction share;  // filter_enabled
  bool forward_not_matching_preflights = true;
};

class Cors final : public proxy::Filter {
 public:
  std::optional<http::Response> on_request(proxy::Exchange& exchange) override;
  void on_response(proxy::Exchange& exchange, http::Response& response) override;

 private:
  // The route's policy, when it has one and the exchange is of the share that it applies to.
  const CorsPolicy* policy_of(proxy::Exchange& exchange) const;
};

}  // namespace lateen::filters
