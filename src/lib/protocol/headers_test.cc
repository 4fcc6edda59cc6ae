#include "lib/protocol/headers.h"

#include <gtest/gtest.h>

namespace lateen::protocol {
namespace {

std::string text_of(const Headers& headers) {
  std::string text;
  for (const Headers::Field field : headers) text.append(field.name).append("=").append(field.value).append(";");
  return text;
}

TEST(Headers, KeepsOrderAndRepeatedFields) {
  Headers headers;
  headers.add(":method", "GET");
  headers.add("a", "1");
  headers.add("b", "2");
  headers.add("a", "3");
  EXPECT_EQ(text_of(headers), ":method=GET;a=1;b=2;a=3;");
  EXPECT_EQ(headers.get("a"), "1");
  EXPECT_EQ(headers.joined("a"), "1,3");
  EXPECT_EQ(headers.joined("c"), std::nullopt);
  EXPECT_FALSE(headers.has("c"));
  EXPECT_EQ(headers.size(), 4u);
  EXPECT_EQ(headers.byte_size(), 10u + 2 + 2 + 2);
}

TEST(Headers, SetReplacesTheFirstAndRemovesTheOthers) {
  Headers headers;
  headers.add("a", "1");
  headers.add("b", "2");
  headers.add("a", "3");
  headers.set("a", "a longer value");
  EXPECT_EQ(text_of(headers), "a=a longer value;b=2;");
  headers.set("a", "x");
  headers.set("c", "new");
  EXPECT_EQ(text_of(headers), "a=x;b=2;c=new;");
  EXPECT_EQ(headers.byte_size(), 8u);
}

TEST(Headers, RemovesByNameAndByPredicate) {
  Headers headers;
  for (int i = 0; i < 10; ++i) headers.add(i % 2 ? "odd" : "even", std::to_string(i));
  EXPECT_EQ(headers.remove("odd"), 5u);
  EXPECT_EQ(headers.remove("odd"), 0u);
  EXPECT_EQ(headers.remove_if([](Headers::Field field) { return field.value > "4"; }), 2u);
  EXPECT_EQ(text_of(headers), "even=0;even=2;even=4;");
  EXPECT_EQ(headers.size(), 3u);
}

TEST(Headers, TakesViewsIntoItself) {
  Headers headers;
  headers.add("first", std::string(700, 'x'));
  for (int i = 0; i < 50; ++i) headers.add(headers.begin().operator*().name, headers.value("first"));
  headers.set("other", headers.value("first"));
  headers.set("other", headers.value("first").substr(100));
  EXPECT_EQ(headers.size(), 52u);
  for (const Headers::Field field : headers) EXPECT_EQ(field.value.find_first_not_of('x'), std::string_view::npos);
  EXPECT_EQ(headers.value("other").size(), 600u);
}

TEST(Headers, CopiesAndMoves) {
  Headers headers;
  headers.add_lowering("X-Request-ID", "Value");
  headers.add("gone", "");
  headers.remove("gone");
  Headers copy = headers;
  Headers moved = std::move(headers);
  EXPECT_EQ(text_of(copy), "x-request-id=Value;");
  EXPECT_EQ(text_of(moved), "x-request-id=Value;");
  copy = moved;
  copy.clear();
  EXPECT_TRUE(copy.empty());
  copy.add("again", "1");
  EXPECT_EQ(text_of(copy), "again=1;");
}

TEST(Headers, ReadsAndWritesTheStatus) {
  Headers headers;
  EXPECT_EQ(headers.status(), 0);
  headers.set_status(204);
  EXPECT_EQ(headers.value(":status"), "204");
  EXPECT_EQ(headers.status(), 204);
  for (const char* wrong : {"", "20", "2000", "2x0", "-10"}) {
    headers.set(":status", wrong);
    EXPECT_EQ(headers.status(), 0) << wrong;
  }
}

TEST(Headers, PseudoHeadersAreFoundWhateverBecameOfThem) {
  Headers headers;
  EXPECT_EQ(headers.path(), "");
  headers.add(":path", "/one");
  headers.add(":path", "/two");
  headers.add(":authority", "a");
  EXPECT_EQ(headers.path(), "/one");
  EXPECT_EQ(headers.remove_if([](Headers::Field field) { return field.value == "/one"; }), 1u);
  EXPECT_EQ(headers.path(), "/two");
  headers.remove(":path");
  EXPECT_EQ(headers.path(), "");
  headers.set(":path", "/three");
  headers.set(":authority", std::string(5000, 'b'));
  const Headers copy = headers;
  EXPECT_EQ(copy.path(), "/three");
  EXPECT_EQ(copy.authority().size(), 5000u);
  headers.clear();
  EXPECT_EQ(headers.path(), "");
}

TEST(Headers, NamesAreMadeSmallWhereverTheyBeginAndEnd) {
  for (size_t size = 1; size < 40; ++size) {
    Headers headers;
    headers.add("x", "Untouched");
    EXPECT_EQ(headers.add_lowering(std::string(size, 'A') + "Z@[`{_\xc1", "Value"),
              std::string(size, 'a') + "z@[`{_\xc1");
    headers.add("y", "Behind");
    EXPECT_EQ(text_of(headers), "x=Untouched;" + std::string(size, 'a') + "z@[`{_\xc1=Value;y=Behind;");
  }
}

TEST(Headers, RemovesSetsOfNames) {
  static constexpr Headers::Names names{"connection", "keep-alive", "te"};
  Headers headers;
  headers.remove(names);
  for (const char* name : {"te", "a", "connection", "te", "b"}) headers.add(name, "1");
  headers.remove(names);
  EXPECT_EQ(text_of(headers), "a=1;b=1;");
}

}  // namespace
}  // namespace lateen::protocol
