#include "lib/schema/diagnostics.h"

#include <fmt/format.h>

namespace lateen::schema {

std::string format(const Diagnostic& diagnostic) {
  std::string out;
  if (!diagnostic.file.empty()) out += diagnostic.file + ":";
  if (diagnostic.position.line > 0) out += fmt::format("{}:{}:", diagnostic.position.line, diagnostic.position.column);
  if (!out.empty()) out += ' ';
  out += diagnostic.severity == Severity::error ? "error: " : "warning: ";
  if (!diagnostic.path.empty()) out += diagnostic.path + ": ";
  return out + diagnostic.text;
}

void Diagnostics::add(Diagnostic diagnostic) {
  ++(diagnostic.severity == Severity::error ? errors_ : warnings_);
  if (all_.size() < most) all_.push_back(std::move(diagnostic));
}

void Diagnostics::error(std::string_view file, Position position, std::string path, std::string text) {
  add({std::string(file), position, Severity::error, std::move(path), std::move(text)});
}

void Diagnostics::warning(std::string_view file, Position position, std::string path, std::string text) {
  add({std::string(file), position, Severity::warning, std::move(path), std::move(text)});
}

std::string Diagnostics::first_error() const {
  for (const auto& diagnostic : all_) {
    if (diagnostic.severity == Severity::error) return format(diagnostic);
  }
  return errors_ > 0 ? fmt::format("{} errors that were not kept", errors_) : "";
}

}  // namespace lateen::schema
