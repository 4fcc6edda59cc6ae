// lib/grpc beside gRPC's own C++ library: its client with our server, our client with its server.
#include <gmock/gmock.h>
#include <google/protobuf/wrappers.pb.h>

#include "lib/grpc/client.h"
#include "lib/grpc/server.h"
#include "lib/io/reactor.h"

#ifdef LATEEN_HAS_GRPCPP
#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

namespace lateen {
namespace {

using google::protobuf::StringValue;
using testing::ElementsAre;

StringValue text(std::string value) {
  StringValue out;
  out.set_value(std::move(value));
  return out;
}

::grpc::ByteBuffer packed(const std::string& value) {
  ::grpc::Slice slice(text(value).SerializeAsString());
  return ::grpc::ByteBuffer(&slice, 1);
}

std::string unpacked(::grpc::ByteBuffer& buffer) {
  std::vector<::grpc::Slice> slices;
  std::string bytes;
  if (buffer.Dump(&slices).ok())
    for (const auto& each : slices) bytes.append(reinterpret_cast<const char*>(each.begin()), each.size());
  StringValue value;
  return value.ParseFromString(bytes) ? value.value() : "does not parse";
}

// Our server on a loopback port, on a thread of its own.
class OurServer {
 public:
  OurServer() {
    server_.add("/t/Echo", grpc::unary<StringValue, StringValue>(
                               [](grpc::ServerCall&, StringValue request) { return echo(std::move(request)); }));
    server_.add("/t/Chat", grpc::streaming([](grpc::ServerCall& call) { return chat(call); }));
    io::RealNetwork network(reactor_);
    acceptor_ = std::move(*network.listen(*SocketAddress::parse("127.0.0.1:0"), {}));
    thread_ = std::thread([this] {
      io::Scope scope(reactor_);
      scope.start(accept(scope));
      reactor_.run();
      scope.cancel();
    });
  }
  ~OurServer() {
    reactor_.stop();
    thread_.join();
  }
  std::string address() const { return acceptor_->local().text(); }

 private:
  io::Task<void> accept(io::Scope& scope) {
    for (;;) {
      auto transport = co_await acceptor_->accept();
      if (!transport) co_return;
      scope.start(serve(std::move(*transport)));
    }
  }
  io::Task<void> serve(std::unique_ptr<io::Transport> transport) {
    co_await http::serve_connection(*transport, server_, {}, http::Protocol::http2);
  }
  static io::Task<grpc::Reply<StringValue>> echo(StringValue request) {
    if (request.value() == "refuse") co_return grpc::refuse(grpc::Code::permission_denied, "not you: 100 %");
    co_return text(request.value());
  }
  static io::Task<grpc::Status> chat(grpc::ServerCall& call) {
    StringValue message;
    for (int count = 1;; ++count) {
      const auto more = co_await call.read(message);
      if (!more) co_return more.error();
      if (!*more) co_return grpc::Status{grpc::Code::aborted, fmt::format("after {}", count - 1)};
      co_await call.write(text(fmt::format("{}: {}", count, message.value())));
    }
  }

  io::Reactor reactor_;
  grpc::Server server_;
  std::unique_ptr<io::Acceptor> acceptor_;
  std::thread thread_;
};

class TheirClient {
 public:
  explicit TheirClient(const std::string& address)
      : stub_(::grpc::CreateChannel(address, ::grpc::InsecureChannelCredentials())) {}

  std::pair<::grpc::Status, std::string> unary(const std::string& method, const std::string& request,
                                               std::chrono::milliseconds limit = std::chrono::seconds(20)) {
    ::grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + limit);
    ::grpc::CompletionQueue queue;
    auto call = stub_.PrepareUnaryCall(&context, method, packed(request), &queue);
    call->StartCall();
    ::grpc::ByteBuffer response;
    ::grpc::Status status;
    call->Finish(&response, &status, this);
    wait(queue);
    return {status, status.ok() ? unpacked(response) : ""};
  }

  // One answer a word, then the final status.
  std::pair<::grpc::Status, std::vector<std::string>> chat(const std::vector<std::string>& words) {
    ::grpc::ClientContext context;
    ::grpc::CompletionQueue queue;
    auto call = stub_.PrepareCall(&context, "/t/Chat", &queue);
    call->StartCall(this);
    wait(queue);
    std::vector<std::string> answers;
    for (const auto& word : words) {
      call->Write(packed(word), this);
      wait(queue);
      ::grpc::ByteBuffer answer;
      call->Read(&answer, this);
      if (wait(queue)) answers.push_back(unpacked(answer));
    }
    call->WritesDone(this);
    wait(queue);
    ::grpc::Status status;
    call->Finish(&status, this);
    wait(queue);
    return {status, answers};
  }

