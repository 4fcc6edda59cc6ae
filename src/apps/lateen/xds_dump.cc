#include <cstdio>

#include <fmt/format.h>

#include "apps/lateen/commands.h"
#include "apps/wiring/offline.h"
#include "config/xds/json.h"
#include "control_plane/translate/translate.h"

namespace lateen::commands {
namespace {

template <class Messages>
void write_list(std::string_view name, const Messages& messages, bool last, std::string& out) {
  fmt::format_to(std::back_inserter(out), "  \"{}\": [", name);
  for (size_t i = 0; i < messages.size(); ++i) {
    out += i ? ",\n    " : "\n    ";
    xds::write_json(messages[i], {.indent = 2}, out, 2);
  }
  out += messages.empty() ? "]" : "\n  ]";
  out += last ? "\n" : ",\n";
}

std::string to_json(const translate::Resources& resources) {
  std::string out = "{\n";
  write_list("listeners", resources.listeners, false, out);
  write_list("routes", resources.routes, false, out);
  write_list("clusters", resources.clusters, false, out);
  write_list("endpoints", resources.endpoints, true, out);
  return out + "}\n";
}

int complain(const Error& error, int status) {
  fmt::print(stderr, "lateen xds dump: {}\n", error.message);
  return status;
}

}  // namespace

int xds_dump(const wiring::Arguments& arguments) {
  const auto proxy_file = arguments.value("proxy");
  if (!proxy_file) return complain({ErrorKind::invalid, "name the proxy: --proxy FILE"}, wiring::exit_usage);
  if (arguments.value_or("output", "json") != "json")
    return complain({ErrorKind::unsupported, "-o: only json is known"}, wiring::exit_usage);
  schema::Diagnostics diagnostics;
  const auto inputs = wiring::read_inputs(arguments, diagnostics);
  if (!inputs) return complain(inputs.error(), wiring::exit_environment);
  for (const auto& each : diagnostics.all()) fmt::print(stderr, "{}\n", format(each));
  const auto proxy = wiring::read_proxy_file(*proxy_file);
  if (!proxy) return complain(proxy.error(), wiring::exit_environment);
  const auto snapshot = snapshot::Snapshot::build(*inputs);
  const auto resources = translate::translate(*snapshot, *proxy);
  for (const auto& warning : resources.warnings) fmt::print(stderr, "warning: {}\n", warning);
  const std::string text = to_json(resources);
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size())
    return complain({ErrorKind::unavailable, "cannot write the result"}, wiring::exit_environment);
  return wiring::exit_fine;
}

}  // namespace lateen::commands
