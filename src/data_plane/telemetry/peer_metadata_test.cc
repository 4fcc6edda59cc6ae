// Peer metadata: what one proxy says of itself another understands, and hostile headers do no harm.
#include "data_plane/telemetry/peer_metadata.h"

#include <google/protobuf/struct.pb.h>
#include <gtest/gtest.h>

namespace lateen::telemetry {
namespace {

const Peer web{.name = "web-0",
               .workload = "web",
               .workload_namespace = "shop",
               .canonical_service = "web",
               .canonical_revision = "v1",
               .app = "web-app",
               .version = "1.2",
               .cluster = "c1",
               .identity = "spiffe://td/ns/shop/sa/web"};

void expect_web(const Peer* peer) {
  ASSERT_TRUE(peer);
  EXPECT_EQ(peer->name, web.name);
  EXPECT_EQ(peer->workload, web.workload);
  EXPECT_EQ(peer->workload_namespace, web.workload_namespace);
  EXPECT_EQ(peer->canonical_service, web.canonical_service);
  EXPECT_EQ(peer->canonical_revision, web.canonical_revision);
  EXPECT_EQ(peer->app, web.app);
  EXPECT_EQ(peer->version, web.version);
  EXPECT_EQ(peer->cluster, web.cluster);
  EXPECT_EQ(peer->identity, web.identity);
}

TEST(PeerMetadata, HeadersCarryAPeerWhole) {
  EXPECT_EQ(encode_peer(web), encode_peer(Peer(web))) << "equal peers, equal bytes";
  expect_web(decode_peer(encode_peer(web)).get());
}

TEST(PeerMetadata, PaddingMayBeMissing) {
  // Names of three lengths, so that all numbers of padding signs occur.
  for (const char* name : {"a", "ab", "abc"}) {
    std::string header = encode_peer({.name = name});
    while (header.ends_with('=')) header.pop_back();
    const auto peer = decode_peer(header);
    ASSERT_TRUE(peer) << header;
    EXPECT_EQ(peer->name, name);
  }
}

TEST(PeerMetadata, WithoutACanonicalNameTheAppNamesTheService) {
  EXPECT_EQ(decode_peer(encode_peer({.workload = "w", .app = "a"}))->canonical_service, "a");
  EXPECT_EQ(decode_peer(encode_peer({.workload = "w"}))->canonical_service, "w");
}

TEST(PeerMetadata, WhatIsNoStructIsNoPeer) {
  for (const std::string& header :
       {std::string("!!!"), std::string("A"), std::string("/////w=="), std::string("a b c d"),
        base64_encode("\x0a\xff\xff\xff\xff\x0f"), std::string(64 * 1024 + 1, 'A')})
    EXPECT_FALSE(decode_peer(header)) << header.substr(0, 40);
  ASSERT_TRUE(decode_peer("")) << "an empty Struct is one";
}

TEST(PeerMetadata, ValuesOfOtherTypesAndDeepOnesAreNothing) {
  google::protobuf::Struct odd;
  (*odd.mutable_fields())["NAME"].set_number_value(7);
  (*odd.mutable_fields())["LABELS"].set_string_value("app=x");
  const auto peer = decode_peer(base64_encode(odd.SerializeAsString()));
  ASSERT_TRUE(peer);
  EXPECT_EQ(peer->name, "");
  EXPECT_EQ(peer->app, "");
  google::protobuf::Struct deep;
  google::protobuf::Struct* at = &deep;
  for (int i = 0; i < 1000; ++i) at = (*at->mutable_fields())["LABELS"].mutable_struct_value();
  EXPECT_FALSE(decode_peer(base64_encode(deep.SerializeAsString())));
}

TEST(PeerMetadata, AnEndpointsWorkloadIsFiveParts) {
  const auto peer = peer_of_workload("web;shop;web-canonical;v2;c1");
  ASSERT_TRUE(peer);
  EXPECT_EQ(peer->workload, "web");
  EXPECT_EQ(peer->workload_namespace, "shop");
  EXPECT_EQ(peer->canonical_service, "web-canonical");
  EXPECT_EQ(peer->canonical_revision, "v2");
  EXPECT_EQ(peer->cluster, "c1");
  EXPECT_FALSE(peer_of_workload(""));
  EXPECT_FALSE(peer_of_workload("web;shop;web;v2"));
}

TEST(PeerCache, DecodesOnceAndBelievesTheHeaderNotTheId) {
  PeerCache cache;
  const auto first = cache.find("id", encode_peer(web));
  expect_web(first.get());
  EXPECT_EQ(cache.find("id", encode_peer(web)), first);
  EXPECT_EQ(cache.find("id", encode_peer({.name = "other"}))->name, "other");
  EXPECT_FALSE(cache.find("id", "!!!"));
  EXPECT_EQ(cache.size(), 1);
}

TEST(PeerCache, StrangersFillItOnlyToItsBounds) {
  PeerCache cache;
  for (size_t i = 0; i < 3 * PeerCache::most_peers; ++i) {
    cache.find(std::to_string(i), encode_peer(web));
    ASSERT_LE(cache.size(), PeerCache::most_peers);
  }
  const std::string large(60 * 1024, 'A');
  for (int i = 0; i < 100; ++i) {
    cache.find("large" + std::to_string(i), large);
    ASSERT_LE(cache.bytes(), PeerCache::most_bytes);
  }
  for (int i = 0; i < 100; ++i) cache.find("same", large.substr(static_cast<size_t>(i)));
  ASSERT_LE(cache.bytes(), PeerCache::most_bytes);
  const size_t before = cache.size();
  cache.find("huge", std::string(PeerCache::most_bytes, 'A'));
  EXPECT_EQ(cache.size(), before) << "what is larger than the cache is not kept";
}

TEST(TcpExchange, BytesAreMagicLengthAndAPeer) {
  const std::string bytes = encode_exchange(web, "sidecar~1");
  EXPECT_EQ(bytes.substr(0, 4), "\x3d\x23\x04\x67");
  size_t length = 0;
  for (size_t i = 4; i < 8; ++i) length = length << 8 | static_cast<unsigned char>(bytes[i]);
  ASSERT_EQ(length, bytes.size() - 8);
  EXPECT_NE(bytes.find("type.googleapis.com/google.protobuf.Struct"), std::string::npos);
  expect_web(decode_exchange(bytes.substr(8)).get());
  EXPECT_FALSE(decode_exchange("not an Any"));
  EXPECT_FALSE(decode_exchange("")) << "an Any of nothing";
}

}  // namespace
}  // namespace lateen::telemetry
