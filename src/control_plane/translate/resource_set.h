// The resources of one type that one kind of proxy gets: immutable, serialised once, shared by every proxy of the same
// scope. What changed from one set to the next is found by walking two of them side by side; nobody keeps a list of
// versions per proxy.
#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace google::protobuf {
class Message;
}

namespace lateen::translate {

// One named resource. `any` is a whole google.protobuf.Any, ready to be copied into a response.
struct Resource {
  std::string name;
  std::string version;  // equal for equal bytes
  std::string any;
  bool operator==(const Resource& other) const = default;

  static std::shared_ptr<const Resource> of(std::string name, const google::protobuf::Message& message);
  // The bytes of the message itself, inside `any`.
  std::string_view message() const;
};
using ResourcePointer = std::shared_ptr<const Resource>;

class ResourceSet {
 public:
  ResourceSet() : ResourceSet(std::vector<ResourcePointer>{}) {}
  // Sorts by name; of two resources with one name the first counts.
  explicit ResourceSet(std::vector<ResourcePointer> resources);
  // Both together; of two resources with one name that of `first`.
  ResourceSet(const ResourceSet& first, const ResourceSet& second);

  const std::vector<ResourcePointer>& all() const { return resources_; }
  const Resource* find(std::string_view name) const { return pointer(name).get(); }
  ResourcePointer pointer(std::string_view name) const;  // null when there is none
  // Equal for sets of equal resources that were made in the same way.
  const std::string& version() const { return version_; }
  // By content; the same objects in both cost a comparison of pointers.
  bool operator==(const ResourceSet& other) const;

 private:
  std::vector<ResourcePointer> resources_;
  std::string version_;
};
using ResourceSetPointer = std::shared_ptr<const ResourceSet>;

// What a proxy that has `before` lacks to have `now`. A null set is an empty one.
struct Difference {
  std::vector<const Resource*> changed;   // new or other bytes, by name; they live in `now`
  std::vector<std::string_view> removed;  // names that are in `before` only; they live there
  bool empty() const { return changed.empty() && removed.empty(); }
};
Difference difference(const ResourceSet* before, const ResourceSet* now);

}  // namespace lateen::translate
