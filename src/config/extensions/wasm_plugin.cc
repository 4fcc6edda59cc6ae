#include "config/extensions/wasm_plugin.h"

#include "lib/schema/field.h"

namespace lateen::config {

using namespace schema;  // field(), record() and the attributes

Names names(PluginType) {
  static constexpr Name all[] = {{"UNSPECIFIED_PLUGIN_TYPE", 0}, {"HTTP", 1}, {"NETWORK", 2}};
  return all;
}

Names names(PluginPhase) {
  static constexpr Name all[] = {{"UNSPECIFIED_PHASE", 0}, {"AUTHN", 1}, {"AUTHZ", 2}, {"STATS", 3}};
  return all;
}

Names names(PullPolicy) {
  static constexpr Name all[] = {{"UNSPECIFIED_POLICY", 0}, {"IfNotPresent", 1}, {"Always", 2}};
  return all;
}

Names names(EnvValueSource) {
  static constexpr Name all[] = {{"INLINE", 0}, {"HOST", 1}};
  return all;
}

Names names(FailStrategy) {
  static constexpr Name all[] = {{"FAIL_CLOSE", 0}, {"FAIL_OPEN", 1}, {"FAIL_RELOAD", 2}};
  return all;
}

Fields EnvVar::fields() {
  return record("EnvVar", "A variable of the filter's environment.",
                {
                    field("name", &EnvVar::name, "Its name.", required, most(256)),
                    field("valueFrom", &EnvVar::value_from, "Given here, or taken from the proxy's environment."),
                    field("value", &EnvVar::value, "Its value, when given here.", most(2048)),
                });
}

Fields VmConfig::fields() {
  return record("VmConfig", "The environment of the filter.",
                {
                    field("env", &VmConfig::env, "Variables.", most(256)),
                });
}

Fields WasmPlugin::TrafficSelector::fields() {
  return record("WasmPlugin.TrafficSelector", "Which traffic.",
                {
                    field("mode", &WasmPlugin::TrafficSelector::mode, "Clients, servers or both."),
                    field("ports", &WasmPlugin::TrafficSelector::ports, "Ports.", otherwise("all")),
                });
}

Fields WasmPlugin::fields() {
  return record(
      "WasmPlugin", "A WebAssembly filter for selected proxies.",
      {
          field("selector", &WasmPlugin::selector, "Workloads it is for.", otherwise("all of the namespace"),
                one_of("target")),
          field("targetRef", &WasmPlugin::target_ref, "Object it is attached to.", one_of("target")),
          field("targetRefs", &WasmPlugin::target_refs, "Objects it is attached to.", most(16), one_of("target")),
          field("url", &WasmPlugin::url, "Where the module is: oci (default), http, https or file.", required),
          field("sha256", &WasmPlugin::sha256, "Checksum of the module, hex."),
          field("imagePullPolicy", &WasmPlugin::image_pull_policy, "When an image is fetched again.",
                otherwise("Always for latest, else IfNotPresent")),
          field("imagePullSecret", &WasmPlugin::image_pull_secret, "Secret for the registry.", fewest(1), most(253)),
          field("verificationKey", &WasmPlugin::verification_key, "Unused.",
                not_honoured("verificationKey is unused, as in Istio")),
          field("pluginConfig", &WasmPlugin::plugin_config, "Configuration of the filter."),
          field("pluginName", &WasmPlugin::plugin_name, "Root id of the filter.", fewest(1), most(256)),
          field("phase", &WasmPlugin::phase, "Where it stands in the filter chain."),
          field("priority", &WasmPlugin::priority, "Order in its phase; higher first.", otherwise("0")),
          field("failStrategy", &WasmPlugin::fail_strategy, "What happens when it fails.", otherwise("FAIL_CLOSE")),
          field("vmConfig", &WasmPlugin::vm_config, "Its environment."),
          field("match", &WasmPlugin::match, "Which traffic.", otherwise("all")),
          field("type", &WasmPlugin::type, "HTTP or network filter.", otherwise("HTTP")),
      });
}

}  // namespace lateen::config
