#include "lib/schema/document.h"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lateen::schema {
namespace {

using testing::HasSubstr;

Node one(std::string_view text) {
  Diagnostics diagnostics;
  auto documents = read_yaml(text, "t.yaml", diagnostics);
  EXPECT_EQ(diagnostics.first_error(), "");
  return documents.empty() ? Node() : documents.front();
}

std::string error_of(std::string_view text, std::string_view file = "t.yaml", const Limits& limits = {}) {
  Diagnostics diagnostics;
  read_documents(text, file, diagnostics, limits);
  return diagnostics.first_error();
}

TEST(Yaml, ResolvesTheCoreSchema) {
  const Node node = one("a: 12\nb: 0x1f\nc: 1.5\nd: true\ne: ~\nf: '12'\ng: yes\nh: -3e2\ni: .inf\nj: 0o17\nk:\n");
  EXPECT_EQ(*node.find("a"), Node(12));
  EXPECT_EQ(*node.find("b"), Node(31));
  EXPECT_EQ(*node.find("c"), Node(1.5));
  EXPECT_EQ(*node.find("d"), Node(true));
  EXPECT_TRUE(node.find("e")->is_null());
  EXPECT_EQ(*node.find("f"), Node("12"));
  EXPECT_EQ(*node.find("g"), Node("yes"));
  EXPECT_EQ(*node.find("h"), Node(-300.0));
  EXPECT_EQ(*node.find("i"), Node(HUGE_VAL));
  EXPECT_EQ(*node.find("j"), Node(15));
  EXPECT_TRUE(node.find("k")->is_null());
}

TEST(Yaml, ReadsTextOfManyPieces) {
  const std::string quotes(200, '\'');
  EXPECT_EQ(one("'" + quotes + "'").text(), quotes.substr(100));
  EXPECT_EQ(one("'a''''b'").text(), "a''b");
  EXPECT_EQ(one("\xef\xbb\xbf'b'").text(), "b");
  EXPECT_EQ(one("'x \n\n  y\t\r\n z'").text(), "x\ny z");
  EXPECT_EQ(one("' a \n\n'").text(), " a\n");
  EXPECT_EQ(one("|\n" + std::string("  a\n") + "  b\n").text(), "a\nb\n");
  EXPECT_EQ(one("\"a\\tb\\x41\n  c\"").text(), "a\tbA c");
}

TEST(Yaml, RemembersPlaces) {
  const Node node = one("# comment\nspec:\n  hosts:\n  - a\n  - {b: [1, 2]}\n");
  EXPECT_EQ(node.as_map()->front().position, (Position{2, 1}));
  EXPECT_EQ(locate(node, "spec.hosts[0]"), (Position{4, 5}));
  EXPECT_EQ(locate(node, "spec.hosts[1].b[1]"), (Position{5, 13}));
  EXPECT_EQ(locate(node, "spec.hosts[7].b"), node.find("spec")->find("hosts")->position());
  EXPECT_EQ(locate(node, "spec.missing"), (Position{3, 3}));
}

TEST(Yaml, ReadsSeveralDocumentsAndSkipsEmptyOnes) {
  Diagnostics diagnostics;
  EXPECT_EQ(read_yaml("---\na: 1\n---\n# nothing\n---\nb: 2\n...\n", "t", diagnostics).size(), 2u);
  EXPECT_EQ(read_yaml("", "t", diagnostics).size(), 0u);
  EXPECT_FALSE(diagnostics.has_errors());
}

TEST(Yaml, RefusesRepeatedKeysWithTheirPlace) {
  EXPECT_EQ(error_of("a: 1\nb:\n  c: 1\n  c: 2\n"), "t.yaml:4:3: error: key \"c\" is repeated");
  EXPECT_EQ(error_of("{\"a\": 1,\n \"a\": 2}", "t.json"), "t.json:2:2: error: key \"a\" is repeated");
}

TEST(Yaml, BrokenTextNamesItsPlace) {
  EXPECT_THAT(error_of("a:\n\tb: 1\n"), HasSubstr("t.yaml:2:"));
  EXPECT_THAT(error_of("a: [1, 2\nb: 3\n"), HasSubstr("t.yaml:3:"));
  EXPECT_THAT(error_of("a: *nowhere\n"), HasSubstr("t.yaml:1:"));
  EXPECT_EQ(error_of("a: \"x\\0y\"\n"), "t.yaml:1:4: error: NUL is not allowed in text");
  EXPECT_EQ(error_of("a: ok\nb: \xff\n"), "t.yaml:2:4: error: not valid UTF-8");
  EXPECT_THAT(error_of("a: !!python/object x\n"), HasSubstr("t.yaml:1:"));
}

TEST(Yaml, KeepsTheDocumentsBeforeAnError) {
  Diagnostics diagnostics;
  EXPECT_EQ(read_yaml("a: 1\n---\nb: 2\nb: 3\n", "t", diagnostics).size(), 1u);
  EXPECT_TRUE(diagnostics.has_errors());
}

TEST(Yaml, CopiesAliasesAndMerges) {
  const Node node = one("base: &b {x: 1, y: 2}\nuse: *b\nover: {<<: *b, y: 3}\nlist: {<<: [{x: 5}, *b]}\n");
  EXPECT_EQ(*node.find("use"), *node.find("base"));
  EXPECT_EQ(write_json(*node.find("over")), R"({"y":3,"x":1})");
  EXPECT_EQ(write_json(*node.find("list")), R"({"x":5,"y":2})");
}

TEST(Yaml, AliasBombEndsWithAnError) {
  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 30; ++i) {
    bomb += fmt::format("a{0}: &a{0} [*a{1}, *a{1}, *a{1}, *a{1}, *a{1}, *a{1}, *a{1}, *a{1}, *a{1}]\n", i, i - 1);
  }
  EXPECT_THAT(error_of(bomb), HasSubstr("aliases expanded"));
}

