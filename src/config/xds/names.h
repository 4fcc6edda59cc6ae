// The names by which both planes speak of resource types and of the extensions they meet most: full type names, and
// type URLs (a name behind "type.googleapis.com/"). Spelt once here; everything else compares with these.
#pragma once
#include <string>
#include <string_view>

namespace lateen::xds {

constexpr std::string_view type_url_prefix = "type.googleapis.com/";

// Resource types, in the order in which a change is pushed (spec/istio.md section 3.14).
namespace type {
constexpr std::string_view cluster = "type.googleapis.com/envoy.config.cluster.v3.Cluster";
constexpr std::string_view endpoint = "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment";
constexpr std::string_view listener = "type.googleapis.com/envoy.config.listener.v3.Listener";
constexpr std::string_view route = "type.googleapis.com/envoy.config.route.v3.RouteConfiguration";
constexpr std::string_view secret = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret";
constexpr std::string_view extension = "type.googleapis.com/envoy.config.core.v3.TypedExtensionConfig";
constexpr std::string_view runtime = "type.googleapis.com/envoy.service.runtime.v3.Runtime";
constexpr std::string_view scoped_route = "type.googleapis.com/envoy.config.route.v3.ScopedRouteConfiguration";
constexpr std::string_view virtual_host = "type.googleapis.com/envoy.config.route.v3.VirtualHost";
constexpr std::string_view name_table = "type.googleapis.com/istio.networking.nds.v1.NameTable";
constexpr std::string_view proxy_config = "type.googleapis.com/istio.mesh.v1alpha1.ProxyConfig";
constexpr std::string_view health = "type.googleapis.com/istio.v1.HealthInformation";
}  // namespace type

// gRPC methods, as the :path of their requests.
namespace method {
constexpr std::string_view ads_sotw =
    "/envoy.service.discovery.v3.AggregatedDiscoveryService/StreamAggregatedResources";
constexpr std::string_view ads_delta =
    "/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources";
constexpr std::string_view sds_stream = "/envoy.service.secret.v3.SecretDiscoveryService/StreamSecrets";
constexpr std::string_view sds_delta = "/envoy.service.secret.v3.SecretDiscoveryService/DeltaSecrets";
constexpr std::string_view create_certificate = "/istio.v1.auth.IstioCertificateService/CreateCertificate";
}  // namespace method

// Types that istiod sends inside TypedStruct; no descriptor of them is built here.
namespace istio_filter {
constexpr std::string_view stats = "type.googleapis.com/stats.PluginConfig";
constexpr std::string_view alpn = "type.googleapis.com/istio.envoy.config.filter.http.alpn.v2alpha1.FilterConfig";
constexpr std::string_view peer_metadata = "type.googleapis.com/io.istio.http.peer_metadata.Config";
constexpr std::string_view metadata_exchange = "type.googleapis.com/envoy.tcp.metadataexchange.config.MetadataExchange";
constexpr std::string_view workload_discovery = "type.googleapis.com/istio.workload.BootstrapExtension";
}  // namespace istio_filter

constexpr std::string_view typed_struct_udpa = "type.googleapis.com/udpa.type.v1.TypedStruct";
constexpr std::string_view typed_struct_xds = "type.googleapis.com/xds.type.v3.TypedStruct";

// "type.googleapis.com/a.b.C" -> "a.b.C"; any prefix that ends with the last slash is taken off.
constexpr std::string_view type_name_of(std::string_view type_url) {
  const size_t slash = type_url.rfind('/');
  return slash == std::string_view::npos ? type_url : type_url.substr(slash + 1);
}

// "CDS", "EDS", "LDS", "RDS", "SDS", "ECDS", "NDS", ... for people; the type name where there is no short one.
std::string_view short_name_of(std::string_view type_url);

}  // namespace lateen::xds
