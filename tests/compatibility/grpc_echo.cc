// grpc_echo: our gRPC server for peers that are other programs. Prints its port, serves until its standard input ends.
// Methods, all of google.protobuf.StringValue: /t/Echo ("refuse" is refused), /t/Chat (an answer for each message,
// ABORTED at the end), /t/Wait (never answers).
#include <thread>
#include <unistd.h>

#include <google/protobuf/wrappers.pb.h>

#include "lib/grpc/server.h"
#include "lib/io/reactor.h"

namespace lateen {
namespace {

using google::protobuf::StringValue;

StringValue text(std::string value) {
  StringValue out;
  out.set_value(std::move(value));
  return out;
}

io::Task<grpc::Reply<StringValue>> echo(grpc::ServerCall&, StringValue request) {
  if (request.value() == "refuse") co_return grpc::refuse(grpc::Code::permission_denied, "not you: 100 %");
  co_return text(request.value());
}

io::Task<grpc::Status> chat(grpc::ServerCall& call) {
  StringValue message;
  for (int count = 1;; ++count) {
    const auto more = co_await call.read(message);
    if (!more) co_return more.error();
    if (!*more) co_return grpc::Status{grpc::Code::aborted, fmt::format("after {}", count - 1)};
    co_await call.write(text(fmt::format("{}: {}", count, message.value())));
  }
}

io::Task<grpc::Status> wait(grpc::ServerCall& call) {
  co_await call.loop().sleep(24h);
  co_return grpc::Status{};
}

io::Task<void> serve(std::unique_ptr<io::Transport> transport, http::Service& service) {
  co_await http::serve_connection(*transport, service, {}, http::Protocol::http2);
}

io::Task<void> accept(io::Acceptor& acceptor, http::Service& service, io::Scope& scope) {
  for (;;) {
    auto transport = co_await acceptor.accept();
    if (!transport) co_return;
    scope.start(serve(std::move(*transport), service));
  }
}

int run() {
  io::Reactor reactor;
  io::RealNetwork network(reactor);
  grpc::Server server;
  server.add("/t/Echo", grpc::unary<StringValue, StringValue>(echo));
  server.add("/t/Chat", grpc::streaming(chat));
  server.add("/t/Wait", grpc::streaming(wait));
  auto acceptor = network.listen(*SocketAddress::parse("127.0.0.1:0"), {});
  if (!acceptor) return 3;
  fmt::print("{}\n", (*acceptor)->local().port);
  std::fflush(stdout);
  std::thread parent([&reactor] {
    char byte;
    while (read(0, &byte, 1) > 0) {
    }
    reactor.stop();
  });
  io::Scope scope(reactor);
  scope.start(accept(**acceptor, server, scope));
  reactor.run();
  scope.cancel();
  parent.join();
  return 0;
}

}  // namespace
}  // namespace lateen

int main() { return lateen::run(); }
