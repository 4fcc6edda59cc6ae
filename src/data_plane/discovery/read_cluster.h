// envoy.config.cluster.v3.Cluster and ClusterLoadAssignment to the settings of data_plane/upstream.
#pragma once
#include "data_plane/discovery/tls_contexts.h"
#include "data_plane/upstream/cluster_settings.h"

namespace lateen::discovery {

// Fails, naming the field, when the cluster cannot be served at all; what is merely not honoured goes to the notes.
Result<std::shared_ptr<const upstream::ClusterSettings>> read_cluster(
    const envoy::config::cluster::v3::Cluster& message, TlsContexts& tls, Notes& notes);

Result<std::shared_ptr<const upstream::EndpointSet>> read_endpoints(
    const envoy::config::endpoint::v3::ClusterLoadAssignment& message, Notes& notes);
// For DNS clusters: endpoints whose address is a name, which goes to `hostname` with address 0.0.0.0:PORT.
Result<std::shared_ptr<const upstream::EndpointSet>> read_named_endpoints(
    const envoy::config::endpoint::v3::ClusterLoadAssignment& message, Notes& notes);

}  // namespace lateen::discovery
