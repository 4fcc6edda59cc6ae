#include "data_plane/router/match.h"

#include <re2/re2.h>

#include "lib/base/strings.h"

namespace lateen::router {
namespace {

class Re2Regex final : public Regex {
 public:
  explicit Re2Regex(const std::string& pattern) : expression_(pattern, RE2::Quiet) {}
  bool ok() const { return expression_.ok(); }
  const std::string& error() const { return expression_.error(); }
  bool matches(std::string_view text) const override { return RE2::FullMatch({text.data(), text.size()}, expression_); }
  std::string replaced(std::string_view text, const std::string& substitution) const override {
    std::string out(text);
    RE2::GlobalReplace(&out, expression_, substitution);
    return out;
  }
  const std::string& pattern() const override { return expression_.pattern(); }

 private:
  RE2 expression_;
};

bool starts(std::string_view value, std::string_view prefix, bool ignore_case) {
  if (!ignore_case) return value.starts_with(prefix);
  return value.size() >= prefix.size() && equal_ignoring_case(value.substr(0, prefix.size()), prefix);
}

}  // namespace

Result<std::shared_ptr<const Regex>> Regex::compile(const std::string& pattern) {
  auto regex = std::make_shared<Re2Regex>(pattern);
  if (!regex->ok()) return fail(ErrorKind::invalid, "\"{}\" is not a regular expression: {}", pattern, regex->error());
  return regex;
}

bool StringMatch::matches(std::string_view value) const {
  switch (kind) {
    case exact:
      return ignore_case ? equal_ignoring_case(value, text) : value == text;
    case prefix:
      return starts(value, text, ignore_case);
    case suffix:
      if (value.size() < text.size()) return false;
      return starts(value.substr(value.size() - text.size()), text, ignore_case);
    case contains:
      return ignore_case ? lowered(value).find(text) != std::string::npos : value.find(text) != value.npos;
    case regex:
      return expression->matches(value);
  }
  return false;
}

bool HeaderMatch::matches(const Headers& headers) const {
  // Repeated fields are matched as one value joined by commas, as RFC 9110 reads them.
  auto first = headers.get(name);
  if (!first && missing_is_empty) first = "";
  if (kind == present) return (first.has_value() == wanted_present) != invert;
  if (!first) return false;  // a missing header matches nothing, not even inverted
  std::optional<std::string> all;
  if (!name.starts_with(':')) all = headers.joined(name);
  const std::string_view value = all ? std::string_view(*all) : *first;
  if (kind == range) {
    const auto number = parse_number<int64_t>(value);
    return (number && *number >= from && *number < to) != invert;
  }
  return text.matches(value) != invert;
}

bool is_plain_connect(const Headers& request) { return request.method() == "CONNECT" && !request.has(":protocol"); }

std::string_view path_without_query(std::string_view path) { return path.substr(0, path.find_first_of("?#")); }

std::optional<std::string_view> query_parameter(std::string_view path, std::string_view name) {
  const size_t mark = path.find('?');
  if (mark == path.npos) return std::nullopt;
  std::string_view rest = path.substr(mark + 1);
  rest = rest.substr(0, rest.find('#'));
  while (!rest.empty()) {
    const size_t end = rest.find('&');
    const std::string_view pair = rest.substr(0, end);
    const size_t equals = pair.find('=');
    if (pair.substr(0, equals) == name) return equals == pair.npos ? std::string_view() : pair.substr(equals + 1);
    if (end == rest.npos) break;
    rest.remove_prefix(end + 1);
  }
  return std::nullopt;
}

bool QueryMatch::matches(std::string_view path) const {
  const auto value = query_parameter(path, name);
  if (!value) return false;
  return !text || text->matches(*value);
}

bool PathMatch::matches(const Headers& headers, std::string_view path) const {
  const bool ignore_case = !case_sensitive;
  switch (kind) {
    case any:
      return true;
    case prefix:
      return starts(path, text, ignore_case);
    case exact:
      return ignore_case ? equal_ignoring_case(path, text) : path == text;
    case separated_prefix:
      return starts(path, text, ignore_case) && (path.size() == text.size() || path[text.size()] == '/');
    case regex:
      return expression->matches(path);
    case connect:
      return is_plain_connect(headers);
  }
  return false;
}

}  // namespace lateen::router
