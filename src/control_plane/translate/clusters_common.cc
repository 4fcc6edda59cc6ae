#include "control_plane/translate/clusters.h"
#include "control_plane/translate/load_balancing.h"

namespace lateen::translate {

using envoy::extensions::upstreams::http::v3::HttpProtocolOptions;

Cluster named_cluster(const config::MeshConfig& mesh, const std::string& name) {
  Cluster out;
  out.set_name(name);
  out.set_alt_stat_name(name + ";");
  set(out.mutable_connect_timeout(), mesh.connect_timeout.value_or(10s));
  return out;
}

void set_services_metadata(Cluster& out, const registry::Service& service) {
  auto& istio = *(*out.mutable_metadata()->mutable_filter_metadata())["istio"].mutable_fields();
  auto& each = *istio["services"].mutable_list_value()->add_values()->mutable_struct_value()->mutable_fields();
  each["host"].set_string_value(service.hostname);
  each["name"].set_string_value(service.name);
  each["namespace"].set_string_value(service.namespace_);
}

void set_bind_to_inbound_address(Cluster& out, const Proxy& proxy) {
  // Connections from here are let through by the rules that capture the rest.
  auto* source = out.mutable_upstream_bind_config()->mutable_source_address();
  source->set_address(proxy.wildcard_address() == "::" ? "::6" : "127.0.0.6");
  source->set_port_value(0);
}

void set_http_options(Cluster& out, const HttpVersion& version, const HttpProtocolOptions& more) {
  HttpProtocolOptions options = more;
  if (version.like_downstream) {
    options.mutable_use_downstream_protocol_config()->mutable_http_protocol_options();
    options.mutable_use_downstream_protocol_config()->mutable_http2_protocol_options();
  } else if (version.http2) {
    options.mutable_explicit_http_config()->mutable_http2_protocol_options();
  } else if (options.ByteSizeLong() == 0) {
    return;
  } else {
    options.mutable_explicit_http_config()->mutable_http_protocol_options();
  }
  (*out.mutable_typed_extension_protocol_options())["envoy.extensions.upstreams.http.v3.HttpProtocolOptions"] =
      xds::pack(options);
}

namespace {

Cluster pass_through(const Context& in, std::string_view name) {
  Cluster out = named_cluster(in.mesh, std::string(name));
  out.set_alt_stat_name(std::string(passthrough_cluster) + ";");
  out.set_type(Cluster::ORIGINAL_DST);
  out.set_lb_policy(Cluster::CLUSTER_PROVIDED);
  std::optional<config::ConnectionPoolSettings> pool;
  set_default_keepalive(in.mesh.tcp_keepalive, pool);
  apply_connection_pool(pool, out);
  HttpProtocolOptions options;
  set(options.mutable_common_http_protocol_options()->mutable_idle_timeout(), 300s);
  set_http_options(out, {.like_downstream = true}, options);
  return out;
}

}  // namespace

void add_fixed_clusters(const Context& in, std::vector<Cluster>& out) {
  Cluster black_hole = named_cluster(in.mesh, std::string(black_hole_cluster));
  black_hole.set_type(Cluster::STATIC);
  out.push_back(std::move(black_hole));
  if (in.proxy.is_router()) return;
  Cluster outbound = pass_through(in, passthrough_cluster);
  auto* filter = outbound.add_filters();
  filter->set_name("istio.metadata_exchange");
  *filter->mutable_typed_config() = tcp_metadata_exchange();
  out.push_back(std::move(outbound));
  Cluster inbound = pass_through(in, inbound_passthrough_cluster);
  set_bind_to_inbound_address(inbound, in.proxy);
  out.push_back(std::move(inbound));
}

}  // namespace lateen::translate
