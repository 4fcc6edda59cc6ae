// Whole server connections against clients that mean ill: they end, or hold no more than their windows.
#include "lib/http/http2_test_service.h"
#include "lib/protocol/detect.h"

namespace lateen::http {
namespace {

std::string frame(uint8_t type, uint8_t flags, uint32_t stream, std::string_view payload) {
  const auto byte = [](size_t value, int shift) { return static_cast<char>(value >> shift & 0xff); };
  std::string out{byte(payload.size(), 16), byte(payload.size(), 8),  byte(payload.size(), 0),
                  static_cast<char>(type),  static_cast<char>(flags), byte(stream, 24),
                  byte(stream, 16),         byte(stream, 8),          byte(stream, 0)};
  return out.append(payload);
}
// GET / of authority "a" by the static table.
constexpr std::string_view get_block = "\x82\x86\x84\x41\x01\x61";
std::string get(uint32_t stream) { return frame(1, 5, stream, get_block); }
std::string opening() { return std::string(protocol::http2_preface) + frame(4, 0, 0, ""); }

// A client of bare bytes.
class RawClient {
 public:
  RawClient(TestService& service, ServerOptions options = {}) : net(service, options) {
    io::Child child(net.world);
    const auto connect = [](io::SimulatedWorld& world, std::unique_ptr<io::Transport>& out) -> io::Task<void> {
      out = std::move((co_await world.host("10.0.0.9").connect({Ip::parse("10.0.0.2").value(), 80, {}})).value());
    };
    net.drop_client();
    net.world.run_for(1s);
    before_ = net.served_connections();
    EXPECT_TRUE(net.run(connect(net.world, transport)));
  }
  // How much the server took of it.
  size_t send(std::string_view bytes) {
    const io::Moved moved = transport->try_write(bytes);
    net.world.run_for(10ms);
    return moved.state == io::Moved::moved ? moved.bytes : 0;
  }
  std::string read() {
    std::string all;
    char block[4096];
    for (;;) {
      const io::Moved moved = transport->try_read(block);
      if (moved.state != io::Moved::moved) return all;
      all.append(block, moved.bytes);
      net.world.run_for(10ms);
    }
  }
  bool ended() {
    net.world.run_for(3s);
    return net.served_connections() > before_;
  }

  TestWorld net;
  std::unique_ptr<io::Transport> transport;

 private:
  int before_ = 0;
};

TEST(Http2HostileConnection, OtherProtocolsAreCutOff) {
  TestService service(echo);
  RawClient client(service);
  client.send("GET / HTTP/1.1\r\nhost: a\r\n\r\n");
  EXPECT_TRUE(client.ended());
  EXPECT_EQ(service.requests, 0);
}

TEST(Http2HostileConnection, AHeadThatNeverEndsIsTimedOut) {
  TestService service(echo);
  ServerOptions options;
  options.request_headers_timeout = 5s;
  RawClient client(service, options);
  client.send(opening() + frame(1, 1, 1, get_block.substr(0, 2)));  // END_HEADERS is missing
  EXPECT_FALSE(client.ended());
  EXPECT_TRUE(client.ended());
  EXPECT_EQ(service.refused_status, 408);
}

TEST(Http2HostileConnection, AnswersThatNobodyReadsEndTheConnection) {
  TestService service(echo);
  RawClient client(service);
  client.send(opening());
  std::string pings;
  for (int i = 0; i < 500; ++i) pings += frame(6, 0, 0, "12345678");
  for (int i = 0; i < 200 && client.transport; ++i)
    if (client.send(pings) == 0) break;
  EXPECT_TRUE(client.ended());
}

class CountedBody final : public Body {
 public:
  CountedBody(io::Loop& loop, size_t& taken) : readable_(loop, true), taken_(taken) {}
  Pulled try_pull() override {
    Pulled pulled;
    pulled.state = chunk;
    pulled.bytes = Buffer(std::string(16 * 1024, 'c'));
    taken_ += pulled.bytes.size();
    return pulled;
  }
  io::Readiness& readable() override { return readable_; }
  Error last_error() const override { return {}; }

 private:
  io::Readiness readable_;
  size_t& taken_;
};

TEST(Http2HostileConnection, BodiesThatNobodyReadsAreNotPulled) {
  size_t taken = 0;
  TestService service([&taken](TestService&, ServerStream& stream) -> io::Task<void> {
    (void)co_await stream.respond(response_of(200, std::make_unique<CountedBody>(stream.transport().loop(), taken)));
  });
  RawClient client(service);
  // Windows as wide as they go; but the client never reads.
  std::string hello = std::string(protocol::http2_preface) +
                      frame(4, 0, 0, std::string("\x00\x04\x7f\xff\xff\xff", 6)) +
                      frame(8, 0, 0, std::string("\x7f\xff\x00\x00", 4));
  for (uint32_t i = 0; i < 100; ++i) hello += get(2 * i + 1);
  client.send(hello);
  client.net.world.run_for(60s);
  EXPECT_EQ(service.alive, 100);
  EXPECT_LE(taken, 100 * 96 * 1024u + 1024 * 1024u);
  client.transport.reset();
  EXPECT_TRUE(client.ended());
  EXPECT_EQ(service.alive, 0);
}

TEST(Http2HostileConnection, RapidResetsEndTheConnectionEarly) {
  TestService service(
      [](TestService&, ServerStream& stream) -> io::Task<void> { co_await stream.transport().loop().sleep(1h); });
  RawClient client(service);
  client.send(opening());
  for (uint32_t i = 0; i < 2000; ++i) {
    if (client.send(get(2 * i + 1) + frame(3, 0, 2 * i + 1, std::string("\0\0\0\x08", 4))) == 0) break;
    (void)client.read();
  }
  EXPECT_TRUE(client.ended());
  EXPECT_LE(service.requests, 501);
  EXPECT_EQ(service.alive, 0);
}

TEST(Http2HostileConnection, AClientGoneMidBodyEndsTheUpload) {
  TestService service([](TestService& service, ServerStream& stream) -> io::Task<void> {
    auto body = co_await read_all(*stream.request().body, 1 << 20);
    service.notes.push_back(body ? "whole" : "cut off");
  });
  RawClient client(service);
  client.send(opening() + frame(1, 4, 1, "\x83\x86\x84\x41\x01\x61") + frame(0, 0, 1, "half"));
  EXPECT_EQ(service.alive, 1);
  client.transport.reset();
  EXPECT_TRUE(client.ended());
  EXPECT_EQ(service.alive, 0);
  EXPECT_TRUE(service.notes.empty());
}

// Random bytes behind a valid opening: whatever happens, the connection ends and nothing is left.
TEST(Http2HostileConnection, NoiseLeavesNothingBehind) {
  for (uint64_t seed = 0; seed < 200; ++seed) {
    TestService service(echo);
    RawClient client(service);
    Random random(seed);
    std::string noise = opening() + frame(1, 4, 1, "\x83\x86\x84\x41\x01\x61");
    for (int frames = 0; frames < 20; ++frames) {
      std::string payload(random.below(60), '\0');
      for (char& c : payload) c = static_cast<char>(random.next());
      noise += frame(static_cast<uint8_t>(random.below(11)), static_cast<uint8_t>(random.next()),
                     static_cast<uint32_t>(random.below(5)), payload);
    }
    client.send(noise);
    (void)client.read();
    client.transport.reset();
    EXPECT_TRUE(client.ended()) << seed;
    EXPECT_EQ(service.alive, 0);
  }
}

}  // namespace
}  // namespace lateen::http
