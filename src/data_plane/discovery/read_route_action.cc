#include "data_plane/discovery/read_route_action.h"

#include <algorithm>
#include <limits>

#include "config/xds/names.h"
#include "data_plane/discovery/string_match.h"

namespace lateen::discovery {

namespace routev3 = envoy::config::route::v3;
using router::Forward;

router::Fraction fraction_of(const envoy::type::v3::FractionalPercent& percent) {
  static constexpr uint32_t denominators[] = {100, 10'000, 1'000'000};
  return {percent.numerator(), denominators[std::min<size_t>(percent.denominator(), 2)]};
}

Result<std::vector<router::HeaderAddition>> read_additions(
    const google::protobuf::RepeatedPtrField<envoy::config::core::v3::HeaderValueOption>& options) {
  using Option = envoy::config::core::v3::HeaderValueOption;
  std::vector<router::HeaderAddition> out;
  for (const Option& option : options) {
    router::HeaderAddition addition{.name = lowered(option.header().key()), .keep_empty = option.keep_empty_value()};
    if (addition.name.starts_with(':') || addition.name == "host")
      return fail(ErrorKind::invalid, ":-prefixed or host headers may not be modified: {}", addition.name);
    const auto& header = option.header();
    auto value = telemetry::Format::compile(header.raw_value().empty() ? header.value() : header.raw_value());
    if (!value) return failed(value, addition.name);
    addition.value = std::move(*value);
    switch (option.append_action()) {
      case Option::ADD_IF_ABSENT:
        addition.action = router::HeaderAddition::add_if_absent;
        break;
      case Option::OVERWRITE_IF_EXISTS_OR_ADD:
        addition.action = router::HeaderAddition::overwrite;
        break;
      case Option::OVERWRITE_IF_EXISTS:
        addition.action = router::HeaderAddition::overwrite_if_exists;
        break;
      default:
        addition.action = router::HeaderAddition::append;
    }
    if (option.has_append() && !option.append().value()) addition.action = router::HeaderAddition::overwrite;
    out.push_back(std::move(addition));
  }
  return out;
}

Result<std::vector<std::string>> read_removals(const google::protobuf::RepeatedPtrField<std::string>& names) {
  std::vector<std::string> out;
  for (const std::string& name : names) {
    out.push_back(lowered(name));
    if (name.starts_with(':') || out.back() == "host")
      return fail(ErrorKind::invalid, ":-prefixed or host headers may not be removed: {}", name);
  }
  return out;
}

Result<router::RetryPolicy> read_retry(const routev3::RetryPolicy& message, Notes& notes) {
  notes.check(message, "retry_policy",
              {"retry_on", "num_retries", "per_try_timeout", "retriable_status_codes", "retriable_headers",
               "retry_back_off", "retry_host_predicate", "host_selection_retry_max_attempts"});
  router::RetryPolicy out;
  for (const std::string& word : router::parse_retry_on(message.retry_on(), out.on))
    notes.note(fmt::format("retry_on \"{}\" is not honoured", word));
  if (message.has_num_retries()) out.retries = message.num_retries().value();
  if (message.has_per_try_timeout()) out.per_try_timeout = duration_of(message.per_try_timeout());
  out.status_codes.assign(message.retriable_status_codes().begin(), message.retriable_status_codes().end());
  for (const auto& each : message.retriable_headers()) {
    auto match = header_match(each);
    if (!match) return failed(match, "retriable_headers");
    out.retriable_headers.push_back(std::move(*match));
  }
  if (message.retry_back_off().has_base_interval()) {
    out.back_off = duration_of(message.retry_back_off().base_interval());
    out.back_off_max = std::min(out.back_off, longest_duration / 10) * 10;
  }
  if (message.retry_back_off().has_max_interval())
    out.back_off_max = duration_of(message.retry_back_off().max_interval());
  for (const auto& predicate : message.retry_host_predicate()) {
    if (predicate.name() == "envoy.retry_host_predicates.previous_hosts")
      out.avoid_previous_hosts = true;
    else
      notes.not_honoured("retry_host_predicate." + predicate.name());
  }
  out.host_attempts = std::max<uint32_t>(1, static_cast<uint32_t>(message.host_selection_retry_max_attempts()));
  return out;
}

namespace {

Result<> read_clusters(const routev3::RouteAction& message, Forward& out, Notes& notes) {
  switch (message.cluster_specifier_case()) {
    case routev3::RouteAction::kCluster:
      out.clusters.push_back({.name = message.cluster(), .weight = 1});
      break;
    case routev3::RouteAction::kClusterHeader:
      out.clusters.push_back({.header = lowered(message.cluster_header()), .weight = 1});
      break;
    case routev3::RouteAction::kWeightedClusters:
      notes.check(message.weighted_clusters(), "route.weighted_clusters", {"clusters", "total_weight"});
      for (const auto& each : message.weighted_clusters().clusters()) {
        notes.check(each, "weighted_clusters",
                    {"name", "cluster_header", "weight", "host_rewrite_literal", "request_headers_to_add",
                     "request_headers_to_remove", "response_headers_to_add", "response_headers_to_remove"});
        auto mutations = read_mutations(each);
        if (!mutations) return failed(mutations, each.name());
        out.clusters.push_back({.name = each.name(),
                                .header = lowered(each.cluster_header()),
                                .weight = each.weight().value(),
                                .mutations = std::move(*mutations),
                                .host_rewrite = each.host_rewrite_literal()});
      }
      break;
    default:
      return fail(ErrorKind::unsupported, "a route must name cluster, cluster_header or weighted_clusters");
  }
  uint64_t total = 0;
  for (const auto& each : out.clusters) total += each.weight;
  if (total == 0) return fail(ErrorKind::invalid, "Sum of weights in the weighted_cluster must be greater than 0.");
  const auto& expected = message.weighted_clusters();
  if (expected.has_total_weight() && total != expected.total_weight().value())
    return fail(ErrorKind::invalid, "Sum of weights in the weighted_cluster should be {}",
                expected.total_weight().value());
  if (total > std::numeric_limits<uint32_t>::max())
    return fail(ErrorKind::invalid, "The sum of weights of all weighted clusters exceeds {}",
                std::numeric_limits<uint32_t>::max());
  out.total_weight = static_cast<uint32_t>(total);
  return {};
}

Result<router::PathRewrite> read_regex_rewrite(const envoy::type::matcher::v3::RegexMatchAndSubstitute& message) {
  auto expression = router::Regex::compile(message.pattern().regex());
  if (!expression) return failed(expression, "regex_rewrite");
  return router::PathRewrite{
      .kind = router::PathRewrite::regex, .text = message.substitution(), .expression = std::move(*expression)};
}

Result<> read_rewrites(const routev3::RouteAction& message, Forward& out) {
  if (!message.prefix_rewrite().empty())
    out.path_rewrite = {.kind = router::PathRewrite::prefix, .text = message.prefix_rewrite()};
  if (message.has_regex_rewrite()) {
    auto rewrite = read_regex_rewrite(message.regex_rewrite());
    if (!rewrite) return failed(rewrite);
    out.path_rewrite = std::move(*rewrite);
  }
  out.host_rewrite = message.host_rewrite_literal();
  out.host_rewrite_header = lowered(message.host_rewrite_header());
  out.auto_host_rewrite = message.auto_host_rewrite().value();
  out.append_forwarded_host = message.append_x_forwarded_host();
  return {};
}

Result<Forward> read_forward(const routev3::RouteAction& message, Notes& notes) {
  notes.check(message, "route.route",
              {"cluster", "cluster_header", "weighted_clusters", "timeout", "idle_timeout", "max_grpc_timeout",
               "max_stream_duration", "retry_policy", "prefix_rewrite", "regex_rewrite", "host_rewrite_literal",
               "host_rewrite_header", "auto_host_rewrite", "append_x_forwarded_host", "request_mirror_policies",
               "upgrade_configs", "cluster_not_found_response_code", "priority"});
  Forward out;
  if (auto read = read_clusters(message, out, notes); !read) return failed(read);
  if (auto read = read_rewrites(message, out); !read) return failed(read);
  if (message.has_timeout()) out.timeout = duration_of(message.timeout());
  if (message.has_idle_timeout()) out.idle_timeout = duration_of(message.idle_timeout());
  if (message.has_max_grpc_timeout()) out.max_grpc_timeout = duration_of(message.max_grpc_timeout());
  if (message.max_stream_duration().has_grpc_timeout_header_max())
    out.max_grpc_timeout = duration_of(message.max_stream_duration().grpc_timeout_header_max());
  if (message.max_stream_duration().has_max_stream_duration())
    out.max_stream_duration = duration_of(message.max_stream_duration().max_stream_duration());
  if (message.has_retry_policy()) {
    auto retry = read_retry(message.retry_policy(), notes);
    if (!retry) return failed(retry);
    out.retry = std::move(*retry);
  }
  notes.check(message.max_stream_duration(), "route.max_stream_duration",
              {"max_stream_duration", "grpc_timeout_header_max"});
  for (const auto& each : message.request_mirror_policies()) {
    // Spans are not reported, so it is all the same whether those of mirrors are.
    notes.check(each, "request_mirror_policies",
                {"cluster", "runtime_fraction", "disable_shadow_host_suffix_append", "trace_sampled"});
    router::Mirror mirror{.cluster = each.cluster(), .append_shadow = !each.disable_shadow_host_suffix_append()};
    if (each.has_runtime_fraction()) mirror.fraction = fraction_of(each.runtime_fraction().default_value());
    out.mirrors.push_back(std::move(mirror));
  }
  for (const auto& each : message.upgrade_configs()) {
    if (!each.has_enabled() || each.enabled().value()) out.upgrades.push_back(lowered(each.upgrade_type()));
    if (each.has_enabled() && !each.enabled().value()) notes.not_honoured("upgrade_configs.enabled false");
    if (each.has_connect_config()) notes.not_honoured("upgrade_configs.connect_config");
  }
  if (message.cluster_not_found_response_code() == routev3::RouteAction::NOT_FOUND) out.cluster_not_found_status = 404;
  if (message.cluster_not_found_response_code() == routev3::RouteAction::INTERNAL_SERVER_ERROR)
    out.cluster_not_found_status = 500;
  if (message.priority() == envoy::config::core::v3::HIGH) notes.not_honoured("route.priority HIGH");
  return out;
}

Result<router::Redirect> read_redirect(const routev3::RedirectAction& message) {
  router::Redirect out{
      .host = message.host_redirect(), .path = message.path_redirect(), .strip_query = message.strip_query()};
  out.scheme = message.https_redirect() ? "https" : message.scheme_redirect();
  if (message.port_redirect()) out.port = static_cast<uint16_t>(message.port_redirect());
  if (!message.prefix_rewrite().empty())
    out.path_rewrite = {.kind = router::PathRewrite::prefix, .text = message.prefix_rewrite()};
  if (message.has_regex_rewrite()) {
    auto rewrite = read_regex_rewrite(message.regex_rewrite());
    if (!rewrite) return failed(rewrite);
    out.path_rewrite = std::move(*rewrite);
  }
  static constexpr uint16_t codes[] = {301, 302, 303, 307, 308};
  out.status = codes[std::min<size_t>(message.response_code(), 4)];
  return out;
}

}  // namespace

Result<> read_action(const routev3::Route& message, router::Route& out, Notes& notes) {
  switch (message.action_case()) {
    case routev3::Route::kRoute: {
      auto forward = read_forward(message.route(), notes);
      if (!forward) return failed(forward);
      out.action = std::move(*forward);
      return {};
    }
    case routev3::Route::kRedirect: {
      auto redirect = read_redirect(message.redirect());
      if (!redirect) return failed(redirect);
      out.action = std::move(*redirect);
      return {};
    }
    case routev3::Route::kDirectResponse: {
      notes.check(message.direct_response(), "direct_response", {"status", "body"});
      router::DirectResponse direct{.status = message.direct_response().status()};
      if (message.direct_response().has_body()) {
        auto body = content_of(message.direct_response().body(), "direct_response.body");
        if (!body) return failed(body);
        direct.body = std::move(*body);
      }
      out.action = std::move(direct);
      return {};
    }
    default:
      return fail(ErrorKind::unsupported, "a route must have route, redirect or direct_response");
  }
}

}  // namespace lateen::discovery
