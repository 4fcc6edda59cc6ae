#include "data_plane/router/match.h"

#include <gtest/gtest.h>

namespace lateen::router {
namespace {

Headers headers(std::initializer_list<Headers::Field> fields) {
  Headers out;
  for (const auto& [name, value] : fields) out.add(name, value);
  return out;
}

StringMatch string(StringMatch::Kind kind, std::string text, bool ignore_case = false) {
  StringMatch out{.kind = kind, .text = text, .ignore_case = ignore_case};
  if (kind == StringMatch::regex) out.expression = Regex::compile(text).value();
  return out;
}

PathMatch path(PathMatch::Kind kind, std::string text, bool case_sensitive = true) {
  PathMatch out{.kind = kind, .text = text, .case_sensitive = case_sensitive};
  if (kind == PathMatch::regex) out.expression = Regex::compile(text).value();
  return out;
}

TEST(StringMatch, EveryKindWithAndWithoutCase) {
  struct Case {
    StringMatch match;
    std::string_view value;
    bool expected;
  };
  const Case cases[] = {
      {string(StringMatch::exact, "ab"), "ab", true},
      {string(StringMatch::exact, "ab"), "AB", false},
      {string(StringMatch::exact, "ab"), "abc", false},
      {string(StringMatch::exact, "ab", true), "Ab", true},
      {string(StringMatch::prefix, "ab"), "abc", true},
      {string(StringMatch::prefix, "ab"), "a", false},
      {string(StringMatch::prefix, "ab"), "Abc", false},
      {string(StringMatch::prefix, "ab", true), "ABc", true},
      {string(StringMatch::suffix, "bc"), "abc", true},
      {string(StringMatch::suffix, "bc"), "c", false},
      {string(StringMatch::suffix, "bc"), "abcd", false},
      {string(StringMatch::suffix, "bc", true), "aBC", true},
      {string(StringMatch::contains, "bc"), "abcd", true},
      {string(StringMatch::contains, "bc"), "acbd", false},
      {string(StringMatch::contains, "bc", true), "aBCd", true},
      {string(StringMatch::regex, "a.*d"), "abcd", true},
      {string(StringMatch::regex, "b.*"), "abcd", false},
      {string(StringMatch::regex, "a|ab"), "ab", true},
      {string(StringMatch::regex, "(?i)ABC"), "abc", true},
  };
  for (const Case& each : cases) EXPECT_EQ(each.match.matches(each.value), each.expected) << &each - cases;
}

TEST(Regex, BadOnesAreRefusedWithTheirText) {
  for (const char* pattern : {"(", "a**", "(?=a)"}) {
    const auto compiled = Regex::compile(pattern);
    ASSERT_FALSE(compiled) << pattern;
    EXPECT_NE(compiled.error().message.find(pattern), std::string::npos);
  }
}

TEST(Regex, ReplacesEveryMatchWithItsGroups) {
  EXPECT_EQ(Regex::compile("/(\\w+)").value()->replaced("/a/b", "-\\1"), "-a-b");
  EXPECT_EQ(Regex::compile("x").value()->replaced("/a", "y"), "/a");
  EXPECT_EQ(Regex::compile("^/(a)").value()->replaced("/a/a", "/\\9"), "/a/a") << "there is no ninth group";
}

TEST(HeaderMatch, EveryKindOnPresentMissingAndInverted) {
  const Headers request =
      headers({{"x", "ab"}, {"n", "10"}, {"empty", ""}, {"word", "ten"}, {"big", "9223372036854775808"}});
  using H = HeaderMatch;
  struct Case {
    H match;
    bool expected;
  };
  const StringMatch ab = string(StringMatch::exact, "ab"), none = string(StringMatch::exact, "");
  const Case cases[] = {
      {{.name = "x", .kind = H::string, .text = ab}, true},
      {{.name = "n", .kind = H::string, .text = ab}, false},
      {{.name = "x", .kind = H::string, .text = ab, .invert = true}, false},
      {{.name = "n", .kind = H::string, .text = ab, .invert = true}, true},
      // What is missing matches nothing, not even inverted, unless it counts as empty.
      {{.name = "missing", .kind = H::string, .text = ab}, false},
      {{.name = "missing", .kind = H::string, .text = ab, .invert = true}, false},
      {{.name = "missing", .kind = H::string, .text = ab, .invert = true, .missing_is_empty = true}, true},
      {{.name = "missing", .kind = H::string, .text = none, .missing_is_empty = true}, true},
      {{.name = "empty", .kind = H::string, .text = none}, true},
      {{.name = "n", .kind = H::range, .from = 10, .to = 11}, true},
      {{.name = "n", .kind = H::range, .from = 9, .to = 10}, false},
      {{.name = "n", .kind = H::range, .from = 9, .to = 10, .invert = true}, true},
      {{.name = "word", .kind = H::range, .from = 0, .to = 100}, false},
      {{.name = "word", .kind = H::range, .from = 0, .to = 100, .invert = true}, true},
      {{.name = "big", .kind = H::range, .from = INT64_MIN, .to = INT64_MAX}, false},
      {{.name = "missing", .kind = H::range, .from = 0, .to = 100, .invert = true}, false},
      {{.name = "x"}, true},
      {{.name = "empty"}, true},
      {{.name = "missing"}, false},
      {{.name = "missing", .missing_is_empty = true}, true},
      {{.name = "x", .wanted_present = false}, false},
      {{.name = "missing", .wanted_present = false}, true},
      {{.name = "x", .invert = true}, false},
      {{.name = "missing", .invert = true}, true},
      {{.name = "x", .wanted_present = false, .invert = true}, true},
      {{.name = "missing", .wanted_present = false, .invert = true}, false},
  };
  for (const Case& each : cases) EXPECT_EQ(each.match.matches(request), each.expected) << &each - cases;
}

TEST(HeaderMatch, RepeatedFieldsAreOneValueJoinedByCommas) {
  const Headers request = headers({{"x", "a"}, {"y", "-"}, {"x", "b"}});
  const auto matches = [&](StringMatch text) {
    return HeaderMatch{.name = "x", .kind = HeaderMatch::string, .text = std::move(text)}.matches(request);
  };
  EXPECT_TRUE(matches(string(StringMatch::exact, "a,b")));
  EXPECT_FALSE(matches(string(StringMatch::exact, "a")));
  EXPECT_FALSE(matches(string(StringMatch::exact, "b")));
}

TEST(QueryParameter, IsTheFirstOfItsNameAsWritten) {
  struct Case {
    std::string_view path, name;
    std::optional<std::string_view> expected;
  };
  const Case cases[] = {
      {"/p?a=1&b=2", "a", "1"},
      {"/p?a=1&b=2", "b", "2"},
      {"/p?a=1&a=2", "a", "1"},
      {"/p?a", "a", ""},
      {"/p?a=", "a", ""},
      {"/p?a=b=c", "a", "b=c"},
      {"/p?a=%20", "a", "%20"},
      {"/p?a=1#a=2", "a", "1"},
      {"/p?&&b=2&", "b", "2"},
      {"/p?A=1", "a", std::nullopt},
      {"/p?ab=1", "a", std::nullopt},
      {"/p?", "a", std::nullopt},
      {"/p", "a", std::nullopt},
      {"", "a", std::nullopt},
      {"/p#x?a=1&", "b", std::nullopt},
  };
  for (const Case& each : cases) EXPECT_EQ(query_parameter(each.path, each.name), each.expected) << each.path;
}

TEST(QueryMatch, WantsAValueOrOnlyPresence) {
  const QueryMatch present{.name = "a"}, exact{.name = "a", .text = string(StringMatch::exact, "1")};
  EXPECT_TRUE(present.matches("/?a"));
  EXPECT_TRUE(present.matches("/?a=2"));
  EXPECT_FALSE(present.matches("/?b"));
  EXPECT_TRUE(exact.matches("/?a=1"));
  EXPECT_FALSE(exact.matches("/?a=2&a=1"));
  EXPECT_FALSE(exact.matches("/"));
}

TEST(PathMatch, EveryKindWithAndWithoutCase) {
  struct Case {
    PathMatch match;
    std::string_view path;
    bool expected;
  };
  const Case cases[] = {
      {path(PathMatch::any, "/"), "/x", true},
      {path(PathMatch::prefix, "/a"), "/ab", true},
      {path(PathMatch::prefix, "/a"), "/A", false},
      {path(PathMatch::prefix, "/a", false), "/Ab", true},
      {path(PathMatch::prefix, "/abc"), "/ab", false},
      {path(PathMatch::exact, "/a"), "/a", true},
      {path(PathMatch::exact, "/a"), "/a/", false},
      {path(PathMatch::exact, "/a"), "/A", false},
      {path(PathMatch::exact, "/a", false), "/A", true},
      {path(PathMatch::separated_prefix, "/a"), "/a", true},
      {path(PathMatch::separated_prefix, "/a"), "/a/b", true},
      {path(PathMatch::separated_prefix, "/a"), "/ab", false},
      {path(PathMatch::separated_prefix, "/a", false), "/A/b", true},
      {path(PathMatch::separated_prefix, "/a"), "/", false},
      {path(PathMatch::regex, "/[0-9]+"), "/12", true},
      {path(PathMatch::regex, "/[0-9]+"), "/12/", false},
      {path(PathMatch::connect, ""), "/x", false},
  };
  const Headers get = headers({{":method", "GET"}});
  for (const Case& each : cases) EXPECT_EQ(each.match.matches(get, each.path), each.expected) << &each - cases;
}

TEST(PathMatch, ConnectIsTheMethodWithoutAProtocol) {
  const PathMatch connect{.kind = PathMatch::connect};
  EXPECT_TRUE(connect.matches(headers({{":method", "CONNECT"}}), ""));
  EXPECT_FALSE(connect.matches(headers({{":method", "CONNECT"}, {":protocol", "websocket"}}), "/chat"));
}

TEST(PathWithoutQuery, EndsBeforeQueryOrFragment) {
  EXPECT_EQ(path_without_query("/a?b"), "/a");
  EXPECT_EQ(path_without_query("/a#b?c"), "/a");
  EXPECT_EQ(path_without_query("/a"), "/a");
  EXPECT_EQ(path_without_query("?a"), "");
}

}  // namespace
}  // namespace lateen::router
