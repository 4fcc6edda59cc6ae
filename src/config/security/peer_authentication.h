// PeerAuthentication: which connections a workload accepts, plain or mTLS.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "config/networking/selector.h"
#include "lib/base/time.h"
#include "lib/schema/describe.h"

namespace lateen::config {

struct PeerAuthentication {
  struct MutualTLS {
    enum class Mode { UNSET, DISABLE, PERMISSIVE, STRICT };
    Mode mode = Mode::UNSET;
    bool operator==(const MutualTLS&) const = default;
    static schema::Fields fields();
  };
  std::optional<PolicySelector> selector;
  std::optional<MutualTLS> mtls;
  std::map<uint32_t, MutualTLS> port_level_mtls;
  bool operator==(const PeerAuthentication&) const = default;
  static schema::Fields fields();
};

schema::Names names(PeerAuthentication::MutualTLS::Mode);

}  // namespace lateen::config
