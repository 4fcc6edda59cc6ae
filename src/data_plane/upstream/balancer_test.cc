#include "data_plane/upstream/balancer.h"

#include <map>

#include <gmock/gmock.h>

namespace lateen::upstream {
namespace {

using testing::ElementsAre;
using testing::Pair;
using testing::UnorderedElementsAre;
using Picks = std::map<uint16_t, int>;  // by port

const Locality here{"r", "here", ""}, there{"r", "there", ""};

class BalancerTest : public testing::Test {
 protected:
  // A host that is known by its port.
  HostPtr add(Endpoint endpoint) {
    endpoint.address.port = static_cast<uint16_t>(hosts.size() + 1);
    hosts.push_back(std::make_shared<Host>(std::move(endpoint), nullptr));
    return hosts.back();
  }
  void rebuild() { balancer.rebuild(hosts, set); }
  uint16_t pick() {
    const HostPtr host = balancer.pick({});
    return host ? host->endpoint().address.port : 0;
  }
  Picks picks(int count) {
    Picks out;
    for (int i = 0; i < count; ++i) ++out[pick()];
    return out;
  }

  ClusterSettings settings;
  EndpointSet set;
  std::vector<HostPtr> hosts;
  Random random{7};
  Balancer balancer{settings, random};
};

TEST_F(BalancerTest, NoHostsMeansNone) {
  EXPECT_EQ(balancer.pick({}), nullptr);
  rebuild();
  EXPECT_EQ(balancer.pick({}), nullptr);
}

TEST_F(BalancerTest, RoundRobinTakesEachInTurn) {
  for (int i = 0; i < 3; ++i) add({});
  rebuild();
  EXPECT_THAT(picks(3), ElementsAre(Pair(1, 1), Pair(2, 1), Pair(3, 1)));
  const uint16_t first = pick();
  (void)picks(2);
  EXPECT_EQ(pick(), first);
}

TEST_F(BalancerTest, RoundRobinFollowsWeights) {
  add({.weight = 3});
  add({.weight = 1});
  rebuild();
  EXPECT_THAT(picks(400), ElementsAre(Pair(1, 300), Pair(2, 100)));
}

TEST_F(BalancerTest, NotEveryWorkerBeginsWithTheHeaviest) {
  add({.weight = 2});
  add({.weight = 1});
  Picks firsts;
  for (int i = 0; i < 100; ++i) {
    rebuild();
    ++firsts[pick()];
  }
  EXPECT_EQ(firsts.size(), 2U);
}

TEST_F(BalancerTest, RandomDoesNotLookAtWeights) {
  settings.balancing = Balancing::random;
  add({.weight = 100});
  add({.weight = 1});
  rebuild();
  const Picks seen = picks(1000);
  EXPECT_NEAR(seen.at(1), 500, 60);
}

TEST_F(BalancerTest, LeastRequestPrefersTheLessBusyOfTwo) {
  settings.balancing = Balancing::least_request;
  for (int i = 0; i < 3; ++i) add({});
  hosts[0]->active_requests = 5;
  rebuild();
  const Picks seen = picks(900);
  // The busy one is chosen only when both draws hit it.
  EXPECT_NEAR(seen.at(1), 100, 40);
  EXPECT_NEAR(seen.at(2), 400, 70);
}

TEST_F(BalancerTest, LeastRequestDividesWeightsByLoad) {
  settings.balancing = Balancing::least_request;
  add({.weight = 4});
  add({.weight = 1});
  hosts[0]->active_requests = 3;  // 4 / (3 + 1) against 1
  rebuild();
  (void)picks(10);  // the first deadlines are of weights alone
  EXPECT_THAT(picks(100), ElementsAre(Pair(1, 50), Pair(2, 50)));
}

TEST_F(BalancerTest, LeastRequestDrawsTwiceAtLeastAndNotForever) {
  settings.balancing = Balancing::least_request;
  add({});
  add({});
  for (const uint32_t choices : {0U, 1U, UINT32_MAX}) {
    settings.least_request_choices = choices;
    rebuild();
    EXPECT_NE(pick(), 0) << choices;
  }
}

TEST_F(BalancerTest, UnhealthyHostsAreLeftAlone) {
  settings.panic_threshold_percent = 0;
  add({.health = Health::unhealthy});
  add({});
  rebuild();
  EXPECT_THAT(picks(10), ElementsAre(Pair(2, 10)));
}

TEST_F(BalancerTest, BelowThePanicThresholdAllHostsAreUsed) {
  add({});
  add({.health = Health::unhealthy});
  add({.health = Health::unhealthy});
  rebuild();
  EXPECT_THAT(picks(30), ElementsAre(Pair(1, 10), Pair(2, 10), Pair(3, 10)));
  settings.panic_threshold_percent = 30;
  rebuild();
  EXPECT_THAT(picks(30), ElementsAre(Pair(1, 30)));
}

TEST_F(BalancerTest, WithoutPanicNobodyHealthyMeansNone) {
  settings.panic_threshold_percent = 0;
  add({.health = Health::unhealthy});
  rebuild();
  EXPECT_EQ(balancer.pick({}), nullptr);
}

TEST_F(BalancerTest, DegradedHostsTakeWhatTheHealthyCannot) {
  settings.panic_threshold_percent = 0;
  for (int i = 0; i < 2; ++i) add({});
  for (int i = 0; i < 2; ++i) add({.health = Health::degraded});
  rebuild();
  const Picks seen = picks(1000);  // 2 of 4 are healthy: 1.4 * 50 %
  EXPECT_NEAR(seen.at(1) + seen.at(2), 700, 60);
  EXPECT_NEAR(seen.at(3) + seen.at(4), 300, 60);
}

TEST_F(BalancerTest, LowerPrioritiesTakeWhatTheFirstCannot) {
  settings.panic_threshold_percent = 0;
  add({});
  add({.health = Health::unhealthy});
  add({.priority = 1});
  rebuild();
  Picks seen = picks(1000);
  EXPECT_NEAR(seen[1], 700, 60);
  EXPECT_NEAR(seen[3], 300, 60);
  set.overprovisioning_percent = 200;
  rebuild();
  EXPECT_THAT(picks(100), ElementsAre(Pair(1, 100)));
}

TEST_F(BalancerTest, PrioritiesNeedNotFollowOneAnother) {
  settings.panic_threshold_percent = 0;
  add({.priority = 2, .health = Health::unhealthy});
  add({.priority = 7});
  rebuild();
  EXPECT_THAT(picks(10), ElementsAre(Pair(2, 10)));
}

TEST_F(BalancerTest, NothingPanicsWhileAnotherPriorityCarriesTheLoad) {
  add({});
  for (int i = 0; i < 4; ++i) add({.health = Health::unhealthy});  // 1 of 5: below the threshold
  add({.priority = 1});
  rebuild();
  const Picks seen = picks(1000);
  EXPECT_THAT(seen, UnorderedElementsAre(Pair(1, testing::Gt(200)), Pair(6, testing::Gt(600))));
}

TEST_F(BalancerTest, WhenAllPrioritiesPanicTheirSizesCount) {
  for (int i = 0; i < 3; ++i) add({.health = Health::unhealthy});
  add({.priority = 1, .health = Health::unhealthy});
  rebuild();
  EXPECT_NEAR(picks(1000).at(4), 250, 60);
}

class LocalityTest : public BalancerTest {
 protected:
  LocalityTest() {
    settings.locality_weighted = true;
    settings.panic_threshold_percent = 0;
    set.locality_weights = {{{0, here}, 3}, {{0, there}, 1}};
  }
};

TEST_F(LocalityTest, LocalitiesShareByTheirWeightsWhateverTheirSizes) {
  add({.locality = here});
  add({.locality = there});
  add({.locality = there});
  rebuild();
  EXPECT_THAT(picks(400), ElementsAre(Pair(1, 300), Pair(2, 50), Pair(3, 50)));
}

TEST_F(LocalityTest, WeightsDoNotCountUnlessTheClusterSaysSo) {
  settings.locality_weighted = false;
  add({.locality = here});
  add({.locality = there});
  rebuild();
  EXPECT_THAT(picks(10), ElementsAre(Pair(1, 5), Pair(2, 5)));
}

TEST_F(LocalityTest, ALocalityWithoutWeightGetsNothing) {
  set.locality_weights.erase({0, there});
  add({.locality = here});
  add({.locality = there});
  rebuild();
  EXPECT_THAT(picks(10), ElementsAre(Pair(1, 10)));
}

TEST_F(LocalityTest, WhenNoWeightedLocalityIsLeftTheOthersAreUsed) {
  set.locality_weights.erase({0, there});
  add({.locality = here, .health = Health::unhealthy});
  add({.locality = there});
  rebuild();
  EXPECT_THAT(picks(10), ElementsAre(Pair(2, 10)));
}

TEST_F(LocalityTest, ALocalityThatLostHostsGetsLess) {
  set.locality_weights = {{{0, here}, 1}, {{0, there}, 1}};
  add({.locality = here});
  for (int i = 0; i < 3; ++i) add({.locality = here, .health = Health::unhealthy});
  add({.locality = there});
  rebuild();
  const Picks seen = picks(1350);  // 1.4 * 1/4 against 1
  EXPECT_NEAR(seen.at(1), 350, 5);
  EXPECT_NEAR(seen.at(5), 1000, 5);
}

TEST_F(LocalityTest, APanicLooksAtHostsAlone) {
  settings.panic_threshold_percent = 50;
  add({.locality = here});
  for (int i = 0; i < 3; ++i) add({.locality = there, .health = Health::unhealthy});
  rebuild();
  EXPECT_THAT(picks(40), ElementsAre(Pair(1, 10), Pair(2, 10), Pair(3, 10), Pair(4, 10)));
}

TEST_F(BalancerTest, TriedHostsAreAvoidedForSomeDraws) {
  for (int i = 0; i < 2; ++i) add({});
  rebuild();
  const Host* tried[] = {hosts[0].get()};
  for (int i = 0; i < 10; ++i) EXPECT_EQ(balancer.pick(tried, 2), hosts[1]);
  const Host* all[] = {hosts[0].get(), hosts[1].get()};
  EXPECT_NE(balancer.pick(all, 5), nullptr) << "one that was tried is better than none";
}

TEST_F(BalancerTest, HostsComeAndGoWithARebuild) {
  add({});
  rebuild();
  EXPECT_THAT(picks(4), ElementsAre(Pair(1, 4)));
  add({});
  rebuild();
  EXPECT_THAT(picks(4), ElementsAre(Pair(1, 2), Pair(2, 2)));
  hosts.erase(hosts.begin());
  rebuild();
  EXPECT_THAT(picks(4), ElementsAre(Pair(2, 4)));
  hosts.clear();
  rebuild();
  EXPECT_EQ(balancer.pick({}), nullptr);
}

}  // namespace
}  // namespace lateen::upstream
