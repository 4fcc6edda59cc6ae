// Kubernetes Secret and ConfigMap.
#pragma once
#include "config/kubernetes/meta.h"

namespace lateen::config {

struct Secret {
  ObjectMeta metadata;
  std::string type;
  std::map<std::string, schema::Bytes> data;       // base64 in documents
  std::map<std::string, std::string> string_data;  // plain; wins over data
  std::optional<bool> immutable;
  Origin origin;
  bool operator==(const Secret&) const = default;
  static schema::Fields fields();

  // The bytes of an entry of string_data or data, or "".
  std::string_view entry(std::string_view key) const;
};

struct ConfigMap {
  ObjectMeta metadata;
  std::map<std::string, std::string> data;
  std::map<std::string, schema::Bytes> binary_data;
  std::optional<bool> immutable;
  Origin origin;
  bool operator==(const ConfigMap&) const = default;
  static schema::Fields fields();
};

}  // namespace lateen::config
