#include "control_plane/xds/resource_set.h"

#include <google/protobuf/io/coded_stream.h>

#include "config/xds/message.h"
#include "config/xds/protos.h"

namespace lateen::discovery {

ResourcePointer Resource::of(std::string name, const google::protobuf::Message& message) {
  const auto any = xds::pack(message);
  return std::make_shared<const Resource>(Resource{std::move(name), xds::version_of(any.value()), xds::serialize(any)});
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

ResourceSet::ResourceSet(std::vector<ResourcePointer> resources) : resources_(std::move(resources)) {
  const auto by_name = [](const ResourcePointer& a, const ResourcePointer& b) { return a->name < b->name; };
  const auto same_name = [](const ResourcePointer& a, const ResourcePointer& b) { return a->name == b->name; };
  std::stable_sort(resources_.begin(), resources_.end(), by_name);
  resources_.erase(std::unique(resources_.begin(), resources_.end(), same_name), resources_.end());
  std::string all;
  for (const auto& each : resources_) all.append(each->name).append(1, '\0').append(each->version);
  version_ = xds::version_of(all);
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
    const int order = i == old.size() ? 1 : j == fresh.size() ? -1 : old[i]->name.compare(fresh[j]->name);
    if (order < 0) {
      out.removed.push_back(old[i++]->name);
    } else if (order > 0) {
      out.changed.push_back(fresh[j++].get());
    } else {
      // Incremental translation keeps what did not change, so most pairs are one object.
      if (old[i] != fresh[j] && old[i]->version != fresh[j]->version) out.changed.push_back(fresh[j].get());
      ++i, ++j;
    }
  }
  return out;
}

}  // namespace lateen::discovery
