#include "config/extensions/traffic_extension.h"

#include "lib/schema/field.h"

namespace lateen::config {

using namespace schema;  // field(), record() and the attributes

Fields TrafficSelector::fields() {
  return record("TrafficSelector", "Which traffic.",
                {
                    field("mode", &TrafficSelector::mode, "Clients, servers or both."),
                    field("ports", &TrafficSelector::ports, "Ports.", otherwise("all")),
                });
}

Fields LuaConfig::fields() {
  return record("LuaConfig", "A Lua filter.",
                {
                    field("inlineCode", &LuaConfig::inline_code, "The script.", required, most(65536)),
                });
}

Fields WasmConfig::fields() {
  return record(
      "WasmConfig", "A WebAssembly filter.",
      {
          field("url", &WasmConfig::url, "Where the module is: oci (default), http, https or file.", required),
          field("sha256", &WasmConfig::sha256, "Checksum of the module, hex."),
          field("imagePullPolicy", &WasmConfig::image_pull_policy, "When an image is fetched again.",
                otherwise("Always for latest, else IfNotPresent")),
          field("imagePullSecret", &WasmConfig::image_pull_secret, "Secret for the registry.", fewest(1), most(253)),
          field("verificationKey", &WasmConfig::verification_key, "Unused.",
                not_honoured("verificationKey is unused, as in Istio")),
          field("pluginConfig", &WasmConfig::plugin_config, "Configuration of the filter."),
          field("pluginName", &WasmConfig::plugin_name, "Root id of the filter.", fewest(1), most(256)),
          field("failStrategy", &WasmConfig::fail_strategy, "What happens when it fails.", otherwise("FAIL_CLOSE")),
          field("vmConfig", &WasmConfig::vm_config, "Its environment."),
          field("type", &WasmConfig::type, "HTTP or network filter.", otherwise("HTTP")),
      });
}

Names names(TrafficExtension::ExecutionPhase) {
  static constexpr Name all[] = {{"UNSPECIFIED", 0}, {"AUTHN", 1}, {"AUTHZ", 2}, {"STATS", 3}};
  return all;
}

Fields TrafficExtension::fields() {
  return record(
      "TrafficExtension", "A WebAssembly or Lua filter for selected proxies.",
      {
          field("selector", &TrafficExtension::selector, "Workloads it is for.", otherwise("all of the namespace"),
                one_of("target")),
          field("targetRefs", &TrafficExtension::target_refs, "Objects it is attached to.", most(16), one_of("target")),
          field("phase", &TrafficExtension::phase, "Where it stands in the filter chain."),
          field("priority", &TrafficExtension::priority, "Order in its phase; higher first.", otherwise("0")),
          field("match", &TrafficExtension::match, "Which traffic.", otherwise("all")),
          field("wasm", &TrafficExtension::wasm, "A WebAssembly filter.", one_of("filterConfig")),
          field("lua", &TrafficExtension::lua, "A Lua filter.", one_of("filterConfig")),
      });
}

}  // namespace lateen::config
