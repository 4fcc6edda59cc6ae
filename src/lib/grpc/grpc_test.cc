#include <deque>

#include <gmock/gmock.h>
#include <google/protobuf/wrappers.pb.h>

#include "lib/grpc/client.h"
#include "lib/grpc/server.h"
#include "lib/http/http2_connection.h"
#include "lib/io/simulated.h"

namespace lateen::grpc {
namespace {

using google::protobuf::StringValue;
using testing::ElementsAre;

TEST(Status, TravelsThroughTrailers) {
  Headers trailers;
  const Status sent{Code::permission_denied, "no 100 % way:\n\xc3\xa4"};
  put_status(sent, trailers);
  EXPECT_EQ(trailers.value("grpc-status"), "7");
  EXPECT_EQ(trailers.value("grpc-message"), "no 100 %25 way:%0A%C3%A4");
  EXPECT_EQ(take_status(trailers), sent);

  Headers none, odd;
  EXPECT_EQ(take_status(none).code, Code::unknown);
  odd.add("grpc-status", "99");
  odd.add("grpc-message", "50% off%");
  EXPECT_EQ(take_status(odd), (Status{Code::unknown, "50% off%"}));
}

TEST(Status, TimeoutsInEightDigits) {
  EXPECT_EQ(format_timeout(250ms), "250000u");
  EXPECT_EQ(format_timeout(5s), "5000000u");
  EXPECT_EQ(format_timeout(100s), "100000m");
  EXPECT_EQ(format_timeout(Duration(99'999'999)), "99999999n");
  EXPECT_EQ(format_timeout(Duration(100'000'001)), "100001u");
  EXPECT_EQ(format_timeout(-1s), "0n");
  EXPECT_EQ(parse_timeout("250m").value(), 250ms);
  EXPECT_EQ(parse_timeout("1H").value(), 1h);
  EXPECT_GT(parse_timeout("99999999H").value(), 1h);
  for (const auto* bad : {"", "5", "m", "123456789m", "5x", "-1S", "1.5S"}) EXPECT_FALSE(parse_timeout(bad)) << bad;
}

// A body that has exactly the chunks it was given.
class Chunks final : public http::Body {
 public:
  Chunks(io::Loop& loop, std::deque<std::string> chunks) : readable_(loop, true), chunks_(std::move(chunks)) {}
  Pulled try_pull() override {
    if (chunks_.empty()) return {ended, {}};
    Pulled pulled{chunk, Buffer(chunks_.front())};
    chunks_.pop_front();
    return pulled;
  }
  io::Readiness& readable() override { return readable_; }
  Error last_error() const override { return {}; }

 private:
  io::Readiness readable_;
  std::deque<std::string> chunks_;
};

std::string framed(std::string_view message) {
  std::string out("\0\0\0\0", 4);
  out += static_cast<char>(message.size());
  return out.append(message);
}

std::vector<std::string> messages_in(std::deque<std::string> chunks, Status& failure, size_t limit = 1000) {
  io::SimulatedWorld world(1);
  Chunks body(world, std::move(chunks));
  Incoming incoming(body, limit);
  std::vector<std::string> out;
  std::string message;
  while (incoming.try_read(message) == Incoming::message) out.push_back(message);
  failure = incoming.failure();
  return out;
}

TEST(Incoming, MessagesHoweverTheyAreCut) {
  const std::string all = framed("one") + framed("") + framed("three");
  Status failure;
  for (size_t step = 1; step <= all.size(); ++step) {
    std::deque<std::string> chunks;
    for (size_t at = 0; at < all.size(); at += step) chunks.push_back(all.substr(at, step));
    EXPECT_THAT(messages_in(std::move(chunks), failure), ElementsAre("one", "", "three")) << step;
    EXPECT_TRUE(failure.ok());
  }
}

TEST(Incoming, RefusesWhatItMust) {
  Status failure;
  messages_in({framed("one") + std::string("\0\0\0", 3)}, failure);
  EXPECT_EQ(failure.code, Code::internal);
  messages_in({std::string("\1\0\0\0\1x", 6)}, failure);
  EXPECT_EQ(failure.code, Code::unimplemented);
  messages_in({std::string("\0\xff\xff\xff\xff", 5)}, failure);
  EXPECT_EQ(failure.code, Code::resource_exhausted);
  EXPECT_THAT(messages_in({framed("ok") + std::string("\0\0\0\4\0", 5)}, failure), ElementsAre("ok"));
  EXPECT_EQ(failure.code, Code::resource_exhausted);
}

StringValue text(std::string value) {
  StringValue out;
  out.set_value(std::move(value));
  return out;
}

// A server and a client on two simulated hosts.
class Calls : public testing::Test {
 protected:
  Calls() : scope_(world_), guard_(scope_) {
    server_.add("/t/Echo", unary<StringValue, StringValue>([this](ServerCall& call, StringValue request) {
                  return echo(call, std::move(request));
                }));
    server_.add("/t/Chat", streaming([](ServerCall& call) { return chat(call); }));
    server_.add("/t/Slow", streaming([](ServerCall& call) { return slow(call); }));
    server_.add("/t/Flood", streaming([this](ServerCall& call) { return flood(call); }));
    scope_.start(accept());
    world_.run_for(1ms);
    run(connect());
  }

  io::Task<bool> connect() {
    auto transport = co_await world_.host("10.0.0.1").connect(*SocketAddress::parse("10.0.0.2:80"), {});
    http::ClientOptions options;
    options.version = http::Version::http2;
    connection_ = http::make_http2_client(std::move(*transport), options);
    channel_.emplace(
        world_, [this](http::Request request) { return connection_->send(std::move(request), nullptr); },
        ChannelOptions{.authority = "t"});
    co_return true;
  }

