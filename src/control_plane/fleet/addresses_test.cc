#include "control_plane/fleet/addresses.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lib/base/ip.h"

namespace lateen::fleet {
namespace {

using ::testing::HasSubstr;

TEST(Addresses, FollowFromTheNameAlone) {
  Addresses one, two;
  const std::string address = one.of("stage.greeting.global-se");
  two.of("something.else-se");
  EXPECT_EQ(two.of("stage.greeting.global-se"), address);
  EXPECT_EQ(one.of("stage.greeting.global-se"), address);
  EXPECT_EQ(address, "240.113.219.161") << "addresses are in use in the world: the hash may never change";
}

TEST(Addresses, NeverMeetAndStayInTheirRange) {
  Addresses addresses;
  std::set<std::string> seen;
  for (int i = 0; i < 20'000; ++i) {
    const std::string address = addresses.of(fmt::format("env.service-{}.global-se", i));
    EXPECT_TRUE(seen.insert(address).second) << address;
    const auto ip = Ip::parse(address);
    ASSERT_TRUE(ip && ip->is_v4()) << address;
    EXPECT_EQ(ip->v4_host_order() >> 23, 240u << 1) << address;
    EXPECT_NE(ip->v4_host_order() & 255, 0u);
    EXPECT_NE(ip->v4_host_order() & 255, 255u);
  }
}

TEST(Addresses, TheRecordKeepsWhatWasGiven) {
  Addresses addresses;
  for (int i = 0; i < 5000; ++i) addresses.of(std::to_string(i));
  const auto back = Addresses::from(addresses.to_config_map("admiral-sync"));
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(*back, addresses);
}

TEST(Addresses, ARecordOfAnAdmiralIsTakenOver) {
  config::ConfigMap map;
  map.data["serviceEntryAddressStore"] =
      "entry-addresses:\n  stage.greeting.global-se: 240.0.10.1\naddresses:\n- 240.0.10.1\n";
  auto addresses = Addresses::from(map);
  ASSERT_TRUE(addresses) << addresses.error().message;
  EXPECT_EQ(addresses->of("stage.greeting.global-se"), "240.0.10.1");
}

TEST(Addresses, ABadRecordIsRefused) {
  const auto error = [](std::string record) {
    config::ConfigMap map;
    map.data["serviceEntryAddressStore"] = std::move(record);
    return Addresses::from(map).error().message;
  };
  EXPECT_THAT(error("entry-addresses: [1]"), HasSubstr("is no map"));
  EXPECT_THAT(error("entry-addresses: {a: here}"), HasSubstr("a: \"here\" is no IP address"));
  EXPECT_THAT(error("entry-addresses: {a: 240.0.1.1, b: 240.0.1.1}"), HasSubstr("belongs to another host too"));
  EXPECT_THAT(error("entry-addresses: {a: 240.0.1.1, a: 240.0.1.2}"), HasSubstr("serviceEntryAddressStore"));
  EXPECT_THAT(Addresses::from({}).error().message, HasSubstr("has no serviceEntryAddressStore"));
}

}  // namespace
}  // namespace lateen::fleet
