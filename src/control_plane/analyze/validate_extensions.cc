#include <set>

#include <fmt/format.h>

#include "control_plane/analyze/names.h"
#include "lib/base/strings.h"

namespace lateen::analyze {
namespace {

using namespace config;

void check_url(std::string_view url, const std::string& path, Findings& findings) {
  static constexpr std::string_view schemes[] = {"http", "https", "oci", "file"};
  const size_t colon = url.find("://");
  if (colon != std::string_view::npos && std::ranges::find(schemes, url.substr(0, colon)) == std::end(schemes)) {
    findings.error(path, fmt::format("\"{}\" must begin with oci://, http://, https:// or file://", url));
    return;
  }
  const std::string_view rest = colon == std::string_view::npos ? url : url.substr(colon + 3);
  const bool clean = !rest.empty() && std::ranges::none_of(rest, [](char c) {
    return static_cast<unsigned char>(c) <= ' ' || static_cast<unsigned char>(c) >= 0x7f ||
           std::string_view("\"<>\\^`{|}#$").find(c) != std::string_view::npos;
  });
  bool escapes = true;
  for (size_t i = rest.find('%'); i != std::string_view::npos; i = rest.find('%', i + 1)) {
    escapes = escapes && rest.size() > i + 2 && parse_number<uint32_t>(rest.substr(i + 1, 2), 16).has_value();
  }
  if (!clean || !escapes) findings.error(path, fmt::format("\"{}\" is not a URL", url));
}

void check_checksum(std::string_view sum, const std::string& path, Findings& findings) {
  const bool hex = std::ranges::all_of(sum, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
  if (!sum.empty() && (sum.size() != 64 || !hex)) findings.error(path, "must be 64 hexadecimal digits in lower case");
}

void check_environment(const std::optional<VmConfig>& vm, const std::string& path, Findings& findings) {
  if (!vm) return;
  std::set<std::string_view> names;
  for (size_t i = 0; i < vm->env.size(); ++i) {
    const EnvVar& variable = vm->env[i];
    const std::string where = at(path + ".env", i);
    if (!names.insert(variable.name).second)
      findings.error(where + ".name", fmt::format("\"{}\" is repeated", variable.name));
    if (variable.value_from == EnvValueSource::HOST && !variable.value.empty()) {
      findings.error(where + ".value", "must be left out when valueFrom is HOST");
    }
  }
}

// What WasmPlugin and TrafficExtension.wasm share.
template <class Wasm>
void check_wasm(const Wasm& wasm, const std::string& path, Findings& findings) {
  check_url(wasm.url, path + ".url", findings);
  check_checksum(wasm.sha256, path + ".sha256", findings);
  check_environment(wasm.vm_config, path + ".vmConfig", findings);
}

void check_tag(const MetricsOverrides::TagOverride& tag, const std::string& path, Findings& findings) {
  const bool removes = tag.operation == MetricsOverrides::TagOverride::Operation::REMOVE;
  if (removes && !tag.value.empty()) findings.error(path + ".value", "must be left out for REMOVE");
  if (!removes && tag.value.empty()) findings.error(path + ".value", "required for UPSERT");
}

void check_metrics(const Metrics& metrics, const std::string& path, Findings& findings) {
  for (size_t i = 0; i < metrics.overrides.size(); ++i) {
    for (const auto& [name, tag] : metrics.overrides[i].tag_overrides) {
      check_tag(tag, schema::child_path(at(path + ".overrides", i) + ".tagOverrides", name), findings);
    }
  }
}

void check_tracing(const Tracing& tracing, const std::string& path, Findings& findings) {
  if (tracing.providers.size() > 1) findings.warning(path + ".providers", "only the first tracing provider is used");
  for (const auto& [name, tag] : tracing.custom_tags) {
    const std::string where = schema::child_path(path + ".customTags", name);
    if (name.empty()) findings.error(where, "a tag needs a name");
    if (!tag.literal && !tag.environment && !tag.header && !tag.formatter) {
      findings.error(where, "one of literal, environment, header and formatter is required");
    }
  }
}

}  // namespace

void validate(const Object<Telemetry>& object, Findings& findings) {
  const Telemetry& spec = object.spec;
  check_selector(spec.selector, findings);
  check_targets(spec.target_ref, spec.target_refs, object.metadata.namespace_, findings);
  for (size_t i = 0; i < spec.metrics.size(); ++i) check_metrics(spec.metrics[i], at("spec.metrics", i), findings);
  for (size_t i = 0; i < spec.tracing.size(); ++i) check_tracing(spec.tracing[i], at("spec.tracing", i), findings);
}

void validate(const Object<WasmPlugin>& object, Findings& findings) {
  const WasmPlugin& spec = object.spec;
  check_selector(spec.selector, findings);
  check_targets(spec.target_ref, spec.target_refs, object.metadata.namespace_, findings);
  check_wasm(spec, "spec", findings);
}

void validate(const Object<TrafficExtension>& object, Findings& findings) {
  const TrafficExtension& spec = object.spec;
  check_selector(spec.selector, findings);
  check_targets(std::nullopt, spec.target_refs, object.metadata.namespace_, findings);
  if (!spec.wasm && !spec.lua) findings.error("spec", "one of wasm and lua is required");
  if (spec.wasm) check_wasm(*spec.wasm, "spec.wasm", findings);
}

void validate(const Object<ProxyConfigKind>& object, Findings& findings) {
  check_selector(object.spec.selector, findings);
}

void validate(const Object<GlobalTrafficPolicy>& object, Findings& findings) {
  for (size_t i = 0; i < object.spec.policy.size(); ++i) {
    const auto& policy = object.spec.policy[i];
    const std::string path = at("spec.policy", i);
    int64_t total = 0;
    for (size_t j = 0; j < policy.target.size(); ++j) {
      const int32_t weight = policy.target[j].weight;
      total += weight;
      if (weight < 0 || weight > 100) findings.error(at(path + ".target", j) + ".weight", "must be between 0 and 100");
      if (policy.target[j].region.empty()) findings.error(at(path + ".target", j) + ".region", "required");
    }
    if (!policy.target.empty() && total != 100) {
      findings.warning(path + ".target", fmt::format("the weights add up to {}, not to 100", total));
    }
  }
}

}  // namespace lateen::analyze
