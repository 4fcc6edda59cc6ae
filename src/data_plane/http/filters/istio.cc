#include "data_plane/http/filters/istio.h"

namespace lateen::filters {

using telemetry::peer_metadata_header;
using telemetry::peer_metadata_id_header;

namespace {

// The cluster that the exchange will go to, as far as it is known before the router runs.
std::shared_ptr<upstream::Cluster> cluster_of(proxy::Exchange& exchange, upstream::Clusters& clusters) {
  const router::Forward* forward = exchange.forward();
  if (!forward) return nullptr;
  const router::WeightedCluster* chosen = router::Router::choose(*forward, exchange.draw);
  return chosen ? clusters.find(chosen->header.empty() ? std::string_view(chosen->name)
                                                       : exchange.headers().value(chosen->header))
                : nullptr;
}

}  // namespace

std::shared_ptr<const telemetry::Peer> PeerMetadata::take(http::Headers& headers) {
  const auto id = headers.get(peer_metadata_id_header), value = headers.get(peer_metadata_header);
  auto peer = id && value ? peers_.find(*id, *value) : nullptr;
  headers.remove(peer_metadata_id_header);
  headers.remove(peer_metadata_header);
  return peer;
}

std::optional<http::Response> PeerMetadata::on_request(proxy::Exchange& exchange) {
  http::Headers& headers = exchange.headers();
  // The server answers with its own only when it was told who asks.
  if (headers.has(peer_metadata_id_header)) exchange.record.extra.make().filter_state["istio.peer_asked"] = "1";
  if (settings_->discover_downstream) {
    if (auto peer = take(headers)) exchange.record.downstream_peer = std::move(peer);
  }
  if (settings_->propagate_upstream) {
    const auto cluster = cluster_of(exchange, clusters_);
    const bool external = cluster && settings_->skip_external &&
                          (cluster->settings().external || cluster->settings().name == "PassthroughCluster");
    if (cluster && !cluster->settings().disable_metadata_headers && !external) {
      headers.set(peer_metadata_id_header, settings_->own_id);
      headers.set(peer_metadata_header, settings_->own_header);
    }
  }
  return std::nullopt;
}

void PeerMetadata::on_response(proxy::Exchange& exchange, http::Response& response) {
  if (settings_->discover_upstream) {
    auto peer = take(response.headers);
    if (!peer && exchange.hold.host())
      peer = telemetry::peer_of_workload(exchange.hold.host()->endpoint().istio_workload);
    exchange.record.upstream_peer = std::move(peer);
  }
  if (settings_->propagate_downstream && exchange.record.extra->filter_state.contains("istio.peer_asked")) {
    response.headers.set(peer_metadata_id_header, settings_->own_id);
    response.headers.set(peer_metadata_header, settings_->own_header);
  }
}

std::optional<http::Response> IstioAlpn::on_request(proxy::Exchange& exchange) {
  const auto cluster = cluster_of(exchange, clusters_);
  if (!cluster || !cluster->settings().alpn_override) return std::nullopt;
  const bool http2 = cluster->version_for({.version = exchange.request().version}) == http::Version::http2;
  exchange.wish.socket.alpn = http2 ? settings_->http2 : settings_->http11;
  return std::nullopt;
}

void IstioStats::on_response(proxy::Exchange& exchange, http::Response& response) {
  telemetry::Record& record = exchange.record;
  if (const auto status = response.headers.get("grpc-status"))
    record.extra.make().filter_state["grpc-status"] = *status;
  if (!inbound_ && !record.upstream_peer && exchange.hold.host())
    record.upstream_peer = telemetry::peer_of_workload(exchange.hold.host()->endpoint().istio_workload);
}

void IstioStats::on_end(proxy::Exchange& exchange) {
  telemetry::Record& record = exchange.record;
  std::shared_ptr<upstream::Cluster> cluster = exchange.hold.cluster();
  if (!cluster) cluster = clusters_.find(record.upstream_cluster);
  if (cluster) {
    const upstream::ServiceName& service = cluster->settings().service;
    record.service_host = service.host;
    record.service_name = service.name;
    record.service_namespace = service.name_space;
  }
  if (record.service_host.empty() && host_fallback_) {
    record.service_host = exchange.headers().authority();
    if (record.service_name.empty()) record.service_name = record.service_host;
  }
  const bool grpc = telemetry::is_grpc(exchange.headers());
  auto status = exchange.trailers ? exchange.trailers->get("grpc-status") : std::nullopt;
  const auto& state = record.extra->filter_state;
  if (const auto head = state.find("grpc-status"); !status && head != state.end()) status = head->second;
  metrics_.count_request(record, inbound_, grpc && status ? *status : std::string_view(), grpc);
}

}  // namespace lateen::filters
