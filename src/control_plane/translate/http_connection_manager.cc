#include "control_plane/translate/http_connection_manager.h"

#include <envoy/extensions/filters/http/cors/v3/cors.pb.h>
#include <envoy/extensions/filters/http/fault/v3/fault.pb.h>
#include <envoy/extensions/filters/http/grpc_stats/v3/config.pb.h>
#include <envoy/extensions/filters/http/grpc_web/v3/grpc_web.pb.h>
#include <envoy/extensions/request_id/uuid/v3/uuid.pb.h>
#include <istio/envoy/config/filter/http/alpn/v2alpha1/alpn.pb.h>

#include "config/xds/typed_struct.h"
#include "control_plane/translate/access_log.h"
#include "control_plane/translate/metrics.h"
#include "control_plane/translate/rbac.h"

namespace lateen::translate {
namespace {

using Manager = hcm::HttpConnectionManager;
namespace filters = envoy::extensions::filters::http;
namespace alpn = istio::envoy::config::filter::http::alpn::v2alpha1;

HttpFilter peer_metadata(bool inbound) {
  const std::string side = inbound ? "downstream" : "upstream";
  schema::Node value = schema::Node::map(), headers = schema::Node::map(), workload = schema::Node::map();
  headers["istio_headers"] = schema::Node::map();
  workload["workload_discovery"] = schema::Node::map();
  value[side + "_discovery"].push_back(headers);
  value[side + "_discovery"].push_back(workload);
  value[side + "_propagation"].push_back(headers);
  HttpFilter out;
  out.set_name("istio.metadata_exchange");
  *out.mutable_typed_config() = xds::pack_typed_struct(xds::istio_filter::peer_metadata, value);
  return out;
}

// Offers upstream the ALPN that tells both the mesh and the version of HTTP.
HttpFilter alpn_filter() {
  alpn::FilterConfig config;
  const auto add = [&](alpn::FilterConfig::Protocol protocol, const char* istio, const char* base) {
    auto* each = config.add_alpn_override();
    each->set_upstream_protocol(protocol);
    each->add_alpn_override(istio);
    each->add_alpn_override("istio");
    each->add_alpn_override(base);
  };
  add(alpn::FilterConfig::HTTP10, "istio-http/1.0", "http/1.0");
  add(alpn::FilterConfig::HTTP11, "istio-http/1.1", "http/1.1");
  add(alpn::FilterConfig::HTTP2, "istio-h2", "h2");
  return http_filter("istio.alpn", config);
}

void add_filters(const Context& in, const HttpOptions& options, Manager& out) {
  const bool inbound = options.direction == Direction::inbound;
  *out.add_http_filters() = peer_metadata(inbound);
  if (options.direction != Direction::outbound)
    for (auto& filter : http_policy_filters(in, options.port)) *out.add_http_filters() = std::move(filter);
  if (options.grpc_web)
    *out.add_http_filters() = http_filter("envoy.filters.http.grpc_web", filters::grpc_web::v3::GrpcWeb());
  filters::grpc_stats::v3::FilterConfig stats;
  stats.set_emit_filter_state(true);
  stats.mutable_stats_for_all_methods()->set_value(false);
  *out.add_http_filters() = http_filter("envoy.filters.http.grpc_stats", stats);
  if (!inbound) *out.add_http_filters() = alpn_filter();
  *out.add_http_filters() = http_filter("envoy.filters.http.fault", filters::fault::v3::HTTPFault());
  *out.add_http_filters() = http_filter("envoy.filters.http.cors", filters::cors::v3::Cors());
  if (wants_metrics(in)) *out.add_http_filters() = metrics_filter(options.direction);
  *out.add_http_filters() = http_filter("envoy.filters.http.router", filters::router::v3::Router());
}

void set_request_id(Manager& out) {
  envoy::extensions::request_id::uuid::v3::UuidRequestIdConfig config;
  config.mutable_use_request_id_for_trace_sampling()->set_value(true);
  *out.mutable_request_id_extension()->mutable_typed_config() = xds::pack(config);
}

void set_path_rules(const config::MeshConfig& mesh, Manager& out) {
  using Type = config::MeshConfig::ProxyPathNormalization::NormalizationType;
  const Type type = mesh.path_normalization ? mesh.path_normalization->normalization : Type::DEFAULT;
  out.mutable_normalize_path()->set_value(type != Type::NONE);
  out.set_path_with_escaped_slashes_action(Manager::KEEP_UNCHANGED);
  if (type == Type::MERGE_SLASHES || type == Type::DECODE_AND_MERGE_SLASHES) out.set_merge_slashes(true);
  if (type == Type::DECODE_AND_MERGE_SLASHES) out.set_path_with_escaped_slashes_action(Manager::UNESCAPE_AND_FORWARD);
}

Manager::ForwardClientCertDetails forward_mode(config::ForwardClientCertDetails wanted,
                                               Manager::ForwardClientCertDetails otherwise) {
  switch (wanted) {
    case config::ForwardClientCertDetails::UNDEFINED:
      return otherwise;
    case config::ForwardClientCertDetails::SANITIZE:
      return Manager::SANITIZE;
    case config::ForwardClientCertDetails::FORWARD_ONLY:
      return Manager::FORWARD_ONLY;
    case config::ForwardClientCertDetails::APPEND_FORWARD:
      return Manager::APPEND_FORWARD;
    case config::ForwardClientCertDetails::SANITIZE_SET:
      return Manager::SANITIZE_SET;
    case config::ForwardClientCertDetails::ALWAYS_FORWARD_ONLY:
      return Manager::ALWAYS_FORWARD_ONLY;
  }
  return otherwise;
}

void set_client_certificate(const Context& in, bool gateway, Manager& out) {
  const auto& topology = in.mesh.default_config.gateway_topology;
  const auto wanted =
      gateway && topology ? topology->forward_client_cert_details : config::ForwardClientCertDetails::UNDEFINED;
  out.set_forward_client_cert_details(forward_mode(wanted, gateway ? Manager::SANITIZE_SET : Manager::APPEND_FORWARD));
  auto* details = out.mutable_set_current_client_cert_details();
  details->mutable_subject()->set_value(true);
  details->set_cert(gateway);
  details->set_uri(true);
  details->set_dns(true);
  out.set_server_name("istio-envoy");
  if (gateway && topology && topology->num_trusted_proxies) out.set_xff_num_trusted_hops(topology->num_trusted_proxies);
}

}  // namespace

HttpFilter http_filter(const std::string& name, const google::protobuf::Message& config) {
  HttpFilter out;
  out.set_name(name);
  *out.mutable_typed_config() = xds::pack(config);
  return out;
}

NetworkFilter network_filter(const std::string& name, const google::protobuf::Message& config) {
  NetworkFilter out;
  out.set_name(name);
  *out.mutable_typed_config() = xds::pack(config);
  return out;
}

NetworkFilter http_connection_manager(const Context& in, const HttpOptions& options) {
  Manager out;
  out.set_stat_prefix(options.stat_prefix);
  if (options.route_config) {
    *out.mutable_route_config() = *options.route_config;
  } else {
    out.mutable_rds()->set_route_config_name(options.route_name);
    set_ads(out.mutable_rds()->mutable_config_source());
  }
  add_filters(in, options, out);
  set_path_rules(in.mesh, out);
  set_request_id(out);
  out.set_proxy_100_continue(true);
  out.mutable_stream_idle_timeout();
  out.mutable_use_remote_address()->set_value(options.direction == Direction::gateway);
  out.add_upgrade_configs()->set_upgrade_type("websocket");
  if (in.mesh.enable_tracing) *out.mutable_tracing() = tracing(in);
  add_access_logs(in, *out.mutable_access_log());
  if (options.direction != Direction::outbound)
    set_client_certificate(in, options.direction == Direction::gateway, out);
  if (options.direction == Direction::gateway) out.mutable_http_protocol_options();
  return network_filter("envoy.filters.network.http_connection_manager", out);
}

}  // namespace lateen::translate
