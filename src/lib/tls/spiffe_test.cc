#include "lib/tls/spiffe.h"

#include <gtest/gtest.h>

namespace lateen::tls {
namespace {

TEST(SpiffeId, ReadsIstiosForm) {
  const auto id = SpiffeId::parse("spiffe://cluster.local/ns/default/sa/book-info_2");
  ASSERT_TRUE(id) << id.error().message;
  EXPECT_EQ(id->trust_domain, "cluster.local");
  EXPECT_EQ(id->name_space(), "default");
  EXPECT_EQ(id->service_account(), "book-info_2");
  EXPECT_EQ(id->text(), "spiffe://cluster.local/ns/default/sa/book-info_2");
  EXPECT_EQ(*id, *SpiffeId::workload("cluster.local", "default", "book-info_2"));
}

TEST(SpiffeId, ReadsOtherForms) {
  EXPECT_EQ(SpiffeId::parse("spiffe://td")->path, "");
  EXPECT_EQ(SpiffeId::parse("spiffe://td/a/B/c.d")->path, "/a/B/c.d");
  EXPECT_FALSE(SpiffeId::parse("spiffe://td/a/B/c.d")->is_workload());
  EXPECT_EQ(SpiffeId::workload("me@corp.example", "n", "s")->trust_domain, "me.corp.example");
}

TEST(SpiffeId, RefusesEverythingElse) {
  using namespace std::string_literals;
  const std::string bad[] = {"",
                             "spiffe:/td/x",
                             "SPIFFE://td/x",
                             "https://td/x",
                             "spiffe:///x",
                             "spiffe://TD/x",
                             "spiffe://td:80/x",
                             "spiffe://u@td/x",
                             "spiffe://td/",
                             "spiffe://td/x/",
                             "spiffe://td//x",
                             "spiffe://td/./x",
                             "spiffe://td/../x",
                             "spiffe://td/%41",
                             "spiffe://td/x?y",
                             "spiffe://td/x#y",
                             "spiffe://td/x y",
                             "spiffe://td/x\0"s,
                             "spiffe://td\0/x"s,
                             "spiffe://t\xc3\xa4/x",
                             "spiffe://" + std::string(256, 'a') + "/x",
                             "spiffe://td/" + std::string(2048, 'a')};
  for (const auto& text : bad) EXPECT_FALSE(SpiffeId::parse(text)) << text;
  EXPECT_FALSE(SpiffeId::workload("td", "a/b", "c"));
  EXPECT_FALSE(SpiffeId::workload("td", "", "c"));
  EXPECT_FALSE(SpiffeId::workload("td", "a", ".."));
}

TEST(SpiffeId, MessagesShowHostileBytesEscaped) {
  EXPECT_NE(SpiffeId::parse(std::string_view("spiffe://td/\n\0", 14)).error().message.find("\\x0a\\x00"),
            std::string::npos);
}

}  // namespace
}  // namespace lateen::tls
