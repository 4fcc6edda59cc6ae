// What every object carries: who it is, and where it was read.
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/time.h"
#include "lib/schema/describe.h"
#include "lib/schema/node.h"

namespace lateen::config {

struct OwnerReference {
  std::string api_version;
  std::string kind;
  std::string name;
  std::string uid;
  bool controller = false;
  bool block_owner_deletion = false;
  bool operator==(const OwnerReference&) const = default;
  static schema::Fields fields();
};

struct ObjectMeta {
  std::string name;
  std::string generate_name;
  std::string namespace_;  // "default" after reading when the kind has a namespace and the document names none
  std::map<std::string, std::string> labels;
  std::map<std::string, std::string> annotations;
  std::optional<WallTime> creation_timestamp;
  std::optional<WallTime> deletion_timestamp;
  std::optional<int64_t> deletion_grace_period_seconds;
  std::string resource_version;
  std::string uid;
  std::string self_link;
  int64_t generation = 0;
  std::vector<OwnerReference> owner_references;
  std::vector<std::string> finalizers;
  schema::Node managed_fields;  // accepted, not looked at
  bool operator==(const ObjectMeta&) const = default;
  static schema::Fields fields();

  // The value of a label or annotation, or "".
  std::string_view label(std::string_view key) const;
  std::string_view annotation(std::string_view key) const;
};

struct LabelSelectorRequirement {
  std::string key;
  std::string operator_;  // In, NotIn, Exists, DoesNotExist
  std::vector<std::string> values;
  bool operator==(const LabelSelectorRequirement&) const = default;
  static schema::Fields fields();
};

// Kubernetes' label selector: all of both lists must hold; an empty one selects everything.
struct LabelSelector {
  std::map<std::string, std::string> match_labels;
  std::vector<LabelSelectorRequirement> match_expressions;
  bool operator==(const LabelSelector&) const = default;
  static schema::Fields fields();

  bool matches(const std::map<std::string, std::string>& labels) const;
};

// Where an object was read; never part of its equality. `document` is kept only when the reader was asked to.
struct Origin {
  std::string file;
  schema::Position position;
  std::shared_ptr<const schema::Node> document;
  bool operator==(const Origin&) const { return true; }

  // The place of a field by its path, or that of the nearest parent; the object's place without a document.
  schema::Position at(std::string_view path) const;
};

// What controllers write back (istio.meta.v1alpha1).
struct IstioCondition {
  std::string type;
  std::string status;
  std::string reason;
  std::string message;
  std::optional<WallTime> last_probe_time;
  std::optional<WallTime> last_transition_time;
  int64_t observed_generation = 0;
  bool operator==(const IstioCondition&) const = default;
  static schema::Fields fields();
};

struct IstioStatus {
  struct Address {  // ServiceEntry only
    std::string value;
    std::string host;
    bool operator==(const Address&) const = default;
    static schema::Fields fields();
  };
  std::vector<IstioCondition> conditions;
  std::vector<schema::Node> validation_messages;
  int64_t observed_generation = 0;
  std::vector<Address> addresses;
  bool operator==(const IstioStatus&) const = default;
  static schema::Fields fields();
};

// An object of one of Istio's or the fleet's kinds: `Object<VirtualService>`. Kubernetes' kinds (service.h, pod.h) are
// structs with `metadata` and `origin` members of their own, since their bodies have no common shape.
template <class Spec>
struct Object {
  ObjectMeta metadata;
  Spec spec;
  std::optional<IstioStatus> status;
  Origin origin;
  bool operator==(const Object&) const = default;
};

}  // namespace lateen::config
