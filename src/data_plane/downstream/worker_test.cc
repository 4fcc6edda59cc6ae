// Whole paths through one worker on the simulated network: client, proxy, backend.
#include <gmock/gmock.h>

#include "data_plane/downstream/worker_test_world.h"

namespace lateen::downstream {
namespace {

using testing::HasSubstr;

TEST_F(OneWorker, ForwardsAndTellsTheBackendWhoAsks) {
  const Answer answer = request(get("/x?y=1"));
  EXPECT_EQ(answer.error, "");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, "hello ");
  EXPECT_EQ(answer.headers.value("x-saw-path"), "/x?y=1");
  EXPECT_EQ(answer.headers.value("x-saw-attempt"), "1");
  EXPECT_EQ(answer.headers.value("server"), "envoy");
  EXPECT_TRUE(answer.headers.has("x-envoy-upstream-service-time"));
}

TEST_F(OneWorker, SendsBodiesOnAndAgainAfterAFailure) {
  backend.failures_left = 2;
  http::Request upload = get("/fail");
  upload.headers.set(":method", "POST");
  upload.headers.add("content-length", "5");
  upload.body = http::text_body(world, "world");
  const Answer answer = request(std::move(upload));
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, "hello world");
  EXPECT_EQ(answer.headers.value("x-saw-attempt"), "3");
  EXPECT_EQ(backend.requests, 3);
}

TEST_F(OneWorker, RefusesTcpConnectionsOverTheClustersLimit) {
  put_cluster("few", {"10.0.0.2:8080"}, {.max_connections = 1});
  put_tcp_listener(81, "few");
  const auto cluster = worker.clusters.find("few");
  const auto to = SocketAddress::parse("10.0.0.1:81").value();
  io::Scope asking(world);
  io::CancelOnExit cancel(asking);
  Answer first, second, third;
  asking.start(ask(world.host("10.0.0.9"), to, get("/slow"), first));
  world.run_for(1s);
  EXPECT_EQ(cluster->connections_active.value(), 1);
  asking.start(ask(world.host("10.0.0.9"), to, get("/"), second));
  world.run_for(1s);
  EXPECT_NE(second.error, "");
  EXPECT_EQ(cluster->connection_overflows.value(), 1);
  world.run_for(10s);
  EXPECT_EQ(first.status, 200);
  EXPECT_EQ(cluster->connections_active.value(), 0);
  asking.start(ask(world.host("10.0.0.9"), to, get("/"), third));
  world.run_for(1s);
  EXPECT_EQ(third.status, 200);
}

TEST_F(OneWorker, CountsThePoolsConnections) {
  EXPECT_EQ(request(get("/")).status, 200);
  EXPECT_EQ(worker.clusters.find("web")->connections_active.value(), 1) << "kept for the next request";
}

TEST_F(OneWorker, AnswersByItselfWhereRoutesSaySo) {
  EXPECT_EQ(request(get("/teapot")).status, 418);
  EXPECT_EQ(request(get("/teapot")).body, "short and stout");
  const Answer redirect = request(get("/old/page?q=1"));
  EXPECT_EQ(redirect.status, 301);
  EXPECT_EQ(redirect.headers.value("location"), "http://new.example.com/new?q=1");
  EXPECT_EQ(request(get("/", "nobody")).status, 404);
  EXPECT_EQ(backend.requests, 0);
}

TEST_F(OneWorker, SaysWhatIsWrongUpstream) {
  put_cluster("web", {});
  Answer answer = request(get("/"));
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(answer.body, "no healthy upstream");
  put_cluster("web", {"10.0.0.3:1"});
  answer = request(get("/"));
  EXPECT_EQ(answer.status, 503);
  EXPECT_THAT(answer.body, HasSubstr("upstream connect error or disconnect/reset before headers"));
  worker.clusters.remove("web");
  EXPECT_EQ(request(get("/")).status, 503);
}

TEST_F(OneWorker, KeepsTheRoutesTimeout) {
  put_routes([](router::Forward& forward) { forward.timeout = 2s, forward.retry.reset(); });
  const Time before = world.now();
  const Answer answer = request(get("/slow"));
  EXPECT_EQ(answer.status, 504);
  EXPECT_EQ(answer.body, "upstream request timeout");
  EXPECT_LT(world.now() - before, 3s);
}

TEST_F(OneWorker, ReplacesAListenerWithoutLosingItsConnections) {
  Answer slow;
  io::Scope asking(world);
  asking.start(ask(world.host("10.0.0.9"), SocketAddress::parse("10.0.0.1:80").value(), get("/slow"), slow));
  world.run_for(1s);
  worker.remove_listener("in");
  world.run_for(100ms);
  Answer refused;
  asking.start(ask(world.host("10.0.0.9"), SocketAddress::parse("10.0.0.1:80").value(), get("/"), refused));
  EXPECT_TRUE(world.run_until([&] { return asking.size() == 0; }));
  EXPECT_EQ(slow.status, 200) << slow.error;
  EXPECT_NE(refused.error, "");
  asking.cancel();
}

}  // namespace
}  // namespace lateen::downstream
