#include "lib/protocol/http2.h"

#include <deque>
#include <map>

#include <gtest/gtest.h>
#include <nghttp2/nghttp2.h>

namespace lateen::protocol {
namespace {

Headers head_of(std::initializer_list<Headers::Field> fields) {
  Headers head;
  for (const auto& field : fields) head.add(field.name, field.value);
  return head;
}

std::string text_of(const Headers& head) {
  std::string text;
  for (Headers::Field field : head) text += fmt::format("{}={};", field.name, field.value);
  return text;
}

// Notes everything that happens to a stream.
class NotedStream final : public Http2Stream {
 public:
  explicit NotedStream(std::vector<std::string>& notes) : notes_(notes) {}
  void on_informational(Headers head) override { note(fmt::format("informational {}", text_of(head))); }
  void on_head(Headers head, bool ended) override {
    note(fmt::format("head {}{}", text_of(head), ended ? " end" : ""));
  }
  void on_data(std::string_view bytes) override { data += bytes; }
  void on_end(Headers* trailers) override { note(trailers ? fmt::format("end {}", text_of(*trailers)) : "end"); }
  void on_sent() override { ++sent; }
  void on_closed(const Http2Closed& closed) override {
    note(fmt::format("closed {}{}{}", name_of(closed.code), closed.by_peer ? " peer" : "",
                     closed.violation ? " violation" : ""));
  }
  std::string data;
  int sent = 0;

 private:
  void note(std::string text) { notes_.push_back(std::move(text)); }
  std::vector<std::string>& notes_;
};

class NotedServer final : public Http2Events {
 public:
  explicit NotedServer(Http2Options options = {}) : codec(make_http2_server_codec(options, *this)) {}
  ~NotedServer() override { streams.clear(); }
  Http2Stream* on_request(Headers head, bool ended) override {
    notes.push_back(fmt::format("request {}{}", text_of(head), ended ? " end" : ""));
    if (refuse) return nullptr;
    streams.push_back(std::make_unique<NotedStream>(notes));
    return streams.back().get();
  }
  void on_rejected(int status, std::string_view) override { notes.push_back(fmt::format("rejected {}", status)); }
  void on_goaway(Http2Error code, std::string_view) override {
    notes.push_back(fmt::format("goaway {}", name_of(code)));
  }
  void on_pong(uint64_t payload) override { notes.push_back(fmt::format("pong {}", payload)); }

  std::string output(size_t most = 1 << 20) {
    Buffer out;
    codec->write(out, most);
    return std::string(out.view());
  }
  Result<> receive(std::string_view bytes, Time now = Time(1h)) { return codec->receive(bytes, now); }

