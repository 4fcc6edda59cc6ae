#include "config/objects/reference.h"

#include <cstdio>

#include <fmt/format.h>

#include "apps/lateen/commands.h"
#include "lib/io/files.h"
#include "lib/schema/document.h"

namespace lateen::commands {

int reference(const wiring::Arguments& arguments) {
  const auto folder = arguments.value("output");
  if (!folder) {
    fmt::print(stderr, "lateen reference: name the folder to write into: lateen reference -o DIR\n");
    return wiring::exit_usage;
  }
  auto pages = config::reference_pages();
  if (arguments.has("openapi"))
    pages.push_back({"openapi.json", schema::write_json(config::open_api_document(), 1) + "\n"});
  if (const auto made = io::make_directories(*folder); !made) {
    fmt::print(stderr, "lateen reference: {}\n", made.error().message);
    return wiring::exit_environment;
  }
  for (const auto& page : pages) {
    if (const auto written = io::write_file(*folder + "/" + page.file, page.text); !written) {
      fmt::print(stderr, "lateen reference: {}\n", written.error().message);
      return wiring::exit_environment;
    }
  }
  return wiring::exit_fine;
}

}  // namespace lateen::commands
