// Host names to addresses for clusters of kind STRICT_DNS and LOGICAL_DNS: a stub resolver over io::Network. It asks
// recursive servers by UDP, by TCP where an answer was truncated, and knows /etc/hosts.
#pragma once
#include <optional>

#include "data_plane/upstream/dns_settings.h"
#include "lib/io/network.h"
#include "lib/protocol/dns.h"

namespace lateen::upstream {

// Envoy's dns_lookup_family.
enum class DnsFamily : uint8_t {
  v4_only,
  v6_only,
  automatic,     // IPv6 where there is any, else IPv4
  v4_preferred,  // the other way round
  all,           // both
};

struct Resolved {
  std::vector<Ip> addresses;    // empty: the name exists without such addresses, or does not exist
  std::optional<Duration> ttl;  // how long this holds by the answer; nothing for hosts-file entries and literals
};

class DnsResolver {
 public:
  // Network and resolver outlive every task. Names are not cached: each cluster asks when its own refresh is due.
  DnsResolver(io::Network& network, DnsSettings settings) : network_(network), settings_(std::move(settings)) {}

  // Answers IP literals, "localhost" and the hosts file without asking. Fails with timed_out or unavailable when no
  // server gave a usable answer (keep what you had), with invalid when the name is no host name. That a name does not
  // exist is no failure but an empty answer, as Envoy has it.
  io::Task<Result<Resolved>> resolve(std::string name, DnsFamily family);

  const DnsSettings& settings() const { return settings_; }

 private:
  struct Answer {
    protocol::DnsCode code;
    Resolved resolved;
  };
  io::Task<Result<Resolved>> resolve_type(std::string name, protocol::DnsType type);
  io::Task<void> keep_type(std::string name, protocol::DnsType type, std::optional<Result<Resolved>>& out);
  io::Task<Result<Answer>> ask(std::string name, protocol::DnsType type);
  io::Task<Result<protocol::DnsMessage>> ask_server(SocketAddress server, std::string name, protocol::DnsType type);
  io::Task<Result<protocol::DnsMessage>> ask_by_udp(SocketAddress server, protocol::DnsMessage query);
  io::Task<Result<protocol::DnsMessage>> ask_by_tcp(SocketAddress server, protocol::DnsMessage query);
  std::optional<std::vector<Ip>> known(std::string_view name) const;

  io::Network& network_;
  const DnsSettings settings_;
};

}  // namespace lateen::upstream
