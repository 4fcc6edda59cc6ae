// Matchers: xDS text in, what they match out.
#include "data_plane/discovery/string_match.h"

#include <gmock/gmock.h>

#include "data_plane/discovery/reading_test_tools.h"

namespace lateen::discovery {
namespace {

using ::testing::HasSubstr;
using Strings = std::vector<std::string_view>;

TEST(StringMatch, EachKindMatchesInItsOwnWay) {
  struct Case {
    std::string_view matcher;
    Strings matching, other;
  };
  const Case cases[] = {
      {"exact: Web", {"Web"}, {"web", "Web1", ""}},
      {"{exact: Web, ignore_case: true}", {"Web", "wEB"}, {"Web1"}},
      {"prefix: /a", {"/a", "/ab"}, {"/A", "x/a", "/"}},
      {"{prefix: /A, ignore_case: true}", {"/a", "/Ab"}, {"/"}},
      {"suffix: .com", {"a.com", ".com"}, {"com", "a.COM", "a.com."}},
      {"{suffix: .com, ignore_case: true}", {"a.COM"}, {"a.COM."}},
      {"contains: mid", {"amidb", "mid"}, {"aMIDb", "mi"}},
      {"{contains: mid, ignore_case: true}", {"aMIDb"}, {"mi"}},
      {"safe_regex: {regex: 'a[0-9]+'}", {"a1", "a12"}, {"a", "a1b", "ba1"}},
      {"{safe_regex: {regex: 'a+'}, ignore_case: true}", {"aa"}, {"AA"}},
  };
  for (const Case& each : cases) {
    const auto match = string_match(message_of<envoy::type::matcher::v3::StringMatcher>(each.matcher));
    ASSERT_TRUE(match) << each.matcher;
    for (std::string_view text : each.matching) EXPECT_TRUE(match->matches(text)) << each.matcher << " " << text;
    for (std::string_view text : each.other) EXPECT_FALSE(match->matches(text)) << each.matcher << " " << text;
  }
}

TEST(StringMatch, WhatCannotBeJudgedIsRefused) {
  using Message = envoy::type::matcher::v3::StringMatcher;
  EXPECT_FALSE(string_match(Message()));
  const auto wrong = string_match(message_of<Message>("safe_regex: {regex: '(a'}"));
  ASSERT_FALSE(wrong);
  EXPECT_THAT(wrong.error().message, HasSubstr("(a"));
}

TEST(HeaderMatch, AHeaderIsLookedForByNameAndJudgedByItsValue) {
  struct Case {
    std::string_view matcher, value;  // of x-a; "-" when it is not there
    bool matches;
  };
  const Case cases[] = {
      {"name: X-A", "1", true},
      {"name: x-a", "-", false},
      {"{name: x-a, present_match: true}", "", true},
      {"{name: x-a, present_match: false}", "-", true},
      {"{name: x-a, present_match: false}", "1", false},
      {"{name: x-a, present_match: true, invert_match: true}", "-", true},
      {"{name: x-a, string_match: {exact: one}}", "one", true},
      {"{name: x-a, string_match: {exact: one}}", "two", false},
      {"{name: x-a, string_match: {exact: one}, invert_match: true}", "two", true},
      {"{name: x-a, string_match: {exact: one}, invert_match: true}", "-", false},
      {"{name: x-a, string_match: {exact: one}, invert_match: true, treat_missing_header_as_empty: true}", "-", true},
      {"{name: x-a, exact_match: one}", "one", true},
      {"{name: x-a, prefix_match: on}", "one", true},
      {"{name: x-a, suffix_match: ne}", "one", true},
      {"{name: x-a, contains_match: n}", "one", true},
      {"{name: x-a, safe_regex_match: {regex: 'o.e'}}", "one", true},
      {"{name: x-a, range_match: {start: -5, end: 10}}", "9", true},
      {"{name: x-a, range_match: {start: -5, end: 10}}", "10", false},
      {"{name: x-a, range_match: {start: -5, end: 10}}", "-5", true},
      {"{name: x-a, range_match: {start: -5, end: 10}}", "9x", false},
      {"{name: host, string_match: {exact: web}}", "-", true},
  };
  for (const Case& each : cases) {
    const auto match = header_match(message_of<envoy::config::route::v3::HeaderMatcher>(each.matcher));
    ASSERT_TRUE(match) << each.matcher;
    http::Headers headers;
    headers.add(":authority", "web");
    if (each.value != "-") headers.add("x-a", each.value);
    EXPECT_EQ(match->matches(headers), each.matches) << each.matcher << " " << each.value;
  }
}

TEST(HeaderMatch, RepeatedHeadersAreOneValueWithCommas) {
  const auto match =
      header_match(message_of<envoy::config::route::v3::HeaderMatcher>("{name: x-a, string_match: {exact: 'a,b'}}"));
  http::Headers headers;
  headers.add("x-a", "a");
  headers.add("x-a", "b");
  EXPECT_TRUE(match->matches(headers));
}

TEST(QueryMatch, AParameterIsThereOrHasAValue) {
  using Message = envoy::config::route::v3::QueryParameterMatcher;
  const auto present = query_match(message_of<Message>("{name: q, present_match: true}"));
  EXPECT_TRUE(present->matches("/?q="));
  EXPECT_FALSE(present->matches("/?Q=1"));
  const auto valued = query_match(message_of<Message>("{name: q, string_match: {prefix: a}}"));
  EXPECT_TRUE(valued->matches("/?x=1&q=ab&q=c"));
  EXPECT_FALSE(valued->matches("/?q=c&q=ab")) << "the first one counts";
  EXPECT_FALSE(query_match(message_of<Message>("{name: q, present_match: false}"))) << "not judged as its opposite";
}

}  // namespace
}  // namespace lateen::discovery
