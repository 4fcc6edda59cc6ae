// What a machine knows about names: the texts of /etc/resolv.conf and /etc/hosts, read by the caller, as values.
#pragma once
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/ip.h"
#include "lib/base/time.h"

namespace lateen::upstream {

struct DnsSettings {
  std::vector<SocketAddress> servers;          // asked in this order
  std::vector<std::string> search;             // domains tried behind short names
  int ndots = 1;                               // a name with fewer dots is tried with the search domains first
  Duration timeout = std::chrono::seconds(5);  // for one answer of one server
  int attempts = 2;                            // how often the list of servers is gone through
  bool use_tcp = false;
  std::map<std::string, std::vector<Ip>, std::less<>> hosts;  // lower-case name -> addresses in the file's order
};

// Reads resolv.conf(5): nameserver, domain, search and the options ndots, timeout, attempts, use-vc. Lines that say
// nothing known are skipped, as the C library does; without a server it is 127.0.0.1. Values are bounded as there:
// ndots 15, timeout 30 s, attempts 5, three servers. hosts(5) likewise.
DnsSettings read_dns_settings(std::string_view resolv_conf, std::string_view hosts);

// The names to ask for in order: an absolute name (it ends with a dot) alone, others with the search domains. None ends
// with a dot.
std::vector<std::string> names_to_ask(const DnsSettings& settings, std::string_view name);

}  // namespace lateen::upstream
