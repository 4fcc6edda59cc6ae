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
  const auto asked = [](std::string_view value) { return asked_milliseconds(with("t", value), "t"); };
  EXPECT_EQ(asked("1500"), 1500ms);
  EXPECT_EQ(asked("9223372036854775807"), longest_duration);
  for (const char* other : {"", "-1", "5s", "1e3", "9223372036854775808"}) EXPECT_FALSE(asked(other)) << other;
  EXPECT_FALSE(asked_milliseconds(Headers(), "t"));
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
  EXPECT_FALSE(retries.wants(failure(http::SendError::connect)));
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

TEST(Retries, NobodyAskedForNone) {
  Random random(1);
  const Retries retries(nullptr, with("x-envoy-max-retries", "5"), random);
  EXPECT_FALSE(retries.possible());
}

}  // namespace
}  // namespace lateen::router
