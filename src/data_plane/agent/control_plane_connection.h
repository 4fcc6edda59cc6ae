// The way to the control plane: TLS that checks the server by the mesh's roots and shows this member's certificate once
// it has one.
#pragma once
#include "data_plane/agent/secret_source.h"
#include "lib/io/network.h"

namespace lateen::agent {

struct ControlPlane {
  SocketAddress address;
  std::string server_name = "istiod.istio-system.svc";  // what its certificate must name (ISTIOD_SAN)
  std::string roots_pem;                                // trusted until the mesh's own roots arrive
  bool plaintext = false;  // no TLS (port 15010): for tests and for hosts that trust their network
};

// A connection with ALPN h2. `certificate` and `roots` may be null. Fails as io::Network::connect and tls::connect do,
// and with `tls` when the server's certificate is for another name.
io::Task<Result<std::unique_ptr<io::Transport>>> connect_to_control_plane(io::Network& network,
                                                                          ControlPlane control_plane,
                                                                          SecretPtr certificate, SecretPtr roots);

}  // namespace lateen::agent
