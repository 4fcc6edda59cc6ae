// Everything found wrong in documents, gathered so that people see all of it at once.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "lib/schema/node.h"

namespace lateen::schema {

enum class Severity { error, warning };

struct Diagnostic {
  std::string file;  // as the user named it
  Position position;
  Severity severity = Severity::error;
  std::string path;  // `spec.http[0].route[1].weight`; empty for the document itself
  std::string text;  // what is wrong, and the remedy where there is one
  bool operator==(const Diagnostic&) const = default;
};

// `FILE:LINE:COL: error: path: text`, without the parts that are empty.
std::string format(const Diagnostic& diagnostic);

// A collector. Keeps the first `most` entries and counts the rest, so hostile input cannot grow it without bound.
class Diagnostics {
 public:
  static constexpr size_t most = 1000;

  void add(Diagnostic diagnostic);
  void error(std::string_view file, Position position, std::string path, std::string text);
  void warning(std::string_view file, Position position, std::string path, std::string text);

  bool has_errors() const { return errors_ > 0; }
  size_t errors() const { return errors_; }      // those not kept included
  size_t warnings() const { return warnings_; }  // those not kept included
  size_t dropped() const { return errors_ + warnings_ - all_.size(); }
  const std::vector<Diagnostic>& all() const { return all_; }
  // The first error as one line, for places that can show only one; "" when there is none.
  std::string first_error() const;

 private:
  std::vector<Diagnostic> all_;
  size_t errors_ = 0;
  size_t warnings_ = 0;
};

}  // namespace lateen::schema
