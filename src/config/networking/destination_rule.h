// DestinationRule: what happens to traffic for a host after routing: load balancing, pools, outliers, TLS, subsets.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "config/networking/selector.h"
#include "config/networking/virtual_service.h"
#include "lib/base/time.h"
#include "lib/schema/describe.h"

namespace lateen::config {

struct ConnectionPoolSettings {
  struct TCPSettings {
    struct TcpKeepalive {
      uint32_t probes = 0;
      std::optional<Duration> time;
      std::optional<Duration> interval;
      bool operator==(const TcpKeepalive&) const = default;
      static schema::Fields fields();
    };
    int32_t max_connections = 0;
    std::optional<Duration> connect_timeout;
    std::optional<TcpKeepalive> tcp_keepalive;
    std::optional<Duration> max_connection_duration;
    std::optional<Duration> idle_timeout;
    bool operator==(const TCPSettings&) const = default;
    static schema::Fields fields();
  };
  struct HTTPSettings {
    enum class H2UpgradePolicy { DEFAULT, DO_NOT_UPGRADE, UPGRADE };
    struct ConnectionKeepalive {
      std::optional<Duration> interval;
      std::optional<Duration> timeout;
      bool operator==(const ConnectionKeepalive&) const = default;
      static schema::Fields fields();
    };
    int32_t http1_max_pending_requests = 0;
    int32_t http2_max_requests = 0;
    int32_t max_requests_per_connection = 0;
    int32_t max_retries = 0;
    std::optional<Duration> idle_timeout;
    H2UpgradePolicy h2_upgrade_policy = H2UpgradePolicy::DEFAULT;
    bool use_client_protocol = false;
    int32_t max_concurrent_streams = 0;
    std::optional<ConnectionKeepalive> http2_keep_alive;
    bool operator==(const HTTPSettings&) const = default;
    static schema::Fields fields();
  };
  std::optional<TCPSettings> tcp;
  std::optional<HTTPSettings> http;
  bool operator==(const ConnectionPoolSettings&) const = default;
  static schema::Fields fields();
};

struct ClientTLSSettings {
  enum class TLSmode { DISABLE, SIMPLE, MUTUAL, ISTIO_MUTUAL };
  TLSmode mode = TLSmode::DISABLE;
  std::string client_certificate;
  std::string private_key;
  std::string ca_certificates;
  std::string credential_name;
  std::vector<std::string> subject_alt_names;
  std::string sni;
  std::optional<bool> insecure_skip_verify;
  std::string ca_crl;
  bool operator==(const ClientTLSSettings&) const = default;
  static schema::Fields fields();
};

struct OutlierDetection {
  int32_t consecutive_errors = 0;
  bool split_external_local_origin_errors = false;
  std::optional<uint32_t> consecutive_local_origin_failures;
  std::optional<uint32_t> consecutive_gateway_errors;
  std::optional<uint32_t> consecutive_5xx_errors;
  std::optional<Duration> interval;
  std::optional<Duration> base_ejection_time;
  int32_t max_ejection_percent = 0;
  int32_t min_health_percent = 0;
  std::vector<uint32_t> outlier_detection_http_error_codes;
  bool operator==(const OutlierDetection&) const = default;
  static schema::Fields fields();
};

struct LocalityLoadBalancerSetting {
  struct Distribute {
    std::string from;
    std::map<std::string, uint32_t> to;
    bool operator==(const Distribute&) const = default;
    static schema::Fields fields();
  };
  struct Failover {
    std::string from;
    std::string to;
    bool operator==(const Failover&) const = default;
    static schema::Fields fields();
  };
  std::vector<Distribute> distribute;
  std::vector<Failover> failover;
  std::vector<std::string> failover_priority;
  std::optional<bool> enabled;
  bool operator==(const LocalityLoadBalancerSetting&) const = default;
  static schema::Fields fields();
};

struct ZoneAwareLoadBalancerSetting {
  struct Failover {
    std::string from;
    std::string to;
    bool operator==(const Failover&) const = default;
    static schema::Fields fields();
  };
  std::optional<bool> enabled;
  std::vector<Failover> failover;
  std::vector<std::string> failover_priority;
  std::optional<uint32_t> min_cluster_size;
  bool operator==(const ZoneAwareLoadBalancerSetting&) const = default;
  static schema::Fields fields();
};

struct WarmupConfiguration {
  std::optional<Duration> duration;
  std::optional<double> minimum_percent;
  std::optional<double> aggression;
  bool operator==(const WarmupConfiguration&) const = default;
  static schema::Fields fields();
};

struct LoadBalancerSettings {
  enum class SimpleLB { UNSPECIFIED, LEAST_CONN, RANDOM, PASSTHROUGH, ROUND_ROBIN, LEAST_REQUEST };
  struct ConsistentHashLB {
    struct RingHash {
      uint64_t minimum_ring_size = 0;
      bool operator==(const RingHash&) const = default;
      static schema::Fields fields();
    };
    struct MagLev {
      uint64_t table_size = 0;
      bool operator==(const MagLev&) const = default;
      static schema::Fields fields();
    };
    struct HTTPCookie {
      struct Attribute {
        std::string name;
        std::string value;
        bool operator==(const Attribute&) const = default;
        static schema::Fields fields();
      };
      std::string name;
      std::string path;
      std::optional<Duration> ttl;
      std::vector<Attribute> attributes;
      bool operator==(const HTTPCookie&) const = default;
      static schema::Fields fields();
    };
    std::optional<std::string> http_header_name;
    std::optional<HTTPCookie> http_cookie;
    std::optional<bool> use_source_ip;
    std::optional<std::string> http_query_parameter_name;
    std::optional<RingHash> ring_hash;
    std::optional<MagLev> maglev;
    uint64_t minimum_ring_size = 0;
    bool operator==(const ConsistentHashLB&) const = default;
    static schema::Fields fields();
  };
  std::optional<SimpleLB> simple;
  std::optional<ConsistentHashLB> consistent_hash;
  std::optional<LocalityLoadBalancerSetting> locality_lb_setting;
  std::optional<ZoneAwareLoadBalancerSetting> zone_aware_lb_setting;
  std::optional<Duration> warmup_duration_secs;
  std::optional<WarmupConfiguration> warmup;
  bool operator==(const LoadBalancerSettings&) const = default;
  static schema::Fields fields();
};

struct TrafficPolicy {
  struct PortTrafficPolicy {
    std::optional<PortSelector> port;
    std::optional<LoadBalancerSettings> load_balancer;
    std::optional<ConnectionPoolSettings> connection_pool;
    std::optional<OutlierDetection> outlier_detection;
    std::optional<ClientTLSSettings> tls;
    bool operator==(const PortTrafficPolicy&) const = default;
    static schema::Fields fields();
  };
  struct TunnelSettings {
    std::string protocol;
    std::string target_host;
    uint32_t target_port = 0;
    bool operator==(const TunnelSettings&) const = default;
    static schema::Fields fields();
  };
  struct ProxyProtocol {
    enum class VERSION { V1, V2 };
    VERSION version = VERSION::V1;
    bool operator==(const ProxyProtocol&) const = default;
    static schema::Fields fields();
  };
  struct RetryBudget {
    std::optional<double> percent;
    uint32_t min_retry_concurrency = 0;
    std::optional<Duration> budget_interval;
    bool operator==(const RetryBudget&) const = default;
    static schema::Fields fields();
  };
  std::optional<LoadBalancerSettings> load_balancer;
  std::optional<ConnectionPoolSettings> connection_pool;
  std::optional<OutlierDetection> outlier_detection;
  std::optional<ClientTLSSettings> tls;
  std::vector<PortTrafficPolicy> port_level_settings;
  std::optional<TunnelSettings> tunnel;
  std::optional<ProxyProtocol> proxy_protocol;
  std::optional<RetryBudget> retry_budget;
  bool operator==(const TrafficPolicy&) const = default;
  static schema::Fields fields();
};

struct Subset {
  std::string name;
  std::map<std::string, std::string> labels;
  std::optional<TrafficPolicy> traffic_policy;
  bool operator==(const Subset&) const = default;
  static schema::Fields fields();
};

struct DestinationRule {
  std::string host;
  std::optional<TrafficPolicy> traffic_policy;
  std::vector<Subset> subsets;
  std::vector<std::string> export_to;
  std::optional<PolicySelector> workload_selector;
  bool operator==(const DestinationRule&) const = default;
  static schema::Fields fields();
};

schema::Names names(ConnectionPoolSettings::HTTPSettings::H2UpgradePolicy);
schema::Names names(ClientTLSSettings::TLSmode);
schema::Names names(LoadBalancerSettings::SimpleLB);
schema::Names names(TrafficPolicy::ProxyProtocol::VERSION);

}  // namespace lateen::config
