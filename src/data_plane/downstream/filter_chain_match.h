// Which filter chain serves a connection: Envoy's algorithm, nine criteria in a fixed order, each choosing the most
// specific value among the chains that are left, without going back. Pure.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "lib/base/ip.h"

namespace lateen::downstream {

enum class SourceType : uint8_t { any, same_ip_or_loopback, external };

// Empty members match everything.
struct FilterChainMatch {
  std::optional<uint16_t> destination_port;
  std::vector<Cidr> destination_prefixes;
  std::vector<std::string> server_names;  // lower case; "*.example.com" for a suffix
  std::string transport_protocol;         // "tls", "raw_buffer"
  std::vector<std::string> application_protocols;
  std::vector<Cidr> direct_source_prefixes;
  SourceType source_type = SourceType::any;
  std::vector<Cidr> source_prefixes;
  std::vector<uint16_t> source_ports;
  bool operator==(const FilterChainMatch&) const = default;
};

// True when some connection fits both equally well, so that no rule could choose between them: in every criterion both
// name a common value, or both name none.
bool overlap(const FilterChainMatch& one, const FilterChainMatch& other);

// What is known about a connection when its chain is chosen.
struct ConnectionFacts {
  SocketAddress destination, source, direct_source;
  std::string server_name;  // lower case
  std::string transport_protocol = "raw_buffer";
  std::vector<std::string> application_protocols;  // in the client's order
};

// The index of the chain, or nothing.
std::optional<size_t> choose_chain(const std::vector<const FilterChainMatch*>& chains, const ConnectionFacts& facts);

}  // namespace lateen::downstream
