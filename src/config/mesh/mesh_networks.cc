#include "config/mesh/mesh_networks.h"

#include "lib/schema/field.h"

namespace lateen::config {

using namespace schema;  // field(), record() and the attributes

Fields Network::NetworkEndpoints::fields() {
  return record(
      "Network.NetworkEndpoints", "Endpoints that live in a network.",
      {
          field("fromCidr", &Network::NetworkEndpoints::from_cidr, "Those in an address range.", one_of("ne")),
          field("fromRegistry", &Network::NetworkEndpoints::from_registry, "Those of a registry, by its cluster name.",
                one_of("ne")),
      });
}

Fields Network::IstioNetworkGateway::fields() {
  return record(
      "Network.IstioNetworkGateway", "A gateway that leads into a network.",
      {
          field("registryServiceName", &Network::IstioNetworkGateway::registry_service_name,
                "A service whose external addresses are the gateway's.", one_of("gw")),
          field("address", &Network::IstioNetworkGateway::address, "Its address or DNS name.", one_of("gw")),
          field("port", &Network::IstioNetworkGateway::port, "Its port.", required, at_least(1), at_most(65535)),
          field("locality", &Network::IstioNetworkGateway::locality, "Its place, region/zone/subzone.", not_honoured()),
      });
}

Fields Network::fields() {
  return record("Network", "One network.",
                {
                    field("endpoints", &Network::endpoints, "Which endpoints live in it."),
                    field("gateways", &Network::gateways, "Which gateways lead into it."),
                });
}

Fields MeshNetworks::fields() {
  return record("MeshNetworks", "All networks of the mesh.",
                {
                    field("networks", &MeshNetworks::networks, "Networks by name."),
                });
}

}  // namespace lateen::config
