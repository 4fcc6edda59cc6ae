#include "data_plane/upstream/outlier.h"

#include <gtest/gtest.h>

#include "lib/io/simulated.h"

namespace lateen::upstream {
namespace {

class OutlierTest : public testing::Test {
 protected:
  OutlierTest() {
    settings.max_ejection_percent = 100;
    for (uint16_t port = 1; port <= 4; ++port)
      hosts.push_back(std::make_shared<Host>(Endpoint{.address = {.port = port}}, nullptr));
  }
  void record(size_t host, Outcome outcome, int times = 1) {
    for (int i = 0; i < times; ++i) watch.record(*hosts[host], outcome, hosts);
  }
  bool out(size_t host) const { return hosts[host]->health() == Health::unhealthy; }
  void eject(size_t host) { record(host, Outcome::server_error, static_cast<int>(settings.consecutive_5xx)); }
  // How long it stays out from now on.
  Duration time_out(size_t host) {
    const Time began = world.now();
    EXPECT_TRUE(world.run_until([&] { return !out(host); }, 24h));
    return std::chrono::round<std::chrono::seconds>(world.now() - began);
  }

  io::SimulatedWorld world{3};
  OutlierDetection settings;
  int changes = 0;
  OutlierWatch watch{world, settings, [this] { ++changes; }};
  std::vector<HostPtr> hosts;
};

TEST(OutcomeOf, StatusesAreSuccessServerOrGatewayErrors) {
  for (const int status : {101, 200, 302, 404, 429, 499}) EXPECT_EQ(outcome_of(status), Outcome::success) << status;
  for (const int status : {500, 501, 505, 599}) EXPECT_EQ(outcome_of(status), Outcome::server_error) << status;
  for (const int status : {502, 503, 504}) EXPECT_EQ(outcome_of(status), Outcome::gateway_error) << status;
}

TEST_F(OutlierTest, FiveErrorsInARowEject) {
  record(0, Outcome::server_error, 4);
  EXPECT_FALSE(out(0));
  record(0, Outcome::server_error);
  EXPECT_TRUE(out(0));
  EXPECT_FALSE(out(1));
  EXPECT_EQ(changes, 1);
  EXPECT_EQ(watch.ejections(), 1U);
}

TEST_F(OutlierTest, ASuccessBreaksTheRow) {
  record(0, Outcome::server_error, 4);
  record(0, Outcome::success);
  record(0, Outcome::server_error, 4);
  EXPECT_FALSE(out(0));
}

TEST_F(OutlierTest, ALimitOfZeroIsOff) {
  settings.consecutive_5xx = 0;
  record(0, Outcome::server_error, 1000);
  EXPECT_FALSE(out(0));
}

TEST_F(OutlierTest, GatewayErrorsHaveTheirOwnRow) {
  settings.consecutive_5xx = 0;
  settings.consecutive_gateway_failure = 2;
  settings.enforcing_gateway_failure = 100;
  record(0, Outcome::gateway_error);
  record(0, Outcome::server_error);  // no gateway error: breaks the row
  record(0, Outcome::gateway_error);
  EXPECT_FALSE(out(0));
  record(0, Outcome::gateway_error);
  EXPECT_TRUE(out(0));
}

TEST_F(OutlierTest, GatewayErrorsAreErrorsOfTheServerToo) {
  record(0, Outcome::gateway_error, 3);
  record(0, Outcome::server_error, 2);
  EXPECT_TRUE(out(0));
}

TEST_F(OutlierTest, WhatIsNotEnforcedIsNotEjected) {
  settings.enforcing_consecutive_5xx = 0;
  record(0, Outcome::server_error, 50);
  EXPECT_FALSE(out(0));
}

TEST_F(OutlierTest, WithoutTheSplitLocalFailuresCountAsGatewayErrors) {
  settings.consecutive_5xx = 0;
  settings.consecutive_gateway_failure = 3;
  settings.enforcing_gateway_failure = 100;
  record(0, Outcome::gateway_error);
  record(0, Outcome::local_failure, 2);
  EXPECT_TRUE(out(0));
}

TEST_F(OutlierTest, WithTheSplitLocalFailuresHaveTheirOwnRow) {
  settings.split_local_origin = true;
  settings.consecutive_local_origin_failure = 3;
  record(0, Outcome::local_failure, 2);
  record(0, Outcome::server_error, 4);  // an answer, if a bad one: the connection works
  record(0, Outcome::local_failure, 2);
  EXPECT_FALSE(out(0));
  record(0, Outcome::local_failure);
  EXPECT_TRUE(out(0));
}

TEST_F(OutlierTest, EachEjectionLastsLongerUpToTheLongest) {
  settings.base_ejection_time = 30s;
  settings.max_ejection_time = 100s;
  for (const Duration expected : {30s, 60s, 90s, 100s, 100s}) {
    eject(0);
    EXPECT_EQ(time_out(0), expected);
  }
}

TEST_F(OutlierTest, ABaseOverTheLongestTimeWins) {
  settings.base_ejection_time = 400s;
  eject(0);
  EXPECT_EQ(time_out(0), 400s);
  eject(0);
  EXPECT_EQ(time_out(0), 400s);
}

TEST_F(OutlierTest, TheLongestTimesDoNotOverflow) {
  settings.base_ejection_time = settings.max_ejection_time = longest_duration;
  eject(0);
  world.run_for(1h);
  EXPECT_TRUE(out(0));
  settings.base_ejection_time = 1ns;
  eject(1);
  EXPECT_LE(time_out(1), 1s);
}

TEST_F(OutlierTest, EveryIntervalInUseForgivesOneEjection) {
  for (const Duration expected : {30s, 60s, 90s}) {
    eject(0);
    EXPECT_EQ(time_out(0), expected);
  }
  world.run_for(settings.interval * 2 + 1s);
  eject(0);
  EXPECT_EQ(time_out(0), 60s);
  world.run_for(1h);
  eject(0);
  EXPECT_EQ(time_out(0), 30s);
}

TEST_F(OutlierTest, AShortEjectionDoesNotWaitForALongOne) {
  for (int i = 0; i < 4; ++i) {
    eject(0);
    if (i < 3) (void)time_out(0);
  }
  eject(1);  // while host 0 is out for 120 s
  EXPECT_EQ(time_out(1), 30s);
  EXPECT_TRUE(out(0));
  EXPECT_EQ(time_out(0), 90s);
}

TEST_F(OutlierTest, FailuresWhileEjectedAreForgottenAfterwards) {
  eject(0);
  record(0, Outcome::server_error, 4);  // of requests that were under way
  (void)time_out(0);
  record(0, Outcome::server_error, 4);
  EXPECT_FALSE(out(0));
}

TEST_F(OutlierTest, NoMoreThanTheirShareAreOutAtATime) {
  struct Case {
    uint32_t percent;
    bool one_always;
    size_t expected;
  };
  // Of four hosts.
  for (const auto& [percent, one_always, expected] : std::initializer_list<Case>{{0, false, 0},
                                                                                 {0, true, 1},
                                                                                 {10, false, 0},
                                                                                 {24, false, 0},
                                                                                 {24, true, 1},
                                                                                 {25, false, 1},
                                                                                 {74, false, 2},
                                                                                 {75, true, 3},
                                                                                 {100, false, 4}}) {
    settings.max_ejection_percent = percent;
    settings.always_eject_one_host = one_always;
    for (size_t i = 0; i < hosts.size(); ++i) eject(i);
    EXPECT_EQ(watch.active_ejections(hosts), expected) << percent;
    world.run_for(24h);
    EXPECT_EQ(watch.active_ejections(hosts), 0U);
  }
}

TEST_F(OutlierTest, AHostThatIsNotListedAnyMoreIsNotEjected) {
  const HostPtr gone = hosts[0];
  hosts.erase(hosts.begin());
  for (int i = 0; i < 10; ++i) watch.record(*gone, Outcome::server_error, hosts);
  EXPECT_EQ(gone->health(), Health::healthy);
  EXPECT_EQ(changes, 0);
}

TEST_F(OutlierTest, AnEjectedHostMayGoBeforeItsTime) {
  eject(0);
  eject(1);
  hosts.erase(hosts.begin());
  EXPECT_EQ(time_out(0), 30s);
  EXPECT_EQ(changes, 3) << "two went, one came back";
}

}  // namespace
}  // namespace lateen::upstream
