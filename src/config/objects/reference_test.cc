#include "config/objects/reference.h"

#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

namespace lateen::config {
namespace {

TEST(Reference, CommittedPagesAreCurrent) {
  for (const Page& page : reference_pages()) {
    std::ifstream file("docs/reference/" + page.file);
    std::stringstream text;
    text << file.rdbuf();
    EXPECT_TRUE(text.str() == page.text) << "docs/reference/" << page.file
                                         << " is not what the fields say; run `lateen reference -o docs/reference`";
  }
}

TEST(Reference, OpenApiHasTheRules) {
  const schema::Node document = open_api_document();
  const schema::Node& schemas = *document.find("components")->find("schemas");
  const schema::Node& spec = *schemas.find("ServiceEntry")->find("properties")->find("spec");
  EXPECT_EQ(*spec.find("required"), schema::Node(schema::Node::List{"hosts"}));
  const schema::Node& properties = *spec.find("properties");
  EXPECT_EQ(*properties.find("hosts")->find("minItems"), schema::Node(1));
  EXPECT_EQ(*properties.find("resolution")->find("enum"),
            schema::Node(schema::Node::List{"NONE", "STATIC", "DNS", "DNS_ROUND_ROBIN", "DYNAMIC_DNS"}));
  const schema::Node& port = *properties.find("ports")->find("items")->find("properties")->find("number");
  EXPECT_EQ(*port.find("maximum"), schema::Node(65535));
  EXPECT_EQ(schemas.find("VirtualService")
                ->find("properties")
                ->find("spec")
                ->find("properties")
                ->find("http")
                ->find("type")
                ->text(),
            "array");
}

}  // namespace
}  // namespace lateen::config
