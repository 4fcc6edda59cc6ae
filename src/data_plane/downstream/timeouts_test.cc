// What limits the time of one exchange, and from when it counts (Envoy's rules; spec: timeouts and their replies).
#include "data_plane/downstream/worker_test_world.h"

namespace lateen::downstream {
namespace {

class Timeouts : public OneWorker {
 protected:
  void limit(router::StreamClock::Limits limits, const std::function<void(router::Forward&)>& change = {}) {
    put_routes([&](router::Forward& forward) {
      forward.timeout = 0s;
      forward.retry.reset();
      if (change) change(forward);
    });
    worker.remove_listener("in");
    world.run_for(1s);
    put_listener([&](proxy::ManagerSettings& manager) { manager.limits = limits; });
  }
  http::Request upload(std::string_view path, int drops, bool stalls = false) {
    http::Request out = get(path);
    out.headers.set(":method", "POST");
    out.body = std::make_unique<DrippingBody>(world, drops, stalls);
    return out;
  }
  // How long it took.
  Duration ask_for(http::Request wanted) {
    const Time before = world.now();
    answer = request(std::move(wanted));
    return world.now() - before;
  }
  Answer answer;
};

TEST_F(Timeouts, AnUploadThatMovesIsNotIdle) {
  limit({.idle = 3s});
  EXPECT_GE(ask_for(upload("/", 10)), 10s);
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, "hello ..........");
}

TEST_F(Timeouts, AnUploadThatStandsStillIsIdle) {
  limit({.idle = 3s});
  const Duration took = ask_for(upload("/", 5, true));
  EXPECT_EQ(answer.status, 408);
  EXPECT_EQ(answer.body, "stream timeout");
  EXPECT_GE(took, 8s);
  EXPECT_LT(took, 9s);
}

TEST_F(Timeouts, AnAnswerThatDoesNotComeIsIdle) {
  limit({.idle = 3s});
  EXPECT_LT(ask_for(get("/slow")), 4s);
  EXPECT_EQ(answer.status, 504);
  EXPECT_EQ(answer.body, "stream timeout");
}

TEST_F(Timeouts, ADownloadThatMovesIsNotIdleAndOneThatStandsStillIsCut) {
  limit({.idle = 3s});
  EXPECT_GE(ask_for(get("/drip")), 10s);
  EXPECT_EQ(answer.body, "..........");
  limit({.idle = 500ms});
  EXPECT_LT(ask_for(get("/drip")), 2s);
  EXPECT_EQ(answer.status, 200) << "its head had left already";
  EXPECT_EQ(answer.body, "cut off");
}

TEST_F(Timeouts, TheRoutesOwnIdleTimeoutWins) {
  limit({.idle = 3s}, [](router::Forward& forward) { forward.idle_timeout = 0s; });
  EXPECT_GE(ask_for(get("/slow")), 10s);
  EXPECT_EQ(answer.status, 200);
}

TEST_F(Timeouts, TheRoutesTimeoutBeginsWithTheEndOfTheRequest) {
  limit({}, [](router::Forward& forward) { forward.timeout = 2s; });
  EXPECT_GE(ask_for(upload("/", 5)), 5s);
  EXPECT_EQ(answer.status, 200);
  const Duration took = ask_for(upload("/slow", 5));
  EXPECT_EQ(answer.status, 504);
  EXPECT_EQ(answer.body, "upstream request timeout");
  EXPECT_GE(took, 7s);
  EXPECT_LT(took, 8s);
}

TEST_F(Timeouts, TheRoutesTimeoutCutsAnAnswerThatHasBegun) {
  limit({}, [](router::Forward& forward) { forward.timeout = 4s; });
  const Duration took = ask_for(get("/drip"));
  EXPECT_EQ(answer.body, "cut off");
  EXPECT_GE(took, 4s);
  EXPECT_LT(took, 5s);
}

TEST_F(Timeouts, ATryHasItsOwnLimitAndThePeerHearsOfIt) {
  limit({}, [](router::Forward& forward) {
    forward.timeout = 9s;
    forward.retry = router::RetryPolicy{.retries = 1, .per_try_timeout = 2s};
    (void)router::parse_retry_on("5xx", forward.retry->on);
  });
  const Duration took = ask_for(get("/slow"));
  EXPECT_EQ(answer.status, 504);
  EXPECT_GE(took, 4s);
  EXPECT_LT(took, 5s);
  EXPECT_EQ(backend.requests, 2);
  EXPECT_EQ(backend.last_head.value("x-envoy-expected-rq-timeout-ms"), "2000");
}

TEST_F(Timeouts, AGrpcCallerSaysHowLongItWaits) {
  limit({}, [](router::Forward& forward) { forward.max_grpc_timeout = 5s; });
  http::Request call = get("/slow");
  call.headers.add("content-type", "application/grpc");
  call.headers.add("grpc-timeout", "2S");
  EXPECT_LT(ask_for(std::move(call)), 3s);
  EXPECT_EQ(answer.headers.value("grpc-status"), "14");
  EXPECT_EQ(backend.last_head.value("grpc-timeout"), "2000000u");
  call = get("/slow");
  call.headers.add("grpc-timeout", "99999999H");
  EXPECT_GE(ask_for(std::move(call)), 5s);
  EXPECT_EQ(answer.status, 504) << "the route's limit";
}

TEST_F(Timeouts, ARequestMustBeCompleteInTime) {
  limit({.request = 3s});
  EXPECT_LT(ask_for(upload("/", 10)), 4s);
  EXPECT_EQ(answer.status, 408);
  EXPECT_EQ(answer.body, "request timeout");
  EXPECT_GE(ask_for(get("/slow")), 10s);
  EXPECT_EQ(answer.status, 200);
}

TEST_F(Timeouts, AnExchangeMustBeOverInTime) {
  limit({.whole = 3s});
  EXPECT_LT(ask_for(get("/slow")), 4s);
  EXPECT_EQ(answer.status, 504);
  EXPECT_EQ(answer.body, "downstream duration timeout");
  EXPECT_LT(ask_for(get("/drip")), 4s);
  EXPECT_EQ(answer.body, "cut off");
  limit({.whole = 3s}, [](router::Forward& forward) { forward.max_stream_duration = 0s; });
  EXPECT_GE(ask_for(get("/slow")), 10s);
  EXPECT_EQ(answer.status, 200);
}

}  // namespace
}  // namespace lateen::downstream
