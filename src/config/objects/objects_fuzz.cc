// Any text as YAML and as JSON: reading never crashes, and what was read is written and read back to the same objects.
#include <cstdint>
#include <cstdlib>

#include "config/objects/objects.h"

using namespace lateen;

namespace {

std::string printed(const config::Objects& objects) {
  std::string out;
  config::for_each_kind(objects, [&](std::string_view, const auto& list) {
    for (const auto& object : list) out += "---\n" + schema::write_yaml(config::document_of(object));
  });
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  config::ReadOptions options;
  options.limits = {.bytes = 1 << 20, .nodes = 20'000, .node_bytes = 1 << 20};
  for (const char* file : {"f.yaml", "f.json"}) {
    schema::Diagnostics diagnostics;
    const auto objects = config::read_objects(text, file, diagnostics, options);
    schema::Diagnostics none;
    const std::string once = printed(objects);
    const auto again = config::read_objects(once, "again.yaml", none);
    if (none.has_errors() || printed(again) != once) abort();
  }
  return 0;
}
