#include <envoy/admin/v3/clusters.pb.h>
#include <envoy/admin/v3/config_dump.pb.h>

#include "config/xds/json.h"
#include "config/xds/message.h"
#include "data_plane/admin/admin.h"
#include "lib/base/strings.h"
#include "lib/tls/certificate.h"

namespace lateen::admin {
namespace {

using google::protobuf::Any;

google::protobuf::Timestamp timestamp(WallTime time) {
  google::protobuf::Timestamp out;
  const int64_t nanoseconds = time.time_since_epoch().count();
  out.set_seconds(nanoseconds / 1'000'000'000);
  out.set_nanos(static_cast<int32_t>(nanoseconds % 1'000'000'000));
  return out;
}

void add_error(const std::string& error, envoy::admin::v3::UpdateFailureState* out) { out->set_details(error); }

envoy::admin::v3::ClustersConfigDump clusters_of(const discovery::Runtime& runtime) {
  envoy::admin::v3::ClustersConfigDump dump;
  for (const auto& [name, applied] : runtime.clusters()) {
    if (applied.is_static) {
      auto* one = dump.add_static_clusters();
      *one->mutable_cluster() = xds::pack(applied.message);
      *one->mutable_last_updated() = timestamp(applied.updated);
      continue;
    }
    auto* one = dump.add_dynamic_active_clusters();
    one->set_version_info(applied.version);
    if (applied.updated != WallTime()) *one->mutable_cluster() = xds::pack(applied.message);
    *one->mutable_last_updated() = timestamp(applied.updated);
    if (!applied.error.empty()) add_error(applied.error, one->mutable_error_state());
  }
  return dump;
}

envoy::admin::v3::ListenersConfigDump listeners_of(const discovery::Runtime& runtime) {
  envoy::admin::v3::ListenersConfigDump dump;
  for (const auto& [name, applied] : runtime.listeners()) {
    if (applied.is_static) {
      auto* one = dump.add_static_listeners();
      *one->mutable_listener() = xds::pack(applied.message);
      *one->mutable_last_updated() = timestamp(applied.updated);
      continue;
    }
    auto* one = dump.add_dynamic_listeners();
    one->set_name(name);
    if (applied.updated != WallTime()) {
      auto* state = one->mutable_active_state();
      state->set_version_info(applied.version);
      *state->mutable_listener() = xds::pack(applied.message);
      *state->mutable_last_updated() = timestamp(applied.updated);
    }
    if (!applied.error.empty()) add_error(applied.error, one->mutable_error_state());
  }
  return dump;
}

envoy::admin::v3::RoutesConfigDump routes_of(const discovery::Runtime& runtime) {
  envoy::admin::v3::RoutesConfigDump dump;
  for (const auto& [name, applied] : runtime.routes()) {
    auto* one = dump.add_dynamic_route_configs();
    one->set_version_info(applied.version);
    *one->mutable_route_config() = xds::pack(applied.message);
    *one->mutable_last_updated() = timestamp(applied.updated);
    if (!applied.error.empty()) add_error(applied.error, one->mutable_error_state());
  }
  return dump;
}

envoy::admin::v3::EndpointsConfigDump endpoints_of(const discovery::Runtime& runtime) {
  envoy::admin::v3::EndpointsConfigDump dump;
  for (const auto& [name, assignment] : runtime.endpoints())
    *dump.add_dynamic_endpoint_configs()->mutable_endpoint_config() = xds::pack(assignment);
  return dump;
}

envoy::admin::v3::SecretsConfigDump secrets_of(const discovery::TlsContexts& tls) {
  envoy::admin::v3::SecretsConfigDump dump;
  for (const auto& known : tls.known()) {
    envoy::extensions::transport_sockets::tls::v3::Secret secret;
    secret.set_name(known.name);
    if (known.secret->roots.empty()) {
      secret.mutable_tls_certificate()->mutable_certificate_chain()->set_inline_bytes(known.secret->chain);
      secret.mutable_tls_certificate()->mutable_private_key()->set_inline_bytes("[redacted]");
    } else {
      secret.mutable_validation_context()->mutable_trusted_ca()->set_inline_bytes(known.secret->roots);
    }
    auto* one = dump.add_dynamic_active_secrets();
    one->set_name(known.name);
    *one->mutable_secret() = xds::pack(secret);
  }
  return dump;
}

}  // namespace

std::string config_dump(const Subject& subject, std::string_view resource) {
  envoy::admin::v3::ConfigDump dump;
  const auto wanted = [&](std::string_view kind) { return resource.empty() || resource.find(kind) != resource.npos; };
  if (wanted("bootstrap")) {
    envoy::admin::v3::BootstrapConfigDump bootstrap;
    *bootstrap.mutable_bootstrap() = subject.bootstrap;
    *dump.add_configs() = xds::pack(bootstrap);
  }
  if (wanted("clusters")) *dump.add_configs() = xds::pack(clusters_of(subject.runtime));
  if (wanted("endpoints")) *dump.add_configs() = xds::pack(endpoints_of(subject.runtime));
  if (wanted("listeners")) *dump.add_configs() = xds::pack(listeners_of(subject.runtime));
  if (wanted("routes") || wanted("route_configs")) *dump.add_configs() = xds::pack(routes_of(subject.runtime));
  if (wanted("secrets")) *dump.add_configs() = xds::pack(secrets_of(subject.runtime.tls()));
  return xds::to_json(dump, {.names = xds::JsonOptions::Names::original, .redact = true, .indent = 1}) + "\n";
}

using LocalityList = google::protobuf::RepeatedPtrField<envoy::config::endpoint::v3::LocalityLbEndpoints>;

static const LocalityList& endpoints_of(const discovery::Runtime& runtime, const std::string& name,
                                        const envoy::config::cluster::v3::Cluster& cluster) {
  const auto& eds = cluster.eds_cluster_config().service_name();
  const auto assignment = runtime.endpoints().find(eds.empty() ? name : eds);
  return assignment != runtime.endpoints().end() ? assignment->second.endpoints()
                                                 : cluster.load_assignment().endpoints();
}

std::string clusters_json(const Subject& subject) {
  envoy::admin::v3::Clusters out;
  for (const auto& [name, applied] : subject.runtime.clusters()) {
    auto* cluster = out.add_cluster_statuses();
    cluster->set_name(name);
    cluster->set_observability_name(name);
    cluster->set_added_via_api(!applied.is_static);
    cluster->set_eds_service_name(applied.message.eds_cluster_config().service_name());
    for (const auto& group : endpoints_of(subject.runtime, name, applied.message))
      for (const auto& each : group.lb_endpoints()) {
        auto* host = cluster->add_host_statuses();
        *host->mutable_address() = each.endpoint().address();
        host->set_hostname(each.endpoint().hostname());
        const bool unknown = each.health_status() == envoy::config::core::v3::UNKNOWN;
        host->mutable_health_status()->set_eds_health_status(unknown ? envoy::config::core::v3::HEALTHY
                                                                     : each.health_status());
        host->set_weight(each.has_load_balancing_weight() ? each.load_balancing_weight().value() : 1);
        host->set_priority(group.priority());
        *host->mutable_locality() = group.locality();
      }
  }
  return xds::to_json(out, {.names = xds::JsonOptions::Names::original, .indent = 1}) + "\n";
}

std::string clusters_text(const Subject& subject) {
  std::string out;
  for (const auto& [name, applied] : subject.runtime.clusters()) {
    out += fmt::format("{}::added_via_api::{}\n", name, !applied.is_static);
    for (const auto& locality : endpoints_of(subject.runtime, name, applied.message))
      for (const auto& each : locality.lb_endpoints()) {
        const auto& socket = each.endpoint().address().socket_address();
        const std::string host = socket.address().empty() ? each.endpoint().address().pipe().path()
                                                          : fmt::format("{}:{}", socket.address(), socket.port_value());
        out += fmt::format("{}::{}::health_flags::{}\n", name, host,
                           each.health_status() <= 1 ? "healthy" : "/failed_eds_health");
        out += fmt::format("{}::{}::weight::{}\n", name, host,
                           each.has_load_balancing_weight() ? each.load_balancing_weight().value() : 1);
        out += fmt::format("{}::{}::region::{}\n{}::{}::zone::{}\n", name, host, locality.locality().region(), name,
                           host, locality.locality().zone());
        out += fmt::format("{}::{}::priority::{}\n", name, host, locality.priority());
      }
  }
  return out;
}

static std::string quoted(std::string_view text) {
  std::string out;
  append_json_text(out, text);
  return out;
}

std::string certificates(const Subject& subject, WallTime now) {
  std::string out = "{\"certificates\": [";
  bool first = true;
  for (const auto& known : subject.runtime.tls().known()) {
    const std::string& pem = known.secret->roots.empty() ? known.secret->chain : known.secret->roots;
    const auto chain = tls::Certificate::parse_chain(pem);
    if (!chain) continue;
    for (const tls::Certificate& each : *chain) {
      if (!std::exchange(first, false)) out += ",";
      std::string sans;
      for (const std::string& uri : each.names().uris)
        sans += fmt::format("{}{{\"uri\": {}}}", sans.empty() ? "" : ", ", quoted(uri));
      out += fmt::format(
          "\n {{\"name\": {}, \"serial_number\": \"{}\", \"subject_alt_names\": [{}], \"valid_from\": \"{}\", "
          "\"expiration_time\": \"{}\", \"days_until_expiration\": {}}}",
          quoted(known.name), each.serial(), sans, format_time(each.not_before()), format_time(each.not_after()),
          (each.not_after() - now) / 24h);
    }
  }
  return out + "\n]}\n";
}

}  // namespace lateen::admin
