#include "config/kubernetes/meta.h"

#include <algorithm>

#include "lib/schema/field.h"

namespace lateen::config {

using schema::field;
using schema::record;
using schema::required;

schema::Fields OwnerReference::fields() {
  return record("OwnerReference", "An object that owns this one.",
                {
                    field("apiVersion", &OwnerReference::api_version, "Its apiVersion."),
                    field("kind", &OwnerReference::kind, "Its kind."),
                    field("name", &OwnerReference::name, "Its name."),
                    field("uid", &OwnerReference::uid, "Its UID."),
                    field("controller", &OwnerReference::controller, "Whether the owner controls it."),
                    field("blockOwnerDeletion", &OwnerReference::block_owner_deletion,
                          "Whether it holds back the owner's deletion."),
                });
}

schema::Fields ObjectMeta::fields() {
  return record("ObjectMeta", "What every object carries.",
                {
                    field("name", &ObjectMeta::name, "Its name."),
                    field("generateName", &ObjectMeta::generate_name, "Beginning of a name the API server makes."),
                    field("namespace", &ObjectMeta::namespace_, "Its namespace."),
                    field("labels", &ObjectMeta::labels, "Labels."),
                    field("annotations", &ObjectMeta::annotations, "Annotations."),
                    field("creationTimestamp", &ObjectMeta::creation_timestamp,
                          "When it was made; older objects win conflicts."),
                    field("deletionTimestamp", &ObjectMeta::deletion_timestamp, "When it is to be deleted."),
                    field("deletionGracePeriodSeconds", &ObjectMeta::deletion_grace_period_seconds,
                          "Time left until then."),
                    field("resourceVersion", &ObjectMeta::resource_version, "Its version."),
                    field("uid", &ObjectMeta::uid, "Its UID."),
                    field("selfLink", &ObjectMeta::self_link, "Unused."),
                    field("generation", &ObjectMeta::generation, "Counts changes of the specification."),
                    field("ownerReferences", &ObjectMeta::owner_references, "Owners."),
                    field("finalizers", &ObjectMeta::finalizers, "What has to happen before it is deleted."),
                    field("managedFields", &ObjectMeta::managed_fields, "Who set which fields."),
                })
      .accepting_more();
}

schema::Fields LabelSelectorRequirement::fields() {
  return record("LabelSelectorRequirement", "A condition on a label.",
                {
                    field("key", &LabelSelectorRequirement::key, "The label."),
                    field("operator", &LabelSelectorRequirement::operator_, "In, NotIn, Exists or DoesNotExist."),
                    field("values", &LabelSelectorRequirement::values, "Values for In and NotIn."),
                });
}

schema::Fields LabelSelector::fields() {
  return record("LabelSelector", "Objects by their labels; all conditions must hold.",
                {
                    field("matchLabels", &LabelSelector::match_labels, "Labels that must be equal."),
                    field("matchExpressions", &LabelSelector::match_expressions, "Further conditions."),
                });
}

schema::Fields IstioCondition::fields() {
  return record("IstioCondition", "A finding of a controller.",
                {
                    field("type", &IstioCondition::type, "Its type."),
                    field("status", &IstioCondition::status, "True, False or Unknown."),
                    field("reason", &IstioCondition::reason, "Why, in one word."),
                    field("message", &IstioCondition::message, "Why, in a sentence."),
                    field("lastProbeTime", &IstioCondition::last_probe_time, "When it was looked at."),
                    field("lastTransitionTime", &IstioCondition::last_transition_time, "When it last changed."),
                    field("observedGeneration", &IstioCondition::observed_generation,
                          "Generation of the object it was found for."),
                });
}

schema::Fields IstioStatus::Address::fields() {
  return record("IstioStatus.Address", "An address that was allocated.",
                {
                    field("value", &IstioStatus::Address::value, "The address."),
                    field("host", &IstioStatus::Address::host, "The host it is for."),
                });
}

schema::Fields IstioStatus::fields() {
  return record(
      "IstioStatus", "What controllers found.",
      {
          field("conditions", &IstioStatus::conditions, "Conditions."),
          field("validationMessages", &IstioStatus::validation_messages, "Findings of the analyzers."),
          field("observedGeneration", &IstioStatus::observed_generation, "Generation of the object it was found for."),
          field("addresses", &IstioStatus::addresses, "Addresses that were allocated."),
      });
}
std::string_view ObjectMeta::label(std::string_view key) const {
  const auto found = labels.find(std::string(key));
  return found == labels.end() ? std::string_view() : found->second;
}

std::string_view ObjectMeta::annotation(std::string_view key) const {
  const auto found = annotations.find(std::string(key));
  return found == annotations.end() ? std::string_view() : found->second;
}

bool LabelSelector::matches(const std::map<std::string, std::string>& labels) const {
  for (const auto& [key, value] : match_labels) {
    const auto found = labels.find(key);
    if (found == labels.end() || found->second != value) return false;
  }
  for (const auto& requirement : match_expressions) {
    const auto found = labels.find(requirement.key);
    const bool exists = found != labels.end();
    const auto& values = requirement.values;
    const bool listed = exists && std::find(values.begin(), values.end(), found->second) != values.end();
    if (requirement.operator_ == "In" && !listed) return false;
    if (requirement.operator_ == "NotIn" && listed) return false;
    if (requirement.operator_ == "Exists" && !exists) return false;
    if (requirement.operator_ == "DoesNotExist" && exists) return false;
  }
  return true;
}

schema::Position Origin::at(std::string_view path) const {
  return document ? schema::locate(*document, path) : position;
}

}  // namespace lateen::config
