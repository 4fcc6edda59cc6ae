// Matchers: plain values compiled from configuration, and functions that say whether they hold. Used by routes,
// policies and log filters, and by the control plane's tests, so that there is one answer to "does this match".
#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"
#include "lib/protocol/headers.h"

namespace lateen::router {

using protocol::Headers;

// A regular expression of the RE2 kind, matched against the whole text. Linear time, bounded memory.
class Regex {
 public:
  static Result<std::shared_ptr<const Regex>> compile(const std::string& pattern);
  virtual ~Regex() = default;
  virtual bool matches(std::string_view text) const = 0;
  // Replaces every match by the substitution, in which \0 to \9 are groups.
  virtual std::string replaced(std::string_view text, const std::string& substitution) const = 0;
  virtual const std::string& pattern() const = 0;
};

struct StringMatch {
  enum Kind : uint8_t { exact, prefix, suffix, contains, regex };
  Kind kind = exact;
  std::string text;  // lower case already when ignore_case
  bool ignore_case = false;
  std::shared_ptr<const Regex> expression;

  bool matches(std::string_view value) const;
};

struct HeaderMatch {
  enum Kind : uint8_t { string, range, present };
  std::string name;  // lower case
  Kind kind = present;
  StringMatch text;
  int64_t from = 0, to = 0;    // range: from <= value < to
  bool wanted_present = true;  // present: or absent
  bool invert = false;
  bool missing_is_empty = false;

  bool matches(const Headers& headers) const;
};

struct QueryMatch {
  std::string name;
  std::optional<StringMatch> text;  // nothing: present
  bool matches(std::string_view path) const;
};

struct PathMatch {
  enum Kind : uint8_t { any, prefix, exact, separated_prefix, regex, connect };
  Kind kind = any;
  std::string text;  // lower case already when !case_sensitive
  bool case_sensitive = true;
  std::shared_ptr<const Regex> expression;

  bool matches(const Headers& headers, std::string_view path_without_query) const;
};

// CONNECT as itself: with :protocol (RFC 8441) it is an upgrade, and is routed by its path like any other request.
bool is_plain_connect(const Headers& request);
// The path without query and fragment.
std::string_view path_without_query(std::string_view path);
// The first value of that query parameter, still percent-encoded.
std::optional<std::string_view> query_parameter(std::string_view path, std::string_view name);

}  // namespace lateen::router
