// Settings files (MeshConfig, MeshNetworks): one document into a value that holds the defaults already.
#pragma once
#include <string>

#include "lib/io/files.h"
#include "lib/schema/diagnostics.h"
#include "lib/schema/document.h"
#include "lib/schema/typed.h"

namespace lateen::wiring {

// Fails with the first error, naming file, line and field. Warnings (fields that nothing honours yet) go to
// `diagnostics` for the caller to show. An empty file keeps the defaults.
template <class T>
Result<> read_settings(const std::string& path, schema::Diagnostics& diagnostics, T& out) {
  const auto text = io::read_file(path);
  if (!text) return failed(text);
  schema::Diagnostics found;
  const auto documents = schema::read_documents(*text, path, found);
  if (!found.has_errors() && !documents.empty()) schema::read(documents.front(), out, {path, found});
  if (found.has_errors()) return fail(ErrorKind::invalid, "{}", found.first_error());
  for (const auto& each : found.all()) diagnostics.add(each);
  return {};
}

}  // namespace lateen::wiring
