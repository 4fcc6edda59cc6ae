// The HTTP connection manager as a network filter.
#pragma once
#include "data_plane/http/connection_manager.h"
#include "data_plane/tcp/network_filter.h"

namespace lateen::downstream {

class HttpTerminal final : public tcp::TerminalFilter {
 public:
  explicit HttpTerminal(std::unique_ptr<proxy::ConnectionManager> manager) : manager_(std::move(manager)) {}
  io::Task<void> serve(tcp::Connection& connection) override {
    return manager_->serve(connection.transport, connection.about, {}, connection.drain);
  }

 private:
  std::unique_ptr<proxy::ConnectionManager> manager_;
};

}  // namespace lateen::downstream
