// How Istio's policies say whom they are for (istio.type.v1beta1). Two messages are called WorkloadSelector upstream:
// the networking one with `labels` keeps that name (sidecar.h declares nothing of its own), the other is
// PolicySelector.
#pragma once
#include <cstdint>
#include <map>
#include <string>

#include "lib/schema/describe.h"

namespace lateen::config {

// Networking kinds: workloads that carry all these labels; none means all workloads of the namespace.
struct WorkloadSelector {
  std::map<std::string, std::string> labels;
  bool operator==(const WorkloadSelector&) const = default;
  static schema::Fields fields();
};

// Security, telemetry and extension kinds, and DestinationRule: the same under another name.
struct PolicySelector {
  std::map<std::string, std::string> match_labels;
  bool operator==(const PolicySelector&) const = default;
  static schema::Fields fields();
};

// An object a policy is attached to: a gateway, a Service, a ServiceEntry, a GatewayClass.
struct PolicyTargetReference {
  std::string group;
  std::string kind;
  std::string name;
  std::string namespace_;  // must be empty
  bool operator==(const PolicyTargetReference&) const = default;
  static schema::Fields fields();
};

struct PolicyPortSelector {
  uint32_t number = 0;
  bool operator==(const PolicyPortSelector&) const = default;
  static schema::Fields fields();
};

enum class WorkloadMode { UNDEFINED, CLIENT, SERVER, CLIENT_AND_SERVER };

schema::Names names(WorkloadMode);

}  // namespace lateen::config
