#include <envoy/type/tracing/v3/custom_tag.pb.h>
#include <map>

#include "control_plane/translate/http_connection_manager.h"

namespace lateen::translate {
namespace {

using Tracing = hcm::HttpConnectionManager::Tracing;

void add_request_metadata(Tracing& out, const std::string& tag, const std::string& key) {
  auto* each = out.add_custom_tags();
  each->set_tag(tag);
  auto* metadata = each->mutable_metadata();
  metadata->mutable_kind()->mutable_request();
  metadata->mutable_metadata_key()->set_key("envoy.filters.http.rbac");
  metadata->mutable_metadata_key()->add_path()->set_key(key);
}

void add_literal(Tracing& out, const std::string& tag, const std::string& value) {
  auto* each = out.add_custom_tags();
  each->set_tag(tag);
  each->mutable_literal()->set_value(value);
}

std::string label_or(const registry::Labels& labels, const std::string& key, std::string otherwise) {
  const auto found = labels.find(key);
  return found == labels.end() || found->second.empty() ? otherwise : found->second;
}

void add_custom_tags(const config::ProxyTracing& settings, Tracing& out) {
  for (const auto& [name, tag] : settings.custom_tags) {
    auto* each = out.add_custom_tags();
    each->set_tag(name);
    if (tag.literal) each->mutable_literal()->set_value(tag.literal->value);
    if (tag.environment) {
      each->mutable_environment()->set_name(tag.environment->name);
      each->mutable_environment()->set_default_value(tag.environment->default_value);
    }
    if (tag.header) {
      each->mutable_request_header()->set_name(tag.header->name);
      each->mutable_request_header()->set_default_value(tag.header->default_value);
    }
  }
}

}  // namespace

Tracing tracing(const Context& in) {
  Tracing out;
  const auto& settings = in.mesh.default_config.tracing;
  out.mutable_client_sampling()->set_value(100);
  out.mutable_overall_sampling()->set_value(100);
  out.mutable_random_sampling()->set_value(settings && settings->sampling > 0 ? settings->sampling : 1);
  if (settings && settings->max_path_tag_length)
    out.mutable_max_path_tag_length()->set_value(settings->max_path_tag_length);
  const std::string prefix = "istio.authorization.dry_run.";
  for (const std::string action : {"allow", "deny"}) {
    const std::string key = "istio_dry_run_" + action + "_shadow_";
    add_request_metadata(out, prefix + action + "_policy.name", key + "effective_policy_id");
    add_request_metadata(out, prefix + action + "_policy.result", key + "engine_result");
  }
  const auto& labels = in.proxy.labels;
  add_literal(out, "istio.canonical_revision", label_or(labels, "service.istio.io/canonical-revision", "latest"));
  add_literal(out, "istio.canonical_service", label_or(labels, "service.istio.io/canonical-name", "unknown"));
  add_literal(out, "istio.cluster_id", in.proxy.cluster);
  const auto mesh_id = in.proxy.text("MESH_ID");
  add_literal(out, "istio.mesh_id", mesh_id.empty() ? in.mesh.trust_domain : std::string(mesh_id));
  add_literal(out, "istio.namespace", in.proxy.namespace_);
  if (settings) add_custom_tags(*settings, out);
  return out;
}

}  // namespace lateen::translate
