// lateen ca root|issue|show: certificates by hand, without a control plane.
#include "apps/lateen/commands.h"
#include "control_plane/ca/offline.h"
#include "lib/io/reactor.h"

namespace lateen::commands {
namespace {

// Wrong words are usage; an authority that cannot be read or a folder that cannot be written is the environment's.
int refuse(const Error& error) {
  fmt::print(stderr, "lateen: {}\n", error.message);
  return error.kind == ErrorKind::invalid ? wiring::exit_usage : wiring::exit_environment;
}

int missing(std::string_view flag) {
  fmt::print(stderr, "lateen: --{} is needed\n", flag);
  return wiring::exit_usage;
}

Result<ca::IssueRequest> issue_request(const wiring::Arguments& arguments) {
  ca::IssueRequest out{.authority = *arguments.value("ca"),
                       .directory = *arguments.value("output"),
                       .identity = arguments.value_or("identity", ""),
                       .dns_names = arguments.values("dns-name"),
                       .key_file = arguments.value_or("key", ""),
                       .request_file = arguments.value_or("csr", ""),
                       .force = arguments.has("force")};
  auto ttl = arguments.life("ttl", out.ttl);
  if (!ttl) return failed(ttl);
  out.ttl = *ttl;
  if (const auto name = arguments.value("key-type")) {
    auto type = tls::parse_key_type(*name);
    if (!type) return failed(type, "--key-type");
    out.key_type = *type;
  }
  return out;
}

}  // namespace

int ca_root(const wiring::Arguments& arguments) {
  if (!arguments.has("output")) return missing("output");
  ca::RootRequest request{.directory = *arguments.value("output"),
                          .trust_domain = arguments.value_or("trust-domain", "cluster.local"),
                          .force = arguments.has("force")};
  const auto ttl = arguments.life("ttl", request.ttl);
  if (!ttl) return refuse(ttl.error());
  request.ttl = *ttl;
  io::Reactor reactor;
  const auto root = ca::make_offline_root(request, reactor.wall_now());
  if (!root) return refuse(root.error());
  fmt::print("{0}/root-cert.pem is what others trust; keep {0}/ca-key.pem to yourself\n", request.directory);
  return wiring::exit_fine;
}

int ca_issue(const wiring::Arguments& arguments) {
  for (const std::string_view flag : {"ca", "output"})
    if (!arguments.has(flag)) return missing(flag);
  const auto request = issue_request(arguments);
  if (!request) return refuse(request.error());
  io::Reactor reactor;
  const auto issued = ca::issue_offline(*request, reactor.wall_now());
  if (!issued) return refuse(issued.error());
  for (const auto& file : issued->files) fmt::print("{}\n", file);
  return wiring::exit_fine;
}

int ca_show(const wiring::Arguments& arguments) {
  if (arguments.operands().size() != 1) {
    fmt::print(stderr, "lateen: say which file to show\n");
    return wiring::exit_usage;
  }
  io::Reactor reactor;
  const bool as_json = arguments.value_or("format", "text") == "json";
  const auto show = as_json ? &ca::show_file_as_json : &ca::show_file;
  const auto text = show(arguments.operands()[0], reactor.wall_now());
  if (!text) return refuse(text.error());
  fmt::print("{}", *text);
  if (!text->ends_with('\n')) fmt::print("\n");
  return wiring::exit_fine;
}

}  // namespace lateen::commands
