// Whether another attempt is worth it, and how long to wait before it (Envoy's retry semantics; times in the steady
// clock).
#pragma once
#include "data_plane/router/route_table.h"
#include "lib/base/random.h"
#include "lib/http/client.h"

namespace lateen::router {

// What an x-envoy-upstream-rq-*timeout-ms header of that value asks for; nothing when it is no number.
std::optional<Duration> asked_milliseconds(std::string_view value);

class Retries {
 public:
  // `policy` may be null: no retries. The request's x-envoy-retry-on and x-envoy-max-retries headers win over the
  // policy; its x-envoy-retriable-status-codes and -header-names are added to it.
  Retries(const RetryPolicy* policy, const Headers& request, Random& random);

  bool possible() const { return left_ > 0; }
  Duration per_try_timeout() const { return per_try_timeout_; }
  // How often a host may be drawn for an attempt: once, and again while it is one that was tried.
  uint32_t host_attempts() const;

  // An attempt ended so: is it one of the kinds to repeat, if that is still possible? Does not count.
  bool wants(const http::SendError& error) const;
  bool wants(const http::Response& response) const;
  // Counts one retry and gives the pause before it: random in [0, base), the bound doubling up to the maximum.
  Duration next_pause();

 private:
  bool is_retriable_status(uint32_t status) const;
  bool has_retriable_header(const Headers& response) const;

  RetryPolicy defaults_;
  const RetryPolicy* policy_ = nullptr;
  RetryOn on_;
  std::vector<uint32_t> asked_statuses_;
  std::vector<std::string> asked_headers_;
  uint32_t left_ = 0;
  Duration per_try_timeout_ = 0s, bound_ = 25ms, bound_max_ = 250ms;
  Random& random_;
};

}  // namespace lateen::router
