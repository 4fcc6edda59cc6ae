#include <fmt/format.h>

#include "config/objects/bodies.h"
#include "lib/schema/typed.h"

namespace lateen::config {
namespace {

template <class T>
std::string_view kind_name() {
  std::string_view found;
  Objects none;
  for_each_kind(none, [&]<class U>(std::string_view name, const std::vector<U>&) {
    if constexpr (std::is_same_v<T, U>) found = name;
  });
  return found;
}

}  // namespace

template <class T>
schema::Node document_of(const T& object) {
  const Kind& kind = *find_kind(kind_name<T>());
  schema::Node out = schema::Node::map();
  const std::string version(kind.versions.front());
  out["apiVersion"] = kind.group.empty() ? version : fmt::format("{}/{}", kind.group, version);
  out["kind"] = kind.kind;
  for (const Part& part : parts_of(const_cast<T&>(object))) {
    schema::Node value = schema::write(part.type, part.value);
    const bool wanted = part.key == "metadata" || (part.key == "spec" && !accepts_more(object)) || value.size() > 0 ||
                        !(value.is_null() || value.is_map() || value.is_list() || value.text().empty());
    if (wanted) out.append(std::string(part.key), std::move(value));
  }
  return out;
}

template schema::Node document_of(const Object<Gateway>&);
template schema::Node document_of(const Object<VirtualService>&);
template schema::Node document_of(const Object<DestinationRule>&);
template schema::Node document_of(const Object<ServiceEntry>&);
template schema::Node document_of(const Object<WorkloadEntry>&);
template schema::Node document_of(const Object<WorkloadGroup>&);
template schema::Node document_of(const Object<Sidecar>&);
template schema::Node document_of(const Object<EnvoyFilter>&);
template schema::Node document_of(const Object<ProxyConfigKind>&);
template schema::Node document_of(const Object<PeerAuthentication>&);
template schema::Node document_of(const Object<RequestAuthentication>&);
template schema::Node document_of(const Object<AuthorizationPolicy>&);
template schema::Node document_of(const Object<Telemetry>&);
template schema::Node document_of(const Object<WasmPlugin>&);
template schema::Node document_of(const Object<TrafficExtension>&);
template schema::Node document_of(const Object<GlobalTrafficPolicy>&);
template schema::Node document_of(const Object<Dependency>&);
template schema::Node document_of(const Object<RoutingPolicy>&);
template schema::Node document_of(const Service&);
template schema::Node document_of(const EndpointSlice&);
template schema::Node document_of(const Endpoints&);
template schema::Node document_of(const Pod&);
template schema::Node document_of(const Deployment&);
template schema::Node document_of(const Namespace&);
template schema::Node document_of(const Node&);
template schema::Node document_of(const ServiceAccount&);
template schema::Node document_of(const Secret&);
template schema::Node document_of(const ConfigMap&);

}  // namespace lateen::config
