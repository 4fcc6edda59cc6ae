#include "control_plane/analyze/validate.h"

#include <cstdio>

#include <fmt/format.h>

#include "apps/lateen/commands.h"
#include "lib/io/files.h"

namespace lateen::commands {

int validate(const wiring::Arguments& arguments) {
  auto files = arguments.values("file");
  files.insert(files.end(), arguments.operands().begin(), arguments.operands().end());
  if (files.empty()) {
    fmt::print(stderr, "lateen validate: name the files to check: lateen validate -f FILE...\n");
    return wiring::exit_usage;
  }
  schema::Diagnostics diagnostics;
  for (const auto& file : files) {
    const auto text = io::read_file(file);
    if (!text) {
      fmt::print(stderr, "lateen validate: {}\n", text.error().message);
      return wiring::exit_environment;
    }
    analyze::validate_text(*text, file, diagnostics);
  }
  for (const auto& diagnostic : diagnostics.all()) fmt::print(stderr, "{}\n", format(diagnostic));
  if (diagnostics.dropped() > 0) fmt::print(stderr, "and {} more\n", diagnostics.dropped());
  return diagnostics.has_errors() ? wiring::exit_findings : wiring::exit_fine;
}

}  // namespace lateen::commands
