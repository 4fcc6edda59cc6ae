#include <cstdio>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lib/base/strings.h"
#include "lib/metrics/metrics.h"

namespace lateen::metrics {
namespace {

using ::testing::HasSubstr;

// Reads one label set `{a="b",...}` off the front; false when it breaks the grammar of the exposition formats.
bool take_labels(std::string_view& line) {
  if (!line.starts_with('{')) return true;
  std::set<std::string> names;
  do {
    line.remove_prefix(1);
    const size_t equals = line.find("=\"");
    if (equals == line.npos || equals == 0 || !names.emplace(line.substr(0, equals)).second) return false;
    for (char c : line.substr(0, equals))
      if (!isalnum(static_cast<unsigned char>(c)) && c != '_') return false;
    line.remove_prefix(equals + 2);
    while (!line.empty() && line[0] != '"') {
      if (line[0] == '\\' && (line.size() < 2 || std::string_view("\\\"n").find(line[1]) == line.npos)) return false;
      line.remove_prefix(line[0] == '\\' ? 2 : 1);
    }
    if (line.empty()) return false;
    line.remove_prefix(1);
  } while (line.starts_with(','));
  if (!line.starts_with('}')) return false;
  line.remove_prefix(1);
  return true;
}

// "" when every line is well formed, each family has one TYPE before its samples and no series appears twice.
std::string complaint(std::string_view text) {
  std::set<std::string, std::less<>> series, families;
  std::string family;
  if (!text.empty() && !text.ends_with('\n')) return "no newline at the end";
  for (std::string_view line : split(text.substr(0, text.empty() ? 0 : text.size() - 1), '\n')) {
    const std::string whole(line);
    if (line.starts_with("# HELP ") || line == "# EOF") continue;
    if (line.starts_with("# TYPE ")) {
      const auto words = split(line, ' ');
      if (words.size() != 4 || !families.emplace(words[2]).second) return whole;
      family = words[2];
      continue;
    }
    if (!line.starts_with(family)) return "outside its family: " + whole;
    size_t name = 0;
    while (name < line.size() && (isalnum(static_cast<unsigned char>(line[name])) || line[name] == '_')) ++name;
    line.remove_prefix(name);
    if (name == 0 || !take_labels(line) || !line.starts_with(' ')) return whole;
    if (!series.insert(whole.substr(0, whole.size() - line.size())).second) return "twice: " + whole;
    char* end = nullptr;
    const std::string value(line.substr(1));
    strtod(value.c_str(), &end);
    if (value.empty() || *end) return whole;
  }
  return "";
}

class Exposition : public ::testing::Test {
 protected:
  Exposition() {
    shard.counter(requests, {"plain", "200"}).add(12);
    shard.counter(requests, {"quote\" slash\\ line\nend", "200"}).add(1);
    shard.counter(requests, {"bad \xff\xfe utf8 \xe2\x82\xac", "200"}).add(1);
    shard.counter(requests, {"bad \xfe\xff utf8 \xe2\x82\xac", "200"}).add(2);  // looks the same once repaired
    shard.counter(envoy, {"outbound|80||a.b"}).add(5);
    shard.gauge(active).set(1.25);
    shard.histogram(duration, {"200"}).record(7);
  }

