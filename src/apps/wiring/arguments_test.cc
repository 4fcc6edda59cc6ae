#include "apps/wiring/arguments.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lateen::wiring {
namespace {

using testing::ElementsAre;

const std::vector<Flag> flags = {{"file", "FILE", "", 'f', true}, {"output", "FORMAT", "", 'o'}, {"quiet", ""}};

Result<Arguments> parse(std::vector<std::string_view> words) { return Arguments::parse(words, flags); }

TEST(Arguments, TakeEveryForm) {
  const auto out = parse({"a", "-f", "x", "y", "--output=json", "--file", "z", "--quiet", "b", "--", "--c"});
  ASSERT_TRUE(out);
  EXPECT_THAT(out->values("file"), ElementsAre("x", "y", "z"));
  EXPECT_EQ(out->value("output"), "json");
  EXPECT_TRUE(out->has("quiet"));
  EXPECT_THAT(out->operands(), ElementsAre("a", "b", "--c"));
  EXPECT_EQ(out->value_or("missing", "d"), "d");
}

TEST(Arguments, WrongUsageNamesTheRemedy) {
  EXPECT_EQ(parse({"--outptu", "x"}).error().message, "unknown option --outptu, did you mean --output?");
  EXPECT_EQ(parse({"-o"}).error().message, "option --output needs a value: FORMAT");
  EXPECT_EQ(parse({"--quiet=1"}).error().message, "option --quiet takes no value");
}

TEST(Arguments, LivesAreLongerThanNothingAndEndOneDay) {
  EXPECT_EQ(parse({})->life("output", 24h), 24h);
  EXPECT_EQ(parse({"-o", "90m"})->life("output", 24h), 90min);
  for (const char* wrong : {"0s", "-1h", "876001h", "later"}) {
    const auto life = parse({"-o", wrong})->life("output", 24h);
    ASSERT_FALSE(life) << wrong;
    EXPECT_TRUE(life.error().message.starts_with("--output")) << life.error().message;
  }
}

TEST(Commands, AreFoundByOneOrTwoWords) {
  const std::vector<Command> commands = {{"xds", "", "", {}, [](const Arguments&) { return 10; }},
                                         {"xds dump", "", "", flags, [](const Arguments& arguments) {
                                            return static_cast<int>(arguments.operands().size());
                                          }}};
  const auto run = [&](std::vector<std::string_view> words) { return run_command("p", commands, words); };
  EXPECT_EQ(run({"xds"}), 10);
  EXPECT_EQ(run({"xds", "dump", "a", "b"}), 2);
  EXPECT_EQ(run({"xds", "dump", "--nope"}), exit_usage);
  EXPECT_EQ(run({"xsd"}), exit_usage);
  EXPECT_EQ(run({}), exit_usage);
  EXPECT_EQ(run({"--help"}), exit_fine);
}

}  // namespace
}  // namespace lateen::wiring
