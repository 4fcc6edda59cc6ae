// Paths as the rest of the proxy sees them.
#include "data_plane/http/exchange_test_world.h"
#include "data_plane/http/request_head.h"

namespace lateen::proxy {
namespace {

class Paths : public OneExchange {
 protected:
  // The status of the answer, 0 when the request goes on.
  int clean(std::initializer_list<http::Headers::Field> fields) {
    ask(fields);
    answer = clean_request(*exchange, settings);
    return answer ? answer->status() : 0;
  }
  // The path that goes on, "STATUS LOCATION" when the request does not.
  std::string path_of(std::string_view path) {
    const int status = clean({{":path", path}});
    return status == 0 ? field(":path") : fmt::format("{} {}", status, answer->headers.value("location"));
  }

  ManagerSettings settings;
  std::optional<http::Response> answer;
};

TEST(NormalizedPath, FollowsEnvoy) {
  struct Case {
    const char *path, *normal, *merged;
  };
  for (const Case& each : std::initializer_list<Case>{
           {"/", "/", "/"},
           {"/a/b/../c", "/a/c", "/a/c"},
           {"/a/b/./c", "/a/b/c", "/a/b/c"},
           {"/a/b/../../../../c", "/c", "/c"},
           {"/..", "/", "/"},
           {"/a/..\\c", "/c", "/c"},
           {"/a/b/%2E%2e/c", "/a/c", "/a/c"},
           {"/a/.", "/a/", "/a/"},
           {"/a/b/..", "/a/", "/a/"},
           {"/%c0%af", "/%c0%af", "/%c0%af"},
           {"/%5c%25%2f", "/%5c%25%2f", "/%5c%25%2f"},
           {"/%41%7e%2D", "/A~-", "/A~-"},
           {"/a//b///", "/a//b///", "/a/b/"},
           {"//", "//", "/"},
           {"/a//../b", "/a/b", "/a/b"},
           {"/...", "/...", "/..."},
           {"/a?x=/../%2e//", "/a?x=/../%2e//", "/a?x=/../%2e//"},
           {"/100%", "/100%", "/100%"},
           {"/%zz/%4", "/%zz/%4", "/%zz/%4"},
           {"*", "*", "*"},
       }) {
    EXPECT_EQ(normalized_path(each.path, false), each.normal) << each.path;
    EXPECT_EQ(normalized_path(each.path, true), each.merged) << each.path;
  }
  for (const char* path : {"", "a", "/a%00b", "/%00%2e./"}) EXPECT_FALSE(normalized_path(path, false)) << path;
}

TEST(NormalizedPath, IsItsOwnNormalForm) {
  // All texts of seven of the characters that matter.
  constexpr std::string_view alphabet = "/.%25ea";
  for (uint32_t code = 0; code < 823543; ++code) {  // 7 to the 7th
    std::string path = "/";
    for (uint32_t rest = code, i = 0; i < 7; ++i, rest /= 7) path += alphabet[rest % 7];
    const auto once = normalized_path(path, true);
    ASSERT_TRUE(once) << path;
    ASSERT_EQ(normalized_path(*once, true), once) << path;
    ASSERT_EQ(("/" + *once + "/").find("/../"), std::string::npos) << path;
  }
}

TEST_F(Paths, PathsStayAsTheyAreUnlessTheirFormMatters) {
  EXPECT_EQ(path_of("/a/../%2f//b"), "/a/../%2f//b");
  settings.normalize_path = true;
  EXPECT_EQ(path_of("/a/../%2f//b"), "/%2f//b");
  EXPECT_EQ(path_of("/%00"), "400 ");
  EXPECT_EQ(exchange->record.details, "path_normalization_failed");
  settings.merge_slashes = true;
  EXPECT_EQ(path_of("/a/../%2f//b?c=//"), "/%2f/b?c=//");
}

TEST_F(Paths, FragmentsNeverGoOn) {
  EXPECT_EQ(path_of("/admin#x"), "/admin");
  EXPECT_EQ(path_of("/a?b#/../c"), "/a?b");
  EXPECT_EQ(path_of("#"), "400 ");
  EXPECT_EQ(exchange->record.details, "missing_path_rejected");
}

TEST_F(Paths, EscapedSlashesAreWhatTheyAreConfiguredToBe) {
  settings.escaped_slashes = EscapedSlashes::reject;
  EXPECT_EQ(path_of("/a%2Fb"), "400 ");
  EXPECT_EQ(path_of("/a%5cb"), "400 ");
  EXPECT_EQ(path_of("/a%2eb?c=%2f"), "/a%2eb?c=%2f") << "queries may hold them";
  settings.escaped_slashes = EscapedSlashes::unescape_and_forward;
  EXPECT_EQ(path_of("/a%2Fb%5C?c=%2f"), "/a/b\\?c=%2f");
  EXPECT_EQ(path_of("/a%2"), "/a%2");
  settings.normalize_path = true;
  EXPECT_EQ(path_of("/a/x%2f..%5c..%2fadmin"), "/admin");
  settings.escaped_slashes = EscapedSlashes::unescape_and_redirect;
  EXPECT_EQ(path_of("/a/x%2f..%2fadmin?q"), "307 /a/admin?q");
}

TEST_F(Paths, RedirectsOfPathsStayOnThisServer) {
  settings.escaped_slashes = EscapedSlashes::unescape_and_redirect;
  EXPECT_EQ(path_of("/%2fevil.example"), "307 /.//evil.example");
  EXPECT_EQ(path_of("/%5Cevil.example"), "307 /./\\evil.example");
  clean({{":path", "/a%2fb"}, {"content-type", "application/grpc"}});
  EXPECT_EQ(answer->headers.value("grpc-status"), "13") << "gRPC clients follow none";
  EXPECT_FALSE(answer->headers.has("location"));
}

TEST_F(Paths, UpgradesOverHttp2HaveCleanPathsToo) {
  settings.normalize_path = true;
  EXPECT_EQ(clean({{":method", "CONNECT"}, {":protocol", "websocket"}, {":path", "/a/../admin"}}), 0);
  EXPECT_EQ(field(":path"), "/admin");
  ask({{":method", "CONNECT"}, {":authority", "web:443"}});
  request().headers.remove(":path");
  request().headers.remove(":scheme");
  EXPECT_FALSE(clean_request(*exchange, settings));
  EXPECT_EQ(field(":path") + field(":scheme"), "(none)(none)") << "CONNECT itself has neither";
}

}  // namespace
}  // namespace lateen::proxy
