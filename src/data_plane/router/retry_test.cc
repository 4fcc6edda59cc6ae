#include "data_plane/router/retry.h"

#include <gtest/gtest.h>

namespace lateen::router {
namespace {

Headers with(std::string_view name, std::string_view value) {
  Headers headers;
  headers.add(name, value);
  return headers;
}

http::SendError failure(http::SendError::Where where) { return {.where = where, .error = {}, .request = nullptr}; }

TEST(AskedMilliseconds, AreBoundedAndOtherTextIsIgnored) {
  const auto asked = asked_milliseconds;
  EXPECT_EQ(asked("1500"), 1500ms);
  EXPECT_EQ(asked("9223372036854775807"), longest_duration);
  for (const char* other : {"", "-1", "5s", "1e3", "9223372036854775808"}) EXPECT_FALSE(asked(other)) << other;
}

TEST(Retries, FollowThePolicyUntilNoneIsLeft) {
  RetryPolicy policy{.retries = 2};
  EXPECT_TRUE(parse_retry_on("connect-failure,503-is-no-word", policy.on).size() == 1);
  Random random(1);
  Retries retries(&policy, Headers(), random);
  EXPECT_TRUE(retries.wants(failure(http::SendError::connect)));
  EXPECT_FALSE(retries.wants(failure(http::SendError::reset)));
  EXPECT_FALSE(retries.wants(failure(http::SendError::overflow)));
  EXPECT_LT(retries.next_pause(), 25ms);
  EXPECT_LT(retries.next_pause(), 50ms);
  EXPECT_FALSE(retries.possible());
}

TEST(Retries, HeadersOfTheRequestWinOverThePolicy) {
  Random random(1);
  Headers request = with("x-envoy-retry-on", "reset");
  request.add("x-envoy-max-retries", "5");
  request.add("x-envoy-upstream-rq-per-try-timeout-ms", "250");
  Retries retries(nullptr, request, random);
  EXPECT_TRUE(retries.wants(failure(http::SendError::reset)));
  EXPECT_EQ(retries.per_try_timeout(), 250ms);
  for (int i = 0; i < 5; ++i) (void)retries.next_pause();
  EXPECT_FALSE(retries.possible());
}

TEST(Retries, APolicyWithoutRetriesStaysSoWhateverTheRequestAsksToRetryOn) {
  const RetryPolicy policy{.retries = 0};
  Random random(1);
  EXPECT_FALSE(Retries(&policy, with("x-envoy-retry-on", "5xx"), random).possible());
  EXPECT_TRUE(Retries(nullptr, with("x-envoy-retry-on", "5xx"), random).possible());
}

TEST(Retries, HostsAreDrawnAgainAsOftenAsThePolicySaysAndNotForEver) {
  Random random(1);
  const auto draws = [&](RetryPolicy policy) { return Retries(&policy, Headers(), random).host_attempts(); };
  EXPECT_EQ(draws({.avoid_previous_hosts = false, .host_attempts = 5}), 1U);
  EXPECT_EQ(draws({.avoid_previous_hosts = true}), 2U);
  EXPECT_EQ(draws({.avoid_previous_hosts = true, .host_attempts = 5}), 6U);
  EXPECT_LT(draws({.avoid_previous_hosts = true, .host_attempts = UINT32_MAX}), 10'000U);
  EXPECT_GT(draws({.avoid_previous_hosts = true, .host_attempts = UINT32_MAX}), 1U);
}

http::Response answer(int status, std::string_view name = "", std::string_view value = "") {
  http::Response out;
  out.headers.set_status(status);
  if (!name.empty()) out.headers.add(name, value);
  return out;
}

TEST(Retries, AnswersAreRepeatedByTheirKind) {
  struct Case {
    std::string_view on;
    std::vector<int> wanted, unwanted;
  };
  for (const auto& [on, wanted, unwanted] :
       {Case{"5xx", {500, 503, 599}, {200, 409, 499}}, Case{"gateway-error", {502, 503, 504}, {500, 501, 505}},
        Case{"retriable-4xx", {409}, {400, 429, 503}}, Case{"retriable-status-codes", {418}, {503}},
        Case{"reset,connect-failure,refused-stream", {}, {503}}}) {
    RetryPolicy policy{.status_codes = {418}};
    EXPECT_TRUE(parse_retry_on(on, policy.on).empty());
    Random random(1);
    const Retries retries(&policy, Headers(), random);
    for (const int status : wanted) EXPECT_TRUE(retries.wants(answer(status))) << on << status;
    for (const int status : unwanted) EXPECT_FALSE(retries.wants(answer(status))) << on << status;
  }
}

TEST(Retries, TheRequestMayAddStatusesAndHeaders) {
  Headers request = with("x-envoy-retry-on", "retriable-status-codes,retriable-headers");
  request.add("x-envoy-retriable-status-codes", "404, x, 410");
  request.add("x-envoy-retriable-header-names", "X-Again, y");
  const RetryPolicy policy{.status_codes = {418}};
  Random random(1);
  const Retries retries(&policy, request, random);
  for (const int status : {404, 410, 418}) EXPECT_TRUE(retries.wants(answer(status))) << status;
  EXPECT_FALSE(retries.wants(answer(503)));
  for (const char* name : {"x-again", "y"}) EXPECT_TRUE(retries.wants(answer(200, name, ""))) << name;
  EXPECT_FALSE(retries.wants(answer(200, "x", "")));
}

TEST(Retries, GrpcFailuresAndLimitedOnesAreToldByHeaders) {
  struct Case {
    std::string_view on, grpc_status;
  };
  for (const auto& [on, grpc_status] :
       {Case{"cancelled", "1"}, Case{"deadline-exceeded", "4"}, Case{"resource-exhausted", "8"}, Case{"internal", "13"},
        Case{"unavailable", "14"}}) {
    RetryPolicy policy;
    (void)parse_retry_on(on, policy.on);
    Random random(1);
    const Retries retries(&policy, Headers(), random);
    EXPECT_TRUE(retries.wants(answer(200, "grpc-status", grpc_status))) << on;
    EXPECT_FALSE(retries.wants(answer(200, "grpc-status", "2"))) << on;
    EXPECT_FALSE(retries.wants(answer(200))) << on;
  }
  RetryPolicy policy{.on = {.server_error = true}};
  Random random(1);
  EXPECT_FALSE(Retries(&policy, Headers(), random).wants(answer(503, "x-envoy-ratelimited", "true")));
  policy.on.envoy_ratelimited = true;
  EXPECT_TRUE(Retries(&policy, Headers(), random).wants(answer(503, "x-envoy-ratelimited", "true")));
}

TEST(Retries, FailuresAreRepeatedByTheirKind) {
  using Error = http::SendError;
  struct Case {
    std::string_view on;
    std::vector<Error::Where> wanted, unwanted;
  };
  for (const auto& [on, wanted, unwanted] :
       {Case{"5xx", {Error::connect, Error::refused, Error::reset, Error::protocol}, {Error::overflow, Error::body}},
        Case{"reset", {Error::connect, Error::refused, Error::reset, Error::protocol}, {Error::overflow, Error::body}},
        Case{"connect-failure", {Error::connect}, {Error::refused, Error::reset, Error::protocol}},
        Case{"refused-stream", {Error::refused}, {Error::connect, Error::reset, Error::protocol}},
        Case{"reset-before-request", {Error::connect}, {Error::reset, Error::protocol}},
        Case{"retriable-4xx,unavailable", {}, {Error::connect, Error::refused, Error::reset}}}) {
    RetryPolicy policy;
    (void)parse_retry_on(on, policy.on);
    Random random(1);
    const Retries retries(&policy, Headers(), random);
    for (const auto where : wanted) EXPECT_TRUE(retries.wants(failure(where))) << on << int{where};
    for (const auto where : unwanted) EXPECT_FALSE(retries.wants(failure(where))) << on << int{where};
  }
}

TEST(Retries, PausesDoubleUpToTheLongest) {
  RetryPolicy policy{.on = {.reset = true}, .retries = 8, .back_off = 100ms, .back_off_max = 300ms};
  Duration longest[8] = {};
  for (uint64_t seed = 0; seed < 300; ++seed) {
    Random random(seed);
    Retries retries(&policy, Headers(), random);
    for (Duration& each : longest) each = std::max(each, retries.next_pause());
  }
  const Duration bounds[] = {100ms, 200ms, 300ms, 300ms};
  for (size_t i = 0; i < std::size(bounds); ++i) {
    EXPECT_LT(longest[i], bounds[i]) << i;
    EXPECT_GT(longest[i], bounds[i] * 9 / 10) << i;
  }
  EXPECT_LT(longest[7], 300ms);
}

TEST(Retries, NobodyAskedForNone) {
  Random random(1);
  const Retries retries(nullptr, with("x-envoy-max-retries", "5"), random);
  EXPECT_FALSE(retries.possible());
}

}  // namespace
}  // namespace lateen::router
