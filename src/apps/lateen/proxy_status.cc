// lateen proxy-status [PROXY]: who is connected to the control plane and
// whether each has what it should have.
#include "apps/lateen/commands.h"
#include "apps/wiring/fetch.h"
#include "apps/wiring/proxy_tables.h"
#include "lib/schema/document.h"

namespace lateen::commands {
namespace {

// Only the proxy of that name, when one is given.
schema::Node chosen(const schema::Node& page, const std::vector<std::string>& names) {
  if (names.empty()) return page;
  auto out = schema::Node::list();
  for (const auto& each : *page.as_list()) {
    const auto* proxy = each.find("proxy");
    const auto* id = each.find("proxy_id");
    for (const auto& name : names)
      if ((proxy && proxy->text() == name) || (id && id->text() == name)) out.push_back(each);
  }
  return out;
}

}  // namespace

int proxy_status(const wiring::Arguments& arguments) {
  const auto text = wiring::fetch_now(arguments.value_or("control", "127.0.0.1:15014"), "/debug/syncz");
  if (!text) {
    fmt::print(stderr, "lateen: {}; is a control plane running there? (--control ADDRESS)\n", text.error().message);
    return wiring::exit_environment;
  }
  schema::Diagnostics diagnostics;
  schema::Node page;
  if (!schema::read_json(*text, "/debug/syncz", diagnostics, page) || !page.is_list()) {
    fmt::print(stderr, "lateen: the answer is no proxy status: {}\n", diagnostics.first_error());
    return wiring::exit_environment;
  }
  page = chosen(page, arguments.operands());
  if (!arguments.operands().empty() && page.size() == 0) {
    fmt::print(stderr, "lateen: no proxy {} is connected\n", arguments.operands()[0]);
    return wiring::exit_findings;
  }
  const auto output = arguments.value_or("output", "table");
  if (output == "json") {
    fmt::print("{}\n", schema::write_json(page, 2));
  } else if (output == "yaml") {
    fmt::print("{}", schema::write_yaml(page));
  } else {
    fmt::print("{}", wiring::proxy_status_table(page));
  }
  return wiring::proxy_status_has_problems(page) ? wiring::exit_findings : wiring::exit_fine;
}

}  // namespace lateen::commands
