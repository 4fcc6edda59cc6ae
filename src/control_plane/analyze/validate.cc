#include "control_plane/analyze/validate.h"

#include <algorithm>

namespace lateen::analyze {
namespace {

using config::Objects;

void report(const config::Origin& origin, const Findings& findings, schema::Diagnostics& diagnostics) {
  for (const auto& finding : findings.all()) {
    diagnostics.add({origin.file, origin.at(finding.path), finding.severity, finding.path, finding.text});
  }
}

template <class T>
bool breaks_a_rule(const T& object, schema::Diagnostics& diagnostics) {
  Findings findings;
  validate(object, findings);
  report(object.origin, findings, diagnostics);
  return findings.has_errors();
}

}  // namespace

void drop_invalid(Objects& objects, schema::Diagnostics& diagnostics) {
  config::for_each_kind(objects, [&](std::string_view, auto& list) {
    std::erase_if(list, [&](const auto& object) { return breaks_a_rule(object, diagnostics); });
  });
}

Objects validate_text(std::string_view text, std::string_view file, schema::Diagnostics& diagnostics) {
  config::ReadOptions options;
  options.keep_documents = true;
  Objects objects = config::read_objects(text, file, diagnostics, options);
  drop_invalid(objects, diagnostics);
  return objects;
}

}  // namespace lateen::analyze
