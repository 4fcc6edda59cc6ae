// What a cluster is, as plain values read from envoy.config.cluster.v3.Cluster by data_plane/discovery. Immutable;
// shared by all workers. Defaults are Envoy's.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "lib/base/ip.h"
#include "lib/base/time.h"
#include "lib/http/client.h"
#include "lib/io/network.h"

namespace lateen::upstream {

struct Locality {
  std::string region, zone, sub_zone;
  auto operator<=>(const Locality&) const = default;
};

enum class Health : uint8_t { healthy, degraded, unhealthy };  // draining and timed-out endpoints count as unhealthy

// One address of a cluster, with what the control plane said of it.
struct Endpoint {
  SocketAddress address;
  std::string hostname;
  Locality locality;
  uint32_t weight = 1;    // >= 1
  uint32_t priority = 0;  // 0 is used first
  Health health = Health::healthy;
  // envoy.transport_socket_match: which of the cluster's transport sockets this endpoint wants.
  std::map<std::string, std::string> transport_match;
  std::string istio_workload;  // metadata istio.workload: "name;namespace;canonical-name;canonical-revision;cluster"
  std::map<std::string, std::string> lb_metadata;  // envoy.lb, strings only
  bool operator==(const Endpoint&) const = default;
};

struct EndpointSet {
  std::vector<Endpoint> endpoints;
  std::map<std::pair<uint32_t, Locality>, uint32_t> locality_weights;  // by priority; absent: not weighted by locality
  uint32_t overprovisioning_percent = 140;
  bool operator==(const EndpointSet&) const = default;
};

// How bytes reach an endpoint once a TCP connection stands: nothing (raw), TLS, PROXY protocol, ... Shared by workers.
class TransportSocket {
 public:
  virtual ~TransportSocket() = default;
  struct Options {
    std::vector<std::string> alpn;  // instead of the configured protocols (istio.alpn)
    std::string sni;                // instead of the configured name
    bool operator==(const Options& other) const = default;
    bool operator<(const Options& other) const { return std::tie(alpn, sni) < std::tie(other.alpn, other.sni); }
  };
  // Takes the connection over. `host` is for names that come from the endpoint (auto_host_sni).
  virtual io::Task<Result<std::unique_ptr<io::Transport>>> secure(std::unique_ptr<io::Transport> connection,
                                                                  const Options& options, const Endpoint& endpoint) = 0;
  virtual bool is_secure() const = 0;
  // False while secrets are missing: pools fail at once, warming waits.
  virtual bool ready() const { return true; }
};

struct TransportSocketMatch {
  std::string name;
  std::map<std::string, std::string> match;  // empty matches every endpoint
  std::shared_ptr<TransportSocket> socket;
};

enum class Discovery : uint8_t { fixed, eds, strict_dns, logical_dns, original_destination };
enum class Balancing : uint8_t { round_robin, least_request, random, cluster_provided };

struct OutlierDetection {
  uint32_t consecutive_5xx = 5, enforcing_consecutive_5xx = 100;  // percent
  uint32_t consecutive_gateway_failure = 5, enforcing_gateway_failure = 0;
  uint32_t consecutive_local_origin_failure = 5, enforcing_local_origin = 100;
  bool split_local_origin = false;
  Duration interval = 10s, base_ejection_time = 30s, max_ejection_time = 300s;
  uint32_t max_ejection_percent = 10;
  bool always_eject_one_host = false;  // also where that is more than max_ejection_percent
};

struct CircuitBreakers {
  uint32_t max_connections = 1024, max_pending_requests = 1024, max_requests = 1024, max_retries = 3;
};

struct ServiceName {
  std::string host, name, name_space;  // metadata istio.services[0]
};

struct ClusterSettings {
  std::string name;
  Discovery discovery = Discovery::fixed;
  std::string eds_name;  // the assignment's name, when not the cluster's own
  Balancing balancing = Balancing::round_robin;
  uint32_t least_request_choices = 2;
  uint32_t panic_threshold_percent = 50;
  bool locality_weighted = false;
  Duration connect_timeout = 5s;
  CircuitBreakers breakers;
  std::optional<OutlierDetection> outlier_detection;
  http::ClientOptions http;              // version when protocol is explicit
  bool use_downstream_protocol = false;  // HTTP/2 upstream for HTTP/2 requests, else HTTP/1.1
  bool auto_sni = false;
  std::vector<TransportSocketMatch> transport_sockets;  // first match wins; the last one is the cluster's default
  std::optional<SocketAddress> bind;                    // upstream_bind_config (Istio inbound: 127.0.0.6)
  std::optional<io::KeepAlive> tcp_keepalive;
  std::vector<Endpoint> fixed_endpoints;  // STATIC; for DNS types `hostname` and port are to be resolved
  Duration dns_refresh_rate = 5s, dns_jitter = 0s;
  bool respect_dns_ttl = false;
  bool dns_v6 = false, dns_v4 = true;
  std::optional<uint16_t> original_destination_port;  // upstream_port_override
  bool metadata_exchange = false;                     // cluster filter istio.metadata_exchange
  // Istio's metadata on the cluster.
  ServiceName service;
  bool disable_metadata_headers = false, external = false, alpn_override = true;
};

}  // namespace lateen::upstream