  Registry registry;
  CounterFamily requests =
      registry.counter({.name = "requests_total", .help = "A \"help\\\n.", .labels = {"host", "code"}});
  CounterFamily envoy = registry.counter({.name = "envoy_cluster_upstream_rq",
                                          .labels = {"cluster_name"},
                                          .stats_name = "cluster.{cluster_name}.upstream_rq_total"});
  GaugeFamily active = registry.gauge({.name = "0active-now", .stats_name = "server.active"});
  HistogramFamily duration = registry.histogram({.name = "duration_ms", .labels = {"code"}});
  Shard shard{registry, 0};
};

TEST_F(Exposition, PrometheusTextIsWellFormed) {
  const std::string text = exposition(registry.scrape(), Format::prometheus);
  EXPECT_EQ(complaint(text), "") << text;
  EXPECT_THAT(text, HasSubstr(R"(host="quote\" slash\\ line\nend")"));
  EXPECT_THAT(text, HasSubstr("host=\"bad \xef\xbf\xbd\xef\xbf\xbd utf8 \xe2\x82\xac\",code=\"200\"} 3\n"));
  EXPECT_THAT(text, HasSubstr("_0active_now 1.25\n"));
}

TEST_F(Exposition, OpenMetricsIsWellFormed) {
  const std::string text = exposition(registry.scrape(), Format::openmetrics);
  EXPECT_EQ(complaint(text), "") << text;
  EXPECT_THAT(text, HasSubstr("# TYPE requests counter\nrequests_total{"));
  EXPECT_THAT(text, HasSubstr("# TYPE envoy_cluster_upstream_rq unknown\nenvoy_cluster_upstream_rq{"));
  EXPECT_THAT(text, HasSubstr("le=\"1.0\"} 0\n"));
  EXPECT_TRUE(text.ends_with("\n# EOF\n"));
}

TEST_F(Exposition, PromtoolAgrees) {
  const std::string search = "PATH=\"$PATH:.cache/peers/prometheus/usr/bin\" ";
  if (std::system((search + "promtool --version >/dev/null 2>&1").c_str()) != 0)
    GTEST_SKIP() << "promtool is not here: ./dev peers fetches it";
  FILE* promtool = popen((search + "promtool check metrics >&2").c_str(), "w");
  ASSERT_NE(promtool, nullptr);
  const std::string text = exposition(registry.scrape(), Format::prometheus);
  fwrite(text.data(), 1, text.size(), promtool);
  const int status = WEXITSTATUS(pclose(promtool));
  EXPECT_TRUE(status == 0 || status == 3) << status;  // 3: understood, but with advice about names
}

TEST_F(Exposition, StatsPageIsEnvoys) {
  const std::string text = stats_text(registry.scrape());
  EXPECT_THAT(text, HasSubstr("cluster.outbound|80||a.b.upstream_rq_total: 5\n"));
  EXPECT_THAT(text, HasSubstr("server.active: 1.25\n"));
  EXPECT_THAT(text, HasSubstr("requests_total{host=\"plain\",code=\"200\"}: 12\n"));
  EXPECT_THAT(text, HasSubstr("duration_ms{code=\"200\"}: P0(nan,5) P25(nan,6.25) P50(nan,7.5)"));
  EXPECT_EQ(stats_text(registry.scrape(), {.keep = [](std::string_view name) { return name.starts_with("server."); }}),
            "server.active: 1.25\n");
}

TEST_F(Exposition, StatsPageCanLeaveOutTheUnused) {
  shard.counter(envoy, {"unused"});
  shard.histogram(duration, {"404"});
  EXPECT_THAT(stats_text(registry.scrape()), HasSubstr("cluster.unused.upstream_rq_total: 0\n"));
  EXPECT_THAT(stats_text(registry.scrape()), HasSubstr("duration_ms{code=\"404\"}: No recorded values\n"));
  const std::string used = stats_text(registry.scrape(), {.used_only = true});
  EXPECT_THAT(used, ::testing::Not(HasSubstr("unused")));
  EXPECT_THAT(used, ::testing::Not(HasSubstr("404")));
}

TEST(Negotiation, TakesWhatTheClientPrefers) {
  EXPECT_EQ(negotiate(""), Format::prometheus);
  EXPECT_EQ(negotiate("text/plain"), Format::prometheus);
  EXPECT_EQ(
      negotiate("application/openmetrics-text;version=1.0.0;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,"
                "text/plain;version=0.0.4;q=0.3,*/*;q=0.2"),
      Format::openmetrics);
  EXPECT_EQ(negotiate("text/plain, application/openmetrics-text;q=0.1"), Format::prometheus);
  EXPECT_EQ(negotiate("application/openmetrics-text;q=0"), Format::prometheus);
  EXPECT_EQ(negotiate("Application/OpenMetrics-Text; q=zzz"), Format::prometheus);
}

TEST(Utf8, KeepsWhatIsWellFormed) {
  EXPECT_EQ(as_utf8("a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80"), "a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80");
  EXPECT_EQ(as_utf8("\xc0\xaf"), "\xef\xbf\xbd\xef\xbf\xbd");    // overlong
  EXPECT_EQ(as_utf8("\xed\xa0\x80").size(), 9);                  // a surrogate
  EXPECT_EQ(as_utf8("x\xe2\x82"), "x\xef\xbf\xbd\xef\xbf\xbd");  // cut short
  EXPECT_EQ(as_utf8("\xf4\x90\x80\x80").size(), 12);             // beyond U+10FFFF
}

}  // namespace
}  // namespace lateen::metrics
