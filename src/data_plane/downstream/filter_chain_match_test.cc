// Which filter chain a connection gets: each table is one rule.
#include "data_plane/downstream/filter_chain_match.h"

#include <gtest/gtest.h>

namespace lateen::downstream {
namespace {

SocketAddress at(std::string_view text) { return SocketAddress::parse(text).value(); }
Cidr in(std::string_view text) { return Cidr::parse(text).value(); }

ConnectionFacts facts(std::string_view to = "10.1.2.3:80", std::string_view from = "10.9.9.9:4000") {
  return {.destination = at(to), .source = at(from), .direct_source = at(from)};
}
ConnectionFacts hello(std::string server_name, std::vector<std::string> alpn = {}) {
  ConnectionFacts out = facts("10.1.2.3:443");
  out.server_name = std::move(server_name);
  out.transport_protocol = "tls";
  out.application_protocols = std::move(alpn);
  return out;
}

// The chain's place in the list; -1: none, the default chain serves.
int chosen(const std::vector<FilterChainMatch>& chains, const ConnectionFacts& facts) {
  std::vector<const FilterChainMatch*> pointers;
  for (const FilterChainMatch& chain : chains) pointers.push_back(&chain);
  const auto index = choose_chain(pointers, facts);
  return index ? static_cast<int>(*index) : -1;
}

TEST(FilterChainMatch, ThePortIsExactAndElseAny) {
  const std::vector<FilterChainMatch> chains{{}, {.destination_port = 80}};
  EXPECT_EQ(chosen(chains, facts("10.1.2.3:80")), 1);
  EXPECT_EQ(chosen(chains, facts("10.1.2.3:81")), 0);
  EXPECT_EQ(chosen({{.destination_port = 80}}, facts("10.1.2.3:81")), -1);
  EXPECT_EQ(chosen({}, facts()), -1);
}

TEST(FilterChainMatch, ThereIsNoWayBackFromAPort) {
  const std::vector<FilterChainMatch> chains{{}, {.destination_port = 443, .server_names = {"a.example.com"}}};
  EXPECT_EQ(chosen(chains, hello("a.example.com")), 1);
  EXPECT_EQ(chosen(chains, hello("b.example.com")), -1) << "the chain of any port is not asked any more";
}

TEST(FilterChainMatch, TheLongestDestinationPrefixWins) {
  const std::vector<FilterChainMatch> chains{{},
                                             {.destination_prefixes = {in("10.0.0.0/8"), in("192.168.0.0/16")}},
                                             {.destination_prefixes = {in("10.1.2.0/24")}},
                                             {.destination_prefixes = {in("fd00::/8")}}};
  EXPECT_EQ(chosen(chains, facts("10.1.2.3:80")), 2);
  EXPECT_EQ(chosen(chains, facts("10.1.3.3:80")), 1);
  EXPECT_EQ(chosen(chains, facts("192.168.0.1:80")), 1);
  EXPECT_EQ(chosen(chains, facts("172.16.0.1:80")), 0);
  EXPECT_EQ(chosen(chains, facts("[fd00::1]:80")), 3);
}

TEST(FilterChainMatch, ServerNamesAreExactThenByTheLongestSuffixThenAny) {
  const std::vector<FilterChainMatch> chains{{.server_names = {"*.com"}},
                                             {.server_names = {"*.example.com", "other.org"}},
                                             {.server_names = {"a.example.com"}},
                                             {}};
  EXPECT_EQ(chosen(chains, hello("a.example.com")), 2);
  EXPECT_EQ(chosen(chains, hello("b.example.com")), 1);
  EXPECT_EQ(chosen(chains, hello("x.b.example.com")), 1);
  EXPECT_EQ(chosen(chains, hello("example.com")), 0) << "a suffix needs a label before it";
  EXPECT_EQ(chosen(chains, hello("notexample.com")), 0) << "and ends where a label begins";
  EXPECT_EQ(chosen(chains, hello("other.org")), 1);
  EXPECT_EQ(chosen(chains, hello("www.other.org")), 3);
  EXPECT_EQ(chosen(chains, hello("")), 3);
}

TEST(FilterChainMatch, TheTransportProtocolIsExactAndElseAny) {
  const std::vector<FilterChainMatch> chains{{.transport_protocol = "tls"}, {}};
  EXPECT_EQ(chosen(chains, hello("a")), 0);
  EXPECT_EQ(chosen(chains, facts()), 1);
  EXPECT_EQ(chosen({{.transport_protocol = "raw_buffer"}}, facts()), 0);
  EXPECT_EQ(chosen({{.transport_protocol = "raw_buffer"}}, hello("a")), -1);
}

TEST(FilterChainMatch, TheClientsFirstApplicationProtocolWins) {
  const std::vector<FilterChainMatch> chains{
      {.application_protocols = {"http/1.1"}}, {.application_protocols = {"istio", "h2"}}, {}};
  EXPECT_EQ(chosen(chains, hello("a", {"h2", "http/1.1"})), 1);
  EXPECT_EQ(chosen(chains, hello("a", {"http/1.1", "h2"})), 0);
  EXPECT_EQ(chosen(chains, hello("a", {"spdy", "istio"})), 1);
  EXPECT_EQ(chosen(chains, hello("a", {"spdy"})), 2);
  EXPECT_EQ(chosen(chains, hello("a")), 2);
}

TEST(FilterChainMatch, ASourceIsLocalOrExternal) {
  const std::vector<FilterChainMatch> chains{
      {}, {.source_type = SourceType::same_ip_or_loopback}, {.source_type = SourceType::external}};
  EXPECT_EQ(chosen(chains, facts("10.1.2.3:80", "127.0.0.1:4000")), 1);
  EXPECT_EQ(chosen(chains, facts("10.1.2.3:80", "10.1.2.3:4000")), 1) << "the listener's own address";
  EXPECT_EQ(chosen(chains, facts("10.1.2.3:80", "10.9.9.9:4000")), 2);
  EXPECT_EQ(chosen({chains[0], chains[1]}, facts("10.1.2.3:80", "10.9.9.9:4000")), 0);
}

TEST(FilterChainMatch, SourcesMatchByTheirLongestPrefixThenByPort) {
  const std::vector<FilterChainMatch> chains{{},
                                             {.source_prefixes = {in("10.0.0.0/8")}},
                                             {.source_prefixes = {in("10.9.0.0/16")}},
                                             {.source_prefixes = {in("10.9.0.0/16")}, .source_ports = {4000, 4001}}};
  EXPECT_EQ(chosen(chains, facts("10.1.2.3:80", "10.9.9.9:4001")), 3);
  EXPECT_EQ(chosen(chains, facts("10.1.2.3:80", "10.9.9.9:5000")), 2);
  EXPECT_EQ(chosen(chains, facts("10.1.2.3:80", "10.8.9.9:4001")), 1);
  EXPECT_EQ(chosen(chains, facts("10.1.2.3:80", "172.16.0.1:4001")), 0);
}

TEST(FilterChainMatch, TheDirectSourceIsThePeerOfTheSocket) {
  ConnectionFacts through_a_proxy = facts();
  through_a_proxy.direct_source = at("172.16.0.1:5000");
  const std::vector<FilterChainMatch> chains{{}, {.direct_source_prefixes = {in("172.16.0.0/12")}}};
  EXPECT_EQ(chosen(chains, through_a_proxy), 1);
  EXPECT_EQ(chosen(chains, facts()), 0);
}

TEST(FilterChainMatch, AnEarlierCriterionOutweighsAllLaterOnes) {
  using Change = void (*)(FilterChainMatch&);
  constexpr Change in_order[] = {
      [](FilterChainMatch& chain) { chain.destination_port = 443; },
      [](FilterChainMatch& chain) { chain.destination_prefixes = {in("10.1.0.0/16")}; },
      [](FilterChainMatch& chain) { chain.server_names = {"a"}; },
      [](FilterChainMatch& chain) { chain.transport_protocol = "tls"; },
      [](FilterChainMatch& chain) { chain.application_protocols = {"h2"}; },
      [](FilterChainMatch& chain) { chain.direct_source_prefixes = {in("10.9.0.0/16")}; },
      [](FilterChainMatch& chain) { chain.source_type = SourceType::external; },
      [](FilterChainMatch& chain) { chain.source_prefixes = {in("10.9.0.0/16")}; },
      [](FilterChainMatch& chain) { chain.source_ports = {4000}; },
  };
  for (size_t i = 0; i < std::size(in_order); ++i) {
    FilterChainMatch by_this, by_all_later;
    in_order[i](by_this);
    for (size_t later = i + 1; later < std::size(in_order); ++later) in_order[later](by_all_later);
    EXPECT_EQ(chosen({by_all_later, by_this}, hello("a", {"h2"})), 1) << "criterion " << i;
  }
}

TEST(FilterChainMatch, ChainsOverlapWhenNoRuleChoosesBetweenThem) {
  struct Case {
    FilterChainMatch one, other;
    bool overlap;
  };
  const Case cases[] = {
      {{}, {}, true},
      {{.server_names = {"a", "b"}}, {.server_names = {"b", "c"}}, true},
      {{.server_names = {"a", "b"}}, {.server_names = {"c"}}, false},
      {{.server_names = {"a"}}, {}, false},
      {{.server_names = {"a"}}, {.destination_port = 80, .server_names = {"a"}}, false},
      {{.destination_prefixes = {in("10.0.0.0/8")}}, {.destination_prefixes = {in("10.0.0.0/16")}}, false},
      {{.application_protocols = {"h2", "x"}}, {.application_protocols = {"x"}}, true},
      {{.source_ports = {1}}, {.source_ports = {1, 2}}, true},
      {{.source_type = SourceType::external}, {.source_type = SourceType::any}, false},
  };
  for (const Case& each : cases) {
    EXPECT_EQ(overlap(each.one, each.other), each.overlap) << &each - cases;
    EXPECT_EQ(overlap(each.other, each.one), each.overlap) << &each - cases;
  }
}

}  // namespace
}  // namespace lateen::downstream
