// Traffic capture: the rules by which a host's TCP connections go through its proxy, as Istio's (istio.md 6.6).
//
// Connections that applications open are redirected to the outbound port, those that arrive to the inbound port; the
// proxy learns the wanted destination from the connection (SO_ORIGINAL_DST). Not redirected are the proxy's own
// connections (by user, group or mark), what is excluded, and loopback traffic between applications.
#pragma once
#include <string>
#include <vector>

#include "lib/base/ip.h"

namespace lateen::agent {

struct CaptureRules {
  uint16_t outbound_port = 15001, inbound_port = 15006;
  // Whose connections are the proxy's own. Any of the three suffices; without all of them the proxy would call itself.
  std::vector<uint32_t> proxy_uids = {1337}, proxy_gids = {1337};
  uint32_t proxy_mark = 0;  // SO_MARK of its sockets, for a proxy that shares its user with others; 0: none

  bool capture_inbound = true;
  std::vector<uint16_t> inbound_ports;  // empty: all but the excluded ones
  std::vector<uint16_t> excluded_inbound_ports = {22, 15090, 15021, 15020};
  bool capture_outbound = true;
  std::vector<Cidr> outbound_cidrs;  // empty: all destinations but the excluded ones
  std::vector<Cidr> excluded_outbound_cidrs;
  std::vector<uint16_t> excluded_outbound_ports;
};

// The rules as a script for `nft -f -`: one table `inet lateen`, replaced as a whole.
std::string nft_script(const CaptureRules& rules);
// The same for `iptables-restore --noflush` (or ip6tables-restore): chains LATEEN_INBOUND and LATEEN_OUTPUT of the nat
// table.
std::string iptables_script(const CaptureRules& rules, bool v6);

enum class CaptureTool : uint8_t { nft, iptables };

// Applies the rules in the network namespace of this process, over earlier ones of ours; others' rules stay. Tells
// which tool did it: nft, or iptables where nft is missing or fails. Fails with `permission` (root or CAP_NET_ADMIN is
// needed), `not_found` (neither tool is installed), or with the tool's own words. Blocks for some milliseconds.
Result<CaptureTool> apply_capture(const CaptureRules& rules);

// Takes our rules away, of both kinds; fine when there are none.
Result<> remove_capture();

}  // namespace lateen::agent
