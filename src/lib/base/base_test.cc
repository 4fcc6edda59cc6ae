#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lib/base/buffer.h"
#include "lib/base/bytes.h"
#include "lib/base/ip.h"
#include "lib/base/log.h"
#include "lib/base/random.h"
#include "lib/base/strings.h"
#include "lib/base/time.h"

namespace lateen {
namespace {

TEST(Duration, GoSyntaxBothWays) {
  EXPECT_EQ(parse_duration("1h30m").value(), 90min);
  EXPECT_EQ(parse_duration("250ms").value(), 250ms);
  EXPECT_EQ(parse_duration("1.5s").value(), 1500ms);
  EXPECT_EQ(parse_duration("-2us").value(), -2us);
  EXPECT_EQ(parse_duration("0").value(), 0s);
  EXPECT_EQ(bounded(std::chrono::seconds(90)), 90s);
  EXPECT_EQ(bounded(std::chrono::seconds(315'576'000'000)), longest_duration);  // the longest of protobuf
  EXPECT_EQ(bounded(std::chrono::hours(-99'999'999)), -longest_duration);
  for (const char* bad : {"", "5", "s", "1x", "1 s", "1..5s", "999999999999h"})
    EXPECT_FALSE(parse_duration(bad)) << bad;
  for (const char* text : {"1h30m0s", "250ms", "1.5s", "0s", "2us", "7ns", "1m0s", "-1.5s"})
    EXPECT_EQ(format_duration(parse_duration(text).value()), text);
  EXPECT_EQ(format_duration_seconds(1500ms), "1.500s");
  EXPECT_EQ(format_duration_seconds(3600s), "3600s");
}

TEST(Time, Rfc3339BothWays) {
  EXPECT_EQ(format_time(parse_time("2026-11-25T12:00:00Z").value()), "2026-11-25T12:00:00.000Z");
  EXPECT_EQ(format_time(parse_time("2026-11-25T12:00:00.25+01:30").value()), "2026-11-25T10:30:00.250Z");
  EXPECT_EQ(format_time(parse_time("4052-11-25T12:00:00Z").value()), "2255-03-14T16:00:00.000Z");
  EXPECT_EQ(format_time(parse_time("1912-06-23T12:00:00Z").value()), "1970-01-01T00:00:00.000Z");
  EXPECT_FALSE(parse_time("2026-11-25"));
  EXPECT_FALSE(parse_time("2026-11-25T12:00:00"));
}

TEST(Ip, ParsesPrintsAndContains) {
  EXPECT_EQ(Ip::parse("10.1.2.3").value().text(), "10.1.2.3");
  EXPECT_EQ(Ip::parse("2001:DB8::1").value().text(), "2001:db8::1");
  EXPECT_FALSE(Ip::parse("10.1.2"));
  EXPECT_FALSE(Ip::parse(std::string_view("10.1.2.3\0", 9)));
  EXPECT_TRUE(Cidr::parse("10.0.0.0/8").value().contains(Ip::parse("10.255.0.1").value()));
  EXPECT_FALSE(Cidr::parse("10.128.0.0/9").value().contains(Ip::parse("10.127.0.1").value()));
  EXPECT_FALSE(Cidr::parse("0.0.0.0/0").value().contains(Ip::parse("::1").value()));
  EXPECT_FALSE(Cidr::parse("10.0.0.0/33"));
  EXPECT_EQ(SocketAddress::parse("[::1]:80").value().text(), "[::1]:80");
  EXPECT_FALSE(SocketAddress::parse("1.2.3.4:65536"));
}

TEST(Strings, SplitTrimNearest) {
  EXPECT_THAT(split("a,,b", ','), testing::ElementsAre("a", "", "b"));
  EXPECT_EQ(trimmed(" \t x y \r\n"), "x y");
  EXPECT_EQ(nearest("wieght", {"weight", "width"}), "weight");
  EXPECT_EQ(nearest("zzz", {"weight", "width"}), "");
  EXPECT_FALSE(parse_number<uint16_t>("65536"));
  EXPECT_FALSE(parse_number<int>("1 "));
}

TEST(Strings, EqualIgnoringCaseKnowsLettersOnly) {
  for (int a = 0; a < 256; ++a)
    for (int b = 0; b < 256; ++b) {
      // In a word of eight and behind one.
      std::string x(11, 'q'), y(11, 'Q');
      x[3] = x[9] = static_cast<char>(a);
      y[3] = y[9] = static_cast<char>(b);
      EXPECT_EQ(equal_ignoring_case(x, y), to_lower(x[3]) == to_lower(y[3])) << a << " " << b;
    }
  EXPECT_FALSE(equal_ignoring_case("close", "closed"));
  EXPECT_TRUE(equal_ignoring_case("", ""));
}

TEST(Bytes, ShortOnesAreCopiedAndComparedToTheirEndAndNoFurther) {
  std::string from(200, 0);
  for (size_t i = 0; i < from.size(); ++i) from[i] = static_cast<char>(i + 1);
  for (size_t size = 0; size < 150; ++size) {
    std::string to(200, 0);
    copy_short(to.data() + 5, from.data(), size);
    EXPECT_EQ(to, std::string(5, 0) + from.substr(0, size) + std::string(195 - size, 0)) << size;
    EXPECT_TRUE(equal_short(to.data() + 5, from.data(), size)) << size;
    for (size_t i = 0; i < size; ++i) {
      to[5 + i] ^= 1;
      EXPECT_FALSE(equal_short(to.data() + 5, from.data(), size)) << size << " " << i;
      to[5 + i] ^= 1;
    }
  }
}

TEST(Strings, Base64IsStrict) {
  for (std::string text : {"", "a", "ab", "abc", "abcd"}) {
    EXPECT_EQ(base64_decode(base64_encode(text)).value(), text);
    EXPECT_EQ(base64url_decode(base64url_encode(text)).value(), text);
  }
  EXPECT_EQ(base64_encode("ab"), "YWI=");
  EXPECT_FALSE(base64_decode("YWI"));
  EXPECT_FALSE(base64_decode("YWJ="));  // bits set beyond the last byte
  EXPECT_FALSE(base64url_decode("a+b"));
}

TEST(Buffer, KeepsOrderWhileGrowing) {
  Buffer buffer;
  std::string expected;
  for (int i = 0; i < 5000; ++i) {
    const std::string piece = fmt::format("<{}>", i);
    buffer.append(piece);
    expected += piece;
    if (i % 3 == 0) buffer.consume(2), expected.erase(0, 2);
  }
  EXPECT_EQ(buffer.view(), expected);
  buffer.consume(buffer.size());
  buffer.release_if_empty();
  EXPECT_EQ(buffer.capacity(), 0u);
}

TEST(Random, SameSeedSameSequence) {
  Random a(7), b(7), c(8);
  EXPECT_EQ(a.next(), b.next());
  EXPECT_NE(a.next(), c.next());
  for (int i = 0; i < 1000; ++i) EXPECT_LT(a.below(10), 10u);
}

TEST(Log, LevelsAreFoundByName) {
  log::Component component("base-test");
  EXPECT_TRUE(log::set_level("base-test", log::Level::error));
  EXPECT_FALSE(component.enabled(log::Level::warning));
  EXPECT_FALSE(log::set_level("no-such-component", log::Level::error));
  log::Level level{};
  EXPECT_TRUE(log::parse_level("warn", level));
  EXPECT_EQ(level, log::Level::warning);
  EXPECT_FALSE(log::parse_level("loud", level));
}

}  // namespace
}  // namespace lateen
