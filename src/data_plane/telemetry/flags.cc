#include "data_plane/telemetry/flags.h"

#include <utility>

namespace lateen::telemetry {
namespace {

struct Names {
  const char* brief;
  const char* full;
};
constexpr Names names[] = {{"LH", "FailedLocalHealthCheck"},
                           {"UH", "NoHealthyUpstream"},
                           {"UT", "UpstreamRequestTimeout"},
                           {"LR", "LocalReset"},
                           {"UR", "UpstreamRemoteReset"},
                           {"UF", "UpstreamConnectionFailure"},
                           {"UC", "UpstreamConnectionTermination"},
                           {"UO", "UpstreamOverflow"},
                           {"NR", "NoRouteFound"},
                           {"DI", "DelayInjected"},
                           {"FI", "FaultInjected"},
                           {"RL", "RateLimited"},
                           {"UAEX", "UnauthorizedExternalService"},
                           {"RLSE", "RateLimitServiceError"},
                           {"DC", "DownstreamConnectionTermination"},
                           {"URX", "UpstreamRetryLimitExceeded"},
                           {"SI", "StreamIdleTimeout"},
                           {"IH", "InvalidEnvoyRequestHeaders"},
                           {"DPE", "DownstreamProtocolError"},
                           {"UMSDR", "UpstreamMaxStreamDurationReached"},
                           {"RFCF", "ResponseFromCacheFilter"},
                           {"NFCF", "NoFilterConfigFound"},
                           {"DT", "DurationTimeout"},
                           {"UPE", "UpstreamProtocolError"},
                           {"NC", "NoClusterFound"},
                           {"OM", "OverloadManagerTerminated"},
                           {"DF", "DnsResolutionFailed"},
                           {"DO", "DropOverload"},
                           {"DR", "DownstreamRemoteReset"}};
static_assert(std::size(names) == std::to_underlying(Flag::downstream_remote_reset) + 1);

std::string join(uint32_t bits, const char* Names::* which) {
  std::string out;
  for (size_t i = 0; i < std::size(names); ++i)
    if (bits >> i & 1) {
      if (!out.empty()) out += ',';
      out += names[i].*which;
    }
  return out.empty() ? "-" : out;
}

}  // namespace

std::string Flags::text() const { return join(bits_, &Names::brief); }
std::string Flags::long_text() const { return join(bits_, &Names::full); }

}  // namespace lateen::telemetry