TEST(Yaml, DeepNestingIsRefused) {
  const std::string open(100'000, '[');
  EXPECT_THAT(error_of(open), HasSubstr("t.yaml:1:"));
  EXPECT_EQ(error_of(open, "t.json"), "t.json:1:62: error: nested deeper than 60 levels");
  std::string block;
  for (int i = 0; i < 100; ++i) block += std::string(static_cast<size_t>(i), ' ') + "a:\n";
  EXPECT_THAT(error_of(block + std::string(100, ' ') + "b: 1\n"), HasSubstr("nested deeper"));
}

TEST(Yaml, LargeTextIsRefusedUnread) {
  const std::string big((50u << 20) + 1, 'x');
  EXPECT_THAT(error_of(big), HasSubstr("more than the limit of 52428800"));
  Limits limits;
  limits.nodes = 100;
  std::string many;
  for (int i = 0; i < 200; ++i) many += "- 1\n";
  EXPECT_THAT(error_of(many, "t.yaml", limits), HasSubstr("more than 100 values"));
}

TEST(Json, ReadsAndRefuses) {
  Diagnostics diagnostics;
  Node node;
  EXPECT_TRUE(read_json(R"( {"a": [1, -2.5e3, "\u00e9\ud83d\ude00", true, null], "b": {}} )", "t", diagnostics, node));
  EXPECT_EQ(write_json(node), "{\"a\":[1,-2500,\"\u00e9\U0001F600\",true,null],\"b\":{}}");
  EXPECT_EQ(locate(node, "a[3]"), (Position{1, 42}));
  for (const char* bad : {"", "{", "[1,]", "{\"a\":}", "01", "1.", "\"\\u12\"", "\"\\ud800\"", "tru", "1 2", "'a'",
                          "\"\n\"", "\"\\u0000\"", "{a: 1}", "nul", "-", "[1 2]", "\"abc"}) {
    Diagnostics problems;
    EXPECT_FALSE(read_json(bad, "t", problems, node)) << bad;
    EXPECT_EQ(problems.errors(), 1u) << bad;
  }
}

TEST(Write, YamlReadsBackEqual) {
  Node node = Node::map();
  node["plain"] = "text with spaces";
  node["number-like"] = "12";
  node["bool-like"] = "true";
  node["country"] = "no";
  node["empty"] = "";
  node["multi"] = "a\nb: c\n";
  node["colon"] = "a: b";
  node["hash"] = "a #b";
  node["unicode"] = "h\u00e9";
  node["float"] = 2.0;
  node["int"] = -7;
  node["digits"] = "7 a\nb: c";
  node["digit and hash"] = "1 #b";
  node["none"] = Node();
  node["time"] = "12:30:45";
  node["list"] = Node(Node::List{Node(1), Node(Node::List{Node("x"), Node("y")}), Node::map(), Node::list()});
  node["maps"].push_back(Node::map())["a"] = 1;
  (*node["maps"].as_list())[0]["b"].push_back("deep");
  node["weird key: #"] = "- x";
  const std::string text = write_yaml(node);
  EXPECT_EQ(one(text), node) << text;
  node["float"] = 2.5;  // JSON does not tell 2.0 from 2
  EXPECT_EQ(one(write_json(node, 2)), node);
  EXPECT_EQ(one("[1, {a: b}]"), one(write_yaml(one("[1, {a: b}]"))));
}

TEST(Paths, AreBuiltAndFound) {
  EXPECT_EQ(child_path(child_path(child_path("", "spec"), "http"), size_t{2}), "spec.http[2]");
  EXPECT_EQ(child_path("labels", "a.b/c"), "labels[\"a.b/c\"]");
  const Node node = one("labels:\n  a.b/c: x\n");
  EXPECT_EQ(locate(node, "labels[\"a.b/c\"]"), (Position{2, 10}));
  EXPECT_EQ(locate(node, "[garbage"), node.position());
}

}  // namespace
}  // namespace lateen::schema
