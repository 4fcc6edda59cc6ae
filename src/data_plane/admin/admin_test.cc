// The admin pages, asked without a connection.
#include "data_plane/admin/admin.h"

#include <envoy/admin/v3/clusters.pb.h>

#include <gmock/gmock.h>

#include "config/xds/read.h"
#include "lib/io/simulated.h"

namespace lateen::admin {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

template <class Message>
Message message_of(std::string_view text) {
  Message out;
  schema::Diagnostics diagnostics;
  EXPECT_TRUE(xds::read_message_text(text, "test.yaml", diagnostics, out)) << diagnostics.first_error();
  return out;
}

class AdminTest : public testing::Test {
 protected:
  AdminTest() : runtime(world, registry, contexts, {}, "node") {
    *bootstrap.mutable_node()->mutable_id() = "sidecar~10.0.0.1~web~default";
    shard.counter(requests, {"web"}).add(3);
    (void)shard.counter(requests, {"idle"});
  }
  Admin::Page get(std::string_view path) { return admin().answer("GET", path); }
  Admin::Page post(std::string_view path) { return admin().answer("POST", path); }
  Admin& admin(Pages pages = Pages::all) {
    auto& one = admins[pages];
    if (!one)
      one = std::make_unique<Admin>(Subject{.runtime = runtime,
                                            .registry = registry,
                                            .bootstrap = bootstrap,
                                            .ready = [this] { return ready; },
                                            .state = [this] { return ready ? "LIVE" : "INITIALIZING"; },
                                            .quit = [this] { quit = true; },
                                            .workers = 2},
                                    pages, world);
    return *one;
  }

