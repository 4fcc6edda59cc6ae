#include "data_plane/discovery/string_match.h"

namespace lateen::discovery {

using router::StringMatch;

static Result<StringMatch> make(StringMatch::Kind kind, const std::string& text, bool ignore_case) {
  return StringMatch{.kind = kind, .text = ignore_case ? lowered(text) : text, .ignore_case = ignore_case};
}

static Result<StringMatch> make_regex(const std::string& pattern) {
  auto expression = router::Regex::compile(pattern);
  if (!expression) return failed(expression);
  return StringMatch{.kind = StringMatch::regex, .text = pattern, .expression = std::move(*expression)};
}

Result<StringMatch> string_match(const envoy::type::matcher::v3::StringMatcher& message) {
  using Message = envoy::type::matcher::v3::StringMatcher;
  const bool ignore_case = message.ignore_case();
  switch (message.match_pattern_case()) {
    case Message::kExact:
      return make(StringMatch::exact, message.exact(), ignore_case);
    case Message::kPrefix:
      return make(StringMatch::prefix, message.prefix(), ignore_case);
    case Message::kSuffix:
      return make(StringMatch::suffix, message.suffix(), ignore_case);
    case Message::kContains:
      return make(StringMatch::contains, message.contains(), ignore_case);
    case Message::kSafeRegex:
      return make_regex(message.safe_regex().regex());
    default:
      return fail(ErrorKind::unsupported, "a string matcher must be exact, prefix, suffix, contains or safe_regex");
  }
}

Result<router::HeaderMatch> header_match(const envoy::config::route::v3::HeaderMatcher& message) {
  using Message = envoy::config::route::v3::HeaderMatcher;
  router::HeaderMatch out{.name = lowered(message.name()),
                          .invert = message.invert_match(),
                          .missing_is_empty = message.treat_missing_header_as_empty()};
  if (out.name == "host") out.name = ":authority";
  Result<StringMatch> text = StringMatch{};
  switch (message.header_match_specifier_case()) {
    case Message::kStringMatch:
      text = string_match(message.string_match());
      break;
    case Message::kExactMatch:
      text = make(StringMatch::exact, message.exact_match(), false);
      break;
    case Message::kPrefixMatch:
      text = make(StringMatch::prefix, message.prefix_match(), false);
      break;
    case Message::kSuffixMatch:
      text = make(StringMatch::suffix, message.suffix_match(), false);
      break;
    case Message::kContainsMatch:
      text = make(StringMatch::contains, message.contains_match(), false);
      break;
    case Message::kSafeRegexMatch:
      text = make_regex(message.safe_regex_match().regex());
      break;
    case Message::kRangeMatch:
      out.kind = router::HeaderMatch::range;
      out.from = message.range_match().start();
      out.to = message.range_match().end();
      return out;
    case Message::kPresentMatch:
      out.wanted_present = message.present_match();
      return out;
    default:
      return out;  // no specifier: the header must be there
  }
  if (!text) return failed(text, out.name);
  out.kind = router::HeaderMatch::string;
  out.text = std::move(*text);
  return out;
}

Result<router::QueryMatch> query_match(const envoy::config::route::v3::QueryParameterMatcher& message) {
  router::QueryMatch out{.name = message.name()};
  if (message.has_present_match() && !message.present_match())
    return fail(ErrorKind::unsupported, "{}: present_match false is not supported for query parameters", out.name);
  if (message.has_string_match()) {
    auto text = string_match(message.string_match());
    if (!text) return failed(text, message.name());
    out.text = std::move(*text);
  }
  return out;
}

}  // namespace lateen::discovery
