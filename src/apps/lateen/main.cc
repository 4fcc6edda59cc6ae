// `lateen`: the operator's command line and the control plane. A table of commands; each is one function in its own
// file.
#include "apps/lateen/commands.h"

using namespace lateen;

int main(int count, char** words) {
  const std::vector<wiring::Command> commands = {
      {"validate",
       "checks objects in files as the admission webhook does",
       "-f FILE...",
       {{"file", "FILE", "YAML or JSON files", 'f', true}},
       commands::validate},
  };
  const std::vector<std::string_view> arguments(words + std::min(count, 1), words + count);
  return wiring::run_command("lateen", commands, arguments);
}
