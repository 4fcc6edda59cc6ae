// A server codec against peers that break the rules or wear it out. Frames are made by hand; nghttp2's own encoder
// makes the header blocks.
#include <gtest/gtest.h>
#include <nghttp2/nghttp2.h>

#include "lib/protocol/detect.h"
#include "lib/protocol/http2.h"

namespace lateen::protocol {
namespace {

enum FrameType : uint8_t {
  data = 0,
  headers = 1,
  priority = 2,
  rst_stream = 3,
  settings = 4,
  ping = 6,
  goaway = 7,
  window_update = 8,
  continuation = 9
};
constexpr uint8_t end_stream = 1, ack = 1, end_headers = 4;

std::string frame(FrameType type, uint8_t flags, uint32_t stream, std::string_view payload) {
  const auto byte = [](size_t value, int shift) { return static_cast<char>(value >> shift & 0xff); };
  std::string out{byte(payload.size(), 16), byte(payload.size(), 8),  byte(payload.size(), 0),
                  static_cast<char>(type),  static_cast<char>(flags), byte(stream, 24),
                  byte(stream, 16),         byte(stream, 8),          byte(stream, 0)};
  return out.append(payload);
}

std::string number(uint32_t value) {
  return {static_cast<char>(value >> 24), static_cast<char>(value >> 16), static_cast<char>(value >> 8),
          static_cast<char>(value)};
}

using Fields = std::vector<std::pair<std::string, std::string>>;

class Peer {
 public:
  Peer() { nghttp2_hd_deflate_new(&encoder_, 4096); }
  ~Peer() { nghttp2_hd_deflate_del(encoder_); }
  std::string block(const Fields& fields) {
    std::vector<nghttp2_nv> pairs;
    for (const auto& [name, value] : fields)
      pairs.push_back({(uint8_t*)name.data(), (uint8_t*)value.data(), name.size(), value.size(), 0});
    std::string out(nghttp2_hd_deflate_bound(encoder_, pairs.data(), pairs.size()), '\0');
    out.resize(static_cast<size_t>(
        nghttp2_hd_deflate_hd(encoder_, (uint8_t*)out.data(), out.size(), pairs.data(), pairs.size())));
    return out;
  }
  std::string request(uint32_t stream, const Fields& more = {}, uint8_t flags = end_headers | end_stream) {
    Fields fields = {{":method", "GET"}, {":scheme", "http"}, {":authority", "a"}, {":path", "/"}};
    fields.insert(fields.end(), more.begin(), more.end());
    return frame(headers, flags, stream, block(fields));
  }

 private:
  nghttp2_hd_deflater* encoder_ = nullptr;
};

class SilentStream final : public Http2Stream {
 public:
  void on_data(std::string_view bytes) override { received += bytes.size(); }
  void on_end(Headers*) override {}
  void on_sent() override {}
  void on_closed(const Http2Closed& closed) override { last = closed; }
  size_t received = 0;
  std::optional<Http2Closed> last;
};

class Server final : public Http2Events {
 public:
  explicit Server(Http2Options options = {}) : codec(make_http2_server_codec(options, *this)) {
    EXPECT_TRUE(codec->receive(std::string(http2_preface) + frame(settings, 0, 0, ""), now));
    drain();
  }
  ~Server() override { streams.clear(); }
  Http2Stream* on_request(Headers, bool) override {
    streams.push_back(std::make_unique<SilentStream>());
    return streams.back().get();
  }
  void on_rejected(int status, std::string_view) override { rejected = status; }
  Result<> receive(std::string_view bytes) { return codec->receive(bytes, now); }
  std::string drain() {
    Buffer out;
    codec->write(out, 16 << 20);
    return std::string(out.view());
  }
  // What the peer is told: the code of the first RST_STREAM (or GOAWAY) in the output, -1 when there is none.
  int code_in_output(FrameType wanted) {
    const std::string out = drain();
    for (size_t at = 0; at + 9 <= out.size();) {
      const auto byte = [&](size_t i) { return static_cast<uint8_t>(out[at + i]); };
      const size_t size = byte(0) << 16 | byte(1) << 8 | byte(2);
      if (byte(3) == wanted) return byte(9 + (wanted == goaway ? 7 : 3));
      at += 9 + size;
    }
    return -1;
  }

