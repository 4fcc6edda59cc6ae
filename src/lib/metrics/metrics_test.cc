#include "lib/metrics/metrics.h"

#include <limits>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lateen::metrics {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string text(const Registry& registry) { return exposition(registry.scrape(), Format::prometheus); }

TEST(Metrics, CountersOfAllShardsAreAddedUp) {
  Registry registry;
  const auto requests = registry.counter({.name = "requests_total", .help = "Requests.", .labels = {"code", "flags"}});
  Shard one(registry, 0), two(registry, 1);
  one.counter(requests, {"200", "-"}).add(3);
  two.counter(requests, {"200", "-"}).add(4);
  two.counter(requests, {"503", "UH"}).add();
  EXPECT_EQ(text(registry),
            "# HELP requests_total Requests.\n"
            "# TYPE requests_total counter\n"
            "requests_total{code=\"200\",flags=\"-\"} 7\n"
            "requests_total{code=\"503\",flags=\"UH\"} 1\n");
}

TEST(Metrics, TheSameLabelsGiveTheSameSeries) {
  Registry registry;
  const auto requests = registry.counter({.name = "requests_total", .labels = {"code"}});
  Shard shard(registry, 0);
  Counter first = shard.counter(requests, {"200"}), second = shard.counter(requests, {"200"});
  first.add();
  second.add();
  EXPECT_EQ(first.value(), 2);
  EXPECT_EQ(shard.size(), 1);
}

TEST(Metrics, AGaugeGoesUpAndDown) {
  Registry registry;
  const auto active = registry.gauge({.name = "active"});
  Shard one(registry, 0), two(registry, 1);
  Gauge a = one.gauge(active), b = two.gauge(active);
  a.add(5);
  b.add(2);
  a.subtract();
  EXPECT_THAT(text(registry), HasSubstr("\nactive 6\n"));
  a.set(0.5);
  EXPECT_THAT(text(registry), HasSubstr("\nactive 2.5\n"));
}

TEST(Metrics, AHistogramFillsItsBuckets) {
  Registry registry;
  const auto duration = registry.histogram({.name = "ms", .labels = {"code"}, .buckets = {10, 1, 100}});
  Shard one(registry, 0), two(registry, 1);
  Histogram a = one.histogram(duration, {"200"}), b = two.histogram(duration, {"200"});
  a.record(1);  // a bound belongs to its own bucket
  a.record(1.5);
  b.record(100);
  b.record(1e9);
  b.record(std::numeric_limits<double>::quiet_NaN());
  EXPECT_EQ(text(registry),
            "# TYPE ms histogram\n"
            "ms_bucket{code=\"200\",le=\"1\"} 1\n"
            "ms_bucket{code=\"200\",le=\"10\"} 2\n"
            "ms_bucket{code=\"200\",le=\"100\"} 3\n"
            "ms_bucket{code=\"200\",le=\"+Inf\"} 5\n"
            "ms_sum{code=\"200\"} 1000000102.5\n"
            "ms_count{code=\"200\"} 5\n");
}

TEST(Metrics, TheStandardBucketsAreIstios) {
  EXPECT_EQ(standard_buckets().size(), 19);
  EXPECT_EQ(standard_buckets().front(), 0.5);
  EXPECT_EQ(standard_buckets().back(), 3600000);
}

TEST(Metrics, StrangersCannotMakeSeriesWithoutBound) {
  Registry registry;
  const auto requests = registry.counter({.name = "requests_total", .labels = {"host", "code"}, .limit = 10});
  Shard shard(registry, 0);
  for (int i = 0; i < 1000; ++i) shard.counter(requests, {fmt::format("host-{}", i), "200"}).add();
  EXPECT_EQ(shard.size(), 11);
  EXPECT_THAT(text(registry), HasSubstr("requests_total{host=\"overflow\",code=\"overflow\"} 990\n"));

  const std::string endless(1 << 20, 'x');
  EXPECT_EQ(shard.remove("host", "host-1"), 1);
  shard.counter(requests, {endless, "200"}).add();
  EXPECT_LT(text(registry).size(), 4096);
}

TEST(Metrics, TooFewAndTooManyLabelValuesAreFitted) {
  Registry registry;
  const auto requests = registry.counter({.name = "requests_total", .labels = {"host", "code"}});
  Shard shard(registry, 0);
  shard.counter(requests, {"a"}).add();
  shard.counter(requests, {"a", "", "surplus"}).add();
  EXPECT_THAT(text(registry), HasSubstr("requests_total{host=\"a\",code=\"\"} 2\n"));
}

TEST(Metrics, RemovalWaitsForTheLastHandle) {
  Registry registry;
  const auto requests = registry.counter({.name = "requests_total", .labels = {"cluster"}});
  Shard shard(registry, 0);
  {
    Counter held = shard.counter(requests, {"gone"});
    Counter copy = held;
    shard.counter(requests, {"stays"}).add();
    EXPECT_EQ(shard.remove("cluster", "gone"), 0);
    held = Counter();
    EXPECT_EQ(shard.size(), 2);
    copy.add();
    EXPECT_THAT(text(registry), HasSubstr("cluster=\"gone\"} 1"));
  }
  EXPECT_THAT(text(registry), Not(HasSubstr("gone")));
  EXPECT_THAT(text(registry), HasSubstr("stays"));
}

