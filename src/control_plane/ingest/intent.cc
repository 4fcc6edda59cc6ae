#include "control_plane/ingest/intent.h"

#include <algorithm>
#include <set>

namespace lateen::ingest {
namespace {

template <class T>
ObjectKey key_of(std::string_view kind, const T& object) {
  return {std::string(kind), object.metadata.namespace_, object.metadata.name};
}

// The list of that element type; each kind has a type of its own.
template <class T>
std::vector<T>& list_of(config::Objects& objects) {
  std::vector<T>* found = nullptr;
  config::for_each_kind(objects, [&](std::string_view, auto& list) {
    if constexpr (std::is_same_v<std::decay_t<decltype(list)>, std::vector<T>>) found = &list;
  });
  return *found;
}

template <class T>
const std::vector<T>& list_of(const config::Objects& objects) {
  return list_of<T>(const_cast<config::Objects&>(objects));
}

// Adds what `before` has and `now` does not name.
void keep_missing(const config::Objects& before, config::Objects& now) {
  config::for_each_kind(now, [&](std::string_view kind, auto& list) {
    using T = typename std::decay_t<decltype(list)>::value_type;
    std::set<ObjectKey> named;
    for (const T& object : list) named.insert(key_of(kind, object));
    for (const T& object : list_of<T>(before))
      if (named.insert(key_of(kind, object)).second) list.push_back(object);
  });
}

}  // namespace

std::string to_string(const ObjectKey& key) {
  if (key.namespace_.empty()) return fmt::format("{} {}", key.kind, key.name);
  return fmt::format("{} {}/{}", key.kind, key.namespace_, key.name);
}

Delta difference(const config::Objects& before, const config::Objects& after) {
  Delta delta;
  config::for_each_kind(after, [&](std::string_view kind, const auto& list) {
    using T = typename std::decay_t<decltype(list)>::value_type;
    std::map<ObjectKey, const T*> gone;
    for (const T& object : list_of<T>(before)) gone.emplace(key_of(kind, object), &object);
    for (const T& object : list) {
      const auto known = gone.find(key_of(kind, object));
      if (known == gone.end() || !(*known->second == object)) list_of<T>(delta.changed).push_back(object);
      if (known != gone.end()) gone.erase(known);
    }
    for (const auto& [key, object] : gone) delta.removed.push_back(key);
  });
  return delta;
}

bool Intent::take(std::vector<FoundFile> files) {
  bool different = failure_.has_value() || version() == 0;
  failure_.reset();
  std::set<std::string_view> present;
  for (const FoundFile& file : files) present.insert(file.path);
  different |= std::erase_if(files_, [&](const auto& item) { return !present.contains(item.first); }) > 0;
  for (FoundFile& found : files) {
    const auto [known, fresh] = files_.try_emplace(found.path, File{found.text, {}, {}});
    if (!fresh && known->second.text == found.text) continue;
    known->second.text = std::move(found.text);
    read(known->second, found.path);
    different = true;
  }
  return different && settle();
}

bool Intent::take_failure(const Error& error) {
  if (failure_ == error) return false;
  failure_ = error;
  return settle();
}

void Intent::read(File& file, const std::string& path) {
  file.diagnostics = {};
  if (!file.text) {
    file.diagnostics.error(path, {}, "", file.text.error().message);
    return;
  }
  config::Objects objects = config::read_objects(*file.text, path, file.diagnostics, options_);
  if (file.diagnostics.has_errors()) keep_missing(file.objects, objects);
  file.objects = std::move(objects);
}

config::Objects Intent::merge(schema::Diagnostics& diagnostics) const {
  config::Objects all;
  std::map<ObjectKey, const config::Origin*> first;
  for (const auto& [path, file] : files_) {
    for (const schema::Diagnostic& diagnostic : file.diagnostics.all()) diagnostics.add(diagnostic);
    config::for_each_kind(file.objects, [&](std::string_view kind, const auto& list) {
      using T = typename std::decay_t<decltype(list)>::value_type;
      for (const T& object : list) {
        const auto [known, fresh] = first.emplace(key_of(kind, object), &object.origin);
        if (fresh) {
          list_of<T>(all).push_back(object);
        } else {
          diagnostics.error(object.origin.file, object.origin.position, "",
                            fmt::format("{} is defined in {}:{} already; this definition is ignored",
                                        to_string(known->first), known->second->file, known->second->position.line));
        }
      }
    });
    all.others.insert(all.others.end(), file.objects.others.begin(), file.objects.others.end());
  }
  return all;
}

bool Intent::settle() {
  schema::Diagnostics diagnostics;
  if (failure_) diagnostics.error("", {}, "", failure_->message + "; the objects read before stay");
  config::Objects objects = merge(diagnostics);
  Delta delta = difference(objects_, objects);
  const bool findings_differ = diagnostics.all() != diagnostics_.all();
  objects_ = std::move(objects);
  diagnostics_ = std::move(diagnostics);
  if (delta.empty() && delta_.version > 0) return findings_differ;
  delta.version = delta_.version + 1;
  delta_ = std::move(delta);
  return true;
}

}  // namespace lateen::ingest
