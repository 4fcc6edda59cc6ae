#include <set>

#include <fmt/format.h>

#include "control_plane/analyze/names.h"
#include "lib/base/strings.h"

namespace lateen::analyze {
namespace {

using namespace config;

bool is_prime(uint64_t number) {
  if (number < 4) return number > 0;
  for (uint64_t factor = 2; factor * factor <= number; ++factor) {
    if (number % factor == 0) return false;
  }
  return true;
}

void check_hash(const LoadBalancerSettings::ConsistentHashLB& hash, const std::string& path, Findings& findings) {
  if (!hash.http_header_name && !hash.http_cookie && !hash.use_source_ip && !hash.http_query_parameter_name) {
    findings.error(path, "one of httpHeaderName, httpCookie, useSourceIp and httpQueryParameterName is required");
  }
  if ((hash.ring_hash || hash.maglev) && hash.minimum_ring_size > 0) {
    findings.error(path + ".minimumRingSize", "only one of minimumRingSize, ringHash and maglev may be set");
  }
  if (hash.maglev && (hash.maglev->table_size >= 5000011 || !is_prime(hash.maglev->table_size))) {
    findings.error(path + ".maglev.tableSize", "must be a prime below 5000011");
  }
  if (!hash.http_cookie) return;
  std::set<std::string_view> names;
  for (size_t i = 0; i < hash.http_cookie->attributes.size(); ++i) {
    const auto& name = hash.http_cookie->attributes[i].name;
    if (!names.insert(name).second)
      findings.error(at(path + ".httpCookie.attributes", i) + ".name", fmt::format("\"{}\" is repeated", name));
  }
}

void check_load_balancer(const LoadBalancerSettings& settings, const std::string& path, Findings& findings) {
  if (settings.consistent_hash) check_hash(*settings.consistent_hash, path + ".consistentHash", findings);
  if (settings.locality_lb_setting)
    check_locality(*settings.locality_lb_setting, path + ".localityLbSetting", findings);
  if (settings.locality_lb_setting && settings.zone_aware_lb_setting) {
    findings.error(path + ".zoneAwareLbSetting", "only one of localityLbSetting and zoneAwareLbSetting may be set");
  }
  if (settings.warmup && settings.warmup->aggression && *settings.warmup->aggression <= 0) {
    findings.error(path + ".warmup.aggression", "must be above 0");
  }
  if (settings.warmup && settings.warmup_duration_secs) {
    findings.error(path + ".warmup", "only one of warmup and warmupDurationSecs may be set");
  }
  if (settings.warmup && settings.warmup->duration && *settings.warmup->duration % Duration(1s) != Duration(0)) {
    findings.warning(path + ".warmup.duration", "is rounded to whole seconds");
  }
}

void check_outliers(const OutlierDetection& outliers, const std::string& path, Findings& findings) {
  check_milliseconds(outliers.base_ejection_time, path + ".baseEjectionTime", findings);
  check_milliseconds(outliers.interval, path + ".interval", findings);
  if (!outliers.split_external_local_origin_errors && outliers.consecutive_local_origin_failures.value_or(0) > 0) {
    findings.error(path + ".consecutiveLocalOriginFailures", "needs splitExternalLocalOriginErrors");
  }
  for (size_t i = 0; i < outliers.outlier_detection_http_error_codes.size(); ++i) {
    const uint32_t code = outliers.outlier_detection_http_error_codes[i];
    if (code < 100 || code > 599) {
      findings.error(at(path + ".outlierDetectionHttpErrorCodes", i), "must be between 100 and 599");
    }
  }
}

// The blocks that a destination and a port have in common.
template <class Policy>
void check_blocks(const Policy& policy, const std::string& path, Findings& findings) {
  if (policy.load_balancer) check_load_balancer(*policy.load_balancer, path + ".loadBalancer", findings);
  if (policy.connection_pool) check_connection_pool(*policy.connection_pool, path + ".connectionPool", findings);
  if (policy.outlier_detection) check_outliers(*policy.outlier_detection, path + ".outlierDetection", findings);
  if (policy.tls) check_client_tls(*policy.tls, path + ".tls", findings);
}

void check_tunnel(const TrafficPolicy::TunnelSettings& tunnel, const std::string& path, Findings& findings) {
  if (!tunnel.protocol.empty() && tunnel.protocol != "CONNECT" && tunnel.protocol != "POST") {
    findings.error(path + ".protocol", "must be CONNECT or POST");
  }
  if (!is_fqdn(tunnel.target_host) && !is_ip(tunnel.target_host)) {
    findings.error(path + ".targetHost",
                   fmt::format("\"{}\" is neither a DNS name nor an IP address", tunnel.target_host));
  }
}

void check_ports(const TrafficPolicy& policy, const std::string& path, Findings& findings) {
  std::set<uint32_t> seen;
  for (size_t i = 0; i < policy.port_level_settings.size(); ++i) {
    const auto& port = policy.port_level_settings[i];
    const std::string where = at(path + ".portLevelSettings", i);
    if (!port.port) findings.error(where + ".port", "required");
    if (port.port && !seen.insert(port.port->number).second) findings.error(where + ".port", "the port is repeated");
    if (!port.load_balancer && !port.connection_pool && !port.outlier_detection && !port.tls) {
      findings.error(where, "one of loadBalancer, connectionPool, outlierDetection and tls is required");
    }
    check_blocks(port, where, findings);
  }
}

void check_policy(const TrafficPolicy& policy, const std::string& path, Findings& findings) {
  if (policy == TrafficPolicy()) {
    findings.error(path, "must have at least one field");
    return;
  }
  check_blocks(policy, path, findings);
  check_ports(policy, path, findings);
  if (policy.tunnel && policy.proxy_protocol) findings.error(path + ".proxyProtocol", "cannot stand beside tunnel");
  if (policy.tunnel) check_tunnel(*policy.tunnel, path + ".tunnel", findings);
}

// Whether two places overlap: equal, or one contains the other.
bool overlap(std::string_view a, std::string_view b) {
  const auto inside = [](std::string_view x, std::string_view y) {
    if (y.ends_with('*')) return x.starts_with(y.substr(0, y.size() - 1));
    return x == y || x.starts_with(std::string(y) + "/");
  };
  return inside(a, b) || inside(b, a);
}

void check_places(const std::vector<std::string>& places, const std::string& path, Findings& findings) {
  for (size_t i = 0; i < places.size(); ++i) {
    const std::string& place = places[i];
    const size_t star = place.find('*');
    if (star != std::string::npos && star + 1 != place.size())
      findings.error(path, fmt::format("\"{}\": * may stand at the end only", place));
    for (std::string_view part : split(place, '/')) {
      if (part.empty()) findings.error(path, fmt::format("\"{}\" has an empty region, zone or subzone", place));
    }
    for (size_t j = 0; j < i; ++j) {
      if (overlap(place, places[j])) findings.error(path, fmt::format("\"{}\" and \"{}\" overlap", places[j], place));
    }
  }
}

}  // namespace

void check_locality(const LocalityLoadBalancerSetting& setting, const std::string& path, Findings& findings) {
  if (!setting.distribute.empty() && (!setting.failover.empty() || !setting.failover_priority.empty())) {
    findings.error(path, "only one of distribute and failover or failoverPriority may be set");
  }
  std::vector<std::string> from;
  for (size_t i = 0; i < setting.distribute.size(); ++i) {
    const auto& distribute = setting.distribute[i];
    const std::string where = at(path + ".distribute", i);
    from.push_back(distribute.from);
    std::vector<std::string> to;
    uint64_t total = 0;
    for (const auto& [place, weight] : distribute.to) {
      to.push_back(place);
      total += weight;
      if (weight == 0 || weight > 100)
        findings.error(schema::child_path(where + ".to", place), "must be between 1 and 100");
    }
    if (total != 100) findings.error(where + ".to", fmt::format("the weights add up to {}, not to 100", total));
    check_places(to, where + ".to", findings);
  }
  check_places(from, path + ".distribute", findings);
  for (size_t i = 0; i < setting.failover.size(); ++i) {
    const auto& failover = setting.failover[i];
    const std::string where = at(path + ".failover", i);
    if (failover.from == failover.to) findings.error(where, "from and to must be different regions");
    if (failover.to.find_first_of("*/") != std::string::npos)
      findings.error(where + ".to", "must be a region, without * or /");
  }
}

void check_connection_pool(const ConnectionPoolSettings& pool, const std::string& path, Findings& findings) {
  if (!pool.http && !pool.tcp) findings.error(path, "one of tcp and http is required");
  if (pool.http) {
    check_milliseconds(pool.http->idle_timeout, path + ".http.idleTimeout", findings);
    if (pool.http->use_client_protocol &&
        pool.http->h2_upgrade_policy == ConnectionPoolSettings::HTTPSettings::H2UpgradePolicy::UPGRADE) {
      findings.error(path + ".http.useClientProtocol", "cannot stand beside h2UpgradePolicy UPGRADE");
    }
    if (pool.http->http2_keep_alive && !pool.http->http2_keep_alive->interval) {
      findings.error(path + ".http.http2KeepAlive.interval", "required");
    }
    if (pool.http->http2_keep_alive && !pool.http->http2_keep_alive->timeout) {
      findings.error(path + ".http.http2KeepAlive.timeout", "required");
    }
  }
  if (pool.tcp) {
    check_milliseconds(pool.tcp->connect_timeout, path + ".tcp.connectTimeout", findings);
    check_milliseconds(pool.tcp->max_connection_duration, path + ".tcp.maxConnectionDuration", findings);
    if (pool.tcp->idle_timeout && *pool.tcp->idle_timeout != Duration(0)) {
      check_milliseconds(pool.tcp->idle_timeout, path + ".tcp.idleTimeout", findings);
    }
  }
}

void check_client_tls(const ClientTLSSettings& tls, const std::string& path, Findings& findings) {
  using Mode = ClientTLSSettings::TLSmode;
  const bool files = !tls.client_certificate.empty() || !tls.private_key.empty() || !tls.ca_certificates.empty();
  if (tls.mode == Mode::ISTIO_MUTUAL) {
    if (files || !tls.credential_name.empty()) {
      findings.error(path, "ISTIO_MUTUAL uses the mesh's certificates; leave certificates and credentialName out");
    }
    return;
  }
  const bool secure = tls.mode == Mode::SIMPLE || tls.mode == Mode::MUTUAL;
  if (secure && !tls.credential_name.empty()) {
    if (files) findings.error(path, "only one of credentialName and certificate files may be set");
    return;
  }
  if (tls.mode != Mode::MUTUAL) return;
  if (tls.client_certificate.empty()) findings.error(path + ".clientCertificate", "required for MUTUAL");
  if (tls.private_key.empty()) findings.error(path + ".privateKey", "required for MUTUAL");
}

void check_destination(const Destination& destination, const std::string& path, Findings& findings) {
  if (destination.host == "*") {
    findings.error(path + ".host", "* is not a destination");
  } else {
    check_wildcard_host(destination.host, path + ".host", findings);
  }
  if (!destination.subset.empty() && !is_label(destination.subset)) {
    findings.error(path + ".subset",
                   fmt::format("\"{}\" is not a subset name: letters, digits and -", destination.subset));
  }
  if (destination.port) check_port(destination.port->number, path + ".port.number", findings);
}

void check_retry(const HTTPRetry& retry, const std::string& path, Findings& findings) {
  if (retry.attempts == 0 && (retry.per_try_timeout || !retry.retry_on.empty() || retry.retry_remote_localities)) {
    findings.error(path, "attempts is 0, which switches retries off; the other members have no effect");
  }
  check_milliseconds(retry.per_try_timeout, path + ".perTryTimeout", findings);
  check_milliseconds(retry.backoff, path + ".backoff", findings);
  static constexpr std::string_view known[] = {"5xx",
                                               "gateway-error",
                                               "reset",
                                               "reset-before-request",
                                               "connect-failure",
                                               "retriable-4xx",
                                               "refused-stream",
                                               "retriable-status-codes",
                                               "retriable-headers",
                                               "envoy-ratelimited",
                                               "http3-post-connect-failure",
                                               "cancelled",
                                               "deadline-exceeded",
                                               "internal",
                                               "resource-exhausted",
                                               "unavailable"};
  if (retry.retry_on.empty()) return;
  for (std::string_view condition : split(retry.retry_on, ',')) {
    condition = trimmed(condition);
    const auto status = parse_number<int>(condition);
    if (status && *status >= 100 && *status <= 599) continue;
    if (std::ranges::find(known, condition) == std::end(known)) {
      findings.error(path + ".retryOn", fmt::format("\"{}\" is not a retry condition", condition));
    }
  }
}

void validate(const Object<DestinationRule>& object, Findings& findings) {
  const DestinationRule& spec = object.spec;
  check_wildcard_host(spec.host, "spec.host", findings);
  if (spec.traffic_policy) check_policy(*spec.traffic_policy, "spec.trafficPolicy", findings);
  for (size_t i = 0; i < spec.subsets.size(); ++i) {
    const Subset& subset = spec.subsets[i];
    const std::string path = at("spec.subsets", i);
    if (!is_label(subset.name))
      findings.error(path + ".name", fmt::format("\"{}\" is not a subset name: letters, digits and -", subset.name));
    check_labels(subset.labels, path + ".labels", findings);
    if (subset.traffic_policy) check_policy(*subset.traffic_policy, path + ".trafficPolicy", findings);
  }
  if (spec.workload_selector)
    check_selector(spec.workload_selector->match_labels, "spec.workloadSelector.matchLabels", findings);
  check_export_to(spec.export_to, object.metadata.namespace_, false, findings);
  for (size_t i = 0; spec.workload_selector && i < spec.export_to.size(); ++i) {
    if (spec.export_to[i] != "." && spec.export_to[i] != object.metadata.namespace_) {
      findings.error(at("spec.exportTo", i), "a rule with workloadSelector is for its own namespace only");
    }
  }
}

}  // namespace lateen::analyze
