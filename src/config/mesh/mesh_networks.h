// MeshNetworks: which endpoints live in which network and which gateways lead there.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "lib/base/time.h"
#include "lib/schema/describe.h"

namespace lateen::config {

struct Network {
  struct NetworkEndpoints {
    std::optional<std::string> from_cidr;
    std::optional<std::string> from_registry;
    bool operator==(const NetworkEndpoints&) const = default;
    static schema::Fields fields();
  };
  struct IstioNetworkGateway {
    std::optional<std::string> registry_service_name;
    std::optional<std::string> address;
    uint32_t port = 0;
    std::string locality;
    bool operator==(const IstioNetworkGateway&) const = default;
    static schema::Fields fields();
  };
  std::vector<NetworkEndpoints> endpoints;
  std::vector<IstioNetworkGateway> gateways;
  bool operator==(const Network&) const = default;
  static schema::Fields fields();
};

struct MeshNetworks {
  std::map<std::string, Network> networks;
  bool operator==(const MeshNetworks&) const = default;
  static schema::Fields fields();
};

}  // namespace lateen::config
