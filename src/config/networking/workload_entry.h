// WorkloadEntry: one instance that is no Kubernetes pod, such as a process on a virtual machine.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "lib/base/time.h"
#include "lib/schema/describe.h"

namespace lateen::config {

struct WorkloadEntry {
  std::string address;
  std::map<std::string, uint32_t> ports;
  std::map<std::string, std::string> labels;
  std::string network;
  std::string locality;
  uint32_t weight = 0;
  std::string service_account;
  bool operator==(const WorkloadEntry&) const = default;
  static schema::Fields fields();
};

}  // namespace lateen::config
