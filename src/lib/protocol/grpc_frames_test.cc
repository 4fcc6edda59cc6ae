#include "lib/protocol/grpc_frames.h"

#include <gtest/gtest.h>

namespace lateen::protocol {
namespace {

TEST(GrpcFrames, MessagesComeBackHoweverTheyAreCut) {
  Buffer wire;
  const std::vector<std::string> messages = {"", "one", std::string(40'000, 'x'), "last"};
  for (const auto& message : messages) append_grpc_message(wire, message, message == "one");
  for (size_t step : {1, 3, 4, 5, 6, 1000, 100'000}) {
    GrpcDecoder decoder;
    std::vector<std::string> read;
    for (size_t at = 0; at < wire.size(); at += step) {
      decoder.append(wire.view().substr(at, step));
      for (;;) {
        auto message = decoder.next();
        ASSERT_TRUE(message);
        if (!*message) break;
        EXPECT_EQ((*message)->compressed, read.size() == 1);
        read.emplace_back((*message)->bytes.view());
      }
    }
    EXPECT_EQ(read, messages) << step;
    EXPECT_TRUE(decoder.is_between_messages());
  }
}

TEST(GrpcFrames, LimitsAndFlagsAreEnforcedByThePrefix) {
  GrpcDecoder decoder(100);
  decoder.append({"\0\0\0\0\x65", 5});
  EXPECT_EQ(decoder.next().error().kind, ErrorKind::too_large);
  GrpcDecoder flags;
  flags.append({"\2\0\0\0\0", 5});
  EXPECT_EQ(flags.next().error().kind, ErrorKind::protocol);
  GrpcDecoder cut;
  cut.append({"\0\0\0\0\5abc", 8});
  EXPECT_FALSE(*cut.next());
  EXPECT_FALSE(cut.is_between_messages());
}

}  // namespace
}  // namespace lateen::protocol
