#include "config/kubernetes/storage.h"

#include "lib/schema/field.h"

namespace lateen::config {

using schema::field;
using schema::record;
using schema::required;

schema::Fields Secret::fields() {
  return record("Secret", "Certificates, keys and the like.",
                {
                    field("metadata", &Secret::metadata, "Name, namespace, labels, annotations."),
                    field("type", &Secret::type, "Its type, such as kubernetes.io/tls."),
                    field("data", &Secret::data, "Entries in base64."),
                    field("stringData", &Secret::string_data, "Entries as text."),
                    field("immutable", &Secret::immutable, "Whether it may change."),
                })
      .accepting_more();
}

schema::Fields ConfigMap::fields() {
  return record("ConfigMap", "Settings.",
                {
                    field("metadata", &ConfigMap::metadata, "Name, namespace, labels, annotations."),
                    field("data", &ConfigMap::data, "Entries."),
                    field("binaryData", &ConfigMap::binary_data, "Entries in base64."),
                    field("immutable", &ConfigMap::immutable, "Whether it may change."),
                })
      .accepting_more();
}
std::string_view Secret::entry(std::string_view key) const {
  const std::string name(key);
  if (const auto plain = string_data.find(name); plain != string_data.end()) return plain->second;
  if (const auto encoded = data.find(name); encoded != data.end()) return encoded->second.value;
  return {};
}

}  // namespace lateen::config
