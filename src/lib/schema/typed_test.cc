#include "lib/schema/typed.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lib/schema/document.h"

namespace lateen::schema {
namespace {

using testing::ElementsAre;

enum class Fruit { UNSET, APPLE, PEAR = 7 };
Names names(Fruit) {
  static constexpr Name all[] = {{"UNSET", 0}, {"APPLE", 1}, {"PEAR", 7}};
  return all;
}

struct Inner {
  std::string name;
  uint32_t weight = 0;
  bool operator==(const Inner&) const = default;
  static Fields fields() {
    return record("Inner", "A part.",
                  {field("name", &Inner::name, "Who.", required),
                   field("weight", &Inner::weight, "How much.", at_most(100), otherwise("0"))});
  }
};

struct Sample {
  std::optional<Duration> timeout;
  std::vector<Inner> parts;
  std::map<std::string, std::string> labels;
  std::map<uint32_t, Inner> by_port;
  Fruit fruit = Fruit::UNSET;
  std::optional<bool> enabled;
  std::optional<std::string> exact;
  std::optional<std::string> prefix;
  std::optional<IntegerOrString> port;
  Node anything;
  Bytes secret;
  double share = 1.5;
  std::vector<std::string> hosts = {"*"};
  std::optional<WallTime> born;
  std::string old;
  bool operator==(const Sample&) const = default;
  static Fields fields() {
    return record("Sample", "Everything at once.",
                  {field("timeout", &Sample::timeout, "How long.", at_least_long(1ms)),
                   field("parts", &Sample::parts, "Parts.", most(2)), field("labels", &Sample::labels, "Labels."),
                   field("byPort", &Sample::by_port, "By port."), field("fruit", &Sample::fruit, "A fruit."),
                   field("enabled", &Sample::enabled, "Whether.", not_honoured()),
                   field("exact", &Sample::exact, "One way.", one_of("match")),
                   field("prefix", &Sample::prefix, "Other way.", one_of("match")),
                   field("port", &Sample::port, "Port."), field("anything", &Sample::anything, "Any | value."),
                   field("secret", &Sample::secret, "Bytes."), field("share", &Sample::share, "Share."),
                   field("hosts", &Sample::hosts, "Hosts.", no_empty_elements), field("born", &Sample::born, "When."),
                   field("old", &Sample::old, "Old.", deprecated("use exact"), alias("older"))});
  }
};

struct Outcome {
  Sample value;
  std::vector<std::string> messages;
};

Outcome reads(std::string_view text) {
  Diagnostics diagnostics;
  Outcome out;
  const auto documents = read_yaml(text, "f", diagnostics);
  if (!documents.empty()) read(documents[0], out.value, {"f", diagnostics, "spec"});
  for (const auto& diagnostic : diagnostics.all()) out.messages.push_back(format(diagnostic));
  return out;
}

constexpr std::string_view full = R"(
timeout: 1m30s
parts: [{name: a, weight: 3}]
labels: {a.b/c: x}
byPort: {80: {name: web}}
fruit: PEAR
exact: e
port: http
anything: {k: [1, two, null]}
secret: aGVsbG8=
share: 2
hosts: [h]
born: "2026-11-25T12:00:00Z"
)";

TEST(Read, TakesEveryShape) {
  const auto [value, messages] = reads(full);
  EXPECT_THAT(messages, ElementsAre());
  EXPECT_EQ(value.timeout, Duration(90s));
  EXPECT_EQ(value.parts, (std::vector<Inner>{{"a", 3}}));
  EXPECT_EQ(value.labels.at("a.b/c"), "x");
  EXPECT_EQ(value.by_port.at(80).name, "web");
  EXPECT_EQ(value.fruit, Fruit::PEAR);
  EXPECT_EQ(value.enabled, std::nullopt);
  EXPECT_EQ(value.exact, "e");
  EXPECT_EQ(value.port, (IntegerOrString{false, 0, "http"}));
  EXPECT_EQ(write_json(value.anything), R"({"k":[1,"two",null]})");
  EXPECT_EQ(value.secret.value, "hello");
  EXPECT_EQ(value.share, 2.0);
  EXPECT_EQ(value.hosts, std::vector<std::string>{"h"});
  EXPECT_EQ(format_time(*value.born), "2026-11-25T12:00:00.000Z");
}

TEST(Read, WhatIsWrittenReadsBackEqual) {
  const Sample value = reads(full).value;
  Diagnostics diagnostics;
  Sample again;
  EXPECT_TRUE(read(write(value), again, {"f", diagnostics}));
  EXPECT_EQ(again, value);
  Sample from_text;
  EXPECT_TRUE(read(read_yaml(write_yaml(write(value)), "f", diagnostics).at(0), from_text, {"f", diagnostics}));
  EXPECT_EQ(from_text, value);
}

TEST(Write, LeavesDefaultsOutAndKeepsWhatWasSet) {
  EXPECT_EQ(write_json(write(Sample())), "{}");
  Sample value;
  value.enabled = false;
  value.parts.push_back({});
  EXPECT_EQ(write_json(write(value)), R"({"parts":[{"name":""}],"enabled":false})");
}

TEST(Read, ReportsEverythingAtOnceWithPlaces) {
  EXPECT_THAT(
      reads(R"(timeout: soon
parts:
- {wieght: 3}
- {name: 12, weight: 101}
fruit: APPEL
labels: {a: 1}
bogus: 1
byPort: {x: {name: a}}
secret: "*"
enabled: on
)")
          .messages,
      ElementsAre("f:1:10: error: spec.timeout: expected a duration such as \"10s\" or \"1m30s\", found \"soon\"",
                  "f:3:4: error: spec.parts[0].wieght: unknown field, did you mean \"weight\"?",
                  "f:3:3: error: spec.parts[0].name: required",
                  "f:4:10: error: spec.parts[1].name: expected a text, found an integer (12); put it in quotes",
                  "f:4:22: error: spec.parts[1].weight: must be 100 or less",
                  "f:5:8: error: spec.fruit: expected one of UNSET, APPLE, PEAR, found \"APPEL\"; did you mean APPLE?",
                  "f:6:13: error: spec.labels.a: expected a text, found an integer (1); put it in quotes",
                  "f:7:1: error: spec.bogus: unknown field",
                  "f:8:10: error: spec.byPort.x: the key must be an integer between 0 and 4294967295",
                  "f:9:9: error: spec.secret: not valid base64",
                  "f:10:10: warning: spec.enabled: accepted, but nothing acts on it yet",
                  "f:10:10: error: spec.enabled: expected true or false, found \"on\""));
}

TEST(Read, ChecksRules) {
  EXPECT_THAT(reads("timeout: 0s").messages, ElementsAre("f:1:10: error: spec.timeout: must be 1ms or longer"));
  EXPECT_THAT(reads("exact: a\nprefix: b").messages,
              ElementsAre("f:2:9: error: spec.prefix: only one of exact and prefix may be set"));
  EXPECT_THAT(reads("parts: [{name: a}, {name: b}, {name: c}]").messages,
              ElementsAre("f:1:8: error: spec.parts: must have at most 2 elements"));
  EXPECT_THAT(reads("parts: [null]").messages, ElementsAre("f:1:9: error: spec.parts[0]: must not be null"));
  EXPECT_THAT(reads("parts: [{name: ''}]").messages,
              ElementsAre("f:1:16: error: spec.parts[0].name: must not be empty"));
  EXPECT_THAT(reads("hosts: [a, '']").messages, ElementsAre("f:1:12: error: spec.hosts[1]: must not be empty"));
  EXPECT_THAT(reads("older: x").messages, ElementsAre("f:1:8: warning: spec.older: deprecated: use exact"));
  EXPECT_THAT(reads("parts: [{name: a, weight: -1}]").messages,
              ElementsAre("f:1:27: error: spec.parts[0].weight: must be between 0 and 4294967295"));
  EXPECT_THAT(reads("timeout: null\nhosts: ~").messages, ElementsAre());
  EXPECT_EQ(reads("hosts: ~").value, Sample());
}

TEST(Read, OverlaysWhatIsThere) {
  Sample value;
  value.labels = {{"a", "1"}, {"b", "2"}};
  value.prefix = "p";
  value.share = 9;
  Diagnostics diagnostics;
  read(read_yaml("labels: {b: '3'}\nexact: e", "f", diagnostics).at(0), value, {"f", diagnostics});
  EXPECT_EQ(value.labels, (std::map<std::string, std::string>{{"a", "1"}, {"b", "3"}}));
  EXPECT_EQ(value.prefix, std::nullopt);
  EXPECT_EQ(value.share, 9);
}

TEST(Read, HugeKeysDoNotGrowMessages) {
  const auto messages = reads(fmt::format("? {}\n: 1\n", std::string(1 << 20, 'k'))).messages;
  ASSERT_EQ(messages.size(), 1u);
  EXPECT_LT(messages[0].size(), 300u);
}

}  // namespace
}  // namespace lateen::schema
