#include "lib/protocol/client_hello.h"

#include <gtest/gtest.h>

#include "lib/protocol/detect.h"

namespace lateen::protocol {
namespace {

std::string sized(std::string_view content, int length_bytes) {
  std::string out;
  for (int i = length_bytes - 1; i >= 0; --i) out += static_cast<char>(content.size() >> (8 * i) & 0xff);
  return out + std::string(content);
}

std::string extension(int type, std::string_view content) {
  return std::string{static_cast<char>(type >> 8), static_cast<char>(type)} + sized(content, 2);
}
std::string server_name(std::string_view name) { return extension(0, sized('\0' + sized(name, 2), 2)); }
std::string alpn(std::initializer_list<std::string_view> names) {
  std::string list;
  for (auto name : names) list += sized(name, 1);
  return extension(16, sized(list, 2));
}

std::string hello_message(std::string_view extensions) {
  std::string body = "\x03\x03" + std::string(32, 'r') + sized(std::string(32, 's'), 1) + sized("\x13\x01", 2) +
                     sized(std::string(1, '\0'), 1) + sized(extensions, 2);
  return '\x01' + sized(body, 3);
}
std::string record(std::string_view content) { return "\x16\x03\x01" + sized(content, 2); }

TEST(ClientHello, NameAndProtocolsAreFound) {
  const std::string bytes = record(hello_message(server_name("Reviews.Example.COM") + alpn({"h2", "http/1.1"})));
  ClientHello hello;
  ASSERT_EQ(peek_client_hello(bytes, hello), ClientHelloPeek::found);
  EXPECT_EQ(hello.server_name, "reviews.example.com");
  EXPECT_EQ(hello.alpn, (std::vector<std::string>{"h2", "http/1.1"}));
  // What follows in later records (early data) is no business of the peek.
  EXPECT_EQ(peek_client_hello(bytes + "\x17\x03\x03junk", hello), ClientHelloPeek::found);
}

TEST(ClientHello, EveryPrefixNeedsMore) {
  const std::string bytes = record(hello_message(server_name("a.b")));
  ClientHello hello;
  for (size_t size = 0; size < bytes.size(); ++size)
    EXPECT_EQ(peek_client_hello(bytes.substr(0, size), hello), ClientHelloPeek::need_more) << size;
}

TEST(ClientHello, MayComeInManyRecords) {
  const std::string message = hello_message(server_name("split.example"));
  std::string bytes;
  for (char c : message) bytes += record(std::string(1, c));
  ClientHello hello;
  ASSERT_EQ(peek_client_hello(bytes, hello), ClientHelloPeek::found);
  EXPECT_EQ(hello.server_name, "split.example");
}

TEST(ClientHello, WithoutExtensionsThereIsNoName) {
  ClientHello hello;
  ASSERT_EQ(peek_client_hello(record(hello_message("")), hello), ClientHelloPeek::found);
  EXPECT_EQ(hello.server_name, "");
}

TEST(ClientHello, OtherProtocolsAreNotTls) {
  ClientHello hello;
  for (std::string_view bytes : {"GET / HTTP/1.1\r\n", "PRI * HTTP/2.0\r\n", "\x80\x2e\x01\x03\x01", "\x16\x02\x01"})
    EXPECT_EQ(peek_client_hello(bytes, hello), ClientHelloPeek::not_tls) << bytes;
}

TEST(ClientHello, BrokenHellosAreMalformed) {
  ClientHello hello;
  const auto peek = [&hello](std::string_view extensions) {
    return peek_client_hello(record(hello_message(extensions)), hello);
  };
  EXPECT_EQ(peek(server_name("")), ClientHelloPeek::malformed);
  EXPECT_EQ(peek(server_name(std::string_view("a\0b", 3))), ClientHelloPeek::malformed);
  EXPECT_EQ(peek(server_name("a b")), ClientHelloPeek::malformed);
  EXPECT_EQ(peek(server_name(std::string(256, 'a'))), ClientHelloPeek::malformed);
  EXPECT_EQ(peek(server_name("a") + server_name("b")), ClientHelloPeek::malformed);
  EXPECT_EQ(peek(extension(0, "\x00\x09\x00")), ClientHelloPeek::malformed);
  EXPECT_EQ(peek(alpn({})), ClientHelloPeek::malformed);
  EXPECT_EQ(peek(alpn({""})), ClientHelloPeek::malformed);
  EXPECT_EQ(peek(std::string(1, '\0')), ClientHelloPeek::malformed);
  EXPECT_EQ(peek_client_hello(record(hello_message("") + "more"), hello), ClientHelloPeek::malformed);
  EXPECT_EQ(hello.server_name, "");
}

TEST(ClientHello, SizeIsBounded) {
  ClientHello hello;
  const std::string large = record(hello_message(extension(21, std::string(15'000, '\0'))));
  EXPECT_EQ(peek_client_hello(large, hello), ClientHelloPeek::found);
  EXPECT_EQ(peek_client_hello(large, hello, 8 * 1024), ClientHelloPeek::too_large);
  // Announced too large: known from the first bytes.
  EXPECT_EQ(peek_client_hello(std::string("\x16\x03\x01\x40\x00\x01\x00\x50\x00", 9), hello),
            ClientHelloPeek::too_large);
}

TEST(Detect, KnowsTheVersions) {
  EXPECT_EQ(detect_http(http2_preface), DetectedHttp::http2);
  EXPECT_EQ(detect_http("GET / HTTP/1.1\r\nhost: a"), DetectedHttp::http1_1);
  EXPECT_EQ(detect_http("PURGE /x HTTP/1.0\r\n"), DetectedHttp::http1_0);
  EXPECT_EQ(detect_http("PRIVATE / HTTP/1.1\r\n"), DetectedHttp::http1_1);
}

TEST(Detect, EveryPrefixNeedsMore) {
  for (std::string_view whole : {http2_preface, std::string_view("OPTIONS * HTTP/1.1\r\n")})
    for (size_t size = 0; size < whole.size(); ++size)
      EXPECT_EQ(detect_http(whole.substr(0, size)), DetectedHttp::need_more) << whole.substr(0, size);
}

TEST(Detect, OthersAreNotHttp) {
  for (std::string_view bytes :
       {"\x16\x03\x01", "GET /\r\n", "GET  / HTTP/1.1\r\n", "GET / HTTP/1.1\n", "GET / HTTP/3.0\r\n",
        "PRI * HTTP/2.0\r\n\r\nXX", "*1\r\n$4\r\n", "GET / HTTP/1.1 x\r\n"})
    EXPECT_EQ(detect_http(bytes), DetectedHttp::not_http) << bytes;
  EXPECT_EQ(detect_http(std::string(65, 'A')), DetectedHttp::not_http);
  EXPECT_EQ(detect_http("GET /" + std::string(70'000, 'a')), DetectedHttp::not_http);
}

}  // namespace
}  // namespace lateen::protocol
