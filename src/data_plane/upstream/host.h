// An endpoint as one worker sees it: its pools, its load, its recent failures. Shared by the cluster that lists it and
// the exchanges that use it, so that one which is taken off the list lives until its last response is read.
#pragma once
#include <map>

#include "data_plane/upstream/cluster_settings.h"

namespace lateen::upstream {

class Host {
 public:
  Host(Endpoint endpoint, std::shared_ptr<TransportSocket> socket)
      : endpoint_(std::move(endpoint)), socket_(std::move(socket)) {}

  const Endpoint& endpoint() const { return endpoint_; }
  TransportSocket& socket() const { return *socket_; }

  // Healthy enough to be chosen: says the control plane, and outlier detection has not ejected it.
  Health health() const { return ejected_ ? Health::unhealthy : endpoint_.health; }

  // Pools are kept apart by protocol and by what the TLS layer will say.
  struct PoolKey {
    http::Version version;
    TransportSocket::Options options;
  };
  // What a pool is looked for by: every request does, and copies nothing.
  struct PoolWish {
    PoolWish(const PoolKey& key) : version(key.version), options(key.options) {}
    PoolWish(http::Version version, const TransportSocket::Options& options) : version(version), options(options) {}
    http::Version version;
    const TransportSocket::Options& options;
  };
  struct PoolOrder {
    using is_transparent = void;
    bool operator()(PoolWish a, PoolWish b) const {
      return std::tie(a.version, a.options) < std::tie(b.version, b.options);
    }
  };
  // Most hosts have one pool: a look at that is cheaper than the map's order.
  http::Pool* find_pool(PoolWish wish) const {
    if (pools_.empty()) return nullptr;
    const auto first = pools_.begin();
    if (first->first.version == wish.version && first->first.options == wish.options) return first->second.get();
    const auto known = pools_.find(wish);
    return known == pools_.end() ? nullptr : known->second.get();
  }

  uint32_t active_requests = 0;  // what least-request compares

 private:
  friend class Cluster;
  friend class OutlierWatch;
  Endpoint endpoint_;
  std::shared_ptr<TransportSocket> socket_;
  std::map<PoolKey, std::unique_ptr<http::Pool>, PoolOrder> pools_;
  // Outlier detection.
  bool ejected_ = false;
  uint32_t consecutive_5xx_ = 0, consecutive_gateway_ = 0, consecutive_local_ = 0;
  uint32_t ejections_ = 0;  // consecutive ones: each makes the next last longer
  Time ejected_until_{};
};

using HostPtr = std::shared_ptr<Host>;

}  // namespace lateen::upstream
