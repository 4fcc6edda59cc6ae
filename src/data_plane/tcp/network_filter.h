// Network filters: what happens to a connection as bytes, before and instead of HTTP.
#pragma once
#include <memory>

#include "data_plane/telemetry/record.h"
#include "data_plane/upstream/cluster.h"
#include "lib/http/server.h"
#include "lib/io/transport.h"

namespace lateen::tcp {

// One downstream connection on its way through the network filters. Owned by the listener's connection task.
class Connection {
 public:
  Connection(io::Transport& transport, telemetry::ConnectionRecord& about, WallTime start = {},
             std::shared_ptr<http::Drain> drain = nullptr)
      : transport(transport), about(about), drain(std::move(drain)), start_(start), began_(transport.loop().now()) {}

  io::Transport& transport;
  telemetry::ConnectionRecord& about;
  upstream::TransportSocket::Options upstream;  // what later filters say to the upstream side
  std::shared_ptr<http::Drain> drain;           // of the listener; may be null

  // Of the whole connection, for TCP logs and metrics. Made when it is first asked for: a connection that speaks HTTP
  // has none, which a worker with many idle ones notices.
  telemetry::Record& record() {
    if (!record_)
      record_ = std::make_unique<telemetry::Record>(
          telemetry::Record{.connection = &about, .start = start_, .began = began_});
    return *record_;
  }

 private:
  const WallTime start_;
  const Time began_;
  std::unique_ptr<telemetry::Record> record_;
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
