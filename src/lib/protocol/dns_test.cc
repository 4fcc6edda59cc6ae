#include "lib/protocol/dns.h"

#include <gtest/gtest.h>

namespace lateen::protocol {
namespace {

Ip ip(std::string_view text) { return Ip::parse(text).value(); }

DnsMessage sample() {
  DnsMessage message{.id = 4711, .response = true, .recursion_desired = true, .recursion_available = true};
  message.questions = {{"www.Example.com", DnsType::a}};
  message.answers = {
      {.name = "www.Example.com", .type = DnsType::cname, .ttl = 60, .target = "web.example.com"},
      {.name = "web.example.com", .type = DnsType::a, .ttl = 30, .address = ip("192.0.2.7")},
      {.name = "web.example.com", .type = DnsType::aaaa, .ttl = 30, .address = ip("2001:db8::7")},
      {.name = "_http._tcp.example.com",
       .type = DnsType::srv,
       .target = "web.example.com",
       .priority = 1,
       .weight = 2,
       .port = 80},
      {.name = "example.com", .type = DnsType::txt, .raw = std::string("\4text", 5)},
  };
  message.authorities = {
      {.name = "example.com", .type = DnsType::soa, .ttl = 9, .target = "ns.example.com", .negative_ttl = 300}};
  message.edns_payload = 1232;
  return message;
}

TEST(Dns, WhatIsWrittenIsReadBack) {
  const DnsMessage message = sample();
  const std::string bytes = write_dns(message).value();
  EXPECT_EQ(parse_dns(bytes).value(), message);
  EXPECT_LT(bytes.size(), 230u);  // names are compressed
  EXPECT_EQ(static_cast<uint8_t>(bytes[12]), 3);
}

TEST(Dns, EveryCutIsRefused) {
  const std::string bytes = write_dns(sample()).value();
  for (size_t size = 0; size < bytes.size(); ++size) EXPECT_FALSE(parse_dns(bytes.substr(0, size))) << size;
}

TEST(Dns, WhatDoesNotFitIsMarked) {
  DnsMessage message{.id = 1, .response = true};
  message.questions = {{"many.example", DnsType::a}};
  for (uint32_t i = 0; i < 100; ++i)
    message.answers.push_back({.name = "many.example", .ttl = 1, .address = Ip::v4(0x0a000000 + i)});
  message.edns_payload = 4096;
  const std::string bytes = write_dns(message, 512).value();
  EXPECT_LE(bytes.size(), 512u);
  const DnsMessage read = parse_dns(bytes).value();
  EXPECT_TRUE(read.truncated);
  EXPECT_GT(read.answers.size(), 25u);
  EXPECT_EQ(read.edns_payload, 4096);
  EXPECT_FALSE(parse_dns(write_dns(message).value()).value().truncated);
}

std::string with_name(std::string_view name) {
  const std::string header("\0\1\0\0\0\1\0\0\0\0\0\0", 12);
  return header + std::string(name) + std::string("\0\1\0\1", 4);
}

TEST(Dns, PointersThatDoNotGoBackAreRefused) {
  EXPECT_TRUE(parse_dns(with_name(std::string("\1a\0", 3))));
  EXPECT_FALSE(parse_dns(with_name("\xc0\x0c")));     // to itself
  EXPECT_FALSE(parse_dns(with_name("\xc0\x20")));     // forward
  EXPECT_FALSE(parse_dns(with_name("\1a\xc0\x0c")));  // a loop through its own beginning
  EXPECT_FALSE(parse_dns(with_name("\x80x")));        // no such kind of label
  EXPECT_FALSE(parse_dns(with_name(std::string("\3a.b\0", 5))));
  EXPECT_FALSE(parse_dns(with_name(std::string("\3a\0b\0", 5))));
  std::string longest;
  for (int i = 0; i < 5; ++i) longest += '\x3f' + std::string(63, 'l');
  EXPECT_FALSE(parse_dns(with_name(longest + '\0')));
}

TEST(Dns, ExtendedCodesComeThroughEdns) {
  DnsMessage message{.response = true};
  message.code = static_cast<DnsCode>(16);  // BADVERS
  message.edns_payload = 512;
  EXPECT_EQ(parse_dns(write_dns(message).value()).value().code, static_cast<DnsCode>(16));
}

TEST(Dns, NamesAreChecked) {
  EXPECT_TRUE(is_dns_name("a"));
  EXPECT_TRUE(is_dns_name("_grpc.a-b.example."));
  EXPECT_FALSE(is_dns_name(""));
  EXPECT_FALSE(is_dns_name("."));
  EXPECT_FALSE(is_dns_name("a..b"));
  EXPECT_FALSE(is_dns_name(".a"));
  EXPECT_FALSE(is_dns_name("a b"));
  EXPECT_FALSE(is_dns_name(std::string(64, 'a')));
  DnsMessage message;
  message.questions = {{"a..b", DnsType::a}};
  EXPECT_FALSE(write_dns(message));
}

}  // namespace
}  // namespace lateen::protocol
