#include "data_plane/discovery/bootstrap.h"

#include "config/xds/check.h"
#include "config/xds/read.h"
#include "lib/base/strings.h"
#include "lib/io/files.h"

namespace lateen::discovery {

using envoy::config::bootstrap::v3::Bootstrap;

namespace {

Result<> read_part(const std::string& text, const std::string& name, const BootstrapOptions& options, Bootstrap& out,
                   std::vector<std::string>& warnings) {
  schema::Diagnostics diagnostics;
  xds::read_message_text(text, name, diagnostics, out, {.allow_unknown_fields = options.allow_unknown_fields});
  std::vector<std::string> errors;
  for (const auto& each : diagnostics.all())
    (each.severity == schema::Severity::error ? errors : warnings).push_back(schema::format(each));
  if (!errors.empty()) return fail(ErrorKind::invalid, "{}", joined(errors, "\n"));
  return {};
}

}  // namespace

Result<Bootstrap> read_bootstrap(const std::string& path, const BootstrapOptions& options,
                                 std::vector<std::string>& warnings) {
  Bootstrap out;
  if (!path.empty()) {
    const auto text = io::read_file(path);
    if (!text) return failed(text);
    if (path.ends_with(".pb")) {
      if (!out.ParseFromString(*text)) return fail(ErrorKind::invalid, "{} is no serialised Bootstrap message", path);
    } else if (auto read = read_part(*text, path, options, out, warnings); !read) {
      return failed(read);
    }
  }
  if (!options.overlay.empty())
    if (auto read = read_part(options.overlay, "--config-yaml", options, out, warnings); !read) return failed(read);
  if (auto valid = xds::checked(out); !valid) return failed(valid, path);
  return out;
}

void check_bootstrap(const Bootstrap& bootstrap, Notes& notes) {
  notes.check(bootstrap, "", {"node", "static_resources", "dynamic_resources", "admin"});
  notes.check(bootstrap.admin(), "admin", {"address"});
  const auto& dynamic = bootstrap.dynamic_resources();
  notes.check(dynamic, "dynamic_resources", {"ads_config", "cds_config", "lds_config"});
  if (dynamic.has_cds_config() && !dynamic.cds_config().has_ads())
    notes.not_honoured("dynamic_resources.cds_config other than ads");
  if (dynamic.has_lds_config() && !dynamic.lds_config().has_ads())
    notes.not_honoured("dynamic_resources.lds_config other than ads");
  const auto& ads = dynamic.ads_config();
  notes.check(ads, "ads_config",
              {"api_type", "transport_api_version", "grpc_services", "set_node_on_first_message_only"});
  if (ads.grpc_services_size() > 1) notes.not_honoured("ads_config.grpc_services after the first");
  for (const auto& each : ads.grpc_services()) {
    notes.check(each, "ads_config.grpc_services", {"envoy_grpc", "google_grpc"});
    notes.check(each.envoy_grpc(), "ads_config.grpc_services.envoy_grpc", {"cluster_name", "authority"});
  }
}

telemetry::Peer self_of(const envoy::config::core::v3::Node& node) {
  telemetry::Peer self;
  const auto text = [](const google::protobuf::Struct& from, const char* key) {
    const auto it = from.fields().find(key);
    return it == from.fields().end() ? std::string() : it->second.string_value();
  };
  const auto& metadata = node.metadata();
  self.name = text(metadata, "NAME");
  self.workload = text(metadata, "WORKLOAD_NAME");
  self.workload_namespace = text(metadata, "NAMESPACE");
  self.cluster = text(metadata, "CLUSTER_ID");
  if (const auto it = metadata.fields().find("LABELS"); it != metadata.fields().end()) {
    const auto& labels = it->second.struct_value();
    self.app = text(labels, "app");
    self.version = text(labels, "version");
    self.canonical_service = text(labels, "service.istio.io/canonical-name");
    self.canonical_revision = text(labels, "service.istio.io/canonical-revision");
  }
  if (self.canonical_service.empty()) self.canonical_service = self.app.empty() ? self.workload : self.app;
  if (self.canonical_revision.empty()) self.canonical_revision = self.version;
  const std::string account = text(metadata, "SERVICE_ACCOUNT");
  if (!account.empty()) {
    std::string domain = text(metadata, "TRUST_DOMAIN");
    if (domain.empty()) domain = "cluster.local";
    self.identity = fmt::format("spiffe://{}/ns/{}/sa/{}", domain, self.workload_namespace, account);
  }
  return self;
}

}  // namespace lateen::discovery
