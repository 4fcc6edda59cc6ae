// Where redirects lead and what rewrites make of a path.
#include <gtest/gtest.h>

#include "data_plane/router/route_table.h"

namespace lateen::router {
namespace {

PathRewrite regex(const std::string& pattern, std::string substitution) {
  return {.kind = PathRewrite::regex, .text = std::move(substitution), .expression = Regex::compile(pattern).value()};
}
PathRewrite prefix(std::string text) { return {.kind = PathRewrite::prefix, .text = std::move(text)}; }

TEST(RewrittenPath, ReplacesWhatTheRouteMatchedAndKeepsTheQuery) {
  struct Case {
    PathRewrite rewrite;
    PathMatch matched;
    std::string_view path, expected;
  };
  const PathMatch a{.kind = PathMatch::prefix, .text = "/a"}, any{.kind = PathMatch::any, .text = "/"};
  const Case cases[] = {
      {{}, a, "/a/b?c", "/a/b?c"},
      {prefix("/x"), a, "/a/b?c=/a", "/x/b?c=/a"},
      {prefix("/x"), a, "/a", "/x"},
      {prefix("/"), a, "/a/b", "//b"},  // as written: nothing is tidied
      {prefix("/x/"), any, "/a?b", "/x/a?b"},
      {prefix("/x"), {.kind = PathMatch::separated_prefix, .text = "/a"}, "/a/b", "/x/b"},
      {prefix("/x"), {.kind = PathMatch::prefix, .text = "/a", .case_sensitive = false}, "/A/b", "/x/b"},
      {prefix("/x"), {.kind = PathMatch::exact, .text = "/a"}, "/a?b#c", "/x?b#c"},
      {prefix("/x"), {.kind = PathMatch::regex, .text = "/.*"}, "/a/b?c", "/x?c"},
      {prefix("/x"), {.kind = PathMatch::prefix, .text = "/longer"}, "/a", "/x"},
      {regex("^/v1/(.*)$", "/v2/\\1"), any, "/v1/a?v1", "/v2/a?v1"},
      {regex("a", "b"), any, "/a/a?a", "/b/b?a"},
      {regex("nothing", "b"), any, "/a", "/a"},
  };
  for (const Case& each : cases)
    EXPECT_EQ(rewritten_path(each.rewrite, each.matched, each.path), each.expected) << &each - cases;
}

std::string location(const Redirect& redirect, std::string_view url = "http://web/a/b?c=d") {
  const size_t host = url.find("://") + 3, path = url.find('/', host);
  Headers request;
  request.add(":method", "GET");
  request.add(":scheme", url.substr(0, host - 3));
  request.add(":authority", url.substr(host, path - host));
  request.add(":path", url.substr(path));
  return redirect_location(redirect, {.path = {.kind = PathMatch::prefix, .text = "/a"}}, request);
}

TEST(RedirectLocation, WhatTheRedirectDoesNotSayStays) {
  EXPECT_EQ(location({}), "http://web/a/b?c=d");
  EXPECT_EQ(location({.scheme = "https"}), "https://web/a/b?c=d");
  EXPECT_EQ(location({.host = "new.example"}), "http://new.example/a/b?c=d");
  EXPECT_EQ(location({.host = "new.example:8080"}), "http://new.example:8080/a/b?c=d");
}

TEST(RedirectLocation, PathsAreReplacedAsAWholeOrRewritten) {
  EXPECT_EQ(location({.path = "/new"}), "http://web/new?c=d");
  EXPECT_EQ(location({.path_rewrite = prefix("/x")}), "http://web/x/b?c=d");
  EXPECT_EQ(location({.path_rewrite = regex("/(\\w)/(\\w)", "/\\2/\\1")}), "http://web/b/a?c=d");
}

TEST(RedirectLocation, TheQueryGoesWhenStrippedButNotTheRedirectsOwn) {
  EXPECT_EQ(location({.strip_query = true}), "http://web/a/b");
  EXPECT_EQ(location({.path = "/new", .strip_query = true}), "http://web/new");
  EXPECT_EQ(location({.path = "/new?own"}), "http://web/new?own");
  EXPECT_EQ(location({.path = "/new?own", .strip_query = true}), "http://web/new?own");
  EXPECT_EQ(location({.path_rewrite = prefix("/x"), .strip_query = true}), "http://web/x/b");
}

TEST(RedirectLocation, PortsStayUnlessTheyAreDefaults) {
  struct Case {
    Redirect redirect;
    std::string_view url, expected;
  };
  const Case cases[] = {
      {{}, "http://web:8080/a", "http://web:8080/a"},
      {{.port = 9090}, "http://web:8080/a", "http://web:9090/a"},
      {{.host = "new"}, "http://web:8080/a", "http://new/a"},
      {{.host = "new", .port = 9090}, "http://web:8080/a", "http://new:9090/a"},
      {{.scheme = "https"}, "http://web:8080/a", "https://web:8080/a"},
      {{.scheme = "https"}, "http://web:80/a", "https://web/a"},
      {{.scheme = "http"}, "https://web:443/a", "http://web/a"},
      {{.scheme = "https"}, "https://web:80/a", "https://web:80/a"},  // not the default of the scheme it had
      {{.scheme = "https", .port = 443}, "http://web:80/a", "https://web/a"},
      {{.scheme = "https", .port = 80}, "http://web/a", "https://web:80/a"},
      {{}, "http://[::1]:8080/a", "http://[::1]:8080/a"},
      {{.port = 9090}, "http://[::1]/a", "http://[::1]:9090/a"},
      {{.scheme = "https"}, "http://[::1]:80/a", "https://[::1]/a"},
  };
  for (const Case& each : cases) EXPECT_EQ(location(each.redirect, each.url), each.expected) << &each - cases;
}

}  // namespace
}  // namespace lateen::router
