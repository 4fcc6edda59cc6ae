// Response flags: why an exchange or connection ended as it did, as Envoy's access logs print them (%RESPONSE_FLAGS%).
#pragma once
#include <cstdint>
#include <string>

namespace lateen::telemetry {

// In the order in which Envoy prints them when there are several.
enum class Flag : uint8_t {
  failed_local_health_check,          // LH
  no_healthy_upstream,                // UH
  upstream_request_timeout,           // UT
  local_reset,                        // LR
  upstream_remote_reset,              // UR
  upstream_connection_failure,        // UF
  upstream_connection_termination,    // UC
  upstream_overflow,                  // UO
  no_route_found,                     // NR
  delay_injected,                     // DI
  fault_injected,                     // FI
  rate_limited,                       // RL
  unauthorized_external_service,      // UAEX
  rate_limit_service_error,           // RLSE
  downstream_connection_termination,  // DC
  upstream_retry_limit_exceeded,      // URX
  stream_idle_timeout,                // SI
  invalid_envoy_request_headers,      // IH
  downstream_protocol_error,          // DPE
  upstream_max_stream_duration,       // UMSDR
  response_from_cache_filter,         // RFCF
  no_filter_config_found,             // NFCF
  duration_timeout,                   // DT
  upstream_protocol_error,            // UPE
  no_cluster_found,                   // NC
  overload_manager,                   // OM
  dns_resolution_failed,              // DF
  drop_overload,                      // DO
  downstream_remote_reset,            // DR
};

class Flags {
 public:
  void set(Flag flag) { bits_ |= 1U << static_cast<unsigned>(flag); }
  bool has(Flag flag) const { return bits_ >> static_cast<unsigned>(flag) & 1; }
  bool any() const { return bits_ != 0; }
  std::string text() const;       // "UF,URX", or "-" when none is set
  std::string long_text() const;  // "UpstreamConnectionFailure,UpstreamRetryLimitExceeded"

 private:
  uint32_t bits_ = 0;
};

}  // namespace lateen::telemetry
