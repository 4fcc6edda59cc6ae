// ProxyConfig the kind (networking.istio.io/v1beta1): settings of selected proxies, read when they start.
// The message of the same name in the mesh configuration is config::ProxyConfig in config/mesh.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "config/networking/selector.h"
#include "lib/base/time.h"
#include "lib/schema/describe.h"

namespace lateen::config {

struct ProxyImage {
  std::string image_type;
  bool operator==(const ProxyImage&) const = default;
  static schema::Fields fields();
};

struct ProxyConfigKind {
  std::optional<PolicySelector> selector;
  std::optional<int32_t> concurrency;
  std::map<std::string, std::string> environment_variables;
  std::optional<ProxyImage> image;
  bool operator==(const ProxyConfigKind&) const = default;
  static schema::Fields fields();
};

}  // namespace lateen::config
