// Short names for the xDS messages that translation makes, and the small pieces that occur everywhere.
#pragma once
#include <string>
#include <string_view>

#include "config/xds/message.h"
#include "config/xds/names.h"
#include "config/xds/protos.h"
#include "lib/base/time.h"
#include "lib/schema/node.h"

namespace lateen::translate {

namespace core = envoy::config::core::v3;
namespace hcm = envoy::extensions::filters::network::http_connection_manager::v3;
namespace tls = envoy::extensions::transport_sockets::tls::v3;
using Cluster = envoy::config::cluster::v3::Cluster;
using Listener = envoy::config::listener::v3::Listener;
using FilterChain = envoy::config::listener::v3::FilterChain;
using NetworkFilter = envoy::config::listener::v3::Filter;
using HttpFilter = hcm::HttpFilter;
using RouteConfiguration = envoy::config::route::v3::RouteConfiguration;
using VirtualHost = envoy::config::route::v3::VirtualHost;
using Route = envoy::config::route::v3::Route;
using ClusterLoadAssignment = envoy::config::endpoint::v3::ClusterLoadAssignment;

constexpr std::string_view passthrough_cluster = "PassthroughCluster";
constexpr std::string_view black_hole_cluster = "BlackHoleCluster";
constexpr std::string_view inbound_passthrough_cluster = "InboundPassthroughCluster";

void set(google::protobuf::Duration* out, Duration value);
void set_address(core::Address* out, std::string_view address, uint32_t port);

// The aggregated stream as a source, without a timeout.
void set_ads(core::ConfigSource* out);

// "outbound|80|v1|reviews.default.svc.cluster.local"; "outbound_.80_.v1_.reviews..." for the SNI form.
std::string cluster_name(uint32_t port, std::string_view subset, std::string_view host);
std::string sni_name(uint32_t port, std::string_view subset, std::string_view host);

// The parts of a name in either form. `ok` is false for anything else.
struct ClusterName {
  bool ok = false;
  bool sni = false;
  uint32_t port = 0;
  std::string subset;
  std::string host;
};
ClusterName parse_cluster_name(std::string_view name);

// filter_metadata.istio.config: the object that this resource was made from, by its path at the API server.
// `resource` is "virtual-service", "destination-rule".
void set_config_metadata(core::Metadata* out, std::string_view resource, std::string_view namespace_,
                         std::string_view name);
// A text in filter_metadata.istio.
void set_istio_metadata(core::Metadata* out, const std::string& key, const std::string& value);

// Istio's metadata exchange: as a TCP filter (listeners, clusters) and as the first HTTP filter.
google::protobuf::Any tcp_metadata_exchange();

}  // namespace lateen::translate
