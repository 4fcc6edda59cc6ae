// For tests: services that answer in every way a service can, and a world with a client and a server in it.
#pragma once
#include <functional>

#include <gtest/gtest.h>

#include "lib/http/http2_connection.h"
#include "lib/io/scope.h"
#include "lib/io/simulated.h"

namespace lateen::http {

// Passes a body on as it is: an echo that streams.
class TestService final : public Service {
 public:
  using Serve = std::function<io::Task<void>(TestService&, ServerStream&)>;
  explicit TestService(Serve serve) : serve_(std::move(serve)) {}

  io::Task<void> serve(ServerStream& stream) override {
    struct Alive {
      explicit Alive(TestService& service) : service(service) { ++service.alive; }
      ~Alive() { --service.alive; }
      TestService& service;
    } alive_now(*this);
    ++requests;
    co_await serve_(*this, stream);
  }
  void refused(io::Transport&, int status, std::string_view) override { refused_status = status; }

  int requests = 0, alive = 0, refused_status = 0;
  std::vector<std::string> notes;

 private:
  Serve serve_;
};

inline Response response_of(int status, std::unique_ptr<Body> body = nullptr) {
  Response response;
  response.headers.add(":status", std::to_string(status));
  response.body = std::move(body);
  return response;
}

inline Request request_of(std::string_view method, std::string_view path, std::unique_ptr<Body> body = nullptr) {
  Request request;
  request.headers.add(":method", method);
  request.headers.add(":scheme", "http");
  request.headers.add(":authority", "example.test");
  request.headers.add(":path", path);
  request.body = std::move(body);
  return request;
}

// Answers with the request's body, chunk by chunk as it comes, and its trailers.
inline io::Task<void> echo(TestService& service, ServerStream& stream) {
  Response response = response_of(200, std::move(stream.request().body));
  response.headers.add("x-path", stream.request().headers.path());
  auto sent = co_await stream.respond(std::move(response));
  service.notes.push_back(sent ? fmt::format("sent {}", sent->body_bytes) : sent.error().message);
}

// A server at 10.0.0.2:80 and one client connection to it.
class TestWorld {
 public:
  explicit TestWorld(TestService& service, ServerOptions server = {}, ClientOptions client = {})
      : world(7), scope(world), drain(std::make_shared<Drain>(world)), service_(service) {
    auto acceptor = world.host("10.0.0.2").listen({Ip::parse("10.0.0.2").value(), 80, {}});
    scope.start(accept(std::move(acceptor.value()), server));
    scope.start(connect(client));
    world.run_until([&] { return client_ != nullptr; });
  }
  ~TestWorld() {
    client_.reset();
    scope.cancel();
  }

  ClientConnection& client() { return *client_; }
  void drop_client() { client_.reset(); }
  int served_connections() const { return served_; }

  // Runs a task to its end, at most for that long; false when it did not end.
  bool run(io::Task<void> task, Duration limit = 60s) {
    io::Child child(world);
    child.start(std::move(task));
    // In small steps: run_until() may go one event, and so any time, past the moment.
    for (const Time end = world.now() + limit; child.running() && world.now() < end;) world.run_for(1ms);
    return !child.running();
  }

  io::SimulatedWorld world;
  io::Scope scope;
  std::shared_ptr<Drain> drain;

 private:
  io::Task<void> accept(std::unique_ptr<io::Acceptor> acceptor, ServerOptions options) {
    for (;;) {
      auto transport = co_await acceptor->accept();
      if (!transport) co_return;
      scope.start(serve(std::move(*transport), options));
    }
  }
  io::Task<void> serve(std::unique_ptr<io::Transport> transport, ServerOptions options) {
    co_await serve_http2(*transport, service_, options, {}, drain);
    ++served_;
  }
  io::Task<void> connect(ClientOptions options) {
    auto transport = co_await world.host("10.0.0.1").connect({Ip::parse("10.0.0.2").value(), 80, {}});
    client_ = make_http2_client(std::move(transport.value()), options);
  }

  TestService& service_;
  std::unique_ptr<ClientConnection> client_;
  int served_ = 0;
};

// What a test keeps of one exchange.
struct Outcome {
  int status = 0;
  std::string body, trailer;
  std::optional<Error> error;
  std::optional<SendError> send_error;
  Headers headers;
};

inline io::Task<void> exchange(ClientConnection& client, Request request, Outcome& out, Progress* progress = nullptr) {
  auto answer = co_await client.send(std::move(request), progress);
  if (!answer) {
    out.send_error = std::move(answer.error());
    co_return;
  }
  out.status = answer->status();
  out.headers = std::move(answer->headers);
  if (!answer->body) co_return;
  auto text = co_await read_all(*answer->body, 64 * 1024 * 1024);
  if (!text) {
    out.error = text.error();
    co_return;
  }
  out.body = std::move(*text);
  if (const Headers* trailers = answer->body->trailers()) out.trailer = trailers->value("grpc-status");
}

}  // namespace lateen::http
