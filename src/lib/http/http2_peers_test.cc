// Our HTTP/2 beside other people's: curl, nghttp and h2load against our server, our client against nghttpd.
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <future>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/http/http2_test_service.h"
#include "lib/http/http_test_programs.h"
#include "lib/io/reactor.h"

namespace lateen::http {
namespace {

class CountingBody final : public Body {
 public:
  CountingBody(io::Loop& loop, size_t size) : left_(size), readable_(loop, true) {}
  Pulled try_pull() override {
    Pulled pulled;
    pulled.state = left_ ? chunk : ended;
    const size_t size = std::min<size_t>(left_, 16 * 1024);
    left_ -= size;
    if (size) pulled.bytes = Buffer(std::string(size, 'b'));
    return pulled;
  }
  io::Readiness& readable() override { return readable_; }
  Error last_error() const override { return {}; }

 private:
  size_t left_;
  io::Readiness readable_;
};

class TrailersOnly final : public Body {
 public:
  explicit TrailersOnly(io::Loop& loop) : readable_(loop, true) { trailers_.add("grpc-status", "7"); }
  Pulled try_pull() override {
    Pulled pulled;
    pulled.state = std::exchange(sent_, true) ? ended : chunk;
    if (pulled.state == chunk) pulled.bytes = Buffer("payload");
    return pulled;
  }
  io::Readiness& readable() override { return readable_; }
  const Headers* trailers() const override { return &trailers_; }
  Error last_error() const override { return {}; }

 private:
  bool sent_ = false;
  Headers trailers_;
  io::Readiness readable_;
};

io::Task<void> answer(TestService&, ServerStream& stream) {
  io::Loop& loop = stream.transport().loop();
  const std::string path(stream.request().headers.path());
  Response response = response_of(200);
  if (path == "/echo")
    response.body = std::move(stream.request().body);
  else if (path == "/big")
    response.body = std::make_unique<CountingBody>(loop, 20'000'000);
  else if (path == "/trailers")
    response.body = std::make_unique<TrailersOnly>(loop);
  else
    response.body = text_body(loop, std::string(1024, 'k'));
  (void)co_await stream.respond(std::move(response));
}

// A server of its own thread on a free loopback port.
class LiveServer {
 public:
  LiveServer() : workers_(1), service_(answer) {
    std::promise<uint16_t> port;
    workers_.reactor(0).post([this, &port] {
      network_ = std::make_unique<io::RealNetwork>(workers_.reactor(0));
      scope_ = std::make_unique<io::Scope>(workers_.reactor(0));
      auto acceptor = network_->listen({Ip::parse("127.0.0.1").value(), 0, {}}, {});
      port.set_value(acceptor.value()->local().port);
      scope_->start(accept(std::move(acceptor.value())));
    });
    url = fmt::format("http://127.0.0.1:{}", port.get_future().get());
  }
  ~LiveServer() {
    std::promise<void> ended;
    workers_.reactor(0).post([this, &ended] {
      scope_->cancel();
      scope_.reset();
      network_.reset();
      ended.set_value();
    });
    ended.get_future().get();
  }
  std::string url;

