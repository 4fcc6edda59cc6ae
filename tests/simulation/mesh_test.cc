// The whole path, on the simulated twin: what a user of a mesh sees while routes change, the control plane is away,
// the network loses segments, and a host dies. See simulated_mesh.h for who is there.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "simulated_mesh.h"

namespace lateen::simulation {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr const char* all_to_v1 = R"(
  - route: [{destination: {host: catalog, subset: v1}}]
)";
constexpr const char* all_to_v2 = R"(
  - route: [{destination: {host: catalog, subset: v2}}]
)";
constexpr const char* half_and_half = R"(
  - route:
    - {destination: {host: catalog, subset: v1}, weight: 50}
    - {destination: {host: catalog, subset: v2}, weight: 50}
)";

TEST(Mesh, RequestsFollowTheRoutesThatPeopleWrote) {
  SimulatedMesh mesh(7, all_to_v1);
  EXPECT_THAT(mesh.answers(10), ElementsAre("v1"));
  // Mutual TLS carried it: the sidecar of catalog tells who called.
  EXPECT_THAT(mesh.catalog_v1.application.last_caller, HasSubstr("URI=spiffe://cluster.local/ns/shop/sa/client"));
  // UPSTREAM_CLUSTER and UPSTREAM_LOCAL_ADDRESS: which connection it was.
  EXPECT_THAT(mesh.client.access_log.back(), HasSubstr("catalog.shop.svc.cluster.local 10.0.0.1:"));

  mesh.configure(all_to_v2);
  mesh.world.run_for(1s);
  EXPECT_THAT(mesh.answers(10), ElementsAre("v2"));

  mesh.configure(half_and_half);
  mesh.world.run_for(1s);
  EXPECT_THAT(mesh.answers(30), ElementsAre("v1", "v2"));
}

TEST(Mesh, TrafficGoesOnWithoutTheControlPlaneAndConfigurationComesAfterwards) {
  SimulatedMesh mesh(7, all_to_v1);
  mesh.cut_control_plane_off();
  mesh.configure(all_to_v2);
  // The sidecars notice that nobody answers their PINGs, and try again, ever less often.
  EXPECT_THAT(mesh.answers(600), ElementsAre("v1"));
  EXPECT_FALSE(mesh.client.xds().connected());
  EXPECT_GT(mesh.client.xds().streams(), 10u);
  EXPECT_LT(mesh.client.xds().streams(), 50u);

  mesh.heal_control_plane();
  EXPECT_TRUE(mesh.becomes("v2", 1min));
  EXPECT_TRUE(mesh.client.xds().connected());
  EXPECT_THAT(mesh.answers(10), ElementsAre("v2"));
}

// Segments between the sidecars come 20 to 30 ms late, and one in twenty a second later.
constexpr io::LinkQuality bad_link{.delay = 20ms, .jitter = 10ms, .loss = 0.05, .retransmission = 1s};

TEST(Mesh, RetriesHideWhatTheNetworkLoses) {
  SimulatedMesh mesh(7, R"(
  - route: [{destination: {host: catalog, subset: v1}}]
    timeout: 500ms
    retries: {attempts: 0}
)");
  mesh.world.set_quality(mesh.client.ip, mesh.catalog_v1.ip, bad_link);
  EXPECT_THAT(mesh.answers(100), ElementsAre("504 upstream request timeout", "v1")) << "some meet the timeout";

  mesh.configure(R"(
  - route: [{destination: {host: catalog, subset: v1}}]
    retries: {attempts: 5, perTryTimeout: 500ms, retryOn: "5xx"}
)");
  mesh.world.run_for(1s);
  EXPECT_THAT(mesh.answers(100), ElementsAre("v1"));
  EXPECT_GT(mesh.catalog_v1.application.most_attempts, 1);
}

std::vector<std::string> trace_of(uint64_t seed) {
  SimulatedMesh mesh(seed, R"(
  - route:
    - {destination: {host: catalog, subset: v1}, weight: 50}
    - {destination: {host: catalog, subset: v2}, weight: 50}
    retries: {attempts: 5, perTryTimeout: 500ms, retryOn: "5xx"}
)");
  for (const Pod* pod : {&mesh.catalog_v1, &mesh.catalog_v2}) mesh.world.set_quality(mesh.client.ip, pod->ip, bad_link);
  (void)mesh.answers(50);
  mesh.catalog_v1.die();
  (void)mesh.answers(10);
  return mesh.trace();
}

TEST(Mesh, TheSameSeedGivesTheSameTrace) {
  const auto trace = trace_of(7), again = trace_of(7), other = trace_of(8);
  EXPECT_GT(trace.size(), 500u);
  ASSERT_EQ(trace.size(), again.size());
  for (size_t i = 0; i < trace.size(); ++i) ASSERT_EQ(trace[i], again[i]) << "line " << i;
  EXPECT_NE(trace, other);
}

TEST(Mesh, AHostThatDiesIsMissedAndComesBack) {
  SimulatedMesh mesh(7, all_to_v1);
  EXPECT_EQ(mesh.ask().body, "v1");
  mesh.catalog_v1.die();
  const Answer answer = mesh.ask("/while-dead");
  EXPECT_EQ(answer.status, 503);
  EXPECT_THAT(answer.body, HasSubstr("upstream connect error or disconnect/reset before headers"));
  EXPECT_THAT(mesh.client.access_log.back(), HasSubstr("\"GET /while-dead HTTP/1.1\" 503 UF,URX "));

  mesh.catalog_v1.start();
  EXPECT_EQ(mesh.ask().body, "v1");
}

}  // namespace
}  // namespace lateen::simulation
