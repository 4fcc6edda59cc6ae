// Sidecar: which ports a proxy serves and which hosts it knows.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "config/networking/destination_rule.h"
#include "config/networking/gateway.h"
#include "config/networking/selector.h"
#include "config/networking/virtual_service.h"
#include "lib/base/time.h"
#include "lib/schema/describe.h"

namespace lateen::config {

enum class CaptureMode { DEFAULT, IPTABLES, NONE };

struct SidecarPort {
  uint32_t number = 0;
  std::string protocol;
  std::string name;
  uint32_t target_port = 0;
  bool operator==(const SidecarPort&) const = default;
  static schema::Fields fields();
};

struct IstioIngressListener {
  std::optional<SidecarPort> port;
  std::string bind;
  CaptureMode capture_mode = CaptureMode::DEFAULT;
  std::string default_endpoint;
  std::optional<ServerTLSSettings> tls;
  std::optional<ConnectionPoolSettings> connection_pool;
  bool operator==(const IstioIngressListener&) const = default;
  static schema::Fields fields();
};

struct IstioEgressListener {
  std::optional<SidecarPort> port;
  std::string bind;
  CaptureMode capture_mode = CaptureMode::DEFAULT;
  std::vector<std::string> hosts;
  bool operator==(const IstioEgressListener&) const = default;
  static schema::Fields fields();
};

struct OutboundTrafficPolicy {
  enum class Mode { REGISTRY_ONLY, ALLOW_ANY };
  Mode mode = Mode::REGISTRY_ONLY;
  std::optional<Destination> egress_proxy;
  bool operator==(const OutboundTrafficPolicy&) const = default;
  static schema::Fields fields();
};

struct Sidecar {
  std::optional<WorkloadSelector> workload_selector;
  std::vector<IstioIngressListener> ingress;
  std::vector<IstioEgressListener> egress;
  std::optional<ConnectionPoolSettings> inbound_connection_pool;
  std::optional<OutboundTrafficPolicy> outbound_traffic_policy;
  bool operator==(const Sidecar&) const = default;
  static schema::Fields fields();
};

schema::Names names(CaptureMode);
schema::Names names(OutboundTrafficPolicy::Mode);

}  // namespace lateen::config
