#include "control_plane/snapshot/virtual_services.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "control_plane/snapshot/hosts.h"

namespace lateen::snapshot {
namespace {

class Resolver {
 public:
  Resolver(const VirtualServiceObject& object, std::string_view domain)
      : namespace_(object.metadata.namespace_), domain_(domain) {}

  void complete(config::VirtualService& spec) const {
    for (auto& host : spec.hosts) host = complete_host(host, namespace_, domain_);
    if (spec.gateways.empty() && !spec.hosts.empty()) spec.gateways = {std::string(mesh_gateway)};
    complete(spec.gateways);
    for (auto& route : spec.http) complete(route);
    for (auto& route : spec.tls) {
      for (auto& match : route.match) complete(match.gateways);
      for (auto& each : route.route) complete(each.destination);
    }
    for (auto& route : spec.tcp) {
      for (auto& match : route.match) complete(match.gateways);
      for (auto& each : route.route) complete(each.destination);
    }
  }

 private:
  void complete(std::vector<std::string>& gateways) const {
    for (auto& gateway : gateways)
      if (gateway != mesh_gateway && gateway.find('/') == std::string::npos) gateway = namespace_ + "/" + gateway;
  }
  void complete(std::optional<config::Destination>& destination) const {
    if (destination) destination->host = complete_host(destination->host, namespace_, domain_);
  }
  void complete(config::HTTPRoute& route) const {
    for (auto& match : route.match) complete(match.gateways);
    for (auto& each : route.route) complete(each.destination);
    complete(route.mirror);
    for (auto& mirror : route.mirrors) complete(mirror.destination);
  }

  std::string namespace_;
  std::string_view domain_;
};

using ByName = std::map<std::pair<std::string, std::string>, const VirtualServiceObject*>;

void merge_delegates(VirtualServiceObject& root, const ByName& all) {
  std::vector<config::HTTPRoute> routes;
  for (auto& route : root.spec.http) {
    if (!route.delegate) {
      routes.push_back(std::move(route));
      continue;
    }
    const auto& where = route.delegate->namespace_;
    const auto found = all.find({where.empty() ? root.metadata.namespace_ : where, route.delegate->name});
    if (found == all.end() || !found->second->spec.hosts.empty()) continue;
    for (auto& merged : merge_delegate(route, found->second->spec.http)) routes.push_back(std::move(merged));
  }
  root.spec.http = std::move(routes);
}

}  // namespace

std::vector<VirtualServiceObject> resolve(const std::vector<VirtualServiceObject>& objects, std::string_view domain) {
  std::vector<VirtualServiceObject> all = objects;
  for (auto& each : all) Resolver(each, domain).complete(each.spec);
  ByName by_name;
  for (const auto& each : all) by_name[{each.metadata.namespace_, each.metadata.name}] = &each;
  std::vector<VirtualServiceObject> out;
  for (const auto& each : all) {
    if (each.spec.hosts.empty()) continue;
    out.push_back(each);
    merge_delegates(out.back(), by_name);
  }
  std::ranges::sort(out, {}, [](const VirtualServiceObject& each) {
    return std::tuple(each.metadata.creation_timestamp.value_or(WallTime{}), each.metadata.name,
                      each.metadata.namespace_);
  });
  return out;
}

bool is_bound_to(const VirtualServiceObject& object, std::string_view gateway) {
  return std::ranges::find(object.spec.gateways, gateway) != object.spec.gateways.end();
}

}  // namespace lateen::snapshot
