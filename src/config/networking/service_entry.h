// ServiceEntry: a host that Kubernetes does not know, in the mesh or outside of it.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "config/networking/selector.h"
#include "config/networking/workload_entry.h"
#include "lib/base/time.h"
#include "lib/schema/describe.h"

namespace lateen::config {

struct ServicePort {
  uint32_t number = 0;
  std::string protocol;
  std::string name;
  uint32_t target_port = 0;
  bool operator==(const ServicePort&) const = default;
  static schema::Fields fields();
};

struct ServiceEntry {
  enum class Location { MESH_EXTERNAL, MESH_INTERNAL };
  enum class Resolution { NONE, STATIC, DNS, DNS_ROUND_ROBIN, DYNAMIC_DNS };
  std::vector<std::string> hosts;
  std::vector<std::string> addresses;
  std::vector<ServicePort> ports;
  Location location = Location::MESH_EXTERNAL;
  Resolution resolution = Resolution::NONE;
  std::vector<WorkloadEntry> endpoints;
  std::optional<WorkloadSelector> workload_selector;
  std::vector<std::string> export_to;
  std::vector<std::string> subject_alt_names;
  bool operator==(const ServiceEntry&) const = default;
  static schema::Fields fields();
};

schema::Names names(ServiceEntry::Location);
schema::Names names(ServiceEntry::Resolution);

}  // namespace lateen::config