  io::SimulatedWorld world{2};
  metrics::Registry registry;
  metrics::CounterFamily requests = registry.counter(
      {.name = "requests_total", .labels = {"cluster"}, .stats_name = "cluster.{cluster}.upstream_rq_total"});
  metrics::Shard shard{registry, 0};
  discovery::TlsContexts contexts{{}};
  discovery::Runtime runtime;
  envoy::config::bootstrap::v3::Bootstrap bootstrap;
  std::map<Pages, std::unique_ptr<Admin>> admins;
  bool ready = true, quit = false;
};

TEST_F(AdminTest, WhatChangesSomethingMustBePosted) {
  for (const char* path : {"/quitquitquit", "/drain_listeners", "/logging", "/healthcheck/fail", "/healthcheck/ok"}) {
    EXPECT_EQ(get(path).status, 405) << path;
    EXPECT_EQ(get(path).body, "Method GET not allowed, POST required.\n") << path;
  }
  EXPECT_FALSE(quit);
  EXPECT_EQ(post("/quitquitquit").body, "OK\n");
  EXPECT_TRUE(quit);
}

TEST_F(AdminTest, ReadinessIsTheStateUntilAHealthCheckIsToFail) {
  EXPECT_EQ(get("/ready").status, 200);
  EXPECT_EQ(get("/ready").body, "LIVE\n");
  post("/healthcheck/fail");
  EXPECT_EQ(get("/ready").status, 503);
  EXPECT_EQ(get("/ready").body, "DRAINING\n");
  post("/healthcheck/ok");
  ready = false;
  EXPECT_EQ(get("/ready").status, 503);
  EXPECT_EQ(get("/ready").body, "INITIALIZING\n");
}

TEST_F(AdminTest, PublicDoorsShowTheirOwnPageOnly) {
  EXPECT_EQ(admin(Pages::readiness).answer("GET", "/healthz/ready").status, 200);
  EXPECT_EQ(admin(Pages::metrics).answer("GET", "/stats/prometheus").status, 200);
  for (const char* path : {"/config_dump", "/stats", "/quitquitquit", "/stats/prometheus"})
    EXPECT_EQ(admin(Pages::readiness).answer("POST", path).status, 404) << path;
  for (const char* path : {"/config_dump", "/stats", "/quitquitquit", "/healthz/ready"})
    EXPECT_EQ(admin(Pages::metrics).answer("POST", path).status, 404) << path;
  EXPECT_FALSE(quit);
}

TEST_F(AdminTest, StatsAreLinesOfNameAndValue) {
  EXPECT_THAT(get("/stats").body,
              AllOf(HasSubstr("cluster.web.upstream_rq_total: 3\n"), HasSubstr("cluster.idle.upstream_rq_total: 0\n"),
                    HasSubstr("server.state: 0\n"), HasSubstr("server.concurrency: 2\n")));
  EXPECT_THAT(get("/stats?usedonly").body, AllOf(HasSubstr("cluster.web.upstream_rq_total: 3\n"),
                                                 Not(HasSubstr("cluster.idle")), HasSubstr("server.state: 0\n")));
  ready = false;
  EXPECT_THAT(get("/stats").body, HasSubstr("server.state: 3\n"));
}

TEST_F(AdminTest, StatsAreFilteredByARegularExpression) {
  EXPECT_EQ(get("/stats?usedonly&filter=^(server\\.state|listener_manager\\.workers_started)").body,
            "server.state: 0\nlistener_manager.workers_started: 1\n");
  EXPECT_EQ(get("/stats?filter=%5Ecluster.web").body, "cluster.web.upstream_rq_total: 3\n");
  EXPECT_EQ(get("/stats?filter=nothing").body, "");
  EXPECT_EQ(get("/stats?filter=%28a").status, 400);
  EXPECT_EQ(get("/stats?filter=%").status, 200);
}

TEST_F(AdminTest, StatsHaveTheFormatThatIsAskedFor) {
  EXPECT_EQ(get("/stats?format=json&filter=web").body,
            "{\"stats\":[{\"name\":\"cluster.web.upstream_rq_total\",\"value\":3}]}\n");
  EXPECT_THAT(get("/stats?format=prometheus").body, HasSubstr("requests_total{cluster=\"web\"} 3\n"));
  EXPECT_THAT(get("/stats/prometheus").type, HasSubstr("text/plain"));
  EXPECT_EQ(get("/stats?format=html").status, 400);
}

TEST_F(AdminTest, ClustersShowTheirEndpointsAsTextAndAsJson) {
  ASSERT_TRUE(runtime.put_cluster(message_of<envoy::config::cluster::v3::Cluster>(R"(
name: web
type: EDS
eds_cluster_config: {eds_config: {ads: {}}, service_name: other}
)"),
                                  "1"));
  ASSERT_TRUE(runtime.put_endpoints(message_of<envoy::config::endpoint::v3::ClusterLoadAssignment>(R"(
cluster_name: other
endpoints:
- locality: {region: r, zone: z}
  lb_endpoints:
  - endpoint: {address: {socket_address: {address: 10.0.0.2, port_value: 80}}}
  - {endpoint: {address: {socket_address: {address: 10.0.0.3, port_value: 80}}}, health_status: UNHEALTHY}
)")));
  EXPECT_THAT(get("/clusters").body,
              AllOf(HasSubstr("web::added_via_api::true\n"), HasSubstr("web::10.0.0.2:80::health_flags::healthy\n"),
                    HasSubstr("web::10.0.0.3:80::health_flags::/failed_eds_health\n"),
                    HasSubstr("web::10.0.0.2:80::region::r\n")));
  const Admin::Page json = get("/clusters?format=json");
  EXPECT_EQ(json.type, "application/json");
  const auto clusters = message_of<envoy::admin::v3::Clusters>(json.body);
  ASSERT_EQ(clusters.cluster_statuses_size(), 1);
  EXPECT_EQ(clusters.cluster_statuses(0).name(), "web");
  ASSERT_EQ(clusters.cluster_statuses(0).host_statuses_size(), 2);
  EXPECT_EQ(clusters.cluster_statuses(0).host_statuses(0).health_status().eds_health_status(),
            envoy::config::core::v3::HEALTHY);
  EXPECT_EQ(clusters.cluster_statuses(0).host_statuses(1).health_status().eds_health_status(),
            envoy::config::core::v3::UNHEALTHY);
}

TEST_F(AdminTest, TheConfigDumpHasWhatWasAcceptedAndWhyTheNewestWasNot) {
  auto cluster = message_of<envoy::config::cluster::v3::Cluster>("name: web\nconnect_timeout: 3s");
  ASSERT_TRUE(runtime.put_cluster(cluster, "7"));
  cluster.mutable_connect_timeout()->set_seconds(-1);
  ASSERT_FALSE(runtime.put_cluster(cluster, "8"));
  const std::string all = get("/config_dump").body;
  EXPECT_THAT(all, AllOf(HasSubstr("sidecar~10.0.0.1~web~default"), HasSubstr("\"version_info\": \"7\""),
                         HasSubstr("\"connect_timeout\": \"3s\""), HasSubstr("error_state")));
  EXPECT_THAT(get("/config_dump?resource=dynamic_listeners").body,
              AllOf(HasSubstr("ListenersConfigDump"), Not(HasSubstr("ClustersConfigDump"))));
  EXPECT_EQ(get("/config_dump?name_regex=web").status, 400) << "rather than all in silence";
}

TEST_F(AdminTest, LogLevelsAreSetOrRefusedByName) {
  EXPECT_THAT(post("/logging").body, HasSubstr("admin: "));
  EXPECT_EQ(post("/logging?admin=debug").status, 200);
  EXPECT_THAT(post("/logging").body, HasSubstr("admin: debug\n"));
  EXPECT_EQ(post("/logging?admin=info").status, 200);
  EXPECT_THAT(post("/logging?admin=loud").body, HasSubstr("the level must be"));
  EXPECT_EQ(post("/logging?nobody=info").status, 400);
  EXPECT_EQ(post("/logging?admin").status, 400);
}

TEST_F(AdminTest, WhatIsNotThereIsHelpedOutOf) {
  const Admin::Page page = get("/nothing");
  EXPECT_EQ(page.status, 404);
  EXPECT_THAT(page.body, AllOf(HasSubstr("invalid path: /nothing"), HasSubstr("/config_dump")));
  EXPECT_EQ(get("/").status, 200);
}

}  // namespace
}  // namespace lateen::admin
