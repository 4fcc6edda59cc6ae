// Network filters: what happens to a connection as bytes, before and instead of HTTP.
#pragma once
#include <memory>

#include "data_plane/telemetry/record.h"
#include "data_plane/upstream/cluster.h"
#include "lib/http/server.h"
#include "lib/io/transport.h"

namespace lateen::tcp {

// One downstream connection on its way through the network filters. Owned by the listener's connection task.
struct Connection {
  io::Transport& transport;
  telemetry::ConnectionRecord& about;
  telemetry::Record record;                     // of the whole connection, for TCP logs and metrics
  upstream::TransportSocket::Options upstream;  // what later filters say to the upstream side
  std::shared_ptr<http::Drain> drain;           // of the listener; may be null
};

// A filter before the terminal one. Made once per worker and filter chain.
class NetworkFilter {
 public:
  virtual ~NetworkFilter() = default;
  // False: the connection is closed; the reason stands in about.termination_details.
  virtual io::Task<bool> open(Connection& connection) = 0;
  // When the connection is over, in every case.
  virtual void end(Connection& connection) {}
};

// The last filter: it serves the connection to its end.
class TerminalFilter {
 public:
  virtual ~TerminalFilter() = default;
  virtual io::Task<void> serve(Connection& connection) = 0;
};

}  // namespace lateen::tcp
