// One worker of the data plane: everything that belongs to one loop. Discovery posts changes to it; nothing of it is
// shared with other workers but immutable settings.
#pragma once
#include "data_plane/downstream/listener.h"
#include "data_plane/http/connection_manager.h"
#include "data_plane/tcp/tcp_proxy.h"

namespace lateen::downstream {

// The metric families of the data plane, defined once per program.
struct Families {
  explicit Families(metrics::Registry& registry)
      : cluster(registry), manager(registry), tcp(registry), listener(registry) {}
  upstream::ClusterCounters cluster;
  proxy::ManagerCounters manager;
  tcp::TcpCounters tcp;
  ListenerCounters listener;
};

class Worker {
 public:
  Worker(io::Network& network, metrics::Registry& registry, const Families& families, unsigned index);
  Worker(const Worker&) = delete;
  ~Worker();

  // Makes or replaces a listener: binds, starts accepting; the former one of that name drains. Fails when an address
  // cannot be bound; then the former one goes on.
  Result<> put_listener(std::shared_ptr<const ListenerSettings> settings);
  void remove_listener(const std::string& name);
  // Connections that were accepted end after their streams under way; nothing is accepted any more.
  void drain_listeners(bool inbound_only);
  // The listener that the original destination belongs to: its exact address, then any address with that port.
  Listener* find_listener(const SocketAddress& destination);
  size_t connections() const;

  std::shared_ptr<proxy::RouteSlot> route_slot(const std::string& name);
  void set_routes(const std::string& name, std::shared_ptr<const router::RouteTable> table) {
    route_slot(name)->table = std::move(table);
  }

  io::Network& network;
  io::Loop& loop;
  const Families& families;
  metrics::Shard shard;
  upstream::Clusters clusters;
  router::Router router;
  const unsigned index;
  uint64_t next_connection_id = 0;
  Duration drain_time = 45s;  // then connections of a drained listener are cut

 private:
  std::map<std::string, std::shared_ptr<proxy::RouteSlot>> routes_;
  std::map<std::string, std::unique_ptr<Listener>> listeners_;
  std::vector<std::unique_ptr<Listener>> draining_;
  io::Scope reapers_;
  io::CancelOnExit end_reapers_;
  void retire(std::unique_ptr<Listener> listener);
  io::Task<void> reap(Listener* listener);
};

}  // namespace lateen::downstream