  std::vector<std::string> notes;
  std::unique_ptr<Http2Codec> codec;
  std::vector<std::unique_ptr<NotedStream>> streams;
  bool refuse = false;
};

class NotedClient final : public Http2Events {
 public:
  explicit NotedClient(Http2Options options = {}) : codec(make_http2_client_codec(options, *this)) {}
  void on_goaway(Http2Error code, std::string_view) override {
    notes.push_back(fmt::format("goaway {}", name_of(code)));
  }
  std::vector<std::string> notes;
  std::unique_ptr<Http2Codec> codec;
};

// Carries bytes between the two until neither has any.
void exchange(Http2Codec& a, Http2Codec& b, size_t step = 1 << 20) {
  for (bool moved = true; moved;) {
    moved = false;
    for (auto [from, to] : {std::pair(&a, &b), std::pair(&b, &a)}) {
      Buffer out;
      from->write(out, 1 << 20);
      moved |= !out.empty();
      for (size_t at = 0; at < out.size(); at += step) EXPECT_TRUE(to->receive(out.view().substr(at, step), Time(1h)));
    }
  }
}

const Headers get = head_of({{":method", "GET"}, {":scheme", "http"}, {":authority", "a"}, {":path", "/"}});
const Headers post = head_of({{":method", "POST"}, {":scheme", "http"}, {":authority", "a"}, {":path", "/p"}});

TEST(Http2Codec, CarriesAnExchangeHoweverBytesAreCut) {
  for (size_t step : {1, 7, 100'000}) {
    NotedServer server;
    NotedClient client;
    std::vector<std::string> notes;
    NotedStream stream(notes);
    ASSERT_TRUE(client.codec->open(stream, post, false));
    client.codec->send_data(stream, Buffer("body"));
    const Headers trailers = head_of({{"grpc-status", "0"}});
    client.codec->send_end(stream, &trailers);
    exchange(*client.codec, *server.codec, step);
    EXPECT_EQ(server.notes, (std::vector<std::string>{"request :method=POST;:scheme=http;:authority=a;:path=/p;",
                                                      "end grpc-status=0;"}));
    NotedStream& served = *server.streams[0];
    EXPECT_EQ(served.data, "body");
    server.codec->send_informational(served, head_of({{":status", "103"}}));
    server.codec->send_head(served, head_of({{"x", "1"}, {":status", "200"}, {"connection", "close"}}), false);
    server.codec->send_data(served, Buffer("answer"));
    server.codec->send_end(served, nullptr);
    exchange(*client.codec, *server.codec, step);
    EXPECT_EQ(notes, (std::vector<std::string>{"informational :status=103;", "head :status=200;x=1;", "end",
                                               "closed NO_ERROR"}));
    EXPECT_EQ(stream.data, "answer");
    EXPECT_EQ(client.codec->open_streams(), 0u);
    EXPECT_EQ(server.codec->open_streams(), 0u);
  }
}

TEST(Http2Codec, WindowsHoldTheSenderUntilBytesAreConsumed) {
  Http2Options options;
  options.initial_stream_window = 70'000;
  NotedServer server(options);
  NotedClient client;
  std::vector<std::string> notes;
  NotedStream stream(notes);
  exchange(*client.codec, *server.codec);
  ASSERT_TRUE(client.codec->open(stream, post, false));
  client.codec->send_data(stream, Buffer(std::string(200'000, 'x')));
  client.codec->send_end(stream, nullptr);
  exchange(*client.codec, *server.codec);
  NotedStream& served = *server.streams[0];
  EXPECT_EQ(served.data.size(), 70'000u);
  EXPECT_EQ(served.unconsumed(), 70'000u);
  EXPECT_EQ(stream.unsent(), 130'000u);
  server.codec->consume(served, 70'000);
  exchange(*client.codec, *server.codec);
  EXPECT_EQ(served.data.size(), 140'000u);
  server.codec->consume(served, 1 << 20);  // more than is held: as if it were all
  exchange(*client.codec, *server.codec);
  EXPECT_EQ(served.data.size(), 200'000u);
  EXPECT_TRUE(served.has_received_end());
  EXPECT_TRUE(stream.has_sent_end());
  EXPECT_GE(stream.sent, 1);
}

TEST(Http2Codec, WriteStopsAtItsMark) {
  NotedServer server;
  NotedClient client;
  std::vector<std::string> notes;
  NotedStream stream(notes);
  ASSERT_TRUE(client.codec->open(stream, get, true));
  exchange(*client.codec, *server.codec);
  server.codec->send_head(*server.streams[0], head_of({{":status", "200"}}), false);
  server.codec->send_data(*server.streams[0], Buffer(std::string(60'000, 'x')));
  const std::string part = server.output(20'000);
  EXPECT_GE(part.size(), 20'000u);
  EXPECT_LE(part.size(), 40'000u);
  EXPECT_TRUE(server.codec->wants_write());
}

TEST(Http2Codec, HostAndCookiesBecomeWhatHttp1Has) {
  NotedServer server;
  NotedClient client;
  std::vector<std::string> notes;
  NotedStream one(notes), two(notes);
  ASSERT_TRUE(client.codec->open(one,
                                 head_of({{":method", "GET"},
                                          {":scheme", "http"},
                                          {":path", "/"},
                                          {"host", "from-host"},
                                          {"cookie", "a=1"},
                                          {"cookie", "b=2"},
                                          {"te", "gzip"},
                                          {"upgrade", "h2c"},
                                          {"keep-alive", "1"}}),
                                 true));
  exchange(*client.codec, *server.codec);
  EXPECT_EQ(server.notes.back(), "request :method=GET;:scheme=http;:path=/;:authority=from-host;cookie=a=1; b=2; end");
}

TEST(Http2Codec, ResetsTravelBothWays) {
  NotedServer server;
  NotedClient client;
  std::vector<std::string> notes;
  auto one = std::make_unique<NotedStream>(notes);
  NotedStream two(notes);
  ASSERT_TRUE(client.codec->open(*one, post, false));
  ASSERT_TRUE(client.codec->open(two, post, false));
  exchange(*client.codec, *server.codec);
  one.reset();  // dropping it is cancelling it
  exchange(*client.codec, *server.codec);
  EXPECT_EQ(server.notes.back(), "closed CANCEL peer");
  server.codec->reset(*server.streams[1], Http2Error::refused_stream);
  exchange(*client.codec, *server.codec);
  EXPECT_EQ(notes.back(), "closed REFUSED_STREAM peer");
  server.refuse = true;
  NotedStream three(notes);
  ASSERT_TRUE(client.codec->open(three, get, true));
  exchange(*client.codec, *server.codec);
  EXPECT_EQ(notes.back(), "closed REFUSED_STREAM peer");
}

TEST(Http2Codec, AStreamDroppedBeforeItsHeadLeftIsNeverSeen) {
  NotedServer server;
  NotedClient client;
  std::vector<std::string> notes;
  auto stream = std::make_unique<NotedStream>(notes);
  ASSERT_TRUE(client.codec->open(*stream, post, false));
  client.codec->send_data(*stream, Buffer("x"));
  stream.reset();
  exchange(*client.codec, *server.codec);
  EXPECT_TRUE(server.notes.empty());
}

TEST(Http2Codec, AnOrderlyEndTakesTwoSteps) {
  NotedServer server;
  NotedClient client;
  std::vector<std::string> notes;
  NotedStream early(notes), between(notes), late(notes);
  ASSERT_TRUE(client.codec->open(early, post, false));
  exchange(*client.codec, *server.codec);
  server.codec->announce_shutdown();
  server.codec->send_ping(7);
  const std::string announcement = server.output();
  ASSERT_TRUE(client.codec->open(between, get, true));  // under way when the announcement came
  Buffer crossing;
  client.codec->write(crossing, 1 << 20);
  ASSERT_TRUE(client.codec->receive(announcement, Time(1h)));
  EXPECT_EQ(client.notes, std::vector<std::string>{"goaway NO_ERROR"});
  ASSERT_TRUE(server.receive(crossing.view()));
  exchange(*client.codec, *server.codec);
  EXPECT_EQ(server.notes.back(), "pong 7");
  EXPECT_EQ(server.streams.size(), 2u);
  server.codec->refuse_new_streams();
  exchange(*client.codec, *server.codec);
  EXPECT_FALSE(client.codec->open(late, get, true));
  for (auto& stream : server.streams) server.codec->send_head(*stream, head_of({{":status", "204"}}), true);
  client.codec->send_end(early, nullptr);
  exchange(*client.codec, *server.codec);
  EXPECT_EQ(notes.back(), "closed NO_ERROR");
  server.codec->terminate(Http2Error::no_error);
  (void)server.output();
  EXPECT_TRUE(server.codec->finished());
}

TEST(Http2Codec, CodecsMayDieBeforeTheirStreams) {
  std::vector<std::string> notes;
  NotedStream stream(notes);
  {
    NotedClient client;
    ASSERT_TRUE(client.codec->open(stream, get, true));
  }
  EXPECT_FALSE(stream.is_open());
}

}  // namespace
}  // namespace lateen::protocol
