#include "control_plane/translate/name_table.h"

#include "istio/networking/nds/v1/nds.pb.h"
#include "lib/base/ip.h"

namespace lateen::translate {
namespace {

// The addresses of a service as that proxy should call it: those its own cluster gave it, else any cluster's, else the
// one that was allocated for its name; a headless service answers with its endpoints that can be reached directly.
std::vector<std::string> addresses_for(const registry::Service& service, const Proxy& proxy) {
  if (service.headless) {
    std::set<std::string> endpoints;
    for (const auto& each : service.endpoints)
      if ((each.network == proxy.network || each.network.empty()) && Ip::parse(each.address))
        endpoints.insert(each.address);
    return {endpoints.begin(), endpoints.end()};
  }
  auto found = service.addresses.find(proxy.cluster);
  if (found == service.addresses.end()) found = service.addresses.begin();
  std::vector<std::string> out;
  if (found != service.addresses.end()) {
    for (const auto& each : found->second)
      if (const auto ip = Ip::parse(each); ip && !ip->is_any())
        out.push_back(each);  // prefixes are no addresses of a name
  }
  if (out.empty() && !service.auto_address.empty()) out.push_back(service.auto_address);
  return out;
}

}  // namespace

istio::networking::nds::v1::NameTable name_table(const Context& in) {
  istio::networking::nds::v1::NameTable out;
  for (const auto* service : in.scope.services) {
    const auto addresses = addresses_for(*service, in.proxy);
    if (addresses.empty()) continue;
    auto& entry = (*out.mutable_table())[service->hostname];
    for (const auto& each : addresses) entry.add_ips(each);
    const bool is_kubernetes = service->provider == registry::Provider::kubernetes;
    entry.set_registry(is_kubernetes ? "Kubernetes" : "External");
    if (!is_kubernetes) continue;
    entry.set_shortname(service->name);
    entry.set_namespace_(service->namespace_);
  }
  return out;
}

}  // namespace lateen::translate
