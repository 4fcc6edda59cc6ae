// What a listener is, as plain values and factories made by data_plane/discovery from
// envoy.config.listener.v3.Listener. Immutable; shared by all workers, each of which makes its own filters from the
// factories.
#pragma once
#include <functional>

#include "data_plane/downstream/filter_chain_match.h"
#include "data_plane/tcp/network_filter.h"
#include "data_plane/telemetry/access_log.h"
#include "data_plane/upstream/tls_socket.h"

namespace lateen::downstream {

class Worker;

struct FilterChainSettings {
  std::string name;
  FilterChainMatch match;
  std::shared_ptr<const upstream::TlsSlot> tls;  // null: plain text
  Duration transport_timeout = 0s;               // for the TLS handshake; 0: 15 s
  std::vector<std::function<std::unique_ptr<tcp::NetworkFilter>(Worker&)>> filters;
  std::function<std::unique_ptr<tcp::TerminalFilter>(Worker&)> terminal;  // none: connections are closed
};

// A listener filter and the ports for which it is switched off (filter_disabled by destination_port_range).
struct Inspector {
  bool enabled = false;
  std::vector<std::pair<uint16_t, uint16_t>> disabled_ports;  // from, to (exclusive)
  bool wanted_for(uint16_t port) const;
};

struct ListenerSettings {
  std::string name;
  std::vector<SocketAddress> addresses;
  bool bind_to_port = true;
  bool use_original_destination = false;  // hand over to the listener of the restored address
  bool restore_destination = false;       // listener filter original_dst
  bool transparent = false;
  Inspector tls_inspector, http_inspector;
  Duration inspection_timeout = 15s;  // 0: none
  bool continue_after_timeout = false;
  telemetry::Direction direction = telemetry::Direction::unspecified;
  std::vector<std::shared_ptr<const FilterChainSettings>> chains;
  std::shared_ptr<const FilterChainSettings> default_chain;
  telemetry::AccessLogs access_logs;
  std::string stat_name;  // "0.0.0.0_15006"
};

}  // namespace lateen::downstream
