// What a host can do on a network. Two implementations: sockets of this machine (`RealNetwork` of a Reactor) and a host
// of a SimulatedWorld. Everything above lib/io takes a Network&, so the whole program runs on either.
#pragma once
#include <memory>

#include "lib/io/transport.h"

namespace lateen::io {

// TCP keepalive; 0: as the system has it.
struct KeepAlive {
  uint32_t probes = 0;                  // unanswered ones until the connection counts as dead
  uint32_t time_s = 0, interval_s = 0;  // seconds of silence before the first probe, and between probes
  bool operator==(const KeepAlive&) const = default;
};

struct ConnectOptions {
  std::optional<SocketAddress> bind;  // the source address, port 0 for any
  uint32_t mark = 0;                  // SO_MARK, so that redirect rules let our own connections pass; needs privileges
  std::optional<KeepAlive> keepalive;
};

struct ListenOptions {
  bool reuse_port = true;    // one listener per worker on the same address
  bool transparent = false;  // IP_TRANSPARENT (TPROXY)
  int backlog = 4096;
  int unix_mode = 0600;  // permissions of a Unix socket's path
};

// A listening socket. Destroying it closes it; connections already accepted live on.
class Acceptor {
 public:
  virtual ~Acceptor() = default;
  virtual Task<Result<std::unique_ptr<Transport>>> accept() = 0;
  virtual const SocketAddress& local() const = 0;  // with the port that port 0 became
};

// A UDP socket.
class Datagrams {
 public:
  virtual ~Datagrams() = default;
  struct Received {
    size_t bytes = 0;
    SocketAddress from;
  };
  // The next datagram, cut to the span's size; nothing when none is waiting (await readable()).
  virtual std::optional<Received> try_receive(std::span<char> into) = 0;
  // False when it could not be sent now; UDP may lose it anyway, so callers repeat by their own timer.
  virtual bool try_send(std::string_view bytes, const SocketAddress& to) = 0;
  virtual Readiness& readable() = 0;
  virtual const SocketAddress& local() const = 0;
};

class Network {
 public:
  virtual ~Network() = default;
  virtual Loop& loop() = 0;
  // Fails with refused, timed_out (the system's own limit), unavailable (no descriptor or port left).
  virtual Task<Result<std::unique_ptr<Transport>>> connect(SocketAddress to, ConnectOptions options = {}) = 0;
  // Fails with already_exists when the address is taken, permission, invalid; the message names the address.
  virtual Result<std::unique_ptr<Acceptor>> listen(const SocketAddress& on, const ListenOptions& options = {}) = 0;
  virtual Result<std::unique_ptr<Datagrams>> bind_datagrams(const SocketAddress& on) = 0;
};

}  // namespace lateen::io
