// Our HTTP/1 beside other people's, on real sockets: curl and h2load against a relay of ours before a server of ours.
#include <filesystem>
#include <fstream>
#include <future>
#include <unistd.h>

#include "lib/http/client.h"
#include "lib/http/http_test_programs.h"
#include "lib/http/http_test_world.h"
#include "lib/io/reactor.h"

namespace lateen::http {
namespace {

io::Task<void> answer(ServerStream& stream) {
  Request& request = stream.request();
  const std::string path(request.headers.path());
  Response response;
  response.headers.set_status(200);
  if (path == "/echo")
    response.body = std::move(request.body);
  else if (path == "/big")
    response.body = text_body(stream.transport().loop(), std::string(20'000'000, 'b'));
  else
    response.body = text_body(stream.transport().loop(), std::string(1024, 'k'));
  (void)co_await stream.respond(std::move(response));
}

// A relay and the server behind it, on two threads.
class LiveRelay {
 public:
  LiveRelay() : workers_(2), origin_service_(answer), relay_service_([this](ServerStream& s) { return pass_on(s); }) {
    origin_ = start(0, origin_service_);
    url = fmt::format("http://127.0.0.1:{}", start(1, relay_service_).port);
  }
  ~LiveRelay() {
    for (const size_t worker : {1, 0}) {
      on_thread(worker, [this, worker] {
        sides_[worker].scope->cancel();
        sides_[worker] = {};
        if (worker == 1) pool_.reset();
      });
    }
  }
  std::string url;

 private:
  struct Side {
    std::unique_ptr<io::RealNetwork> network;
    std::unique_ptr<io::Scope> scope;
  };

  template <class Function>
  void on_thread(size_t worker, Function function) {
    std::promise<void> done;
    workers_.reactor(worker).post([&] {
      function();
      done.set_value();
    });
    done.get_future().get();
  }
  SocketAddress start(size_t worker, Service& service) {
    SocketAddress address;
    on_thread(worker, [&] {
      Side& side = sides_[worker];
      side.network = std::make_unique<io::RealNetwork>(workers_.reactor(worker));
      side.scope = std::make_unique<io::Scope>(workers_.reactor(worker));
      auto acceptor = side.network->listen({Ip::parse("127.0.0.1").value(), 0, {}}, {}).value();
      address = acceptor->local();
      if (worker == 1) {
        io::Network& network = *side.network;
        pool_.emplace(
            workers_.reactor(1), [this, &network] { return network.connect(origin_, {}); }, ClientOptions(), nullptr);
      }
      side.scope->start(accept(*side.scope, std::move(acceptor), service));
    });
    return address;
  }
  static io::Task<void> accept(io::Scope& scope, std::unique_ptr<io::Acceptor> acceptor, Service& service) {
    for (;;) {
      auto transport = co_await acceptor->accept();
      if (!transport) co_return;
      scope.start(serve(std::move(*transport), service));
    }
  }
  static io::Task<void> serve(std::unique_ptr<io::Transport> transport, Service& service) {
    static const ServerOptions options{.accept_http10 = true};
    co_await serve_connection(*transport, service, options, Protocol::detect);
  }
  io::Task<void> pass_on(ServerStream& stream) {
    SendResult result = co_await pool_->send(std::move(stream.request()));
    Response response;
    if (result)
      response = std::move(*result);
    else
      response = plain_response(stream.transport().loop(), 503, result.error().error.message);
    (void)co_await stream.respond(std::move(response));
  }

  io::ThreadWorkers workers_;
  FunctionService origin_service_, relay_service_;
  SocketAddress origin_;
  std::optional<http::Pool> pool_;
  Side sides_[2];
};

TEST(Http1Peers, CurlGetsAndPuts) {
  LiveRelay relay;
  const std::string curl = "curl -s --http1.1 --max-time 60 ";
  EXPECT_EQ(output_of(curl + "-o /dev/null -w '%{http_code} %{http_version} %{size_download}' " + relay.url + "/x"),
            "200 1.1 1024");
  EXPECT_EQ(output_of(curl + relay.url + "/big | wc -c"), "20000000\n");
  const std::string file = temporary_file(5'000'000);
  const std::string put = curl + "--data-binary @" + file + " " + relay.url;
  EXPECT_EQ(output_of(put + "/echo | cmp - " + file), "");
  EXPECT_EQ(output_of(put + "/echo -H 'Transfer-Encoding: chunked' | cmp - " + file), "");
  EXPECT_EQ(output_of(put + "/echo -H 'Expect: 100-continue' --expect100-timeout 30 | cmp - " + file), "");
  EXPECT_EQ(output_of("curl -s --http1.0 --max-time 60 -o /dev/null -w '%{http_code} %{http_version}' " + relay.url),
            "200 1");
  EXPECT_EQ(
      output_of("curl -s --http1.0 --max-time 60 --data-binary @" + file + " " + relay.url + "/echo | cmp - " + file),
      "");
  std::filesystem::remove(file);
}

TEST(Http1Peers, CurlUsesOneConnectionForAll) {
  LiveRelay relay;
  std::string all;
  for (const char* path : {"/a", "/b", "/big", "/c"}) all += fmt::format(" -o /dev/null {}{}", relay.url, path);
  EXPECT_EQ(output_of("curl -s --http1.1 --max-time 60 -w '%{num_connects}'" + all), "1000");
  EXPECT_EQ(output_of("curl -sI --http1.1 --max-time 60 -o /dev/null -w '%{http_code}' " + relay.url), "200");
}

TEST(Http1Peers, H2loadSucceedsOnManyConnections) {
  LiveRelay relay;
  const std::string seen = output_of("h2load --h1 -n 2000 -c 20 " + relay.url + "/k");
  EXPECT_NE(seen.find("2000 succeeded, 0 failed, 0 errored"), std::string::npos) << seen;
  const std::string file = temporary_file(100'000);
  const std::string posted = output_of("h2load --h1 -n 50 -c 5 -d " + file + " " + relay.url + "/echo");
  EXPECT_NE(posted.find("50 succeeded, 0 failed, 0 errored"), std::string::npos) << posted;
  const std::string http2 = output_of("h2load -n 1000 -c 2 -m 50 " + relay.url + "/k");
  EXPECT_NE(http2.find("1000 succeeded, 0 failed, 0 errored"), std::string::npos) << http2;
  std::filesystem::remove(file);
}

}  // namespace
}  // namespace lateen::http
