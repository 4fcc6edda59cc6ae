#include "data_plane/router/retry.h"

#include <algorithm>

namespace lateen::router {

std::optional<Duration> asked_milliseconds(std::string_view value) {
  const auto count = parse_number<int64_t>(value);
  if (!count || *count < 0) return std::nullopt;
  return bounded(std::chrono::milliseconds(*count));
}

Retries::Retries(const RetryPolicy* policy, const Headers& request, Random& random) : policy_(policy), random_(random) {
  const auto asked = request.get("x-envoy-retry-on"), asked_grpc = request.get("x-envoy-retry-grpc-on");
  if (policy) {
    on_ = policy->on;
    left_ = policy->retries;
    per_try_timeout_ = policy->per_try_timeout;
    bound_ = policy->back_off;
    bound_max_ = policy->back_off_max;
  }
  for (const auto& list : {asked, asked_grpc})
    if (list) {
      (void)parse_retry_on(*list, on_);  // a client's unknown words mean nothing, as in Envoy
      if (!policy) left_ = 1;
    }
  if (on_ == RetryOn{}) left_ = 0;
  if (const auto list = request.get("x-envoy-retriable-status-codes"))
    for (const std::string_view word : split(*list, ','))
      if (const auto status = parse_number<uint32_t>(trimmed(word))) asked_statuses_.push_back(*status);
  if (const auto list = request.get("x-envoy-retriable-header-names"))
    for (const std::string_view word : split(*list, ',')) asked_headers_.push_back(lowered(trimmed(word)));
  if (const auto most = request.get("x-envoy-max-retries"); most && left_ > 0)
    left_ = parse_number<uint32_t>(*most).value_or(left_);
  if (const auto limit = asked_milliseconds(request.value("x-envoy-upstream-rq-per-try-timeout-ms")))
    per_try_timeout_ = *limit;
}

uint32_t Retries::host_attempts() const {
  constexpr uint32_t most = 1000;  // whatever the policy says, drawing ends
  return policy_ && policy_->avoid_previous_hosts ? std::min(policy_->host_attempts, most) + 1 : 1;
}

bool Retries::wants(const http::SendError& error) const {
  switch (error.where) {
    case http::SendError::overflow:
    case http::SendError::body:
      return false;
    case http::SendError::connect:
      return on_.connect_failure || on_.server_error || on_.gateway_error || on_.reset || on_.reset_before_request;
    case http::SendError::refused:
      return on_.refused_stream || on_.server_error || on_.gateway_error || on_.reset;
    case http::SendError::reset:
      return on_.server_error || on_.gateway_error || on_.reset ||
             (on_.reset_before_request && error.reused_connection);
    case http::SendError::protocol:
      return on_.server_error || on_.gateway_error || on_.reset;
  }
  return false;
}

bool Retries::wants(const http::Response& response) const {
  const int status = response.status();
  if (response.headers.has("x-envoy-ratelimited")) return on_.envoy_ratelimited;
  if (on_.server_error && status >= 500) return true;
  if (on_.gateway_error && (status == 502 || status == 503 || status == 504)) return true;
  if (on_.retriable_4xx && status == 409) return true;
  if (on_.retriable_status_codes && is_retriable_status(static_cast<uint32_t>(status))) return true;
  if (on_.retriable_headers && has_retriable_header(response.headers)) return true;
  // A gRPC failure without a message comes as headers alone; once messages flow it is too late.
  const auto grpc = response.headers.get("grpc-status");
  if (!grpc) return false;
  return (on_.grpc_cancelled && *grpc == "1") || (on_.grpc_deadline_exceeded && *grpc == "4") ||
         (on_.grpc_resource_exhausted && *grpc == "8") || (on_.grpc_internal && *grpc == "13") ||
         (on_.grpc_unavailable && *grpc == "14");
}

bool Retries::is_retriable_status(uint32_t status) const {
  const auto has = [status](const std::vector<uint32_t>& list) {
    return std::ranges::find(list, status) != list.end();
  };
  return (policy_ && has(policy_->status_codes)) || has(asked_statuses_);
}

bool Retries::has_retriable_header(const Headers& response) const {
  const auto matches = [&](const HeaderMatch& each) { return each.matches(response); };
  const auto is_there = [&](const std::string& name) { return response.has(name); };
  return (policy_ && std::ranges::any_of(policy_->retriable_headers, matches)) ||
         std::ranges::any_of(asked_headers_, is_there);
}

Duration Retries::next_pause() {
  --left_;
  const Duration pause(
      static_cast<int64_t>(random_.below(static_cast<uint64_t>(std::max<int64_t>(1, bound_.count())))));
  bound_ = std::min(bound_ * 2, bound_max_);
  return pause;
}

}  // namespace lateen::router
