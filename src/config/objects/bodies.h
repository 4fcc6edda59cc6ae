// The outside of a document: which members stand beside apiVersion and kind. Private to config/objects.
#pragma once
#include "config/objects/objects.h"
#include "lib/schema/type.h"

namespace lateen::config {

// A member of an object's document: its key and where it lives.
struct Part {
  std::string_view key;
  const schema::Type& type;
  void* value;
};

// The parts of an object of one of Istio's or the fleet's kinds.
template <class Spec>
std::vector<Part> parts_of(Object<Spec>& object) {
  return {{"metadata", schema::type_of<ObjectMeta>(), &object.metadata},
          {"spec", schema::type_of<Spec>(), &object.spec},
          {"status", schema::type_of<std::optional<IstioStatus>>(), &object.status}};
}

// The parts of a Kubernetes object: what its fields() list.
template <class T>
std::vector<Part> parts_of(T& object) {
  std::vector<Part> parts;
  const schema::Type& type = schema::type_of<T>();
  for (const schema::Field& field : type.fields().all) {
    parts.push_back({field.name, field.type(), reinterpret_cast<char*>(&object) + field.offset});
  }
  return parts;
}

// Whether members of the document that are no parts are accepted: Kubernetes' kinds have more than a mesh reads.
template <class Spec>
constexpr bool accepts_more(const Object<Spec>&) {
  return false;
}
template <class T>
constexpr bool accepts_more(const T&) {
  return true;
}

// Whether a document must have a spec: everywhere but where an empty one means something.
template <class Spec>
inline constexpr bool needs_spec =
    std::is_same_v<Spec, ServiceEntry> || std::is_same_v<Spec, WorkloadEntry> || std::is_same_v<Spec, WorkloadGroup> ||
    std::is_same_v<Spec, WasmPlugin> || std::is_same_v<Spec, TrafficExtension>;

}  // namespace lateen::config
