// Keeps the endpoints of DNS clusters up to date: resolves their host names again and again, on the main loop.
#pragma once
#include "data_plane/discovery/runtime.h"
#include "data_plane/upstream/dns_resolver.h"
#include "lib/io/scope.h"

namespace lateen::discovery {

class DnsRefresh {
 public:
  // The resolver outlives this object.
  DnsRefresh(io::Loop& loop, upstream::DnsResolver& resolver)
      : loop_(loop), resolver_(resolver), scope_(loop), end_(scope_) {}

  // As Runtime::Resolve. A later call for the same cluster replaces the former one.
  using Changed = std::function<void(std::shared_ptr<const upstream::EndpointSet>)>;
  void start(const std::string& cluster, std::shared_ptr<const upstream::ClusterSettings> settings, Changed changed);

 private:
  io::Task<void> refresh(std::string cluster, std::shared_ptr<const upstream::ClusterSettings> settings,
                         Changed changed);
  io::Loop& loop_;
  upstream::DnsResolver& resolver_;
  std::map<std::string, std::weak_ptr<const upstream::ClusterSettings>> current_;
  io::Scope scope_;
  io::CancelOnExit end_;
};

}  // namespace lateen::discovery