  Time now{1h};
  std::unique_ptr<Http2Codec> codec;
  std::vector<std::unique_ptr<SilentStream>> streams;
  int rejected = 0;
};

constexpr int protocol_error = 1, calm = 11;

TEST(Http2Hostile, MalformedMessagesResetTheirStreamOnly) {
  const std::vector<Fields> malformed = {
      {{"Upper", "x"}},
      {{"connection", "close"}},
      {{"keep-alive", "5"}},
      {{"proxy-connection", "x"}},
      {{"transfer-encoding", "chunked"}},
      {{"upgrade", "h2c"}},
      {{"te", "gzip"}},
      {{"x", "a\nb"}},
      {{"x", std::string("a\0b", 3)}},
      {{"x", " lead"}},
      {{"bad name", "x"}},
      {{":path", "/again"}},
      {{":status", "200"}},
      {{":unknown", "x"}},
      {{"x", "1"}, {":authority", "late"}},
      {{"content-length", "5"}},
      {{"content-length", "x"}},
      {{"content-length", "0"}, {"content-length", "0"}},
      {{"", "x"}},
  };
  for (const Fields& fields : malformed) {
    Server server;
    Peer peer;
    ASSERT_TRUE(server.receive(peer.request(1, fields))) << fields[0].first;
    EXPECT_EQ(server.code_in_output(rst_stream), protocol_error) << fields[0].first << fields[0].second;
    EXPECT_EQ(server.streams.size(), 0u) << fields[0].first;
    ASSERT_TRUE(server.receive(peer.request(3)));
    EXPECT_EQ(server.streams.size(), 1u);
    EXPECT_FALSE(server.codec->finished());
  }
}

TEST(Http2Hostile, RequestsNeedTheirPseudoFields) {
  for (const Fields& fields : std::vector<Fields>{
           {{":scheme", "http"}, {":path", "/"}, {":authority", "a"}},
           {{":method", "GET"}, {":path", "/"}, {":authority", "a"}},
           {{":method", "GET"}, {":scheme", "http"}, {":authority", "a"}},
           {{":method", "GET"}, {":scheme", "http"}, {":path", ""}, {":authority", "a"}},
           {{":method", "GET"}, {":scheme", "http"}, {":path", "no-slash"}, {":authority", "a"}},
           {{":method", "CONNECT"}, {":path", "/"}, {":authority", "a"}},
           {{":method", "G ET"}, {":scheme", "http"}, {":path", "/"}, {":authority", "a"}},
       }) {
    Server server;
    Peer peer;
    ASSERT_TRUE(server.receive(frame(headers, end_headers | end_stream, 1, peer.block(fields))));
    EXPECT_EQ(server.code_in_output(rst_stream), protocol_error) << fields[0].second << fields.back().second;
    EXPECT_EQ(server.streams.size(), 0u);
  }
}

TEST(Http2Hostile, BodiesMustHaveTheirAnnouncedLength) {
  Server server;
  Peer peer;
  ASSERT_TRUE(server.receive(peer.request(1, {{"content-length", "5"}}, end_headers)));
  ASSERT_TRUE(server.receive(frame(data, end_stream, 1, "four")));
  EXPECT_EQ(server.code_in_output(rst_stream), protocol_error);
  ASSERT_TRUE(server.streams[0]->last);
  EXPECT_TRUE(server.streams[0]->last->violation);
}

TEST(Http2Hostile, BrokenConnectionsAreToldWhy) {
  Peer peer;
  const std::vector<std::string> broken = {
      frame(data, 0, 1, "no stream"),
      frame(headers, end_headers, 2, peer.block({{":method", "GET"}})),  // an even id
      frame(headers, end_headers, 0, ""),
      frame(settings, 0, 1, ""),
      frame(settings, 0, 0, "odd"),
      frame(ping, 0, 0, "short"),
      frame(window_update, 0, 0, number(0)),
      frame(continuation, end_headers, 1, "x"),
      frame(headers, end_headers | end_stream, 1, "\xff\xff\xff\xff\xff"),  // no valid block
      frame(data, 0, 0, ""),
      std::string("\x00\x40\x01\x00\x00\x00\x00\x00\x01", 9) +
          std::string(16'385, 'x'),  // over SETTINGS_MAX_FRAME_SIZE
  };
  for (const std::string& bytes : broken) {
    Server server;
    (void)server.receive(bytes);
    EXPECT_GE(server.code_in_output(goaway), 1) << bytes.substr(0, 20);
    EXPECT_TRUE(server.codec->finished());
    EXPECT_NE(server.codec->violation(), "");
  }
}

TEST(Http2Hostile, NoPrefaceNoConnection) {
  class Events final : public Http2Events {
  } events;
  auto codec = make_http2_server_codec({}, events);
  EXPECT_FALSE(codec->receive("GET / HTTP/1.1\r\nhost: a\r\n\r\n", Time(1h)));
  Buffer out;
  codec->write(out, 1 << 20);
  EXPECT_TRUE(codec->finished());
}

// Feeds frames until the codec gives up; how many that took.
int frames_until_refused(Server& server, int most, const std::function<std::string(int)>& make, bool flush) {
  for (int i = 0; i < most; ++i) {
    if (!server.receive(make(i))) return i + 1;
    if (flush) (void)server.drain();
    if (server.codec->finished()) return i + 1;
  }
  return -1;
}

TEST(Http2Hostile, RapidResetsEndTheConnection) {
  Server server;
  Peer peer;
  const auto open_and_reset = [&](int i) {
    const auto id = static_cast<uint32_t>(2 * i + 1);
    return peer.request(id) + frame(rst_stream, 0, id, number(8));
  };
  const int refused = frames_until_refused(server, 5000, open_and_reset, true);
  EXPECT_EQ(refused, 1001);  // Envoy's burst
  EXPECT_EQ(server.code_in_output(goaway), calm);

  Server patient;  // 33 a second are allowed for ever
  Peer other;
  const auto slowly = [&](int i) {
    patient.now += 31ms;
    patient.streams.clear();
    const auto id = static_cast<uint32_t>(2 * i + 1);
    return other.request(id) + frame(rst_stream, 0, id, number(8));
  };
  EXPECT_EQ(frames_until_refused(patient, 5000, slowly, true), -1);
}

TEST(Http2Hostile, MakingUsResetCountsAsResetting) {
  Server server;
  Peer peer;
  const auto spoilt = [&](int i) {
    const auto id = static_cast<uint32_t>(2 * i + 1);
    return peer.request(id, {}, end_headers) + frame(window_update, 0, id, number(0x7fffffff));
  };
  const int refused = frames_until_refused(server, 5000, spoilt, true);
  EXPECT_GT(refused, 900);
  EXPECT_LE(refused, 1001);
}

TEST(Http2Hostile, UnreadAnswersAreBounded) {
  Server pings;
  EXPECT_LE(frames_until_refused(pings, 5000, [](int) { return frame(ping, 0, 0, "12345678"); }, false), 1002);
  Server settings_flood;
  EXPECT_LE(frames_until_refused(settings_flood, 5000, [](int) { return frame(settings, 0, 0, ""); }, false), 1002);
  Server reading;  // whoever reads the answers may go on
  EXPECT_EQ(frames_until_refused(reading, 5000, [](int) { return frame(ping, 0, 0, "12345678"); }, true), -1);
}

TEST(Http2Hostile, EmptyAndIdleFramesAreBounded) {
  Peer peer;
  Server empties;
  ASSERT_TRUE(empties.receive(peer.request(1, {}, end_headers)));
  EXPECT_EQ(frames_until_refused(empties, 100, [](int) { return frame(data, 0, 1, ""); }, true), 2);
  Server priorities;
  const auto prioritise = [](int) { return frame(priority, 0, 1, number(0) + "x"); };
  EXPECT_EQ(frames_until_refused(priorities, 1000, prioritise, true), 101);
  Server windows;
  EXPECT_EQ(frames_until_refused(windows, 1000, [](int) { return frame(window_update, 0, 0, number(1)); }, true), 6);
  Server many_settings;
  std::string entries;
  for (int i = 0; i < 33; ++i) entries += std::string("\x00\x01", 2) + number(4096);
  EXPECT_EQ(frames_until_refused(many_settings, 10, [&](int) { return frame(settings, 0, 0, entries); }, true), 1);
}

TEST(Http2Hostile, ContinuationsAreBounded) {
  Server server;
  Peer peer;
  const std::string block = peer.block({{":method", "GET"}, {":scheme", "http"}, {":authority", "a"}, {":path", "/"}});
  ASSERT_TRUE(server.receive(frame(headers, end_stream, 1, block)));
  EXPECT_TRUE(server.codec->in_head());
  const std::string field = peer.block({{"x", "y"}});
  const int refused = frames_until_refused(server, 100, [&](int) { return frame(continuation, 0, 1, field); }, true);
  EXPECT_GT(refused, 0);
  EXPECT_LE(refused, 9);
}

TEST(Http2Hostile, HeadsOverTheLimitsAreAnswered431) {
  Http2Options options;
  options.max_head_bytes = 8192;
  Server server(options);
  Peer peer;
  ASSERT_TRUE(server.receive(peer.request(1, {{"x", std::string(9000, 'x')}})));
  EXPECT_EQ(server.rejected, 431);
  EXPECT_EQ(server.streams.size(), 0u);
  Fields many;
  for (int i = 0; i < 101; ++i) many.emplace_back("x-" + std::to_string(i), "1");
  server.rejected = 0;
  ASSERT_TRUE(server.receive(peer.request(3, many)));
  EXPECT_EQ(server.rejected, 431);
  ASSERT_TRUE(server.receive(peer.request(5)));
  EXPECT_EQ(server.streams.size(), 1u);
}

// A small block that stands for a huge head: one field in the dynamic table, named again and again.
TEST(Http2Hostile, ABombOfIndexedFieldsEndsTheConnection) {
  Server server;
  Peer peer;
  std::string block = peer.block(
      {{":method", "GET"}, {":scheme", "http"}, {":authority", "a"}, {":path", "/"}, {"x", std::string(2900, 'b')}});
  block += std::string(10'000, '\xbe');  // index 62: the newest entry
  Result<> received = server.receive(frame(headers, end_headers | end_stream, 1, block));
  ASSERT_FALSE(received);
  EXPECT_NE(received.error().message.find("far too many bytes"), std::string::npos);
}

TEST(Http2Hostile, ASenderThatIgnoresWindowsIsCutOff) {
  Http2Options options;
  options.initial_stream_window = 65'535;
  options.initial_connection_window = 65'535;
  Server server(options);
  Peer peer;
  ASSERT_TRUE(server.receive(peer.request(1, {}, end_headers)));
  for (int i = 0; i < 10; ++i) (void)server.receive(frame(data, 0, 1, std::string(16'000, 'x')));
  EXPECT_LE(server.streams[0]->received, 65'535u);
  EXPECT_GE(server.code_in_output(goaway), 1);
}

TEST(Http2Hostile, MoreStreamsThanAllowedAreRefused) {
  Http2Options options;
  options.max_concurrent_streams = 3;
  for (bool knows_the_limit : {false, true}) {
    Server server(options);
    Peer peer;
    if (knows_the_limit) ASSERT_TRUE(server.receive(frame(settings, ack, 0, "")));
    for (uint32_t i = 0; i < 4; ++i) ASSERT_TRUE(server.receive(peer.request(2 * i + 1, {}, end_headers)));
    EXPECT_EQ(server.streams.size(), 3u);
    EXPECT_EQ(server.code_in_output(knows_the_limit ? goaway : rst_stream), knows_the_limit ? protocol_error : 7);
  }
}

}  // namespace
}  // namespace lateen::protocol
