// lateen join ADDRESS: this machine becomes a member of the mesh.
#include <csignal>
#include <unistd.h>

#include "apps/lateen/commands.h"
#include "apps/wiring/member.h"
#include "data_plane/agent/capture.h"
#include "lib/base/strings.h"

namespace lateen::commands {
namespace {

constexpr gid_t proxy_group = 1337;

Result<wiring::MemberOptions> member_options(const wiring::Arguments& arguments) {
  wiring::MemberOptions out;
  if (arguments.operands().size() != 1)
    return fail(ErrorKind::invalid, "name the control plane: lateen join HOST[:PORT] --token FILE");
  out.control_plane = arguments.operands()[0];
  out.server_name = arguments.value_or("server-name", out.server_name);
  out.token_file = arguments.value_or("token", "");
  out.roots_file = arguments.value_or("root-cert", "");
  out.name = arguments.value_or("name", "");
  out.name_space = arguments.value_or("namespace", "");
  out.service_account = arguments.value_or("service-account", "");
  out.trust_domain = arguments.value_or("trust-domain", "");
  out.cluster_id = arguments.value_or("cluster", out.cluster_id);
  out.network = arguments.value_or("network", "");
  out.group = arguments.value_or("group", "");
  out.workload_entry = arguments.value_or("workload-entry", "");
  out.address = arguments.value_or("address", "");
  out.directory = arguments.value_or("state", "");
  out.gateway = arguments.has("gateway");
  out.capture = arguments.has("capture");
  if (out.gateway && out.capture)
    return fail(ErrorKind::invalid, "--capture: a gateway has no workload whose traffic it could capture");
  for (const auto& label : arguments.values("label")) {
    const size_t equals = label.find('=');
    if (equals == std::string::npos || equals == 0)
      return fail(ErrorKind::invalid, "--label {}: expected KEY=VALUE", label);
    out.labels[label.substr(0, equals)] = label.substr(equals + 1);
  }
  const auto pages = arguments.value("pages");
  const auto own = Ip::parse(pages.value_or("127.0.0.1")), others = Ip::parse(pages.value_or("0.0.0.0"));
  if (!own || !others) return failed(own, "--pages");
  out.admin = {*own, 15000, ""};
  out.readiness = {*others, 15021, ""};
  out.metrics = {*others, 15090, ""};
  const auto workers = parse_number<unsigned>(arguments.value_or("concurrency", "1"));
  if (!workers) return fail(ErrorKind::invalid, "--concurrency: expected a number");
  out.workers = *workers;
  return out;
}

Result<agent::CaptureRules> capture_rules(const wiring::Arguments& arguments) {
  agent::CaptureRules rules;
  for (const auto& port : arguments.values("exclude-port")) {
    const auto number = parse_number<uint16_t>(port);
    if (!number) return fail(ErrorKind::invalid, "--exclude-port {}: expected a port", port);
    rules.excluded_inbound_ports.push_back(*number);
    rules.excluded_outbound_ports.push_back(*number);
  }
  for (const auto& cidr : arguments.values("exclude-cidr")) {
    auto parsed = Cidr::parse(cidr);
    if (!parsed) return failed(parsed, "--exclude-cidr");
    rules.excluded_outbound_cidrs.push_back(*parsed);
  }
  return rules;
}

// The rules know the proxy by its group, so that it can still read what only root may.
Result<> capture(const agent::CaptureRules& rules) {
  const auto applied = agent::apply_capture(rules);
  if (!applied) return failed(applied);
  fmt::print("{:<14} by {}, group {} passes\n", "capture", *applied == agent::CaptureTool::nft ? "nft" : "iptables",
             proxy_group);
  std::fflush(stdout);
  if (::setgid(proxy_group) == 0) return {};
  (void)agent::remove_capture();
  return fail(ErrorKind::permission, "cannot become group {}", proxy_group);
}

int run(wiring::MemberOptions options, const agent::CaptureRules& rules) {
  ::signal(SIGPIPE, SIG_IGN);
  // Signals are blocked before the first thread starts, so that only the main loop takes them.
  sigset_t set;
  sigemptyset(&set);
  for (const int number : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&set, number);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  const bool captures = options.capture;
  if (captures) {
    if (const auto done = capture(rules); !done) {
      fmt::print(stderr, "lateen join: {}\n", done.error().message);
      return wiring::exit_environment;
    }
  }
  int status = 0;
  {
    io::Reactor reactor;
    status = wiring::run_member(reactor, std::move(options));
  }
  if (!captures) return status;
  if (const auto removed = agent::remove_capture(); !removed)
    fmt::print(stderr, "lateen join: the redirect rules could not be removed: {}\n", removed.error().message);
  return status;
}

}  // namespace

int join(const wiring::Arguments& arguments) {
  auto options = member_options(arguments);
  const auto rules = capture_rules(arguments);
  if (!options || !rules) {
    fmt::print(stderr, "lateen join: {}\n", (options ? rules.error() : options.error()).message);
    return wiring::exit_usage;
  }
  return run(std::move(*options), *rules);
}

}  // namespace lateen::commands
