#include "control_plane/translate/resource_set.h"

#include <algorithm>

#include <google/protobuf/io/coded_stream.h>

#include "config/xds/message.h"

namespace lateen::translate {

namespace {

// A length-delimited field with a number below 16.
void put_field(int number, std::string_view value, std::string& out) {
  if (value.empty()) return;
  out += static_cast<char>(number << 3 | 2);
  size_t size = value.size();
  for (; size >= 0x80; size >>= 7) out += static_cast<char>(size | 0x80);
  out += static_cast<char>(size);
  out += value;
}

}  // namespace

ResourcePointer Resource::of(std::string name, const google::protobuf::Message& message) {
  const auto bytes = xds::serialize(message);
  const auto url = xds::type_url_of(message);
  std::string any;
  any.reserve(bytes.size() + url.size() + 16);
  put_field(1, url, any);
  put_field(2, bytes, any);
  return std::make_shared<const Resource>(Resource{std::move(name), xds::version_of(bytes), std::move(any)});
}

std::string_view Resource::message() const {
  // type_url is field 1, value field 2, and the writer puts them in that order.
  google::protobuf::io::CodedInputStream in(reinterpret_cast<const uint8_t*>(any.data()), static_cast<int>(any.size()));
  uint32_t length = 0;
  while (const uint32_t tag = in.ReadTag()) {
    if (!in.ReadVarint32(&length)) break;
    if (tag >> 3 == 2) return std::string_view(any).substr(static_cast<size_t>(in.CurrentPosition()), length);
    if (!in.Skip(static_cast<int>(length))) break;
  }
  return {};
}

static bool by_name(const ResourcePointer& a, const ResourcePointer& b) { return a->name < b->name; }
static bool same_name(const ResourcePointer& a, const ResourcePointer& b) { return a->name == b->name; }

ResourceSet::ResourceSet(std::vector<ResourcePointer> resources) : resources_(std::move(resources)) {
  if (!std::is_sorted(resources_.begin(), resources_.end(), by_name))
    std::stable_sort(resources_.begin(), resources_.end(), by_name);
  resources_.erase(std::unique(resources_.begin(), resources_.end(), same_name), resources_.end());
  std::string all;
  for (const auto& each : resources_) all.append(each->name).append(1, '\0').append(each->version);
  version_ = xds::version_of(all);
}

ResourceSet::ResourceSet(const ResourceSet& first, const ResourceSet& second)
    : version_(xds::version_of(first.version() + second.version())) {
  resources_.reserve(first.all().size() + second.all().size());
  std::merge(first.all().begin(), first.all().end(), second.all().begin(), second.all().end(),
             std::back_inserter(resources_), by_name);
  resources_.erase(std::unique(resources_.begin(), resources_.end(), same_name), resources_.end());
}

bool ResourceSet::operator==(const ResourceSet& other) const {
  return std::ranges::equal(resources_, other.resources_,
                            [](const auto& a, const auto& b) { return a == b || *a == *b; });
}

ResourcePointer ResourceSet::pointer(std::string_view name) const {
  const auto at =
      std::lower_bound(resources_.begin(), resources_.end(), name,
                       [](const ResourcePointer& each, std::string_view name) { return each->name < name; });
  return at != resources_.end() && (*at)->name == name ? *at : nullptr;
}

Difference difference(const ResourceSet* before, const ResourceSet* now) {
  static const std::vector<ResourcePointer> none;
  const auto& old = before ? before->all() : none;
  const auto& fresh = now ? now->all() : none;
  Difference out;
  if (before == now) return out;
  size_t i = 0, j = 0;
  while (i < old.size() || j < fresh.size()) {
    // Incremental translation keeps what did not change, so most pairs are one object.
    if (i < old.size() && j < fresh.size() && old[i] == fresh[j]) {
      ++i, ++j;
      continue;
    }
    const int order = i == old.size() ? 1 : j == fresh.size() ? -1 : old[i]->name.compare(fresh[j]->name);
    if (order < 0) {
      out.removed.push_back(old[i++]->name);
    } else if (order > 0) {
      out.changed.push_back(fresh[j++].get());
    } else {
      if (old[i]->version != fresh[j]->version) out.changed.push_back(fresh[j].get());
      ++i, ++j;
    }
  }
  return out;
}

}  // namespace lateen::translate
