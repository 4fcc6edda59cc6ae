#include "lib/protocol/http1.h"

#include <gtest/gtest.h>

#include "lib/base/strings.h"

namespace lateen::protocol::http1 {
namespace {

std::string text_of(const Headers& headers) {
  std::string text;
  for (const auto field : headers) text.append(field.name).append("=").append(field.value).append("|");
  return text;
}

// The verdict on a whole request head, after checking that no prefix of it is judged otherwise.
std::string verdict(std::string_view bytes, const Limits& limits = {}) {
  Headers headers;
  const auto whole = parse_request_head(bytes, headers, limits);
  for (size_t n = 0; n < bytes.size(); ++n) {
    Headers part;
    const auto early = parse_request_head(bytes.substr(0, n), part, limits);
    if (!early) {
      EXPECT_FALSE(whole) << "refused after " << n << " bytes: " << early.error().reason;
      break;
    }
    if (*early) {
      EXPECT_TRUE(whole && *whole && (*whole)->size == (*early)->size) << n;
    }
  }
  if (!whole) return fmt::format("{} {}", whole.error().status, whole.error().reason);
  if (!*whole) return "incomplete";
  return text_of(headers);
}

TEST(Http1, ReadsRequests) {
  EXPECT_EQ(verdict("GET /a?b=c HTTP/1.1\r\nHost: x.test:80\r\nAccept: */*\r\nX-Empty:\r\n\r\nrest"),
            ":method=GET|:scheme=http|:authority=x.test:80|:path=/a?b=c|accept=*/*|x-empty=|");
  EXPECT_EQ(verdict("\r\n\r\nPOST / HTTP/1.1\r\nhost:x\r\ncontent-length: 3\r\n\r\n"),
            ":method=POST|:scheme=http|:authority=x|:path=/|content-length=3|");
  EXPECT_EQ(verdict("GET https://o.test?q HTTP/1.1\r\nhost: other\r\n\r\n"),
            ":method=GET|:scheme=https|:authority=o.test|:path=/?q|");
  EXPECT_EQ(verdict("OPTIONS * HTTP/1.1\r\nhost: [::1]:8080\r\n\r\n"),
            ":method=OPTIONS|:scheme=http|:authority=[::1]:8080|:path=*|");
  EXPECT_EQ(verdict("CONNECT a.test:443 HTTP/1.1\r\nhost: a.test\r\n\r\n"), ":method=CONNECT|:authority=a.test:443|");
  EXPECT_EQ(verdict("GET / HTTP/1.0\r\n\r\n"), ":method=GET|:scheme=http|:authority=|:path=/|");
  EXPECT_EQ(verdict("GET / HTTP/1.1\r\nhost: x\r\na: \t b\tc \xc3\xa4 \t\r\n\r\n"),
            ":method=GET|:scheme=http|:authority=x|:path=/|a=b\tc \xc3\xa4|");
  EXPECT_EQ(verdict("GET / HTTP/1.1\r\nhost: x\r\n"), "incomplete");
}

TEST(Http1, TakesOutWhatBelongsToTheConnection) {
  EXPECT_EQ(verdict("GET / HTTP/1.1\r\nhost: x\r\nconnection: keep-alive, X-Mine, content-length\r\nx-mine: 1\r\n"
                    "keep-alive: 5\r\nproxy-connection: a\r\nte: gzip, trailers\r\nupgrade: websocket\r\nb: 2\r\n\r\n"),
            ":method=GET|:scheme=http|:authority=x|:path=/|b=2|te=trailers|");
  EXPECT_EQ(verdict("GET / HTTP/1.1\r\nhost: x\r\nconnection: Upgrade, HTTP2-Settings\r\nupgrade: h2c\r\n"
                    "http2-settings: AAA\r\n\r\n"),
            ":method=GET|:scheme=http|:authority=x|:path=/|");
  EXPECT_EQ(verdict("GET / HTTP/1.1\r\nhost: x\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\r\n"),
            ":method=GET|:scheme=http|:authority=x|:path=/|upgrade=websocket|connection=upgrade|");
  EXPECT_EQ(verdict("PUT / HTTP/1.1\r\nhost: x\r\nexpect: 100-Continue\r\ncontent-length: 1\r\n\r\n"),
            ":method=PUT|:scheme=http|:authority=x|:path=/|content-length=1|");
}

struct BadRequest {
  const char* bytes;
  const char* verdict;
};

TEST(Http1, RefusesWhatTwoReadersCouldReadDifferently) {
  const BadRequest cases[] = {
      {"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n",
       "400 both content-length and transfer-encoding"},
      {"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 1\r\n\r\n", "400 repeated content-length"},
      {"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1, 1\r\n\r\n", "400 invalid content-length"},
      {"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: +1\r\n\r\n", "400 invalid content-length"},
      {"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 9999999999999999999\r\n\r\n", "400 invalid content-length"},
      {"POST / HTTP/1.1\r\nhost: x\r\ncontent-length:\r\n\r\n", "400 invalid content-length"},
      {"POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n",
       "400 repeated transfer-encoding"},
      {"POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked, gzip\r\n\r\n",
       "400 transfer-encoding does not end with one chunked"},
      {"POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: gzip, chunked\r\n\r\n",
       "501 transfer-encoding other than chunked"},
      {"POST / HTTP/1.0\r\ntransfer-encoding: chunked\r\n\r\n", "400 transfer-encoding in HTTP/1.0"},
      {"GET / HTTP/1.1\r\nhost: x\r\nhost: x\r\n\r\n", "400 repeated host"},
      {"GET / HTTP/1.1\r\naccept: x\r\n\r\n", "400 missing host"},
      {"GET / HTTP/1.1\r\nhost:\r\n\r\n", "400 empty host"},
      {"GET / HTTP/1.1\r\nhost: a b\r\n\r\n", "400 invalid host"},
      {"GET / HTTP/1.1\r\nhost: a/b\r\n\r\n", "400 invalid host"},
      {"GET / HTTP/1.1\r\nhost: u@a\r\n\r\n", "400 invalid host"},
      {"GET / HTTP/1.1\r\nhost: a:80x\r\n\r\n", "400 invalid host"},
      {"GET / HTTP/1.1\r\nhost: x\r\na : b\r\n\r\n", "400 space between field name and colon"},
      {"GET / HTTP/1.1\r\nhost: x\r\na: b\r\n c\r\n\r\n", "400 folded field line"},
      {"GET / HTTP/1.1\r\n host: x\r\n\r\n", "400 folded field line"},
      {"GET / HTTP/1.1\r\nhost: x\na: b\r\n\r\n", "400 line ends with LF alone"},
      {"GET / HTTP/1.1\nhost: x\n\n", "400 line ends with LF alone"},
      {"GET / HTTP/1.1\r\nhost: x\r\n\n", "400 line ends with LF alone"},
      {"GET / HTTP/1.1\r\nhost: x\r\na: b\rc\r\n\r\n", "400 CR without LF"},
      {"GET / HTTP/1.1\r\nhost: x\r\na: b\x01\r\n\r\n", "400 control character in a field value"},
      {"GET / HTTP/1.1\r\nhost: x\r\na\x7f: b\r\n\r\n", "400 invalid character in a field name"},
      {"GET / HTTP/1.1\r\nhost: x\r\n: b\r\n\r\n", "400 invalid character in a field name"},
      {"GET / HTTP/1.1\r\nhost: x\r\n:path: /b\r\n\r\n", "400 invalid character in a field name"},
      {"GET /\r\n", "400 request line without version"},
      {"GET  / HTTP/1.1\r\n\r\n", "400 more than one space in the request line"},
      {"GET /a b HTTP/1.1\r\nhost: x\r\n\r\n", "400 invalid request line"},
      {"GET /a\tb HTTP/1.1\r\nhost: x\r\n\r\n", "400 invalid character in the request target"},
      {"GET /\xc3\xa4 HTTP/1.1\r\nhost: x\r\n\r\n", "400 invalid character in the request target"},
      {"GET a HTTP/1.1\r\nhost: x\r\n\r\n", "400 invalid request target"},
      {"GET * HTTP/1.1\r\nhost: x\r\n\r\n", "400 invalid request target"},
      {"GET ftp://x/ HTTP/1.1\r\nhost: x\r\n\r\n", "400 invalid request target"},
      {"GET http://u:p@x/ HTTP/1.1\r\nhost: x\r\n\r\n", "400 invalid request target"},
      {"CONNECT /x HTTP/1.1\r\nhost: x\r\n\r\n", "400 CONNECT needs host:port"},
      {"CONNECT x:1 HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n", "400 CONNECT with a body"},
      {"FETCH / HTTP/1.1\r\nhost: x\r\n\r\n", "501 unknown method"},
      {"get / HTTP/1.1\r\nhost: x\r\n\r\n", "400 invalid method"},
      {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "501 unknown method"},
      {"GET / HTTP/2.0\r\n\r\n", "505 HTTP version not supported"},
      {"GET / HTTP/1.2\r\n\r\n", "505 HTTP version not supported"},
      {"GET / HTTP/11\r\n\r\n", "400 invalid HTTP version"},
      {"GET / HTTX/1.1\r\n\r\n", "400 invalid request line"},
      {"\x16\x03\x01\x02", "400 invalid request line"},
  };
  for (const BadRequest& bad : cases) {
    const std::string got = verdict(bad.bytes);
    // Where the bytes show it early, the first prefix decides; the text is that of the whole.
    EXPECT_EQ(got, bad.verdict) << bad.bytes;
  }
  EXPECT_EQ(verdict(std::string_view("GET / HTTP/1.1\r\nhost: x\r\na: b\0c\r\n\r\n", 36)),
            "400 control character in a field value");
}

TEST(Http1, HoldsItsLimits) {
  std::string many = "GET / HTTP/1.1\r\nhost: x\r\n";
  for (int i = 0; i < 100; ++i) many += "a: b\r\n";
  EXPECT_EQ(verdict(many + "\r\n"), "431 too many fields");
  EXPECT_EQ(verdict("GET / HTTP/1.1\r\nhost: x\r\na: " + std::string(200, 'b'), {.max_head_bytes = 100}),
            "431 head too large");
  EXPECT_EQ(verdict("GET /" + std::string(200, 'b'), {.max_head_bytes = 100}), "431 head too large");
  EXPECT_EQ(verdict("GET / HTTP/1.0\r\n\r\n", {.accept_http10 = false}), "426 HTTP/1.0 is not served here");
}

RequestHead request_of(std::string_view bytes) {
  Headers headers;
  const auto head = parse_request_head(bytes, headers);
  EXPECT_TRUE(head && *head) << bytes;
  return head && *head ? **head : RequestHead();
}

TEST(Http1, TellsWhatRequestsAskFor) {
  EXPECT_TRUE(request_of("GET / HTTP/1.1\r\nhost: x\r\n\r\n").keep_alive);
  EXPECT_FALSE(request_of("GET / HTTP/1.1\r\nhost: x\r\nConnection: Close\r\n\r\n").keep_alive);
  EXPECT_FALSE(request_of("GET / HTTP/1.0\r\n\r\n").keep_alive);
  EXPECT_TRUE(request_of("GET / HTTP/1.0\r\nconnection: keep-alive\r\n\r\n").keep_alive);
  EXPECT_TRUE(request_of("CONNECT x:1 HTTP/1.1\r\nhost: x\r\n\r\n").is_tunnel);
  EXPECT_TRUE(request_of("GET / HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: a\r\n\r\n").is_tunnel);
  EXPECT_FALSE(request_of("GET / HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: h2c\r\n\r\n").is_tunnel);
  EXPECT_FALSE(request_of("GET / HTTP/1.1\r\nhost: x\r\nupgrade: a\r\n\r\n").is_tunnel);
  EXPECT_TRUE(
      request_of("PUT / HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 1\r\n\r\n").expects_continue);
  EXPECT_EQ(request_of("PUT / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: Chunked\r\n\r\n").framing.kind,
            Framing::chunked);
  EXPECT_EQ(request_of("PUT / HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n").framing.kind, Framing::none);
  EXPECT_EQ(request_of("PUT / HTTP/1.1\r\nhost: x\r\ncontent-length: 017\r\n\r\n").framing.bytes, 17u);
}

std::string response_verdict(std::string_view bytes, Asked asked = Asked::other) {
  Headers headers;
  const auto head = parse_response_head(bytes, headers, asked);
  for (size_t n = 0; head && *head && n < (*head)->size; ++n) {
    Headers part;
    const auto early = parse_response_head(bytes.substr(0, n), part, asked);
    EXPECT_TRUE(early && !*early) << n;
  }
  if (!head) return head.error().reason;
  if (!*head) return "incomplete";
  static constexpr const char* kinds[] = {"none", "length", "chunked", "close"};
  return fmt::format("{} {} {} {}{}", (*head)->status, kinds[(*head)->framing.kind], (*head)->framing.bytes,
                     (*head)->keep_alive ? "keep" : "end", (*head)->is_tunnel ? " tunnel" : "");
}

TEST(Http1, FramesResponses) {
  EXPECT_EQ(response_verdict("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello"), "200 length 5 keep");
  EXPECT_EQ(response_verdict("HTTP/1.1 200\r\ncontent-length: 0\r\n\r\n"), "200 none 0 keep");
  EXPECT_EQ(response_verdict("HTTP/1.1 200 \r\n\r\n"), "200 close 0 end");
  EXPECT_EQ(response_verdict("HTTP/1.0 404 No\tsuch\r\n\r\n"), "404 close 0 end");
  EXPECT_EQ(response_verdict("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nconnection: close\r\n\r\n"),
            "200 chunked 0 end");
  EXPECT_EQ(response_verdict("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n", Asked::head), "200 none 0 keep");
  EXPECT_EQ(response_verdict("HTTP/1.1 304 Not Modified\r\ncontent-length: 5\r\n\r\n"), "304 none 0 keep");
  EXPECT_EQ(response_verdict("HTTP/1.1 204 No Content\r\n\r\n"), "204 none 0 keep");
  EXPECT_EQ(response_verdict("HTTP/1.1 103 Early Hints\r\nlink: a\r\n\r\n"), "103 none 0 keep");
  EXPECT_EQ(response_verdict("HTTP/1.1 101 S\r\nconnection: upgrade\r\nupgrade: a\r\n\r\n", Asked::upgrade),
            "101 close 0 end tunnel");
  EXPECT_EQ(response_verdict("HTTP/1.1 200 OK\r\ncontent-length: 7\r\n\r\n", Asked::connect), "200 close 0 end tunnel");
  EXPECT_EQ(response_verdict("HTTP/1.1 403 No\r\ncontent-length: 7\r\n\r\n", Asked::connect), "403 length 7 keep");
  EXPECT_EQ(response_verdict("HTTP/1.1 101 S\r\n\r\n"), "101 without an upgrade asked for");
  EXPECT_EQ(response_verdict("HTTP/1.1 204 No\r\ncontent-length: 1\r\n\r\n"), "a body where none can be");
  EXPECT_EQ(response_verdict("HTTP/1.1 200 OK\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n"),
            "both content-length and transfer-encoding");
  EXPECT_EQ(response_verdict("HTTP/2 200 OK\r\n\r\n"), "invalid status line");
  EXPECT_EQ(response_verdict("HTTP/1.1 20 OK\r\n\r\n"), "invalid status line");
  EXPECT_EQ(response_verdict("HTTP/1.1 099 OK\r\n\r\n"), "invalid status");
  EXPECT_EQ(response_verdict("HTTP/1.1 200 O\x01K\r\n\r\n"), "control character in the status line");
  EXPECT_EQ(response_verdict("SSH-2.0-x\r\n"), "invalid status line");
}

// Decodes in pieces of `step` bytes: the payload, then how it ended, then the trailers.
std::string decoded(std::string_view bytes, Framing framing, size_t step, const Limits& limits = {}) {
  BodyDecoder decoder(framing, limits);
  std::string payload;
  size_t used = 0;
  while (used < bytes.size() && !decoder.over() && !decoder.refused()) {
    std::string_view piece = bytes.substr(used, step);
    while (!piece.empty()) {
      const auto [consumed, slice] = decoder.feed(piece);
      payload += slice;
      used += consumed;
      piece.remove_prefix(consumed);
      if (decoder.over() || decoder.refused()) break;
    }
  }
  if (const Refusal* refusal = decoder.refused()) return refusal->reason;
  if (!decoder.over()) return payload + (decoder.end_of_input() ? " ended" : " more");
  payload += fmt::format(" over {}", bytes.size() - used);
  if (const Headers* trailers = decoder.trailers()) payload += " " + text_of(*trailers);
  return payload;
}

TEST(Http1, DecodesBodiesInPiecesOfAnySize) {
  struct Case {
    std::string bytes;
    Framing framing;
    const char* result;
  };
  constexpr Framing chunked{Framing::chunked};
  const Case cases[] = {
      {"hello", {Framing::length, 5}, "hello over 0"},
      {"hello!!", {Framing::length, 5}, "hello over 2"},
      {"hel", {Framing::length, 5}, "hel more"},
      {"hello", {Framing::until_close}, "hello ended"},
      {"GET", {Framing::none}, " over 3"},
      {"5\r\nhello\r\n6;a=\"b\";c\r\n world\r\n0\r\n\r\nnext", chunked, "hello world over 4"},
      {"00A\r\n0123456789\r\n000\r\nX-Sum: 1\r\ncontent-length: 5\r\n\r\n", chunked, "0123456789 over 0 x-sum=1|"},
      {"5\r\nhel", chunked, "hel more"},
      {"5\nhello\n0\n\n", chunked, "invalid chunk size"},
      {"5\r\nhello!\r\n", chunked, "chunk longer than its size"},
      {"5\rx", chunked, "CR without LF"},
      {"5\r\nhello\rx", chunked, "CR without LF"},
      {"5 \r\nhello", chunked, "invalid chunk size"},
      {"-5\r\nhello", chunked, "invalid chunk size"},
      {"0x5\r\nhello", chunked, "invalid chunk size"},
      {"\r\nhello", chunked, "invalid chunk size"},
      {"2;\r\naa\r\n", chunked, "chunk extension without a name"},
      {"2;a\x01\r\naa\r\n", chunked, "control character in a chunk extension"},
      {"2;a\n\r\naa\r\n", chunked, "control character in a chunk extension"},
      {"1;" + std::string(5000, 'a') + "\r\na\r\n0\r\n\r\n", chunked, "chunk extensions too long"},
      {"1000000000000000\r\n", chunked, "chunk size too large"},
      {"0\r\na : b\r\n\r\n", chunked, "space between field name and colon"},
      {"0\r\na: b\n\r\n", chunked, "line ends with LF alone"},
      {"0\r\na: b\rc\r\n\r\n", chunked, "CR without LF"},
      {"0\r\n" + std::string(70000, 'a'), chunked, "trailers too large"},
  };
  for (const Case& each : cases)
    for (const size_t step : {size_t{1}, size_t{2}, size_t{3}, size_t{7}, size_t{100000}})
      EXPECT_EQ(decoded(each.bytes, each.framing, step), each.result) << each.bytes.substr(0, 50) << " by " << step;
}

TEST(Http1, WritesHeadsThatItReads) {
  Headers headers;
  headers.add(":method", "POST");
  headers.add(":scheme", "http");
  headers.add(":authority", "x.test");
  headers.add(":path", "/a");
  headers.add("content-length", "99");
  headers.add("connection", "x");
  headers.add("split", "a\r\nhost: evil");
  Buffer out;
  ASSERT_TRUE(write_request_head(out, headers, {.framing = {Framing::length, 5}}));
  EXPECT_EQ(out.view(), "POST /a HTTP/1.1\r\nhost: x.test\r\nsplit: a  host: evil\r\ncontent-length: 5\r\n\r\n");
  Headers again;
  EXPECT_TRUE(parse_request_head(out.view(), again).value());
  EXPECT_EQ(again.value("split"), "a  host: evil");
  for (const char* path : {"/a b", "/a\r\nx: y", "/\t"}) {
    headers.set(":path", path);
    EXPECT_FALSE(write_request_head(out, headers, {})) << path;
  }
}

TEST(Http1, CleansValuesOfEveryLengthAndPlace) {
  for (size_t size = 0; size < 70; ++size)
    for (const char bad : {'\r', '\n', '\0', '\x7f', '\t'}) {
      Headers headers;
      headers.add(":status", "200");
      headers.add("a", std::string(size, 'v') + bad);
      headers.add("b", "w");
      Buffer out;
      write_response_head(out, headers, {.announce_none = true});
      const std::string shown = std::string(size, 'v') + (bad == '\t' ? '\t' : ' ');
      EXPECT_EQ(out.view(), "HTTP/1.1 200 OK\r\na: " + shown + "\r\nb: w\r\ncontent-length: 0\r\n\r\n") << size;
    }
}

TEST(Http1, NamesOfEveryLengthAreReadToTheirColon) {
  for (size_t size = 1; size < 70; ++size)
    for (const std::string_view odd : {"", "_", "9", "~Z"}) {
      const std::string name = std::string(size, 'n') + std::string(odd);
      Headers headers;
      ASSERT_TRUE(parse_request_head("GET / HTTP/1.1\r\nhost: x\r\n" + name + ": v\r\n\r\n", headers).value());
      EXPECT_EQ(headers.value(lowered(name)), "v") << name;
      for (const std::string_view bad : {"{", "@", " ", "\xc1", "/"})
        EXPECT_FALSE(
            parse_request_head("GET / HTTP/1.1\r\nhost: x\r\n" + name + std::string(bad) + "k: v\r\n\r\n", headers))
            << name << bad;
    }
}

TEST(Http1, WritesResponsesAndChunks) {
  Headers headers;
  headers.add(":status", "404");
  headers.add("a", "b");
  headers.add("content-length", "7");
  Buffer out;
  write_response_head(out, headers, {.framing = {Framing::chunked}, .close = true});
  EXPECT_EQ(out.view(), "HTTP/1.1 404 Not Found\r\na: b\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n");
  out.clear();
  write_response_head(out, headers,
                      {.announce_none = true, .keep_length = true, .keep_alive = true, .minor_version = 0});
  EXPECT_EQ(out.view(), "HTTP/1.0 404 Not Found\r\na: b\r\ncontent-length: 7\r\nconnection: keep-alive\r\n\r\n");
  out.clear();
  write_response_head(out, headers, {.announce_none = true});
  EXPECT_EQ(out.view(), "HTTP/1.1 404 Not Found\r\na: b\r\ncontent-length: 0\r\n\r\n");
  out.clear();
  write_chunk_size(out, 0x1234abcd);
  Headers trailers;
  trailers.add("sum", "1");
  write_last_chunk(out, &trailers);
  write_last_chunk(out, nullptr);
  EXPECT_EQ(out.view(), "1234abcd\r\n0\r\nsum: 1\r\n\r\n0\r\n\r\n");
}

TEST(Http1, FindsTokensInLists) {
  EXPECT_TRUE(has_token("a, B ,c", "b"));
  EXPECT_FALSE(has_token("a, bb", "b"));
  EXPECT_FALSE(has_token("", "b"));
}

}  // namespace
}  // namespace lateen::protocol::http1