 private:
  io::Task<void> accept(std::unique_ptr<io::Acceptor> acceptor) {
    for (;;) {
      auto transport = co_await acceptor->accept();
      if (!transport) co_return;
      scope_->start(serve(std::move(*transport)));
    }
  }
  io::Task<void> serve(std::unique_ptr<io::Transport> transport) {
    co_await serve_http2(*transport, service_, {}, {}, nullptr);
  }
  io::ThreadWorkers workers_;
  TestService service_;
  std::unique_ptr<io::RealNetwork> network_;
  std::unique_ptr<io::Scope> scope_;
};

TEST(Http2Peers, CurlGetsPutsAndSeesTrailers) {
  LiveServer server;
  const std::string curl = "curl -s --http2-prior-knowledge --max-time 60 ";
  EXPECT_EQ(output_of(curl + "-o /dev/null -w '%{http_code} %{http_version} %{size_download}' " + server.url + "/x"),
            "200 2 1024");
  EXPECT_EQ(output_of(curl + server.url + "/big | wc -c"), "20000000\n");
  const std::string file = temporary_file(5'000'000);
  EXPECT_EQ(output_of(curl + "--data-binary @" + file + " " + server.url + "/echo | cmp - " + file), "");
  std::filesystem::remove(file);
  const std::string seen = output_of(curl + "-i " + server.url + "/trailers");
  EXPECT_NE(seen.find("payload"), std::string::npos) << seen;
  EXPECT_NE(seen.find("grpc-status: 7"), std::string::npos) << seen;
}

TEST(Http2Peers, NghttpUploadsAndReadsManyStreams) {
  LiveServer server;
  const std::string seen = output_of("nghttp -ns " + server.url + "/a " + server.url + "/b " + server.url + "/big");
  EXPECT_NE(seen.find("/big"), std::string::npos) << seen;
  EXPECT_EQ(seen.find("error"), std::string::npos) << seen;
}

TEST(Http2Peers, H2loadSucceedsOnManyConnections) {
  LiveServer server;
  const std::string seen = output_of("h2load -n 20000 -c 10 -m 50 " + server.url + "/k");
  EXPECT_NE(seen.find("20000 succeeded, 0 failed, 0 errored"), std::string::npos) << seen;
  const std::string file = temporary_file(200'000);
  const std::string posted = output_of("h2load -n 500 -c 5 -m 10 -d " + file + " " + server.url + "/echo");
  EXPECT_NE(posted.find("500 succeeded, 0 failed, 0 errored"), std::string::npos) << posted;
  std::filesystem::remove(file);
}

// nghttpd in a process of its own, on a free port.
class Nghttpd {
 public:
  Nghttpd() {
    root_ = std::filesystem::temp_directory_path() / fmt::format("lateen-nghttpd-{}", getpid());
    std::filesystem::create_directories(root_);
    std::ofstream(root_ / "file") << std::string(300'000, 'n');
    io::Reactor reactor;
    io::RealNetwork network(reactor);
    port = network.listen({Ip::parse("127.0.0.1").value(), 0, {}}, {}).value()->local().port;
    process_ = fork();
    if (process_ != 0) return;
    const int null = open("/dev/null", O_RDWR);
    dup2(null, 1);
    dup2(null, 2);
    execlp("nghttpd", "nghttpd", "--no-tls", "--echo-upload", "-a", "127.0.0.1", "-d", root_.c_str(), "--trailer",
           "grpc-status: 0", std::to_string(port).c_str(), nullptr);
    _exit(127);
  }
  ~Nghttpd() {
    kill(process_, SIGTERM);
    waitpid(process_, nullptr, 0);
    std::filesystem::remove_all(root_);
  }
  uint16_t port = 0;

 private:
  std::filesystem::path root_;
  pid_t process_ = 0;
};

TEST(Http2Peers, OurClientReadsAndUploadsToNghttpd) {
  Nghttpd server;
  io::Reactor reactor;
  io::RealNetwork network(reactor);
  std::vector<Outcome> outcomes(20);
  const auto run = [](io::RealNetwork& network, uint16_t port, std::vector<Outcome>& outcomes) -> io::Task<void> {
    Result<std::unique_ptr<io::Transport>> transport = fail(ErrorKind::refused, "not tried");
    for (int tries = 0; tries < 500 && !transport; ++tries) {  // until it listens
      transport = co_await network.connect({Ip::parse("127.0.0.1").value(), port, {}}, {});
      if (!transport) co_await network.loop().sleep(20ms);
    }
    EXPECT_TRUE(transport);
    if (!transport) co_return;
    auto client = make_http2_client(std::move(*transport), {});
    io::Scope scope(network.loop());
    for (size_t i = 0; i < outcomes.size(); ++i)
      scope.start(exchange(*client,
                           i % 2 ? request_of("GET", "/file")
                                 : request_of("POST", "/", text_body(network.loop(), std::string(i * 20'000, 'p'))),
                           outcomes[i]));
    co_await scope.join();
  };
  reactor.run_until_done(run(network, server.port, outcomes));
  for (size_t i = 0; i < outcomes.size(); ++i) {
    EXPECT_EQ(outcomes[i].status, 200);
    EXPECT_EQ(outcomes[i].body.size(), i % 2 ? 300'000 : i * 20'000) << i;
    EXPECT_EQ(outcomes[i].trailer, "0");
  }
}

}  // namespace
}  // namespace lateen::http
