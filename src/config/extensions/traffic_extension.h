// TrafficExtension: a WebAssembly or Lua filter for selected proxies.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "config/extensions/wasm_plugin.h"
#include "config/networking/selector.h"
#include "lib/base/time.h"
#include "lib/schema/describe.h"
#include "lib/schema/node.h"

namespace lateen::config {

struct TrafficSelector {
  WorkloadMode mode = WorkloadMode::UNDEFINED;
  std::vector<PolicyPortSelector> ports;
  bool operator==(const TrafficSelector&) const = default;
  static schema::Fields fields();
};

struct LuaConfig {
  std::string inline_code;
  bool operator==(const LuaConfig&) const = default;
  static schema::Fields fields();
};

struct WasmConfig {
  std::string url;
  std::string sha256;
  PullPolicy image_pull_policy = PullPolicy::UNSPECIFIED_POLICY;
  std::string image_pull_secret;
  std::string verification_key;
  schema::Node plugin_config;
  std::string plugin_name;
  FailStrategy fail_strategy = FailStrategy::FAIL_CLOSE;
  std::optional<VmConfig> vm_config;
  PluginType type = PluginType::UNSPECIFIED_PLUGIN_TYPE;
  bool operator==(const WasmConfig&) const = default;
  static schema::Fields fields();
};

struct TrafficExtension {
  enum class ExecutionPhase { UNSPECIFIED, AUTHN, AUTHZ, STATS };
  std::optional<PolicySelector> selector;
  std::vector<PolicyTargetReference> target_refs;
  ExecutionPhase phase = ExecutionPhase::UNSPECIFIED;
  std::optional<int32_t> priority;
  std::vector<TrafficSelector> match;
  std::optional<WasmConfig> wasm;
  std::optional<LuaConfig> lua;
  bool operator==(const TrafficExtension&) const = default;
  static schema::Fields fields();
};

schema::Names names(TrafficExtension::ExecutionPhase);

}  // namespace lateen::config
