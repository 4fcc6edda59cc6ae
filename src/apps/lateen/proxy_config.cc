// lateen proxy-config KIND [PROXY]: what a proxy has, from the control plane
// (what it was given), from its own admin page, or from a file with a config
// dump.
#include "apps/lateen/commands.h"
#include "apps/wiring/fetch.h"
#include "apps/wiring/proxy_tables.h"
#include "lib/base/strings.h"
#include "lib/io/files.h"
#include "lib/schema/document.h"

namespace lateen::commands {
namespace {

Result<std::string> dump_text(const wiring::Arguments& arguments) {
  if (const auto file = arguments.value("file")) return io::read_file(*file);
  if (const auto admin = arguments.value("admin")) return wiring::fetch_now(*admin, "/config_dump?include_eds");
  if (arguments.operands().size() < 2)
    return fail(ErrorKind::invalid,
                "say which proxy (NAME.NAMESPACE), or give "
                "--admin ADDRESS or --file DUMP");
  return wiring::fetch_now(arguments.value_or("control", "127.0.0.1:15014"),
                           "/debug/config_dump?proxyID=" + arguments.operands()[1]);
}

wiring::ConfigFilter filter_of(const wiring::Arguments& arguments) {
  return {arguments.value_or("name", ""), arguments.value_or("fqdn", ""),
          parse_number<int>(arguments.value_or("port", "0")).value_or(0)};
}

}  // namespace

int proxy_config(const wiring::Arguments& arguments) {
  if (arguments.operands().empty()) {
    fmt::print(stderr,
               "lateen: say what to show: all, clusters, listeners, "
               "routes, endpoints, secrets\n");
    return wiring::exit_usage;
  }
  const auto kind = wiring::parse_config_kind(arguments.operands()[0]);
  if (!kind) {
    fmt::print(stderr, "lateen: {}\n", kind.error().message);
    return wiring::exit_usage;
  }
  const auto text = dump_text(arguments);
  if (!text) {
    fmt::print(stderr, "lateen: {}\n", text.error().message);
    return text.error().kind == ErrorKind::invalid ? wiring::exit_usage : wiring::exit_environment;
  }
  schema::Diagnostics diagnostics;
  schema::Node dump;
  if (!schema::read_json(*text, "config dump", diagnostics, dump)) {
    fmt::print(stderr, "lateen: {}\n", diagnostics.first_error());
    return wiring::exit_environment;
  }
  const auto resources = wiring::resources_in_dump(dump, *kind, filter_of(arguments));
  const auto output = arguments.value_or("output", "table");
  if (output == "yaml") {
    fmt::print("{}", schema::write_yaml(resources));
  } else if (output == "json" || *kind == wiring::ConfigKind::all) {
    fmt::print("{}\n", schema::write_json(resources, 2));
  } else {
    fmt::print("{}", wiring::config_table(resources, *kind));
  }
  return wiring::exit_fine;
}

}  // namespace lateen::commands
