#include <algorithm>

#include "control_plane/snapshot/virtual_services.h"

namespace lateen::snapshot {
namespace {

using config::HTTPMatchRequest;
using config::HTTPRoute;
using config::StringMatch;

// Whether what the delegate asks of a text is at least as strict as what the root asks of it.
bool is_narrower(const std::optional<StringMatch>& root, const std::optional<StringMatch>& delegate) {
  if (!root || !delegate) return true;
  if (root->regex || delegate->regex) return false;
  if (root->exact) return delegate->exact && *delegate->exact == *root->exact;
  if (!root->prefix) return true;
  return (delegate->prefix && delegate->prefix->starts_with(*root->prefix)) ||
         (delegate->exact && delegate->exact->starts_with(*root->prefix));
}

bool are_narrower(const std::map<std::string, StringMatch>& root, const std::map<std::string, StringMatch>& delegate) {
  return std::ranges::all_of(root, [&](const auto& item) {
    const auto same = delegate.find(item.first);
    return same == delegate.end() || is_narrower(item.second, same->second);
  });
}

bool are_compatible(const HTTPMatchRequest& root, const HTTPMatchRequest& delegate) {
  if (root.ignore_uri_case != delegate.ignore_uri_case && root.uri && delegate.uri) return false;
  if (root.port && delegate.port && root.port != delegate.port) return false;
  if (!root.source_namespace.empty() && !delegate.source_namespace.empty() &&
      root.source_namespace != delegate.source_namespace)
    return false;
  for (const auto& [key, value] : root.source_labels)
    if (const auto same = delegate.source_labels.find(key);
        same != delegate.source_labels.end() && same->second != value)
      return false;
  for (const auto& gateway : delegate.gateways)
    if (!root.gateways.empty() && std::ranges::find(root.gateways, gateway) == root.gateways.end()) return false;
  return is_narrower(root.uri, delegate.uri) && is_narrower(root.scheme, delegate.scheme) &&
         is_narrower(root.method, delegate.method) && is_narrower(root.authority, delegate.authority) &&
         are_narrower(root.headers, delegate.headers) && are_narrower(root.without_headers, delegate.without_headers) &&
         are_narrower(root.query_params, delegate.query_params);
}

std::string joined_names(const std::string& root, const std::string& delegate) {
  return root.empty() || delegate.empty() ? root + delegate : root + "-" + delegate;
}

// Both conditions at once; where both speak of the same thing, the delegate's is the narrower one.
HTTPMatchRequest both(const HTTPMatchRequest& root, const HTTPMatchRequest& delegate) {
  HTTPMatchRequest out = delegate;
  out.name = joined_names(root.name, delegate.name);
  if (!out.uri) {
    out.uri = root.uri;
    out.ignore_uri_case = root.ignore_uri_case;
  }
  if (!out.scheme) out.scheme = root.scheme;
  if (!out.method) out.method = root.method;
  if (!out.authority) out.authority = root.authority;
  out.headers.insert(root.headers.begin(), root.headers.end());
  out.without_headers.insert(root.without_headers.begin(), root.without_headers.end());
  out.query_params.insert(root.query_params.begin(), root.query_params.end());
  out.source_labels.insert(root.source_labels.begin(), root.source_labels.end());
  if (!out.port) out.port = root.port;
  if (out.gateways.empty()) out.gateways = root.gateways;
  if (out.source_namespace.empty()) out.source_namespace = root.source_namespace;
  if (out.stat_prefix.empty()) out.stat_prefix = root.stat_prefix;
  return out;
}

std::vector<HTTPMatchRequest> combined(const std::vector<HTTPMatchRequest>& root,
                                       const std::vector<HTTPMatchRequest>& delegate) {
  if (root.empty()) return delegate;
  if (delegate.empty()) return root;
  std::vector<HTTPMatchRequest> out;
  for (const auto& outer : root)
    for (const auto& inner : delegate)
      if (are_compatible(outer, inner)) out.push_back(both(outer, inner));
  return out;
}

void fill_gaps(const HTTPRoute& root, HTTPRoute& route) {
  if (!route.rewrite) route.rewrite = root.rewrite;
  if (!route.timeout) route.timeout = root.timeout;
  if (!route.retries) route.retries = root.retries;
  if (!route.fault) route.fault = root.fault;
  if (!route.mirror && route.mirrors.empty()) {
    route.mirror = root.mirror;
    route.mirrors = root.mirrors;
    route.mirror_percentage = root.mirror_percentage;
    route.mirror_percent = root.mirror_percent;
  }
  if (!route.cors_policy) route.cors_policy = root.cors_policy;
  if (!route.headers) route.headers = root.headers;
}

}  // namespace

std::vector<HTTPRoute> merge_delegate(const HTTPRoute& root, const std::vector<HTTPRoute>& delegate) {
  std::vector<HTTPRoute> out;
  for (const auto& each : delegate) {
    HTTPRoute route = each;
    route.match = combined(root.match, each.match);
    if (route.match.empty() && !(root.match.empty() && each.match.empty())) continue;
    route.name = joined_names(root.name, each.name);
    fill_gaps(root, route);
    out.push_back(std::move(route));
  }
  return out;
}

}  // namespace lateen::snapshot
