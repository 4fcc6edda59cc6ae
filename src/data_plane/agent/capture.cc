#include "data_plane/agent/capture.h"

#include <algorithm>

#include "lib/base/strings.h"
#include "lib/io/files.h"

namespace lateen::agent {
namespace {

constexpr uint16_t hbone_port = 15008;

// "{ 22, 80 }"
template <class T>
std::string nft_set(const std::vector<T>& values) {
  std::vector<std::string> texts;
  for (const auto& value : values) texts.push_back(fmt::format("{}", value));
  return "{ " + joined(texts, ", ") + " }";
}

std::vector<std::string> texts_of(const std::vector<Cidr>& cidrs, bool v6) {
  std::vector<std::string> out;
  for (const auto& cidr : cidrs)
    if (cidr.ip.is_v6() == v6) out.push_back(cidr.text());
  return out;
}

// How a rule recognises the proxy's own connections.
std::vector<std::string> nft_owners(const CaptureRules& rules) {
  std::vector<std::string> out;
  for (const uint32_t uid : rules.proxy_uids) out.push_back(fmt::format("meta skuid {}", uid));
  for (const uint32_t gid : rules.proxy_gids) out.push_back(fmt::format("meta skgid {}", gid));
  if (rules.proxy_mark) out.push_back(fmt::format("meta mark {}", rules.proxy_mark));
  return out;
}

struct Lines {
  std::string text;
  template <class... Args>
  void add(fmt::format_string<Args...> line, Args&&... args) {
    text += "    " + fmt::format(line, std::forward<Args>(args)...) + "\n";
  }
};

std::string nft_inbound(const CaptureRules& rules) {
  Lines out;
  out.add("tcp dport {} return", hbone_port);
  if (!rules.excluded_inbound_ports.empty()) out.add("tcp dport {} return", nft_set(rules.excluded_inbound_ports));
  if (rules.inbound_ports.empty())
    out.add("meta l4proto tcp redirect to :{}", rules.inbound_port);
  else
    out.add("tcp dport {} redirect to :{}", nft_set(rules.inbound_ports), rules.inbound_port);
  return out.text;
}

std::string nft_outbound(const CaptureRules& rules) {
  Lines out;
  const auto owners = nft_owners(rules);
  if (!rules.excluded_outbound_ports.empty()) out.add("tcp dport {} return", nft_set(rules.excluded_outbound_ports));
  out.add("oifname \"lo\" ip saddr 127.0.0.6 return");
  out.add("oifname \"lo\" ip6 saddr ::6 return");
  // The proxy calls a service that runs on this very host: through its inbound side.
  for (const auto& owner : owners) {
    if (!rules.capture_inbound) break;
    out.add("{} oifname \"lo\" ip daddr != 127.0.0.1 tcp dport != {} redirect to :{}", owner, hbone_port,
            rules.inbound_port);
    out.add("{} oifname \"lo\" ip6 daddr != ::1 tcp dport != {} redirect to :{}", owner, hbone_port,
            rules.inbound_port);
  }
  for (const auto& owner : owners) out.add("{} return", owner);
  out.add("oifname \"lo\" return");
  out.add("ip daddr 127.0.0.1 return");
  out.add("ip6 daddr ::1 return");
  for (const bool v6 : {false, true}) {
    const auto excluded = texts_of(rules.excluded_outbound_cidrs, v6);
    if (!excluded.empty()) out.add("{} daddr {} return", v6 ? "ip6" : "ip", nft_set(excluded));
  }
  if (rules.outbound_cidrs.empty()) out.add("meta l4proto tcp redirect to :{}", rules.outbound_port);
  for (const bool v6 : {false, true}) {
    const auto wanted = texts_of(rules.outbound_cidrs, v6);
    if (!wanted.empty())
      out.add("meta l4proto tcp {} daddr {} redirect to :{}", v6 ? "ip6" : "ip", nft_set(wanted), rules.outbound_port);
  }
  return out.text;
}

std::vector<std::string> iptables_owners(const CaptureRules& rules) {
  std::vector<std::string> out;
  for (const uint32_t uid : rules.proxy_uids) out.push_back(fmt::format("-m owner --uid-owner {}", uid));
  for (const uint32_t gid : rules.proxy_gids) out.push_back(fmt::format("-m owner --gid-owner {}", gid));
  if (rules.proxy_mark) out.push_back(fmt::format("-m mark --mark {}", rules.proxy_mark));
  return out;
}

std::string iptables_inbound(const CaptureRules& rules) {
  const std::string chain = "-A LATEEN_INBOUND -p tcp ";
  const std::string redirect = fmt::format("-j REDIRECT --to-ports {}\n", rules.inbound_port);
  std::string out = fmt::format("{}--dport {} -j RETURN\n", chain, hbone_port);
  for (const uint16_t port : rules.excluded_inbound_ports) out += fmt::format("{}--dport {} -j RETURN\n", chain, port);
  if (rules.inbound_ports.empty()) return out + chain + redirect;
  for (const uint16_t port : rules.inbound_ports) out += fmt::format("{}--dport {} {}", chain, port, redirect);
  return out;
}

std::string iptables_outbound(const CaptureRules& rules, bool v6) {
  const std::string chain = "-A LATEEN_OUTPUT -p tcp ";
  const std::string to_inbound = fmt::format("-j REDIRECT --to-ports {}\n", rules.inbound_port);
  const std::string to_outbound = fmt::format("-j REDIRECT --to-ports {}\n", rules.outbound_port);
  const char* loopback = v6 ? "::1/128" : "127.0.0.1/32";
  std::string out;
  for (const uint16_t port : rules.excluded_outbound_ports) out += fmt::format("{}--dport {} -j RETURN\n", chain, port);
  out += fmt::format("{}-o lo -s {} -j RETURN\n", chain, v6 ? "::6/128" : "127.0.0.6/32");
  const auto owners = iptables_owners(rules);
  for (const auto& owner : owners)
    if (rules.capture_inbound)
      out += fmt::format("{}-o lo ! -d {} ! --dport {} {} {}", chain, loopback, hbone_port, owner, to_inbound);
  for (const auto& owner : owners) out += fmt::format("{}{} -j RETURN\n", chain, owner);
  out += fmt::format("{}-o lo -j RETURN\n{}-d {} -j RETURN\n", chain, chain, loopback);
  for (const auto& cidr : texts_of(rules.excluded_outbound_cidrs, v6))
    out += fmt::format("{}-d {} -j RETURN\n", chain, cidr);
  if (rules.outbound_cidrs.empty()) return out + chain + to_outbound;
  for (const auto& cidr : texts_of(rules.outbound_cidrs, v6))
    out += fmt::format("{}-d {} {}", chain, cidr, to_outbound);
  return out;
}

// The tool's failure as an error of ours.
Error tool_error(const std::string& tool, const io::Finished& finished) {
  const std::string text(trimmed(finished.errors.substr(0, 2000)));
  if (text.find("not permitted") != std::string::npos || text.find("ermission denied") != std::string::npos)
    return {ErrorKind::permission, fmt::format("{}: traffic capture needs root or CAP_NET_ADMIN ({})", tool, text)};
  return {ErrorKind::unavailable, fmt::format("{} ended with status {}: {}", tool, finished.status, text)};
}

Result<> run_tool(const std::vector<std::string>& command, std::string_view input = {}) {
  const auto finished = io::run_program(command, input);
  if (!finished) return failed(finished);
  if (finished->status != 0) return std::unexpected(tool_error(command.front(), *finished));
  return {};
}

struct Hook {
  const char* from;
  const char* to;
};
constexpr Hook hooks[] = {{"PREROUTING", "LATEEN_INBOUND"}, {"OUTPUT", "LATEEN_OUTPUT"}};

// Removing what is not there fails, and that is fine.
void remove_iptables(const std::string& tool) {
  for (const auto& [from, to] : hooks) {
    while (run_tool({tool, "-w", "-t", "nat", "-D", from, "-p", "tcp", "-j", to})) {
    }
    if (run_tool({tool, "-w", "-t", "nat", "-F", to})) (void)run_tool({tool, "-w", "-t", "nat", "-X", to});
  }
}

Result<> apply_iptables(const CaptureRules& rules) {
  for (const bool v6 : {false, true}) {
    const std::string tool = v6 ? "ip6tables" : "iptables";
    remove_iptables(tool);
    auto done = run_tool({tool + "-restore", "-w", "--noflush"}, iptables_script(rules, v6));
    // Hosts without IPv6 have no such table, and nothing to capture.
    if (!done && !v6) return done;
  }
  return {};
}

}  // namespace

std::string nft_script(const CaptureRules& rules) {
  // Naming the table first makes deleting it safe when there was none; the whole script is one transaction.
  std::string out = "table inet lateen\ndelete table inet lateen\ntable inet lateen {\n";
  if (rules.capture_inbound)
    out += "  chain inbound {\n    type nat hook prerouting priority -100; policy accept;\n" + nft_inbound(rules) +
           "  }\n";
  if (rules.capture_outbound)
    out +=
        "  chain outbound {\n    type nat hook output priority -100; policy accept;\n" + nft_outbound(rules) + "  }\n";
  return out + "}\n";
}

std::string iptables_script(const CaptureRules& rules, bool v6) {
  std::string out = "*nat\n:LATEEN_INBOUND - [0:0]\n:LATEEN_OUTPUT - [0:0]\n";
  if (rules.capture_inbound) out += iptables_inbound(rules) + "-A PREROUTING -p tcp -j LATEEN_INBOUND\n";
  if (rules.capture_outbound) out += iptables_outbound(rules, v6) + "-A OUTPUT -p tcp -j LATEEN_OUTPUT\n";
  return out + "COMMIT\n";
}

Result<CaptureTool> apply_capture(const CaptureRules& rules) {
  if (rules.proxy_uids.empty() && rules.proxy_gids.empty() && rules.proxy_mark == 0)
    return fail(ErrorKind::invalid,
                "traffic capture needs a way to tell the proxy's own connections: user, group or mark");
  const auto by_nft = run_tool({"nft", "-f", "-"}, nft_script(rules));
  if (by_nft) return CaptureTool::nft;
  if (by_nft.error().kind == ErrorKind::permission) return failed(by_nft);
  const auto by_iptables = apply_iptables(rules);
  if (by_iptables) return CaptureTool::iptables;
  const bool neither = by_nft.error().kind == ErrorKind::not_found && by_iptables.error().kind == ErrorKind::not_found;
  if (neither) return fail(ErrorKind::not_found, "traffic capture needs nft or iptables; install nftables");
  return failed(by_nft.error().kind == ErrorKind::not_found ? by_iptables : by_nft, "traffic capture");
}

Result<> remove_capture() {
  const auto by_nft = run_tool({"nft", "-f", "-"}, "table inet lateen\ndelete table inet lateen\n");
  for (const char* tool : {"iptables", "ip6tables"})
    if (run_tool({tool, "-w", "-t", "nat", "-L", "LATEEN_OUTPUT", "-n"})) remove_iptables(tool);
  if (!by_nft && by_nft.error().kind != ErrorKind::not_found) return by_nft;
  return {};
}

}  // namespace lateen::agent
