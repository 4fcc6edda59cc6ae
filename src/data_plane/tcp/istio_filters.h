// Istio's network filters: metadata exchange on mTLS connections with the ALPN istio-peer-exchange, and TCP metrics.
#pragma once
#include "data_plane/tcp/network_filter.h"
#include "data_plane/telemetry/istio_metrics.h"
#include "data_plane/telemetry/peer_metadata.h"

namespace lateen::tcp {

inline constexpr std::string_view exchange_alpn = "istio-peer-exchange";

// Writes our own metadata, reads the peer's: what both ends do before the first byte of a connection with that ALPN.
// Fails when the peer says something else; null when what it said of itself cannot be read.
io::Task<Result<std::shared_ptr<const telemetry::Peer>>> exchange_metadata(io::Transport& transport,
                                                                           std::string_view own);

// Downstream side: reads what the client's proxy says of itself and answers with our own, before any byte of the
// stream. Connections with another ALPN pass untouched.
class MetadataExchange final : public NetworkFilter {
 public:
  MetadataExchange(std::string protocol, std::string own) : protocol_(std::move(protocol)), own_(std::move(own)) {}
  io::Task<bool> open(Connection& connection) override;

 private:
  std::string protocol_, own_;
};

class TcpStats final : public NetworkFilter {
 public:
  TcpStats(metrics::Registry& registry, metrics::Shard& shard, const telemetry::Peer& self, bool inbound)
      : metrics_(registry, shard, self), inbound_(inbound) {}
  io::Task<bool> open(Connection&) override { co_return true; }
  void end(Connection& connection) override { metrics_.count_connection(connection.record(), inbound_); }

 private:
  telemetry::IstioMetrics metrics_;
  bool inbound_;
};

}  // namespace lateen::tcp
