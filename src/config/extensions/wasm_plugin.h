// WasmPlugin: a WebAssembly filter for selected proxies.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "config/networking/selector.h"
#include "lib/base/time.h"
#include "lib/schema/describe.h"
#include "lib/schema/node.h"

namespace lateen::config {

enum class PluginType { UNSPECIFIED_PLUGIN_TYPE, HTTP, NETWORK };

enum class PluginPhase { UNSPECIFIED_PHASE, AUTHN, AUTHZ, STATS };

enum class PullPolicy { UNSPECIFIED_POLICY, IfNotPresent, Always };

enum class EnvValueSource { INLINE, HOST };

enum class FailStrategy { FAIL_CLOSE, FAIL_OPEN, FAIL_RELOAD };

struct EnvVar {
  std::string name;
  EnvValueSource value_from = EnvValueSource::INLINE;
  std::string value;
  bool operator==(const EnvVar&) const = default;
  static schema::Fields fields();
};

struct VmConfig {
  std::vector<EnvVar> env;
  bool operator==(const VmConfig&) const = default;
  static schema::Fields fields();
};

struct WasmPlugin {
  struct TrafficSelector {
    WorkloadMode mode = WorkloadMode::UNDEFINED;
    std::vector<PolicyPortSelector> ports;
    bool operator==(const TrafficSelector&) const = default;
    static schema::Fields fields();
  };
  std::optional<PolicySelector> selector;
  std::optional<PolicyTargetReference> target_ref;
  std::vector<PolicyTargetReference> target_refs;
  std::string url;
  std::string sha256;
  PullPolicy image_pull_policy = PullPolicy::UNSPECIFIED_POLICY;
  std::string image_pull_secret;
  std::string verification_key;
  schema::Node plugin_config;
  std::string plugin_name;
  PluginPhase phase = PluginPhase::UNSPECIFIED_PHASE;
  std::optional<int32_t> priority;
  FailStrategy fail_strategy = FailStrategy::FAIL_CLOSE;
  std::optional<VmConfig> vm_config;
  std::vector<TrafficSelector> match;
  PluginType type = PluginType::UNSPECIFIED_PLUGIN_TYPE;
  bool operator==(const WasmPlugin&) const = default;
  static schema::Fields fields();
};

schema::Names names(PluginType);
schema::Names names(PluginPhase);
schema::Names names(PullPolicy);
schema::Names names(EnvValueSource);
schema::Names names(FailStrategy);

}  // namespace lateen::config