TEST(Metrics, ASumDoesNotFallWhileOneShardStillHasTheSeries) {
  Registry registry;
  const auto requests = registry.counter({.name = "requests_total", .labels = {"cluster"}});
  const auto duration = registry.histogram({.name = "ms", .labels = {"cluster"}, .buckets = {1}});
  Shard one(registry, 0);
  {
    Shard two(registry, 1);
    for (Shard* shard : {&one, &two}) {
      shard->counter(requests, {"c"}).add(5);
      shard->histogram(duration, {"c"}).record(0.25);
    }
    EXPECT_EQ(two.remove("cluster", "c"), 2);
    EXPECT_THAT(text(registry), HasSubstr("requests_total{cluster=\"c\"} 10"));
    two.counter(requests, {"c"}).add();
  }
  EXPECT_THAT(text(registry), HasSubstr("requests_total{cluster=\"c\"} 11"));
  EXPECT_THAT(text(registry), HasSubstr("ms_sum{cluster=\"c\"} 0.5"));
  EXPECT_EQ(one.remove("cluster", "c"), 2);
  EXPECT_EQ(text(registry), "");
  one.counter(requests, {"c"}).add();
  EXPECT_THAT(text(registry), HasSubstr("requests_total{cluster=\"c\"} 1\n"));
}

TEST(Metrics, ASweepTakesWhatIsIdleAndUnheld) {
  Registry registry;
  const auto requests = registry.counter({.name = "requests_total", .labels = {"peer"}});
  Shard shard(registry, 0);
  Counter held = shard.counter(requests, {"held"});
  shard.counter(requests, {"idle"}).add();
  shard.counter(requests, {"busy"}).add();
  EXPECT_EQ(shard.sweep(), 0);
  shard.counter(requests, {"busy"}).add();
  EXPECT_EQ(shard.sweep(), 1);
  EXPECT_THAT(text(registry), Not(HasSubstr("idle")));
  EXPECT_EQ(shard.size(), 2);
}

TEST(Metrics, HandlesOutliveTheirShardHarmlessly) {
  Registry registry;
  const auto requests = registry.counter({.name = "requests_total"});
  auto shard = std::make_unique<Shard>(registry, 0);
  Counter held = shard->counter(requests);
  shard.reset();
  held.add();
  EXPECT_EQ(held.value(), 1);
  Counter nowhere;
  nowhere.add();
  Histogram().record(3);
  EXPECT_EQ(nowhere.value(), 0);
}

TEST(Metrics, ANameTwiceIsTheSameFamilyOrHidden) {
  Registry registry;
  const auto first = registry.counter({.name = "requests_total", .labels = {"code"}});
  EXPECT_EQ(registry.counter({.name = "requests_total", .labels = {"code"}}).family, first.family);
  const auto other = registry.gauge({.name = "requests_total"});
  Shard shard(registry, 0);
  shard.gauge(other).set(77);
  shard.counter(first, {"200"}).add();
  EXPECT_THAT(text(registry), Not(HasSubstr("77")));
}

TEST(Metrics, ObservedValuesAreAskedForAtTheScrape) {
  Registry registry;
  double bytes = 10;
  registry.observe({.name = "memory_bytes", .help = "Memory."}, [&] { return bytes; });
  bytes = 20;
  EXPECT_THAT(text(registry), HasSubstr("memory_bytes 20\n"));
}

// Meant for the thread sanitizer as much as for the sums: workers count, open, remove and sweep while others scrape.
TEST(Metrics, WorkersAndScrapesRunSideBySide) {
  constexpr int workers = 4, rounds = 3000;
  Registry registry;
  const auto requests = registry.counter({.name = "requests_total", .labels = {"code"}});
  const auto churn = registry.counter({.name = "churn_total", .labels = {"name"}, .limit = 16});
  const auto duration = registry.histogram({.name = "ms", .labels = {}});
  std::vector<std::unique_ptr<Shard>> shards;
  for (unsigned i = 0; i < workers; ++i) shards.push_back(std::make_unique<Shard>(registry, i));
  std::atomic<bool> done = false;
  std::thread scraper([&] {
    double last = 0;
    while (!done) {
      for (const auto& family : registry.scrape().families) {
        if (family.name != "requests_total") continue;
        EXPECT_GE(family.samples[0].value, last);
        last = family.samples[0].value;
      }
    }
  });
  std::vector<std::thread> threads;
  for (int w = 0; w < workers; ++w)
    threads.emplace_back([&, w] {
      Shard& shard = *shards[w];
      Counter ok = shard.counter(requests, {"200"});
      Histogram ms = shard.histogram(duration);
      for (int i = 0; i < rounds; ++i) {
        ok.add();
        ms.record(i);
        const std::string name = fmt::format("n{}", i % 40);
        shard.counter(churn, {name}).add();
        if (i % 7 == 0) shard.remove("name", name);
        if (i % 100 == 0) shard.sweep();
      }
    });
  for (auto& thread : threads) thread.join();
  done = true;
  scraper.join();
  for (const auto& family : registry.scrape().families) {
    if (family.name == "requests_total") EXPECT_EQ(family.samples[0].value, workers * rounds);
    if (family.name == "ms") EXPECT_EQ(family.samples[0].count(), workers * rounds);
  }
}

}  // namespace
}  // namespace lateen::metrics
