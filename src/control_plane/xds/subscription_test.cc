#include "control_plane/xds/subscription.h"

#include <gmock/gmock.h>

#include "config/xds/names.h"
#include "config/xds/protos.h"

namespace lateen::discovery {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// A set of resources from "name=content" texts.
ResourceSetPointer set_of(const std::vector<std::string>& texts) {
  std::vector<ResourcePointer> resources;
  for (const auto& text : texts) {
    google::protobuf::StringValue value;
    value.set_value(text);
    resources.push_back(Resource::of(text.substr(0, text.find('=')), value));
  }
  return std::make_shared<const ResourceSet>(std::move(resources));
}

std::vector<std::string> names_of(const std::optional<Push>& push) {
  std::vector<std::string> out;
  if (!push) return {"nothing"};
  for (const auto* each : push->resources) out.push_back(each->name);
  for (const auto& name : push->removed) out.push_back("-" + name);
  return out;
}

Request request(std::vector<std::string> names, const std::optional<Push>& answers = {}) {
  Request out;
  out.names = std::move(names);
  if (answers) out.nonce = answers->nonce;
  return out;
}
Request refusal(std::vector<std::string> names, const std::optional<Push>& answers, std::string text) {
  auto out = request(std::move(names), answers);
  out.refusal = std::move(text);
  return out;
}
Request subscribe(std::vector<std::string> names, std::vector<std::string> without = {}) {
  Request out;
  out.subscribe = std::move(names);
  out.unsubscribe = std::move(without);
  return out;
}
Request ack(const std::optional<Push>& push) { return request({}, push); }

Subscription whole(std::string_view type) { return {Mode::state_of_the_world, std::string(type), "s-"}; }
Subscription delta(std::string_view type) { return {Mode::delta, std::string(type), "s-"}; }

TEST(Resources, DifferenceOfTwoSets) {
  const auto a = set_of({"a=1", "b=1", "d=1"}), b = set_of({"b=2", "c=1", "d=1"});
  const auto changes = difference(a.get(), b.get());
  ASSERT_EQ(changes.changed.size(), 2u);
  EXPECT_EQ(changes.changed[0]->name, "b");
  EXPECT_EQ(changes.changed[1]->name, "c");
  EXPECT_THAT(changes.removed, ElementsAre("a"));
  EXPECT_TRUE(difference(a.get(), set_of({"d=1", "b=1", "a=1"}).get()).empty());
  EXPECT_EQ(a->version(), set_of({"d=1", "b=1", "a=1"})->version());
  EXPECT_NE(a->version(), b->version());
  EXPECT_EQ(difference(nullptr, a.get()).changed.size(), 3u);
}

TEST(Resources, TheMessageLiesInsideTheAny) {
  google::protobuf::StringValue value, back;
  value.set_value("x");
  const auto resource = Resource::of("n", value);
  ASSERT_TRUE(back.ParseFromString(std::string(resource->message())));
  EXPECT_EQ(back.value(), "x");
}

TEST(StateOfTheWorld, ClustersComeWholeAndOnlyWhenSomethingChanged) {
  auto clusters = whole(xds::type::cluster);
  clusters.take(request({}));
  EXPECT_TRUE(clusters.is_due());
  const auto first = clusters.push(set_of({"a=1", "b=1"}));
  EXPECT_THAT(names_of(first), ElementsAre("a", "b"));
  clusters.take(request({}, first));
  EXPECT_FALSE(clusters.is_due());
  EXPECT_EQ(clusters.status().nonce_acked, first->nonce);
  EXPECT_THAT(names_of(clusters.push(set_of({"a=1", "b=1"}))), ElementsAre("nothing"));
  EXPECT_THAT(names_of(clusters.push(set_of({"a=2", "b=1"}))), ElementsAre("a", "b"));
  EXPECT_THAT(names_of(clusters.push(set_of({"a=2"}))), ElementsAre("a"));
  EXPECT_THAT(names_of(clusters.push(set_of({}))), IsEmpty());  // a push all the same: everything is gone
}

TEST(StateOfTheWorld, AnEmptyWorldIsAnAnswer) {
  auto clusters = whole(xds::type::cluster);
  clusters.take(request({}));
  EXPECT_THAT(names_of(clusters.push(set_of({}))), IsEmpty());
}

TEST(StateOfTheWorld, EndpointsComeByNameAndNewNamesAlone) {
  auto endpoints = whole(xds::type::endpoint);
  endpoints.take(request({"a"}));
  const auto first = endpoints.push(set_of({"a=1", "b=1", "c=1"}));
  EXPECT_THAT(names_of(first), ElementsAre("a"));
  endpoints.take(request({"a", "b"}, first));
  EXPECT_TRUE(endpoints.is_due());
  const auto second = endpoints.push(set_of({"a=1", "b=1", "c=1"}));
  EXPECT_THAT(names_of(second), ElementsAre("b"));
  endpoints.take(request({"b"}, second));  // fewer: nothing to say
  EXPECT_FALSE(endpoints.is_due());
  EXPECT_THAT(names_of(endpoints.push(set_of({"a=2", "b=1", "c=1"}))), ElementsAre("nothing"));
  EXPECT_THAT(names_of(endpoints.push(set_of({"a=2", "b=2", "c=2"}))), ElementsAre("b"));
  EXPECT_THAT(names_of(endpoints.push(set_of({}))), ElementsAre("nothing"));  // absence means nothing here
}

TEST(StateOfTheWorld, StaleNoncesAreNoAnswer) {
  auto endpoints = whole(xds::type::endpoint);
  endpoints.take(request({"a"}));
  const auto first = endpoints.push(set_of({"a=1"}));
  const auto second = endpoints.push(set_of({"a=2"}));
  endpoints.take(request({"a", "b"}, first));
  EXPECT_FALSE(endpoints.is_due());
  EXPECT_EQ(endpoints.status().nonce_acked, "");
  endpoints.take(request({"a", "b"}, second));
  EXPECT_TRUE(endpoints.is_due());
  EXPECT_EQ(endpoints.status().nonce_acked, second->nonce);
}

TEST(StateOfTheWorld, ARefusalIsRecordedAndNotAnswered) {
  auto clusters = whole(xds::type::cluster);
  clusters.take(request({}));
  const auto first = clusters.push(set_of({"a=1"}));
  clusters.take(refusal({}, first, "no such type"));
  EXPECT_FALSE(clusters.is_due());
  EXPECT_EQ(clusters.status().refusal, "no such type");
  EXPECT_EQ(clusters.status().nonce_acked, "");
  EXPECT_THAT(names_of(clusters.push(set_of({"a=1"}))), ElementsAre("nothing"));
  const auto second = clusters.push(set_of({"a=2"}));
  clusters.take(request({}, second));
  EXPECT_EQ(clusters.status().refusal, "");
  EXPECT_EQ(clusters.status().refusals, 1u);
}

TEST(StateOfTheWorld, NoNamesAfterNamesEndTheSubscription) {
  auto routes = whole(xds::type::route);
  routes.take(request({}));
  EXPECT_FALSE(routes.is_due());  // nothing was ever named, and routes have no wildcard
  routes.take(request({"80"}));
  const auto first = routes.push(set_of({"80=1"}));
  routes.take(request({}, first));
  EXPECT_FALSE(routes.is_active());
  EXPECT_THAT(names_of(routes.push(set_of({"80=2"}))), ElementsAre("nothing"));

  auto clusters = whole(xds::type::cluster);
  clusters.take(request({"a"}));
  const auto named = clusters.push(set_of({"a=1", "b=1"}));
  EXPECT_THAT(names_of(named), ElementsAre("a"));
  clusters.take(request({}, named));
  EXPECT_FALSE(clusters.is_active());
  clusters.take(request({"*"}, named));
  EXPECT_THAT(names_of(clusters.push(set_of({"a=1", "b=1"}))), ElementsAre("a", "b"));
}

TEST(StateOfTheWorld, AClientThatWarmsIsAnsweredOnceMore) {
  auto endpoints = whole(xds::type::endpoint);
  endpoints.take(request({"a"}));
  auto push = endpoints.push(set_of({"a=1"}));
  endpoints.answer_next();
  endpoints.take(request({"a"}, push));
  EXPECT_TRUE(endpoints.is_due());
  push = endpoints.push(set_of({"a=1"}));
  EXPECT_THAT(names_of(push), ElementsAre("a"));
  endpoints.take(request({"a"}, push));
  EXPECT_FALSE(endpoints.is_due());
}

TEST(StateOfTheWorld, AskingAfreshOnAStreamIsAnsweredInFull) {
  auto names = whole(xds::type::name_table);
  names.take(request({}));
  EXPECT_THAT(names_of(names.push(set_of({"table=1"}))), ElementsAre("table"));
  names.take(request({}));
  EXPECT_THAT(names_of(names.push(set_of({"table=1"}))), ElementsAre("table"));
}

TEST(StateOfTheWorld, AReconnectedClientIsAnsweredWhateverItsVersion) {
  auto clusters = whole(xds::type::cluster);
  auto again = request({});
  again.version = set_of({"a=1"})->version();
  again.nonce = "of-another-stream";
  clusters.take(again);
  EXPECT_TRUE(clusters.is_due());
  EXPECT_THAT(names_of(clusters.push(set_of({"a=1"}))), ElementsAre("a"));
}

TEST(Delta, OnlyWhatChanged) {
  auto clusters = delta(xds::type::cluster);
  clusters.take(subscribe({}));
  const auto first = clusters.push(set_of({"a=1", "b=1", "c=1"}));
  EXPECT_THAT(names_of(first), ElementsAre("a", "b", "c"));
  clusters.take(ack(first));
  EXPECT_FALSE(clusters.is_due());
  EXPECT_EQ(clusters.status().nonce_acked, first->nonce);
  EXPECT_THAT(names_of(clusters.push(set_of({"a=1", "b=2", "d=1"}))), ElementsAre("b", "d", "-c"));
  EXPECT_THAT(names_of(clusters.push(set_of({"a=1", "b=2", "d=1"}))), ElementsAre("nothing"));
}

TEST(Delta, NamesComeAndGo) {
  auto endpoints = delta(xds::type::endpoint);
  endpoints.take(subscribe({"a", "lost"}));
  EXPECT_THAT(names_of(endpoints.push(set_of({"a=1", "b=1"}))), ElementsAre("a", "-lost"));
  endpoints.take(subscribe({"b"}, {"a"}));
  EXPECT_THAT(names_of(endpoints.push(set_of({"a=2", "b=1"}))), ElementsAre("b"));
  EXPECT_THAT(names_of(endpoints.push(set_of({"a=2", "b=1", "lost=1"}))), ElementsAre("lost"));
  EXPECT_THAT(names_of(endpoints.push(set_of({}))), ElementsAre("-b", "-lost"));
  endpoints.take(subscribe({"b"}));  // asked for again: answered again
  EXPECT_THAT(names_of(endpoints.push(set_of({"b=1"}))), ElementsAre("b"));
  endpoints.take(subscribe({"b"}));
  EXPECT_THAT(names_of(endpoints.push(set_of({"b=1"}))), ElementsAre("b"));
}

TEST(Delta, AnOvertakenAnswerStillChangesNames) {
  auto endpoints = delta(xds::type::endpoint);
  endpoints.take(subscribe({"a"}));
  const auto first = endpoints.push(set_of({"a=1"}));
  const auto second = endpoints.push(set_of({"a=2"}));
  auto late = subscribe({"b"});
  late.nonce = first->nonce;
  endpoints.take(late);
  EXPECT_EQ(endpoints.status().nonce_acked, "");
  EXPECT_THAT(names_of(endpoints.push(set_of({"a=2", "b=1"}))), ElementsAre("b"));
}

TEST(Delta, AReconnectedClientGetsWhatItLacks) {
  const auto world = set_of({"a=1", "b=2", "c=1"});
  auto clusters = delta(xds::type::cluster);
  auto again = subscribe({});
  again.has_versions = {{"a", world->find("a")->version}, {"b", "old"}, {"gone", "x"}};
  clusters.take(again);
  EXPECT_THAT(names_of(clusters.push(world)), ElementsAre("b", "c", "-gone"));
  auto endpoints = delta(xds::type::endpoint);
  again.subscribe = {"a", "never"};
  again.has_versions = {{"a", world->find("a")->version}};
  endpoints.take(again);
  EXPECT_TRUE(endpoints.is_due());
  EXPECT_THAT(names_of(endpoints.push(world)), ElementsAre("-never"));
}

TEST(Delta, WildcardsCanBeSetAndTakenBack) {
  auto clusters = delta(xds::type::cluster);
  clusters.take(subscribe({"a"}));
  EXPECT_THAT(names_of(clusters.push(set_of({"a=1", "b=1"}))), ElementsAre("a"));
  clusters.take(subscribe({"*"}));
  EXPECT_THAT(names_of(clusters.push(set_of({"a=1", "b=1"}))), ElementsAre("a", "b"));
  clusters.take(subscribe({}, {"*"}));
  EXPECT_THAT(names_of(clusters.push(set_of({"a=1", "b=3"}))), ElementsAre("nothing"));
}

TEST(Order, ClustersBeforeEndpointsBeforeListenersBeforeRoutes) {
  EXPECT_LT(push_rank(xds::type::cluster), push_rank(xds::type::endpoint));
  EXPECT_LT(push_rank(xds::type::endpoint), push_rank(xds::type::listener));
  EXPECT_LT(push_rank(xds::type::listener), push_rank(xds::type::route));
  EXPECT_LT(push_rank(xds::type::route), push_rank(xds::type::secret));
  EXPECT_LT(push_rank(xds::type::secret), push_rank("anything else"));
}

}  // namespace
}  // namespace lateen::discovery
