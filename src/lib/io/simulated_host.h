// One host of a SimulatedWorld: its listeners, datagram sockets and connections. Private to lib/io.
#pragma once
#include "lib/io/simulated.h"

namespace lateen::io {

class SimulatedStream;

class SimulatedWorld::Host final : public Network {
 public:
  Host(SimulatedWorld& world, Ip ip) : world_(world), ip_(ip) {}
  ~Host() override;

  Loop& loop() override { return world_; }
  Task<Result<std::unique_ptr<Transport>>> connect(SocketAddress to, ConnectOptions options) override;
  Result<std::unique_ptr<Acceptor>> listen(const SocketAddress& on, const ListenOptions& options) override;
  Result<std::unique_ptr<Datagrams>> bind_datagrams(const SocketAddress& on) override;
  void crash();
  Network& redirect(uint16_t outbound, uint16_t inbound);

  // A listening socket, a datagram socket, and one end of a connection register here while they live.
  struct Listener;
  struct DatagramSocket;
  SimulatedWorld& world_;
  Ip ip_;
  std::map<uint16_t, Listener*> listeners_;
  std::map<uint16_t, DatagramSocket*> datagrams_;
  std::map<uint64_t, SimulatedStream*> streams_;  // in the order of their making: a crash ends them in that order

 private:
  class Applications;
  struct Redirect {
    uint16_t outbound, inbound;
  };
  uint16_t free_port() const;
  Task<Result<std::unique_ptr<Transport>>> reach(SocketAddress to, SocketAddress door, ConnectOptions options);
  std::optional<Redirect> redirect_;
  std::unique_ptr<Network> applications_;
};

}  // namespace lateen::io
