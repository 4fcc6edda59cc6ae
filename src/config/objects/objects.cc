#include "config/objects/objects.h"

#include <algorithm>

#include <fmt/format.h>

#include "config/objects/bodies.h"
#include "lib/base/strings.h"
#include "lib/schema/typed.h"

namespace lateen::config {
namespace {

using schema::Diagnostics;
using DocumentNode = schema::Node;

// One document on its way to an object.
struct Arrival {
  const DocumentNode& document;
  std::string_view file;
  Diagnostics& diagnostics;
  const ReadOptions& options;
  const Kind& kind;
};

Origin origin_of(const DocumentNode& document, std::string_view file, const ReadOptions& options) {
  Origin origin{std::string(file), document.position(), nullptr};
  if (options.keep_documents) origin.document = std::make_shared<DocumentNode>(document);
  return origin;
}

// Reads the members of a document into the parts of an object; false when there was an error.
bool read_parts(const Arrival& arrival, const std::vector<Part>& parts, bool accept_more) {
  bool good = true;
  for (const auto& entry : *arrival.document.as_map()) {
    if (entry.key == "apiVersion" || entry.key == "kind" || entry.value.is_null()) continue;
    const auto part = std::ranges::find(parts, std::string_view(entry.key), &Part::key);
    if (part != parts.end()) {
      good = schema::read(part->type, entry.value, part->value, {arrival.file, arrival.diagnostics, entry.key}) && good;
    } else if (!accept_more) {
      std::vector<std::string_view> known = {"apiVersion", "kind"};
      for (const Part& candidate : parts) known.push_back(candidate.key);
      const auto near = entry.key.size() <= 100 ? nearest(entry.key, known) : "";
      arrival.diagnostics.error(
          arrival.file, entry.position, schema::child_path("", entry.key),
          near.empty() ? std::string("unknown field") : fmt::format("unknown field, did you mean \"{}\"?", near));
      good = false;
    }
  }
  return good;
}

bool check_name(const Arrival& arrival, ObjectMeta& metadata) {
  if (arrival.kind.namespaced && metadata.namespace_.empty()) metadata.namespace_ = arrival.options.default_namespace;
  if (!arrival.kind.namespaced) metadata.namespace_.clear();
  if (!metadata.name.empty() || !metadata.generate_name.empty()) return true;
  arrival.diagnostics.error(arrival.file, schema::locate(arrival.document, "metadata"), "metadata.name", "required");
  return false;
}

template <class Spec>
bool check_spec(const Arrival& arrival, const Object<Spec>&) {
  const DocumentNode* spec = arrival.document.find("spec");
  if (!needs_spec<Spec> || (spec && !spec->is_null())) return true;
  arrival.diagnostics.error(arrival.file, arrival.document.position(), "spec", "required");
  return false;
}
template <class T>
bool check_spec(const Arrival&, const T&) {
  return true;
}

void warn_of_kind(const Arrival& arrival, const ObjectMeta& metadata) {
  if (arrival.kind.not_honoured.empty()) return;
  arrival.diagnostics.warning(
      arrival.file, arrival.document.position(), "",
      fmt::format("{} {}/{}: {}", arrival.kind.kind, metadata.namespace_, metadata.name, arrival.kind.not_honoured));
}

template <class T>
void read_into(const Arrival& arrival, std::vector<T>& list) {
  T object;
  bool good = read_parts(arrival, parts_of(object), accepts_more(object));
  good = check_spec(arrival, object) && good;
  good = check_name(arrival, object.metadata) && good;
  if (!good) return;
  warn_of_kind(arrival, object.metadata);
  object.origin = origin_of(arrival.document, arrival.file, arrival.options);
  list.push_back(std::move(object));
}

void set_aside(const DocumentNode& document, std::string_view file, Diagnostics& diagnostics,
               const ReadOptions& options, Objects& objects) {
  OtherObject other;
  other.api_version = document.find("apiVersion") ? document.find("apiVersion")->text() : "";
  other.kind = document.find("kind")->text();
  if (const auto* metadata = document.find("metadata")) {
    if (const auto* name = metadata->find("name")) other.name = name->text();
    if (const auto* name = metadata->find("namespace")) other.namespace_ = name->text();
  }
  other.origin = origin_of(document, file, options);
  // The fleet takes Rollouts from the documents kept here.
  if (other.kind != "Rollout" || !other.api_version.starts_with("argoproj.io/"))
    diagnostics.warning(file, document.position(), "kind",
                        fmt::format("{} of {} is not a kind that is read here; the object is left alone",
                                    other.kind.substr(0, 100), other.api_version.substr(0, 100)));
  objects.others.push_back(std::move(other));
}

// The kind that apiVersion and kind name, null when there is none; an unknown version of a known kind is an error.
const Kind* kind_of(const DocumentNode& document, std::string_view file, Diagnostics& diagnostics,
                    const ReadOptions& options, bool& good) {
  const DocumentNode* api = document.find("apiVersion");
  const std::string_view api_version = api ? api->text() : "";
  const std::string_view name = document.find("kind")->text();
  good = true;
  const Kind* kind = find_kind(name);
  if (!kind) return nullptr;
  if (api_version.empty() && options.allow_missing_api_version) return kind;
  const size_t slash = api_version.find('/');
  const std::string_view group = slash == std::string_view::npos ? "" : api_version.substr(0, slash);
  const std::string_view version = slash == std::string_view::npos ? api_version : api_version.substr(slash + 1);
  if (group != kind->group) return nullptr;
  if (std::ranges::find(kind->versions, version) != kind->versions.end()) return kind;
  good = false;
  diagnostics.error(
      file, api ? api->position() : document.position(), "apiVersion",
      fmt::format("{} has no version \"{}\"; it has {}", name, version.substr(0, 100), joined(kind->versions, ", ")));
  return nullptr;
}

bool read_list(const DocumentNode& document, std::string_view file, Diagnostics& diagnostics,
               const ReadOptions& options, Objects& objects) {
  const DocumentNode* items = document.find("items");
  if (!document.find("kind")->text().ends_with("List") || !items) return false;
  if (const auto* list = items->as_list()) {
    for (const auto& item : *list) read_object(item, file, diagnostics, options, objects);
  } else if (!items->is_null()) {
    diagnostics.error(file, items->position(), "items", "expected a list");
  }
  return true;
}

}  // namespace

void read_object(const schema::Node& document, std::string_view file, Diagnostics& diagnostics,
                 const ReadOptions& options, Objects& objects) {
  if (!document.is_map()) {
    diagnostics.error(file, document.position(), "", "expected an object: a map with apiVersion, kind and metadata");
    return;
  }
  const DocumentNode* kind_node = document.find("kind");
  if (!kind_node || kind_node->text().empty()) {
    diagnostics.error(file, document.position(), "kind", "required");
    return;
  }
  if (read_list(document, file, diagnostics, options, objects)) return;
  bool good = true;
  const Kind* kind = kind_of(document, file, diagnostics, options, good);
  if (!good) return;
  if (!kind) {
    set_aside(document, file, diagnostics, options, objects);
    return;
  }
  const Arrival arrival{document, file, diagnostics, options, *kind};
  for_each_kind(objects, [&](std::string_view name, auto& list) {
    if (name == kind->kind) read_into(arrival, list);
  });
}

Objects read_objects(std::string_view text, std::string_view file, Diagnostics& diagnostics,
                     const ReadOptions& options) {
  Objects objects;
  for (const auto& document : schema::read_documents(text, file, diagnostics, options.limits)) {
    read_object(document, file, diagnostics, options, objects);
  }
  return objects;
}

namespace {
template <class T>
void move_all(std::vector<T>& from, std::vector<T>& to) {
  to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
}
}  // namespace

void Objects::append(Objects other) {
  for_each_kind(other, [&]<class T>(std::string_view, std::vector<T>& from) {
    for_each_kind(*this, [&]<class U>(std::string_view, std::vector<U>& to) {
      if constexpr (std::is_same_v<T, U>) move_all(from, to);
    });
  });
  move_all(other.others, others);
}

size_t Objects::size() const {
  size_t total = 0;
  for_each_kind(*this, [&](std::string_view, const auto& list) { total += list.size(); });
  return total;
}

}  // namespace lateen::config
