#include "config/networking/destination_rule.h"

#include "lib/schema/field.h"

namespace lateen::config {

using namespace schema;  // field(), record() and the attributes

Fields LocalityLoadBalancerSetting::Distribute::fields() {
  return record(
      "LocalityLoadBalancerSetting.Distribute", "How callers of a place share their load.",
      {
          field("from", &LocalityLoadBalancerSetting::Distribute::from, "Place of the caller, `region/zone/*`."),
          field("to", &LocalityLoadBalancerSetting::Distribute::to, "Weights of places; they add up to 100."),
      });
}

Fields LocalityLoadBalancerSetting::Failover::fields() {
  return record("LocalityLoadBalancerSetting.Failover",
                "Where traffic of a region goes when it has no healthy endpoint.",
                {
                    field("from", &LocalityLoadBalancerSetting::Failover::from, "Region of the caller."),
                    field("to", &LocalityLoadBalancerSetting::Failover::to, "Region that takes over."),
                });
}

Fields LocalityLoadBalancerSetting::fields() {
  return record("LocalityLoadBalancerSetting", "Sharing load among places; either distribute or failover.",
                {
                    field("distribute", &LocalityLoadBalancerSetting::distribute, "Explicit shares."),
                    field("failover", &LocalityLoadBalancerSetting::failover, "Order of regions."),
                    field("failoverPriority", &LocalityLoadBalancerSetting::failover_priority,
                          "Labels, in order, that make an endpoint near."),
                    field("enabled", &LocalityLoadBalancerSetting::enabled, "Whether it is on.",
                          otherwise("as the mesh configuration says")),
                });
}

Fields WarmupConfiguration::fields() {
  return record(
      "WarmupConfiguration", "A slow start of new endpoints.",
      {
          field("duration", &WarmupConfiguration::duration, "How long it lasts.", required, at_least_long(1ms)),
          field("minimumPercent", &WarmupConfiguration::minimum_percent, "Share of load at the beginning.", at_least(0),
                at_most(100), otherwise("10")),
          field("aggression", &WarmupConfiguration::aggression, "How fast the share grows; 1 is linear.", at_least(0),
                otherwise("1")),
      });
}

Fields ZoneAwareLoadBalancerSetting::Failover::fields() {
  return record("ZoneAwareLoadBalancerSetting.Failover",
                "Where traffic of a region goes when it has no healthy endpoint.",
                {
                    field("from", &ZoneAwareLoadBalancerSetting::Failover::from, "Region of the caller."),
                    field("to", &ZoneAwareLoadBalancerSetting::Failover::to, "Region that takes over."),
                });
}

Fields ZoneAwareLoadBalancerSetting::fields() {
  return record("ZoneAwareLoadBalancerSetting", "Sharing load among zones by their size.",
                {
                    field("enabled", &ZoneAwareLoadBalancerSetting::enabled, "Whether it is on."),
                    field("failover", &ZoneAwareLoadBalancerSetting::failover, "Order of regions."),
                    field("failoverPriority", &ZoneAwareLoadBalancerSetting::failover_priority,
                          "Labels, in order, that make an endpoint near."),
                    field("minClusterSize", &ZoneAwareLoadBalancerSetting::min_cluster_size,
                          "Endpoints needed before zones are considered.", at_least(1), otherwise("6")),
                });
}

Names names(LoadBalancerSettings::SimpleLB) {
  static constexpr Name all[] = {{"UNSPECIFIED", 0}, {"LEAST_CONN", 1},  {"RANDOM", 2},
                                 {"PASSTHROUGH", 3}, {"ROUND_ROBIN", 4}, {"LEAST_REQUEST", 5}};
  return all;
}

Fields LoadBalancerSettings::ConsistentHashLB::RingHash::fields() {
  return record("LoadBalancerSettings.ConsistentHashLB.RingHash", "A hash ring.",
                {
                    field("minimumRingSize", &LoadBalancerSettings::ConsistentHashLB::RingHash::minimum_ring_size,
                          "Least number of points.", otherwise("1024")),
                });
}

Fields LoadBalancerSettings::ConsistentHashLB::MagLev::fields() {
  return record("LoadBalancerSettings.ConsistentHashLB.MagLev", "A Maglev table.",
                {
                    field("tableSize", &LoadBalancerSettings::ConsistentHashLB::MagLev::table_size,
                          "Size of the table, a prime.", otherwise("65537")),
                });
}

Fields LoadBalancerSettings::ConsistentHashLB::HTTPCookie::Attribute::fields() {
  return record(
      "LoadBalancerSettings.ConsistentHashLB.HTTPCookie.Attribute", "An attribute of a cookie the proxy makes.",
      {
          field("name", &LoadBalancerSettings::ConsistentHashLB::HTTPCookie::Attribute::name, "Its name.", required),
          field("value", &LoadBalancerSettings::ConsistentHashLB::HTTPCookie::Attribute::value, "Its value."),
      });
}

Fields LoadBalancerSettings::ConsistentHashLB::HTTPCookie::fields() {
  return record(
      "LoadBalancerSettings.ConsistentHashLB.HTTPCookie", "A cookie that carries the key.",
      {
          field("name", &LoadBalancerSettings::ConsistentHashLB::HTTPCookie::name, "Name of the cookie.", required),
          field("path", &LoadBalancerSettings::ConsistentHashLB::HTTPCookie::path, "Path of the cookie."),
          field("ttl", &LoadBalancerSettings::ConsistentHashLB::HTTPCookie::ttl,
                "Lifetime; when it is set, the proxy makes the cookie. 0s: a session cookie."),
          field("attributes", &LoadBalancerSettings::ConsistentHashLB::HTTPCookie::attributes,
                "More attributes of the cookie."),
      });
}

Fields LoadBalancerSettings::ConsistentHashLB::fields() {
  return record("LoadBalancerSettings.ConsistentHashLB", "The same key goes to the same endpoint.",
                {
                    field("httpHeaderName", &LoadBalancerSettings::ConsistentHashLB::http_header_name,
                          "The key is a header.", one_of("hashKey")),
                    field("httpCookie", &LoadBalancerSettings::ConsistentHashLB::http_cookie, "The key is a cookie.",
                          one_of("hashKey")),
                    field("useSourceIp", &LoadBalancerSettings::ConsistentHashLB::use_source_ip,
                          "The key is the caller's address.", one_of("hashKey")),
                    field("httpQueryParameterName", &LoadBalancerSettings::ConsistentHashLB::http_query_parameter_name,
                          "The key is a query parameter.", one_of("hashKey")),
                    field("ringHash", &LoadBalancerSettings::ConsistentHashLB::ring_hash, "By a hash ring.",
                          one_of("hashAlgorithm")),
                    field("maglev", &LoadBalancerSettings::ConsistentHashLB::maglev, "By a Maglev table.",
                          one_of("hashAlgorithm")),
                    field("minimumRingSize", &LoadBalancerSettings::ConsistentHashLB::minimum_ring_size,
                          "Least number of points.", deprecated("use ringHash.minimumRingSize")),
                });
}

Fields LoadBalancerSettings::fields() {
  return record("LoadBalancerSettings", "How an endpoint is picked.",
                {
                    field("simple", &LoadBalancerSettings::simple, "One of the algorithms without a key.",
                          one_of("lbPolicy"), otherwise("LEAST_REQUEST")),
                    field("consistentHash", &LoadBalancerSettings::consistent_hash, "By a key of the request.",
                          one_of("lbPolicy")),
                    field("localityLbSetting", &LoadBalancerSettings::locality_lb_setting,
                          "Sharing among places; replaces the mesh's setting."),
                    field("zoneAwareLbSetting", &LoadBalancerSettings::zone_aware_lb_setting,
                          "Sharing among zones; replaces the mesh's setting.", not_honoured()),
                    field("warmupDurationSecs", &LoadBalancerSettings::warmup_duration_secs, "Slow start.",
                          deprecated("use warmup.duration"), at_least_long(1ms)),
                    field("warmup", &LoadBalancerSettings::warmup, "Slow start of new endpoints."),
                });
}

Fields OutlierDetection::fields() {
  return record(
      "OutlierDetection", "Takes failing endpoints out for a while.",
      {
          field("consecutiveErrors", &OutlierDetection::consecutive_errors, "Errors in a row.",
                deprecated("use consecutive5xxErrors or consecutiveGatewayErrors"), at_least(0)),
          field("splitExternalLocalOriginErrors", &OutlierDetection::split_external_local_origin_errors,
                "Counts failures to connect apart from answers."),
          field("consecutiveLocalOriginFailures", &OutlierDetection::consecutive_local_origin_failures,
                "Failures to connect in a row.", otherwise("5")),
          field("consecutiveGatewayErrors", &OutlierDetection::consecutive_gateway_errors,
                "502, 503, 504 in a row; 0: off.", otherwise("off")),
          field("consecutive5xxErrors", &OutlierDetection::consecutive_5xx_errors, "5xx in a row; 0: off.",
                otherwise("5")),
          field("interval", &OutlierDetection::interval, "Time between checks.", at_least_long(1ms), otherwise("10s")),
          field("baseEjectionTime", &OutlierDetection::base_ejection_time, "First time out; grows with each.",
                at_least_long(1ms), otherwise("30s")),
          field("maxEjectionPercent", &OutlierDetection::max_ejection_percent, "Most endpoints out at a time.",
                at_least(0), at_most(100), otherwise("10")),
          field("minHealthPercent", &OutlierDetection::min_health_percent,
                "Below this share of healthy endpoints nothing is taken out.", at_least(0), at_most(100),
                otherwise("0")),
          field("outlierDetectionHttpErrorCodes", &OutlierDetection::outlier_detection_http_error_codes,
                "HTTP statuses that count as errors, 100 to 599.", not_honoured()),
      });
}

Fields ConnectionPoolSettings::TCPSettings::TcpKeepalive::fields() {
  return record("ConnectionPoolSettings.TCPSettings.TcpKeepalive", "SO_KEEPALIVE on connections.",
                {
                    field("probes", &ConnectionPoolSettings::TCPSettings::TcpKeepalive::probes,
                          "Probes without an answer before a connection is dead.", otherwise("the system's, 9")),
                    field("time", &ConnectionPoolSettings::TCPSettings::TcpKeepalive::time,
                          "Idle time before the first probe.", at_least_long(1ms), otherwise("the system's, 2h")),
                    field("interval", &ConnectionPoolSettings::TCPSettings::TcpKeepalive::interval,
                          "Time between probes.", at_least_long(1ms), otherwise("the system's, 75s")),
                });
}

Fields ConnectionPoolSettings::TCPSettings::fields() {
  return record("ConnectionPoolSettings.TCPSettings", "Limits of connections.",
                {
                    field("maxConnections", &ConnectionPoolSettings::TCPSettings::max_connections,
                          "Most connections to the host.", at_least(0), otherwise("2^32-1")),
                    field("connectTimeout", &ConnectionPoolSettings::TCPSettings::connect_timeout,
                          "Limit for a connect.", at_least_long(1ms), otherwise("10s")),
                    field("tcpKeepalive", &ConnectionPoolSettings::TCPSettings::tcp_keepalive, "Keepalive probes."),
                    field("maxConnectionDuration", &ConnectionPoolSettings::TCPSettings::max_connection_duration,
                          "Longest life of a connection.", at_least_long(1ms), otherwise("none")),
                    field("idleTimeout", &ConnectionPoolSettings::TCPSettings::idle_timeout,
                          "Idle TCP connections are closed after it; 0s: never.", otherwise("1h")),
                });
}

Names names(ConnectionPoolSettings::HTTPSettings::H2UpgradePolicy) {
  static constexpr Name all[] = {{"DEFAULT", 0}, {"DO_NOT_UPGRADE", 1}, {"UPGRADE", 2}};
  return all;
}

Fields ConnectionPoolSettings::HTTPSettings::ConnectionKeepalive::fields() {
  return record("ConnectionPoolSettings.HTTPSettings.ConnectionKeepalive", "HTTP/2 pings on idle connections.",
                {
                    field("interval", &ConnectionPoolSettings::HTTPSettings::ConnectionKeepalive::interval,
                          "Time between pings.", at_least_long(1ms)),
                    field("timeout", &ConnectionPoolSettings::HTTPSettings::ConnectionKeepalive::timeout,
                          "Wait for the answer.", at_least_long(1ms)),
                });
}

Fields ConnectionPoolSettings::HTTPSettings::fields() {
  return record(
      "ConnectionPoolSettings.HTTPSettings", "Limits of HTTP requests.",
      {
          field("http1MaxPendingRequests", &ConnectionPoolSettings::HTTPSettings::http1_max_pending_requests,
                "Most requests that wait for a connection.", at_least(0), otherwise("2^32-1")),
          field("http2MaxRequests", &ConnectionPoolSettings::HTTPSettings::http2_max_requests,
                "Most requests at a time.", at_least(0), otherwise("2^32-1")),
          field("maxRequestsPerConnection", &ConnectionPoolSettings::HTTPSettings::max_requests_per_connection,
                "Requests after which a connection is closed; 0: no limit.", at_least(0), otherwise("no limit")),
          field("maxRetries", &ConnectionPoolSettings::HTTPSettings::max_retries, "Most retries at a time to the host.",
                at_least(0), otherwise("2^32-1")),
          field("idleTimeout", &ConnectionPoolSettings::HTTPSettings::idle_timeout,
                "Idle connections are closed after it.", at_least_long(1ms), otherwise("1h")),
          field("h2UpgradePolicy", &ConnectionPoolSettings::HTTPSettings::h2_upgrade_policy,
                "Whether HTTP/1.1 requests are sent as HTTP/2.", otherwise("DEFAULT: as the mesh configuration says")),
          field("useClientProtocol", &ConnectionPoolSettings::HTTPSettings::use_client_protocol,
                "Keeps the caller's HTTP version."),
          field("maxConcurrentStreams", &ConnectionPoolSettings::HTTPSettings::max_concurrent_streams,
                "Most streams of an HTTP/2 connection.", at_least(0), otherwise("2^31-1")),
          field("http2KeepAlive", &ConnectionPoolSettings::HTTPSettings::http2_keep_alive, "HTTP/2 pings."),
      });
}

Fields ConnectionPoolSettings::fields() {
  return record("ConnectionPoolSettings", "Limits of connections and requests to a host.",
                {
                    field("tcp", &ConnectionPoolSettings::tcp, "For all connections."),
                    field("http", &ConnectionPoolSettings::http, "For HTTP."),
                });
}

Names names(ClientTLSSettings::TLSmode) {
  static constexpr Name all[] = {{"DISABLE", 0}, {"SIMPLE", 1}, {"MUTUAL", 2}, {"ISTIO_MUTUAL", 3}};
  return all;
}

Fields ClientTLSSettings::fields() {
  return record(
      "ClientTLSSettings", "TLS towards a host.",
      {
          field("mode", &ClientTLSSettings::mode, "Plain, one-sided, mutual, or mutual with mesh certificates."),
          field("clientCertificate", &ClientTLSSettings::client_certificate,
                "File of the client certificate; for MUTUAL."),
          field("privateKey", &ClientTLSSettings::private_key, "File of the private key; for MUTUAL."),
          field("caCertificates", &ClientTLSSettings::ca_certificates, "File of the certificates to trust.",
                otherwise("the system's")),
          field("credentialName", &ClientTLSSettings::credential_name,
                "Secret with certificate, key and trust, instead of files."),
          field("subjectAltNames", &ClientTLSSettings::subject_alt_names, "Names of which the server must show one."),
          field("sni", &ClientTLSSettings::sni, "Server name that is sent."),
          field("insecureSkipVerify", &ClientTLSSettings::insecure_skip_verify, "Accepts any server certificate."),
          field("caCrl", &ClientTLSSettings::ca_crl, "File of revoked certificates.", not_honoured()),
      });
}

Fields TrafficPolicy::PortTrafficPolicy::fields() {
  return record(
      "TrafficPolicy.PortTrafficPolicy", "The policy of one port; replaces the whole policy of the destination.",
      {
          field("port", &TrafficPolicy::PortTrafficPolicy::port, "Which port."),
          field("loadBalancer", &TrafficPolicy::PortTrafficPolicy::load_balancer, "How an endpoint is picked."),
          field("connectionPool", &TrafficPolicy::PortTrafficPolicy::connection_pool, "Limits."),
          field("outlierDetection", &TrafficPolicy::PortTrafficPolicy::outlier_detection, "Failing endpoints."),
          field("tls", &TrafficPolicy::PortTrafficPolicy::tls, "TLS towards the port."),
      });
}

Fields TrafficPolicy::TunnelSettings::fields() {
  return record(
      "TrafficPolicy.TunnelSettings", "Sends TCP inside HTTP to the destination, which forwards it.",
      {
          field("protocol", &TrafficPolicy::TunnelSettings::protocol, "CONNECT or POST.", otherwise("CONNECT")),
          field("targetHost", &TrafficPolicy::TunnelSettings::target_host, "Host to reach through the tunnel.",
                required),
          field("targetPort", &TrafficPolicy::TunnelSettings::target_port, "Port to reach through the tunnel.",
                required, at_least(1), at_most(65535)),
      });
}

Names names(TrafficPolicy::ProxyProtocol::VERSION) {
  static constexpr Name all[] = {{"V1", 0}, {"V2", 1}};
  return all;
}

Fields TrafficPolicy::ProxyProtocol::fields() {
  return record("TrafficPolicy.ProxyProtocol", "Sends the PROXY protocol first.",
                {
                    field("version", &TrafficPolicy::ProxyProtocol::version, "Which version."),
                });
}

Fields TrafficPolicy::RetryBudget::fields() {
  return record("TrafficPolicy.RetryBudget", "Limits retries by the number of requests at work.",
                {
                    field("percent", &TrafficPolicy::RetryBudget::percent, "Retries in percent of requests.",
                          at_least(0), at_most(100), otherwise("20")),
                    field("minRetryConcurrency", &TrafficPolicy::RetryBudget::min_retry_concurrency,
                          "Retries that are always allowed.", otherwise("3")),
                    field("budgetInterval", &TrafficPolicy::RetryBudget::budget_interval,
                          "Time over which requests are counted.", otherwise("0ms")),
                });
}

Fields TrafficPolicy::fields() {
  return record(
      "TrafficPolicy", "What applies to traffic for a destination.",
      {
          field("loadBalancer", &TrafficPolicy::load_balancer, "How an endpoint is picked."),
          field("connectionPool", &TrafficPolicy::connection_pool, "Limits."),
          field("outlierDetection", &TrafficPolicy::outlier_detection, "Failing endpoints."),
          field("tls", &TrafficPolicy::tls, "TLS towards the destination.",
                otherwise("mTLS where the other side has it")),
          field("portLevelSettings", &TrafficPolicy::port_level_settings, "Policies of single ports.", most(4096)),
          field("tunnel", &TrafficPolicy::tunnel, "TCP inside HTTP."),
          field("proxyProtocol", &TrafficPolicy::proxy_protocol, "PROXY protocol."),
          field("retryBudget", &TrafficPolicy::retry_budget, "Limit of retries."),
      });
}

Fields Subset::fields() {
  return record("Subset", "A named part of the endpoints of a host.",
                {
                    field("name", &Subset::name, "Name that routes use.", required),
                    field("labels", &Subset::labels, "Labels of its endpoints."),
                    field("trafficPolicy", &Subset::traffic_policy,
                          "Policy of the subset; what it leaves out comes from the rule."),
                });
}

Fields DestinationRule::fields() {
  return record(
      "DestinationRule", "What happens to traffic for a host after routing.",
      {
          field("host", &DestinationRule::host, "Host of the service registry; `*.` prefixes are allowed.", required),
          field("trafficPolicy", &DestinationRule::traffic_policy, "Policy of the host."),
          field("subsets", &DestinationRule::subsets, "Named parts of its endpoints."),
          field("exportTo", &DestinationRule::export_to, "Namespaces that see it: `.`, `*` or names.",
                otherwise("as the mesh configuration says")),
          field("workloadSelector", &DestinationRule::workload_selector, "Callers it applies to, in its namespace.",
                otherwise("all callers")),
      });
}

}  // namespace lateen::config
