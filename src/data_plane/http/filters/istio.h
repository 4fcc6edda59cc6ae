// Istio's own filters: who calls whom (peer metadata), what protocol the mesh's TLS announces (alpn), and the standard
// metrics (stats).
#pragma once
#include "data_plane/http/filter.h"
#include "data_plane/telemetry/istio_metrics.h"
#include "data_plane/telemetry/peer_metadata.h"

namespace lateen::filters {

// istio.metadata_exchange over headers.
class PeerMetadata final : public proxy::Filter {
 public:
  struct Settings {
    bool discover_downstream = false, discover_upstream = false;    // read the peer's headers
    bool propagate_downstream = false, propagate_upstream = false;  // send our own
    bool skip_external = false;
    std::string own_header, own_id;
  };
  PeerMetadata(std::shared_ptr<const Settings> settings, upstream::Clusters& clusters)
      : settings_(std::move(settings)), clusters_(clusters) {}
  std::optional<http::Response> on_request(proxy::Exchange& exchange) override;
  void on_response(proxy::Exchange& exchange, http::Response& response) override;

 private:
  std::shared_ptr<const telemetry::Peer> take(http::Headers& headers);
  std::shared_ptr<const Settings> settings_;
  upstream::Clusters& clusters_;
  telemetry::PeerCache peers_;
};

// istio.alpn: the ALPN list of the upstream connection, by the protocol that will be spoken on it.
class IstioAlpn final : public proxy::Filter {
 public:
  struct Settings {
    std::vector<std::string> http10, http11, http2;
  };
  IstioAlpn(std::shared_ptr<const Settings> settings, upstream::Clusters& clusters)
      : settings_(std::move(settings)), clusters_(clusters) {}
  std::optional<http::Response> on_request(proxy::Exchange& exchange) override;

 private:
  std::shared_ptr<const Settings> settings_;
  upstream::Clusters& clusters_;
};

// istio.stats
class IstioStats final : public proxy::Filter {
 public:
  IstioStats(metrics::Registry& registry, metrics::Shard& shard, const telemetry::Peer& self,
             upstream::Clusters& clusters, bool inbound, bool host_fallback)
      : metrics_(registry, shard, self), clusters_(clusters), inbound_(inbound), host_fallback_(host_fallback) {}
  void on_response(proxy::Exchange& exchange, http::Response& response) override;
  void on_end(proxy::Exchange& exchange) override;

 private:
  telemetry::IstioMetrics metrics_;
  upstream::Clusters& clusters_;
  bool inbound_;
  bool host_fallback_;  // the request's host names the service where the cluster does not
};

}  // namespace lateen::filters
