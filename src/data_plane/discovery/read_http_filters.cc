#include <envoy/extensions/filters/http/cors/v3/cors.pb.h>
#include <envoy/extensions/filters/http/fault/v3/fault.pb.h>
#include <envoy/extensions/filters/http/rbac/v3/rbac.pb.h>

#include "config/xds/names.h"
#include "config/xds/typed_struct.h"
#include "data_plane/discovery/read_listener.h"
#include "data_plane/discovery/read_rbac.h"
#include "data_plane/discovery/read_route_action.h"
#include "data_plane/discovery/string_match.h"
#include "data_plane/http/filters/cors.h"
#include "data_plane/http/filters/fault.h"
#include "data_plane/http/filters/istio.h"
#include "data_plane/http/filters/rbac.h"

namespace lateen::discovery {

namespace hcmv3 = envoy::extensions::filters::network::http_connection_manager::v3;
using downstream::Worker;

namespace {

using FaultMessage = envoy::extensions::filters::http::fault::v3::HTTPFault;

Result<std::shared_ptr<filters::FaultSettings>> read_fault(const FaultMessage& message) {
  auto out = std::make_shared<filters::FaultSettings>();
  if (message.has_delay()) {
    if (!message.delay().has_fixed_delay())
      return fail(ErrorKind::unsupported, "fault.delay: only fixed_delay is supported");
    out->delay = {duration_of(message.delay().fixed_delay()), fraction_of(message.delay().percentage())};
  }
  if (message.has_abort()) {
    filters::FaultSettings::Abort abort{.share = fraction_of(message.abort().percentage())};
    if (message.abort().has_header_abort())
      return fail(ErrorKind::unsupported, "fault.abort.header_abort is not supported");
    if (message.abort().http_status()) abort.http_status = static_cast<int>(message.abort().http_status());
    if (message.abort().has_grpc_status())
      abort.http_status = 200, abort.grpc_status = static_cast<int>(message.abort().grpc_status());
    out->abort = abort;
  }
  for (const auto& each : message.headers()) {
    auto match = header_match(each);
    if (!match) return failed(match, "fault.headers");
    out->headers.push_back(std::move(*match));
  }
  return out;
}

Result<std::shared_ptr<filters::CorsPolicy>> read_cors(
    const envoy::extensions::filters::http::cors::v3::CorsPolicy& message) {
  auto out = std::make_shared<filters::CorsPolicy>();
  for (const auto& each : message.allow_origin_string_match()) {
    auto match = string_match(each);
    if (!match) return failed(match, "allow_origin_string_match");
    out->origins.push_back(std::move(*match));
  }
  out->methods = message.allow_methods();
  out->headers = message.allow_headers();
  out->expose_headers = message.expose_headers();
  out->max_age = message.max_age();
  if (message.has_allow_credentials()) out->credentials = message.allow_credentials().value();
  if (message.has_filter_enabled()) out->share = fraction_of(message.filter_enabled().default_value());
  if (message.has_forward_not_matching_preflights())
    out->forward_not_matching_preflights = message.forward_not_matching_preflights().value();
  return out;
}

using RbacMessage = envoy::extensions::filters::http::rbac::v3::RBAC;

Result<std::shared_ptr<filters::RbacSettings>> read_rbac_filter(const RbacMessage& message, std::string_view filter,
                                                                Notes& notes) {
  auto out = std::make_shared<filters::RbacSettings>();
  if (message.has_matcher() || message.has_shadow_matcher())
    return fail(ErrorKind::unsupported, "rbac: matcher and shadow_matcher are not supported");
  notes.check(message, filter, {"rules", "shadow_rules", "shadow_rules_stat_prefix"});
  if (message.has_rules()) {
    auto rules = read_rbac(message.rules(), notes);
    if (!rules) return failed(rules, "rbac.rules");
    out->rules = std::move(*rules);
  }
  if (message.has_shadow_rules()) {
    auto rules = read_rbac(message.shadow_rules(), notes);
    if (!rules) return failed(rules, "rbac.shadow_rules");
    out->shadow = std::move(*rules);
  }
  out->shadow_prefix = message.shadow_rules_stat_prefix();
  return out;
}

std::vector<std::string> strings_of(const schema::Node* list) {
  std::vector<std::string> out;
  if (list && list->as_list())
    for (const schema::Node& each : *list->as_list()) out.emplace_back(each.text());
  return out;
}

MakeHttpFilter read_alpn(const schema::Node& config) {
  auto settings = std::make_shared<filters::IstioAlpn::Settings>();
  const schema::Node* overrides = config.find("alpn_override");
  if (!overrides) overrides = config.find("alpnOverride");
  if (overrides && overrides->as_list())
    for (const schema::Node& each : *overrides->as_list()) {
      const schema::Node* protocol = each.find("upstream_protocol");
      if (!protocol) protocol = each.find("upstreamProtocol");
      const schema::Node* list = each.find("alpn_override");
      if (!list) list = each.find("alpnOverride");
      const std::string_view name = protocol ? protocol->text() : "HTTP10";  // the enum's zero is left out
      (name == "HTTP2" ? settings->http2 : name == "HTTP11" ? settings->http11 : settings->http10) = strings_of(list);
    }
  return [settings](Worker& worker) { return std::make_unique<filters::IstioAlpn>(settings, worker.clusters); };
}

MakeHttpFilter read_peer_metadata(const schema::Node& config, const ListenerSurroundings& around) {
  auto settings = std::make_shared<filters::PeerMetadata::Settings>();
  const auto has_headers = [&](const char* name, const char* camel) {
    const schema::Node* list = config.find(name);
    if (!list) list = config.find(camel);
    if (list && list->as_list())
      for (const schema::Node& each : *list->as_list())
        if (each.find("istio_headers") || each.find("istioHeaders")) {
          const schema::Node* headers =
              each.find("istio_headers") ? each.find("istio_headers") : each.find("istioHeaders");
          const schema::Node* skip = headers->find("skip_external_clusters") ? headers->find("skip_external_clusters")
                                                                             : headers->find("skipExternalClusters");
          if (skip && skip->as_bool()) settings->skip_external = *skip->as_bool();
          return true;
        }
    return false;
  };
  settings->discover_downstream = has_headers("downstream_discovery", "downstreamDiscovery");
  settings->discover_upstream = has_headers("upstream_discovery", "upstreamDiscovery");
  settings->propagate_downstream = has_headers("downstream_propagation", "downstreamPropagation");
  settings->propagate_upstream = has_headers("upstream_propagation", "upstreamPropagation");
  settings->own_header = telemetry::encode_peer(around.self);
  settings->own_id = around.node_id;
  return [settings](Worker& worker) { return std::make_unique<filters::PeerMetadata>(settings, worker.clusters); };
}

// Fields of filters that nothing here looks at.
void note_parts(const xds::TypedConfig& config, const std::string& filter, Notes& notes) {
  const std::string_view type = xds::type_name_of(config.type_url);
  using CorsPolicyMessage = envoy::extensions::filters::http::cors::v3::CorsPolicy;
  if (type == FaultMessage::descriptor()->full_name())
    notes.check(*config.message, filter, {"delay", "abort", "headers"});
  if (type == CorsPolicyMessage::descriptor()->full_name())
    notes.check(*config.message, filter,
                {"allow_origin_string_match", "allow_methods", "allow_headers", "expose_headers", "max_age",
                 "allow_credentials", "filter_enabled", "forward_not_matching_preflights"});
  if (config.type_url == xds::istio_filter::stats && config.value.as_map())
    for (const auto& entry : *config.value.as_map())
      if (entry.key != "disable_host_header_fallback") notes.not_honoured(filter + "." + entry.key);
}

// Filters that are accepted and do nothing here; each says so once when its listener is applied.
bool is_tolerated(std::string_view type, Notes& notes) {
  if (type == "envoy.extensions.filters.http.grpc_stats.v3.FilterConfig") {
    notes.note("http filter grpc_stats: gRPC messages are not counted yet");
    return true;
  }
  // A client that could take a compressed body takes a plain one too.
  if (type == "envoy.extensions.filters.http.compressor.v3.Compressor") {
    notes.note("http filter compressor: bodies are not compressed yet");
    return true;
  }
  return false;
}

Result<std::optional<MakeHttpFilter>> read_filter(const xds::TypedConfig& config, const std::string& filter,
                                                  const ListenerSurroundings& around, telemetry::Direction direction,
                                                  Notes& notes) {
  const std::string_view type = xds::type_name_of(config.type_url);
  if (type == FaultMessage::descriptor()->full_name()) {
    auto settings = read_fault(static_cast<const FaultMessage&>(*config.message));
    if (!settings) return failed(settings);
    return MakeHttpFilter([settings = std::shared_ptr<const filters::FaultSettings>(std::move(*settings))](Worker&) {
      return std::make_unique<filters::Fault>(settings);
    });
  }
  if (type == "envoy.extensions.filters.http.cors.v3.Cors")
    return MakeHttpFilter([](Worker&) { return std::make_unique<filters::Cors>(); });
  if (type == RbacMessage::descriptor()->full_name()) {
    auto settings = read_rbac_filter(static_cast<const RbacMessage&>(*config.message), filter, notes);
    if (!settings) return failed(settings);
    return MakeHttpFilter([settings = std::shared_ptr<const filters::RbacSettings>(std::move(*settings))](Worker&) {
      return std::make_unique<filters::Rbac>(settings);
    });
  }
  if (config.type_url == xds::istio_filter::alpn) return read_alpn(xds::tree_of(config));
  if (config.type_url == xds::istio_filter::peer_metadata) return read_peer_metadata(xds::tree_of(config), around);
  if (config.type_url == xds::istio_filter::stats) {
    const bool inbound = direction == telemetry::Direction::inbound;
    const schema::Node* no_fallback = config.value.find("disable_host_header_fallback");
    const bool fallback = !no_fallback || !no_fallback->as_bool() || !*no_fallback->as_bool();
    return MakeHttpFilter([&registry = around.registry, &self = around.self, inbound, fallback](Worker& worker) {
      return std::make_unique<filters::IstioStats>(registry, worker.shard, self, worker.clusters, inbound, fallback);
    });
  }
  if (is_tolerated(type, notes)) return std::nullopt;
  return fail(ErrorKind::unsupported, "http filter type {} is not supported", type);
}

}  // namespace

Result<std::vector<MakeHttpFilter>> read_http_filters(
    const google::protobuf::RepeatedPtrField<hcmv3::HttpFilter>& filters, const ListenerSurroundings& around,
    telemetry::Direction direction, Notes& notes) {
  std::vector<MakeHttpFilter> out;
  bool has_router = false;
  for (const auto& filter : filters) {
    if (has_router) return fail(ErrorKind::invalid, "{}: the router must be the last http filter", filter.name());
    if (filter.has_config_discovery())
      return fail(ErrorKind::unsupported, "{}: config_discovery is not supported", filter.name());
    if (xds::type_name_of(filter.typed_config().type_url()) == "envoy.extensions.filters.http.router.v3.Router") {
      envoy::extensions::filters::http::router::v3::Router router;
      if (auto read = xds::unpack(filter.typed_config(), router); !read) return failed(read, filter.name());
      notes.check(router, "router", {"dynamic_stats", "start_child_span"});
      has_router = true;
      continue;
    }
    auto opened = xds::open_any(filter.typed_config());
    if (opened) note_parts(*opened, filter.name(), notes);
    Result<std::optional<MakeHttpFilter>> made =
        opened ? read_filter(*opened, filter.name(), around, direction, notes) : failed(opened);
    if (!made && filter.is_optional()) {
      notes.note(fmt::format("optional http filter {} is left out: {}", filter.name(), made.error().message));
      continue;
    }
    if (!made) return failed(made, filter.name());
    if (!*made) continue;
    out.push_back([make = std::move(**made), name = filter.name(), disabled = filter.disabled()](Worker& worker) {
      auto one = make(worker);
      one->name = name;
      one->disabled = disabled;
      return one;
    });
  }
  if (!has_router) return fail(ErrorKind::invalid, "the last http filter must be envoy.filters.http.router");
  return out;
}

Result<std::shared_ptr<const router::FilterSettings>> read_filter_settings(const std::string& filter,
                                                                           const google::protobuf::Any& config,
                                                                           Notes& notes) {
  auto opened = xds::open_any(config);
  if (!opened) return failed(opened);
  note_parts(*opened, filter, notes);
  const std::string_view type = xds::type_name_of(opened->type_url);
  if (type == FaultMessage::descriptor()->full_name())
    return read_fault(static_cast<const FaultMessage&>(*opened->message));
  using RbacPerRoute = envoy::extensions::filters::http::rbac::v3::RBACPerRoute;
  if (type == RbacPerRoute::descriptor()->full_name())
    return read_rbac_filter(static_cast<const RbacPerRoute&>(*opened->message).rbac(), filter, notes);
  using CorsMessage = envoy::extensions::filters::http::cors::v3::CorsPolicy;
  if (type == CorsMessage::descriptor()->full_name())
    return read_cors(static_cast<const CorsMessage&>(*opened->message));
  return fail(ErrorKind::unsupported, "{} is not supported", type);
}

}  // namespace lateen::discovery