  io::Task<void> accept() {
    auto acceptor = world_.host("10.0.0.2").listen(*SocketAddress::parse("10.0.0.2:80"), {});
    for (;;) {
      auto transport = co_await (*acceptor)->accept();
      if (!transport) co_return;
      scope_.start(serve(std::move(*transport)));
    }
  }
  io::Task<void> serve(std::unique_ptr<io::Transport> transport) {
    co_await http::serve_http2(*transport, server_, {});
  }

  io::Task<Reply<StringValue>> echo(ServerCall& call, StringValue request) {
    seen_authorization_ = call.metadata().value("authorization");
    if (request.value() == "refuse") co_return refuse(Code::permission_denied, "not you");
    co_return text("echo " + request.value());
  }
  static io::Task<Status> chat(ServerCall& call) {
    StringValue message;
    int count = 0;
    for (;;) {
      auto read = co_await call.read(message);
      if (!read) co_return read.error();
      if (!*read) break;
      ++count;
      co_await call.write(text(fmt::format("{}: {}", count, message.value())));
    }
    co_return Status{Code::aborted, fmt::format("after {}", count)};
  }
  static io::Task<Status> slow(ServerCall& call) {
    co_await call.loop().sleep(10s);
    co_return Status{};
  }
  struct CountsDown {
    int& count;
    explicit CountsDown(int& count) : count(count) { ++count; }
    ~CountsDown() { --count; }
  };
  io::Task<Status> flood(ServerCall& call) {
    CountsDown alive(floods_);
    while (co_await call.write(text(std::string(10'000, 'x')))) ++flooded_;
    co_return Status{};
  }

  template <class T>
  T run(io::Task<T> task) {
    std::optional<T> result;
    const auto keep = [](io::Task<T> task, std::optional<T>& result) -> io::Task<void> { result = co_await task; };
    scope_.start(keep(std::move(task), result));
    EXPECT_TRUE(world_.run_until([&] { return result.has_value(); }));
    return std::move(*result);
  }

  io::SimulatedWorld world_{7};
  Server server_{ServerOptions{.message_max = 1'000'000}};
  std::string seen_authorization_;
  int floods_ = 0, flooded_ = 0;
  std::unique_ptr<http::ClientConnection> connection_;
  std::optional<Channel> channel_;
  io::Scope scope_;
  io::CancelOnExit guard_;
};

TEST_F(Calls, UnaryAnswers) {
  CallOptions options;
  options.metadata.add("authorization", "Bearer x");
  auto reply = run(channel_->unary<StringValue>("/t/Echo", text("hello"), std::move(options)));
  ASSERT_TRUE(reply) << text_of(reply.error());
  EXPECT_EQ(reply->value(), "echo hello");
  EXPECT_EQ(seen_authorization_, "Bearer x");
}

TEST_F(Calls, UnaryErrorsAndUnknownMethods) {
  EXPECT_EQ(run(channel_->unary<StringValue>("/t/Echo", text("refuse"))).error(),
            (Status{Code::permission_denied, "not you"}));
  EXPECT_EQ(run(channel_->unary<StringValue>("/t/Nothing", text("x"))).error().code, Code::unimplemented);
}

TEST_F(Calls, StreamsBothWaysAndEndsWithItsStatus) {
  auto call = channel_->open("/t/Chat");
  const auto talk = [](ClientCall& call) -> io::Task<std::vector<std::string>> {
    std::vector<std::string> out;
    StringValue answer;
    for (const auto* word : {"a", "b", "c"}) {
      call.write(text(word));
      const auto more = co_await call.read(answer);
      if (more && *more) out.push_back(answer.value());
    }
    call.finish_writing();
    const auto end = co_await call.read(answer);
    if (!end) out.push_back(text_of(end.error()));
    co_return out;
  };
  EXPECT_THAT(run(talk(*call)), ElementsAre("1: a", "2: b", "3: c", "ABORTED: after 3"));
}

TEST_F(Calls, DeadlinesEndACallOnBothSides) {
  const Time start = world_.now();
  auto reply = run(channel_->unary<StringValue>("/t/Slow", text("x"), {.timeout = 2s}));
  EXPECT_EQ(reply.error().code, Code::deadline_exceeded);
  EXPECT_LT(world_.now() - start, 3s);
}

TEST_F(Calls, ASlowReaderSlowsItsWriterAndALostOneEndsIt) {
  auto call = channel_->open("/t/Flood");
  world_.run_for(5s);
  EXPECT_EQ(floods_, 1);
  const int before = flooded_;
  EXPECT_GT(before, 0);
  EXPECT_LT(before, 1000);
  world_.run_for(5s);
  EXPECT_EQ(flooded_, before);
  call.reset();
  world_.run_for(1s);
  EXPECT_EQ(floods_, 0);
}

TEST_F(Calls, MessagesAboveTheLimitAreRefused) {
  EXPECT_EQ(run(channel_->unary<StringValue>("/t/Echo", text(std::string(2'000'000, 'x')))).error().code,
            Code::resource_exhausted);
}

TEST_F(Calls, AServerThatDiesMakesCallsUnavailable) {
  auto call = channel_->open("/t/Chat");
  call->write(text("a"));
  StringValue answer;
  ASSERT_TRUE(run(call->read(answer)));
  world_.crash("10.0.0.2");
  EXPECT_EQ(run(call->read(answer)).error().code, Code::unavailable);
  EXPECT_EQ(run(channel_->unary<StringValue>("/t/Echo", text("x"))).error().code, Code::unavailable);
}

}  // namespace
}  // namespace lateen::grpc