 private:
  static bool wait(::grpc::CompletionQueue& queue) {
    void* tag = nullptr;
    bool ok = false;
    queue.Next(&tag, &ok);
    return ok;
  }
  ::grpc::GenericStub stub_;
};

TEST(GrpcPeer, TheirClientCallsOurServer) {
  OurServer server;
  TheirClient client(server.address());
  EXPECT_EQ(client.unary("/t/Echo", "hello").second, "hello");
  const std::string large(1'000'000, 'x');
  EXPECT_EQ(client.unary("/t/Echo", large).second, large);
  EXPECT_EQ(client.unary("/t/Echo", "").second, "");
  const auto refused = client.unary("/t/Echo", "refuse").first;
  EXPECT_EQ(refused.error_code(), ::grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(refused.error_message(), "not you: 100 %");
  EXPECT_EQ(client.unary("/t/Nothing", "x").first.error_code(), ::grpc::StatusCode::UNIMPLEMENTED);
  EXPECT_EQ(client.unary("/t/Echo", std::string(5'000'000, 'x')).first.error_code(),
            ::grpc::StatusCode::RESOURCE_EXHAUSTED);
}

TEST(GrpcPeer, TheirClientStreamsWithOurServer) {
  OurServer server;
  TheirClient client(server.address());
  const auto [status, answers] = client.chat({"a", "b", "c"});
  EXPECT_THAT(answers, ElementsAre("1: a", "2: b", "3: c"));
  EXPECT_EQ(status.error_code(), ::grpc::StatusCode::ABORTED);
  EXPECT_EQ(status.error_message(), "after 3");
}

// Their server: echoes each message of any method, ends with the status that the method's last part names.
class TheirServer {
 public:
  TheirServer() {
    ::grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", ::grpc::InsecureServerCredentials(), &port_);
    builder.RegisterCallbackGenericService(&service_);
    server_ = builder.BuildAndStart();
  }
  ~TheirServer() { server_->Shutdown(); }
  int port() const { return port_; }

 private:
  struct Reactor final : ::grpc::ServerGenericBidiReactor {
    explicit Reactor(bool refuses) {
      if (refuses)
        Finish(::grpc::Status(::grpc::StatusCode::PERMISSION_DENIED, "not you: 100 %"));
      else
        StartRead(&buffer);
    }
    void OnReadDone(bool ok) override {
      if (ok)
        StartWrite(&buffer);
      else
        Finish(::grpc::Status::OK);
    }
    void OnWriteDone(bool) override { StartRead(&buffer); }
    void OnDone() override { delete this; }
    ::grpc::ByteBuffer buffer;
  };
  struct Service final : ::grpc::CallbackGenericService {
    ::grpc::ServerGenericBidiReactor* CreateReactor(::grpc::GenericCallbackServerContext* context) override {
      return new Reactor(context->method() == "/t/Refuse");
    }
  };
  Service service_;
  int port_ = 0;
  std::unique_ptr<::grpc::Server> server_;
};

io::Task<void> call_theirs(io::Reactor& reactor, int port, std::vector<std::string>& out) {
  io::RealNetwork network(reactor);
  auto transport = co_await network.connect(*SocketAddress::parse(fmt::format("127.0.0.1:{}", port)), {});
  http::ClientOptions options;
  options.version = http::Version::http2;
  const auto connection = http::make_client(std::move(*transport), options);
  const auto send = [&connection](http::Request request) { return connection->send(std::move(request), nullptr); };
  grpc::Channel channel(reactor, send, {.authority = "peer"});
  const auto show = [&out](const grpc::Reply<StringValue>& reply) {
    out.push_back(reply ? reply->value() : grpc::text_of(reply.error()));
  };
  show(co_await channel.unary<StringValue>("/t/Echo", text("hello")));
  show(co_await channel.unary<StringValue>("/t/Refuse", text("x")));
  const auto large = co_await channel.unary<StringValue>("/t/Echo", text(std::string(2'000'000, 'x')));
  out.push_back(large ? fmt::to_string(large->value().size()) : grpc::text_of(large.error()));
  const auto call = channel.open("/t/Chat");
  StringValue answer;
  for (const auto* word : {"a", "b"}) {
    call->write(text(word));
    const auto more = co_await call->read(answer);
    out.push_back(more && *more ? answer.value() : "nothing");
  }
  call->finish_writing();
  const auto end = co_await call->read(answer);
  out.push_back(end ? (*end ? "more" : "end") : grpc::text_of(end.error()));
}

TEST(GrpcPeer, OurClientCallsTheirServer) {
  TheirServer server;
  io::Reactor reactor;
  std::vector<std::string> answers;
  reactor.run_until_done(call_theirs(reactor, server.port(), answers));
  EXPECT_THAT(answers, ElementsAre("hello", "PERMISSION_DENIED: not you: 100 %", "2000000", "a", "b", "end"));
}

}  // namespace
}  // namespace lateen
#else
TEST(GrpcPeer, NotInstalled) { GTEST_SKIP() << "gRPC's C++ library is not here: apt-get install libgrpc++-dev"; }
#endif
