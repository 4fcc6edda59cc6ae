#include "data_plane/router/route_table.h"

#include <algorithm>

namespace lateen::router {
namespace {

void change(Headers& headers, const HeaderAddition& addition, const std::string& value) {
  switch (addition.action) {
    case HeaderAddition::append:
      headers.add(addition.name, value);
      break;
    case HeaderAddition::add_if_absent:
      if (!headers.has(addition.name)) headers.add(addition.name, value);
      break;
    case HeaderAddition::overwrite:
      headers.set(addition.name, value);
      break;
    case HeaderAddition::overwrite_if_exists:
      if (headers.has(addition.name)) headers.set(addition.name, value);
      break;
  }
}

void mutate(Headers& headers, HeaderMutations Mutations::* side, const RouteTable& table,
            const RouteTable::Found& found, const WeightedCluster* cluster, const telemetry::FormatInput& input) {
  const Mutations* levels[] = {cluster ? &cluster->mutations : nullptr, found.route ? &found.route->mutations : nullptr,
                               found.host ? &found.host->mutations : nullptr, &table.contents().mutations};
  if (table.contents().most_specific_mutations_win) std::ranges::reverse(levels);
  for (const Mutations* level : levels)
    if (level && !(level->*side).empty()) (level->*side).apply(headers, input);
}

}  // namespace

std::string_view without_port(std::string_view authority) {
  const size_t colon = authority.rfind(':');
  if (colon == authority.npos || authority.find(']', colon) != authority.npos) return authority;
  return authority.substr(0, colon);
}

void HeaderMutations::apply(Headers& headers, const telemetry::FormatInput& input) const {
  for (const std::string& name : remove) headers.remove(name);
  for (const HeaderAddition& addition : add) {
    std::string value;
    addition.value.write(value, input, "");
    if (!value.empty() || addition.keep_empty) change(headers, addition, value);
  }
}

std::vector<std::string> parse_retry_on(std::string_view list, RetryOn& on) {
  static constexpr std::pair<std::string_view, bool RetryOn::*> words[] = {
      {"5xx", &RetryOn::server_error},
      {"gateway-error", &RetryOn::gateway_error},
      {"reset", &RetryOn::reset},
      {"reset-before-request", &RetryOn::reset_before_request},
      {"connect-failure", &RetryOn::connect_failure},
      {"refused-stream", &RetryOn::refused_stream},
      {"retriable-4xx", &RetryOn::retriable_4xx},
      {"envoy-ratelimited", &RetryOn::envoy_ratelimited},
      {"retriable-status-codes", &RetryOn::retriable_status_codes},
      {"retriable-headers", &RetryOn::retriable_headers},
      {"cancelled", &RetryOn::grpc_cancelled},
      {"deadline-exceeded", &RetryOn::grpc_deadline_exceeded},
      {"internal", &RetryOn::grpc_internal},
      {"resource-exhausted", &RetryOn::grpc_resource_exhausted},
      {"unavailable", &RetryOn::grpc_unavailable}};
  std::vector<std::string> unknown;
  for (std::string_view word : split(list, ',')) {
    word = trimmed(word);
    const auto* known = std::ranges::find(words, word, [](const auto& each) { return each.first; });
    if (known != std::end(words))
      on.*(known->second) = true;
    else if (!word.empty())
      unknown.emplace_back(word);
  }
  return unknown;
}

bool Route::matches(const Headers& request, std::string_view path_only, uint64_t draw) const {
  // What has no path, as CONNECT, is for those routes alone that ask for CONNECT.
  if (path_only.empty() && path.kind != PathMatch::connect) return false;
  if (!path.matches(request, path_only)) return false;
  for (const HeaderMatch& header : headers)
    if (!header.matches(request)) return false;
  for (const QueryMatch& parameter : query)
    if (!parameter.matches(request.path())) return false;
  if (grpc_only && !telemetry::is_grpc(request)) return false;
  return !fraction || fraction->holds(draw);
}

Result<std::shared_ptr<const RouteTable>> RouteTable::make(Contents contents) {
  std::shared_ptr<RouteTable> table(new RouteTable(std::move(contents)));
  for (const VirtualHost& host : table->contents_.hosts)
    for (const std::string& written : host.domains) {
      const std::string domain = lowered(written);
      bool fresh = true;
      if (domain == "*") {
        fresh = table->any_ == nullptr;
        table->any_ = &host;
      } else if (domain.starts_with('*')) {
        fresh = table->suffixes_[domain.size() - 1].emplace(domain.substr(1), &host).second;
      } else if (domain.ends_with('*')) {
        fresh = table->prefixes_[domain.size() - 1].emplace(domain.substr(0, domain.size() - 1), &host).second;
      } else {
        fresh = table->exact_.emplace(domain, &host).second;
      }
      if (!fresh)
        return fail(ErrorKind::invalid,
                    "Only unique values for domains are permitted. Duplicate entry of domain {} in route {}", written,
                    table->contents_.name);
    }
  return std::shared_ptr<const RouteTable>(std::move(table));
}

const VirtualHost* RouteTable::find_host(std::string_view authority) const {
  if (contents_.ignore_port_in_host) authority = without_port(authority);
  if (exact_.empty() && suffixes_.empty() && prefixes_.empty()) return any_;
  const std::string host = lowered(authority);
  if (const auto it = exact_.find(host); it != exact_.end()) return it->second;
  for (const auto& [length, index] : suffixes_)
    if (host.size() > length)  // the star stands for at least one character
      if (const auto it = index.find(std::string_view(host).substr(host.size() - length)); it != index.end())
        return it->second;
  for (const auto& [length, index] : prefixes_)
    if (host.size() > length)
      if (const auto it = index.find(std::string_view(host).substr(0, length)); it != index.end()) return it->second;
  return any_;
}

RouteTable::Found RouteTable::find(const Headers& request, uint64_t draw) const {
  Found found{.host = find_host(request.authority())};
  if (!found.host) return found;
  const std::string_view path = path_without_query(request.path());
  for (const Route& route : found.host->routes)
    if (route.matches(request, path, draw)) {
      found.route = &route;
      break;
    }
  return found;
}

const FilterSettings* RouteTable::settings_for(const Found& found, std::string_view filter) const {
  for (const PerFilter* level : {found.route ? &found.route->filters : nullptr,
                                 found.host ? &found.host->filters : nullptr, &contents_.filters}) {
    if (!level || level->settings.empty()) continue;
    if (const auto it = level->settings.find(filter); it != level->settings.end()) return it->second.get();
  }
  return nullptr;
}

bool RouteTable::disabled_for(const Found& found, std::string_view filter) const {
  for (const PerFilter* level :
       {found.route ? &found.route->filters : nullptr, found.host ? &found.host->filters : nullptr, &contents_.filters})
    if (level && std::ranges::find(level->disabled, filter) != level->disabled.end()) return true;
  return false;
}

void mutate_request(Headers& headers, const RouteTable& table, const RouteTable::Found& found,
                    const WeightedCluster* cluster, const telemetry::FormatInput& input) {
  mutate(headers, &Mutations::request, table, found, cluster, input);
}

void mutate_response(Headers& headers, const RouteTable& table, const RouteTable::Found& found,
                     const WeightedCluster* cluster, const telemetry::FormatInput& input) {
  mutate(headers, &Mutations::response, table, found, cluster, input);
}

std::string rewritten_path(const PathRewrite& rewrite, const PathMatch& matched, std::string_view path) {
  const std::string_view plain = path_without_query(path);
  const std::string_view rest = path.substr(plain.size());
  switch (rewrite.kind) {
    case PathRewrite::none:
      break;
    case PathRewrite::regex:
      return rewrite.expression->replaced(plain, rewrite.text) + std::string(rest);
    case PathRewrite::prefix: {
      // An exact match is replaced as a whole; a prefix keeps what follows it.
      const bool whole = matched.kind == PathMatch::exact || matched.kind == PathMatch::regex;
      return rewrite.text +
             std::string(whole ? std::string_view() : plain.substr(std::min(plain.size(), matched.text.size()))) +
             std::string(rest);
    }
  }
  return std::string(path);
}

static std::string redirect_path(const Redirect& redirect, const Route& route, const Headers& request) {
  const std::string_view original = request.path();
  const bool has_own_query = redirect.path.find('?') != std::string::npos;
  std::string path = redirect.path;
  if (redirect.path_rewrite.kind != PathRewrite::none)
    path = rewritten_path(redirect.path_rewrite, route.path, original);
  else if (path.empty())
    path = original;
  else if (!has_own_query)
    path += original.substr(path_without_query(original).size());
  // A query that the redirect itself brings stays.
  if (redirect.strip_query && !has_own_query) path.resize(path_without_query(path).size());
  return path;
}

std::string redirect_location(const Redirect& redirect, const Route& route, const Headers& request) {
  const std::string_view scheme = redirect.scheme.empty() ? request.scheme() : std::string_view(redirect.scheme);
  const auto is_default = [](std::string_view scheme, std::string_view port) {
    return (scheme == "http" && port == ":80") || (scheme == "https" && port == ":443");
  };
  const std::string_view host = redirect.host.empty() ? without_port(request.authority()) : redirect.host;
  std::string port;
  if (redirect.port)
    port = fmt::format(":{}", *redirect.port);
  else if (redirect.host.empty())
    port = request.authority().substr(host.size());
  // The default port of a scheme is left out, and that of the scheme that the request had goes with it.
  if (is_default(scheme, port) || (!redirect.port && scheme != request.scheme() && is_default(request.scheme(), port)))
    port.clear();
  return fmt::format("{}://{}{}{}", scheme, host, port, redirect_path(redirect, route, request));
}

}  // namespace lateen::router
