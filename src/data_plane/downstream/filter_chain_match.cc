#include "data_plane/downstream/filter_chain_match.h"

#include <algorithm>

namespace lateen::downstream {
namespace {

// How specifically a chain matches one criterion: negative for not at all, 0 for "says nothing about it", more is
// better.
using Rank = int (*)(const FilterChainMatch& chain, const ConnectionFacts& facts);

int rank_of_prefixes(const std::vector<Cidr>& prefixes, const Ip& ip) {
  int best = prefixes.empty() ? 0 : -1;
  for (const Cidr& prefix : prefixes)
    if (prefix.contains(ip)) best = std::max(best, 1 + prefix.bits);
  return best;
}

int rank_of_port(const FilterChainMatch& chain, const ConnectionFacts& facts) {
  if (!chain.destination_port) return 0;
  return *chain.destination_port == facts.destination.port ? 1 : -1;
}

int rank_of_server_name(const FilterChainMatch& chain, const ConnectionFacts& facts) {
  int best = chain.server_names.empty() ? 0 : -1;
  for (const std::string& name : chain.server_names) {
    if (name == facts.server_name) return 1 << 20;
    const std::string_view suffix = std::string_view(name).substr(name.starts_with('*') ? 1 : name.size());
    if (!suffix.empty() && facts.server_name.size() > suffix.size() && facts.server_name.ends_with(suffix))
      best = std::max(best, static_cast<int>(suffix.size()));
  }
  return best;
}

int rank_of_transport(const FilterChainMatch& chain, const ConnectionFacts& facts) {
  if (chain.transport_protocol.empty()) return 0;
  return chain.transport_protocol == facts.transport_protocol ? 1 : -1;
}

int rank_of_application(const FilterChainMatch& chain, const ConnectionFacts& facts) {
  if (chain.application_protocols.empty()) return 0;
  const int count = static_cast<int>(facts.application_protocols.size());
  for (int i = 0; i < count; ++i)  // the client's first wish counts most
    if (std::ranges::find(chain.application_protocols, facts.application_protocols[i]) !=
        chain.application_protocols.end())
      return count - i;
  return -1;
}

bool is_local(const ConnectionFacts& facts) {
  return facts.source.ip.is_loopback() || facts.source.ip == facts.destination.ip;
}

int rank_of_source_type(const FilterChainMatch& chain, const ConnectionFacts& facts) {
  if (chain.source_type == SourceType::any) return 0;
  return (chain.source_type == SourceType::same_ip_or_loopback) == is_local(facts) ? 1 : -1;
}

int rank_of_source_port(const FilterChainMatch& chain, const ConnectionFacts& facts) {
  if (chain.source_ports.empty()) return 0;
  return std::ranges::find(chain.source_ports, facts.source.port) != chain.source_ports.end() ? 1 : -1;
}

constexpr Rank criteria[] = {
    rank_of_port,
    [](const FilterChainMatch& chain, const ConnectionFacts& facts) {
      return rank_of_prefixes(chain.destination_prefixes, facts.destination.ip);
    },
    rank_of_server_name,
    rank_of_transport,
    rank_of_application,
    [](const FilterChainMatch& chain, const ConnectionFacts& facts) {
      return rank_of_prefixes(chain.direct_source_prefixes, facts.direct_source.ip);
    },
    rank_of_source_type,
    [](const FilterChainMatch& chain, const ConnectionFacts& facts) {
      return rank_of_prefixes(chain.source_prefixes, facts.source.ip);
    },
    rank_of_source_port,
};

template <class T>
bool share_value(const std::vector<T>& one, const std::vector<T>& other) {
  if (one.empty() || other.empty()) return one.empty() && other.empty();
  return std::ranges::find_first_of(one, other) != one.end();
}

}  // namespace

bool overlap(const FilterChainMatch& one, const FilterChainMatch& other) {
  return one.destination_port == other.destination_port && one.transport_protocol == other.transport_protocol &&
         one.source_type == other.source_type && share_value(one.server_names, other.server_names) &&
         share_value(one.destination_prefixes, other.destination_prefixes) &&
         share_value(one.application_protocols, other.application_protocols) &&
         share_value(one.direct_source_prefixes, other.direct_source_prefixes) &&
         share_value(one.source_prefixes, other.source_prefixes) && share_value(one.source_ports, other.source_ports);
}

std::optional<size_t> choose_chain(const std::vector<const FilterChainMatch*>& chains, const ConnectionFacts& facts) {
  std::vector<size_t> left(chains.size());
  for (size_t i = 0; i < left.size(); ++i) left[i] = i;
  std::vector<int> ranks(chains.size());
  for (const Rank rank : criteria) {
    int best = -1;
    for (size_t i : left) best = std::max(best, ranks[i] = rank(*chains[i], facts));
    if (best < 0) return std::nullopt;
    std::erase_if(left, [&](size_t i) { return ranks[i] != best; });
  }
  return left.empty() ? std::nullopt : std::optional(left.front());
}

}  // namespace lateen::downstream
