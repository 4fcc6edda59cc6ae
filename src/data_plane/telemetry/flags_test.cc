// Response flags print as Envoy prints them.
#include "data_plane/telemetry/flags.h"

#include <gtest/gtest.h>

namespace lateen::telemetry {
namespace {

Flags all_flags() {
  Flags flags;
  for (int i = static_cast<int>(Flag::downstream_remote_reset); i >= 0; --i) flags.set(static_cast<Flag>(i));
  return flags;
}

TEST(Flags, NoneIsADash) {
  EXPECT_EQ(Flags().text(), "-");
  EXPECT_EQ(Flags().long_text(), "-");
  EXPECT_FALSE(Flags().any());
}

TEST(Flags, SeveralAreJoinedInEnvoysOrderWhateverCameFirst) {
  EXPECT_EQ(all_flags().text(),
            "LH,UH,UT,LR,UR,UF,UC,UO,NR,DI,FI,RL,UAEX,RLSE,DC,URX,SI,IH,DPE,UMSDR,RFCF,NFCF,DT,UPE,NC,OM,DF,DO,DR");
}

TEST(Flags, LongNamesAreEnvoys) {
  Flags flags;
  flags.set(Flag::no_route_found);
  flags.set(Flag::upstream_max_stream_duration);
  flags.set(Flag::overload_manager);
  EXPECT_EQ(flags.long_text(), "NoRouteFound,UpstreamMaxStreamDurationReached,OverloadManagerTerminated");
}

TEST(Flags, EachIsItsOwn) {
  for (int i = 0; i <= static_cast<int>(Flag::downstream_remote_reset); ++i) {
    Flags flags;
    flags.set(static_cast<Flag>(i));
    EXPECT_TRUE(flags.any());
    for (int other = 0; other <= static_cast<int>(Flag::downstream_remote_reset); ++other)
      EXPECT_EQ(flags.has(static_cast<Flag>(other)), other == i) << flags.text();
  }
}

}  // namespace
}  // namespace lateen::telemetry
