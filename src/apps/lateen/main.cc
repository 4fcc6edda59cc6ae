// `lateen`: the operator's command line and the control plane. A table of commands; each is one function in its own
// file.
#include "apps/lateen/commands.h"

using namespace lateen;

namespace {

const std::vector<wiring::Flag> status_flags = {
    {"control", "ADDRESS", "the control plane's pages (127.0.0.1:15014)"},
    {"output", "table|json|yaml", "how to print", 'o'},
};
const std::vector<wiring::Flag> config_flags = {
    {"control", "ADDRESS", "the control plane's pages (127.0.0.1:15014)"},
    {"admin", "ADDRESS", "a proxy's own admin page instead"},
    {"file", "DUMP", "a file with a config dump instead", 'f'},
    {"name", "NAME", "only the resource of that name"},
    {"fqdn", "HOST", "clusters and endpoints: only of that service"},
    {"port", "PORT", "only of that port"},
    {"output", "table|json|yaml", "how to print", 'o'},
};

}  // namespace

int main(int count, char** words) {
  const std::vector<wiring::Command> commands = {
      {"proxy-status", "who is connected to the control plane, and whether each has what it should have",
       "[NAME.NAMESPACE]", status_flags, commands::proxy_status},
      {"ps", "the same as proxy-status", "[NAME.NAMESPACE]", status_flags, commands::proxy_status},
      {"proxy-config", "what a proxy has: all, clusters, listeners, routes, endpoints or secrets",
       "KIND [NAME.NAMESPACE]", config_flags, commands::proxy_config},
      {"pc", "the same as proxy-config", "KIND [NAME.NAMESPACE]", config_flags, commands::proxy_config},
      {"validate",
       "checks objects in files as the admission webhook does",
       "-f FILE...",
       {{"file", "FILE", "YAML or JSON files", 'f', true}},
       commands::validate},
  };
  const std::vector<std::string_view> arguments(words + std::min(count, 1), words + count);
  return wiring::run_command("lateen", commands, arguments);
}
