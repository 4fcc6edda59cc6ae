#include "control_plane/translate/routes.h"

namespace lateen::translate {
namespace {

using config::StringMatch;
using envoy::config::route::v3::HeaderMatcher;
using envoy::config::route::v3::RouteMatch;

// An empty match, and the regular expression "*" that is none, mean that the value is present.
bool means_present(const StringMatch& match) {
  return (!match.exact && !match.prefix && !match.regex) || (match.regex && *match.regex == "*");
}

HeaderMatcher header_matcher(const std::string& name, const StringMatch& match) {
  HeaderMatcher out;
  out.set_name(name);
  if (means_present(match)) {
    out.set_present_match(true);
  } else {
    *out.mutable_string_match() = string_matcher(match);
  }
  return out;
}

void set_path(const config::HTTPMatchRequest& match, RouteMatch& out) {
  out.set_prefix("/");
  out.mutable_case_sensitive()->set_value(!match.ignore_uri_case);
  if (!match.uri) return;
  if (match.uri->exact) out.set_path(*match.uri->exact);
  if (match.uri->prefix) out.set_prefix(*match.uri->prefix);
  if (match.uri->regex) out.mutable_safe_regex()->set_regex(*match.uri->regex);
}

}  // namespace

envoy::type::matcher::v3::StringMatcher string_matcher(const StringMatch& match) {
  envoy::type::matcher::v3::StringMatcher out;
  if (match.exact) out.set_exact(*match.exact);
  if (match.prefix) out.set_prefix(*match.prefix);
  if (match.regex) out.mutable_safe_regex()->set_regex(*match.regex);
  return out;
}

void set_match(const config::HTTPMatchRequest& match, RouteMatch& out) {
  set_path(match, out);
  for (const auto& [name, value] : match.headers) *out.add_headers() = header_matcher(name, value);
  for (const auto& [name, value] : match.without_headers) {
    auto header = header_matcher(name, value);
    header.set_invert_match(true);
    if (!means_present(value)) header.set_treat_missing_header_as_empty(true);
    *out.add_headers() = std::move(header);
  }
  if (match.method) *out.add_headers() = header_matcher(":method", *match.method);
  if (match.authority) *out.add_headers() = header_matcher(":authority", *match.authority);
  if (match.scheme) *out.add_headers() = header_matcher(":scheme", *match.scheme);
  for (const auto& [name, value] : match.query_params) {
    auto* query = out.add_query_parameters();
    query->set_name(name);
    if (means_present(value)) {
      query->set_present_match(true);
    } else {
      *query->mutable_string_match() = string_matcher(value);
    }
  }
}

}  // namespace lateen::translate
