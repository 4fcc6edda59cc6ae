// A simulated server, raw clients and small services for the tests of lib/http.
#pragma once
#include <gtest/gtest.h>

#include "lib/http/server.h"
#include "lib/io/scope.h"
#include "lib/io/simulated.h"

namespace lateen::http {

// Answers by a function; counts what it saw.
class FunctionService final : public Service {
 public:
  using Function = std::function<io::Task<void>(ServerStream&)>;
  explicit FunctionService(Function function) : function_(std::move(function)) {}
  io::Task<void> serve(ServerStream& stream) override {
    ++started;
    struct Counted {
      int& count;
      ~Counted() { ++count; }
    } counted{ended};
    co_await function_(stream);
    ++finished;
  }
  void refused(io::Transport&, int status, std::string_view reason) override {
    refusals += fmt::format("{} {};", status, reason);
  }
  int started = 0, finished = 0, ended = 0;
  std::string refusals;

 private:
  Function function_;
};

inline Response plain_response(io::Loop& loop, int status, std::string text) {
  Response response;
  response.headers.set_status(status);
  if (!text.empty()) response.body = text_body(loop, std::move(text));
  return response;
}

// Serves every connection to 10.0.0.2:80 with one service.
class TestServer {
 public:
  TestServer(io::SimulatedWorld& world, FunctionService::Function function, ServerOptions options = {},
             Protocol protocol = Protocol::http1)
      : service(std::move(function)), drain(std::make_shared<Drain>(world)), scope(world) {
    auto listening = world.host("10.0.0.2").listen(*SocketAddress::parse("10.0.0.2:80"));
    EXPECT_TRUE(listening);
    acceptor = std::move(*listening);
    scope.start(accept(*this, options, protocol));
  }
  ~TestServer() { scope.cancel(); }

  static io::Task<void> accept(TestServer& self, ServerOptions options, Protocol protocol) {
    for (;;) {
      auto transport = co_await self.acceptor->accept();
      if (!transport) co_return;
      self.scope.start(serve(self, std::move(*transport), options, protocol));
    }
  }
  static io::Task<void> serve(TestServer& self, std::unique_ptr<io::Transport> transport, ServerOptions options,
                              Protocol protocol) {
    ++self.open;
    struct Closed {
      int& open;
      ~Closed() { --open; }
    } closed{self.open};
    co_await serve_connection(*transport, self.service, options, protocol, {}, self.drain);
  }

  FunctionService service;
  std::shared_ptr<Drain> drain;
  std::unique_ptr<io::Acceptor> acceptor;
  int open = 0;  // connections
  io::Scope scope;
};

// A client that speaks bytes.
class RawClient {
 public:
  explicit RawClient(io::SimulatedWorld& world) : world_(world), scope_(world) {
    scope_.start(connect(*this));
    world.run_until([&] { return transport != nullptr; });
  }
  ~RawClient() { scope_.cancel(); }

  void send(std::string_view bytes) {
    ASSERT_NE(transport, nullptr);
    while (!bytes.empty()) {
      const io::Moved moved = transport->try_write(bytes);
      if (moved.state == io::Moved::failed) return;
      bytes.remove_prefix(moved.bytes);
      if (moved.state == io::Moved::blocked && !world_.run_until([&] { return transport->writable().is_set(); }))
        return;
    }
  }
  // Reads whatever is there after a while.
  std::string receive(Duration within = 50ms) {
    world_.run_for(within);
    std::string got;
    char bytes[4096];
    while (transport) {
      const io::Moved moved = transport->try_read(bytes);
      if (moved.state == io::Moved::moved) {
        got.append(bytes, moved.bytes);
        world_.run_for(1ms);
        continue;
      }
      if (moved.state == io::Moved::ended) got += "<end>";
      if (moved.state == io::Moved::failed) got += "<reset>";
      break;
    }
    return got;
  }
  std::string exchange(std::string_view bytes, Duration within = 50ms) {
    send(bytes);
    return receive(within);
  }
  void leave() { transport.reset(); }

  std::unique_ptr<io::Transport> transport;

 private:
  static io::Task<void> connect(RawClient& self) {
    auto made = co_await self.world_.host("10.0.0.1").connect(*SocketAddress::parse("10.0.0.2:80"));
    EXPECT_TRUE(made);
    self.transport = std::move(*made);
  }
  io::SimulatedWorld& world_;
  io::Scope scope_;
};

}  // namespace lateen::http
