// Istio's certificate service as a Signer (istio.md 4.1), over gRPC.
#pragma once
#include "data_plane/agent/control_plane_connection.h"
#include "data_plane/agent/signer.h"

namespace lateen::agent {

struct IstioSignerOptions {
  ControlPlane control_plane;
  std::string token_file;  // read at every request, so a new token is found; may be missing once there is a
  // certificate. PEM blocks behind the token are passed over.

  std::string cluster_id = "Kubernetes";
  Duration call_limit = 10s;
};

// One connection per request: certificates are asked for twice a day.
class IstioSigner final : public Signer {
 public:
  // The network outlives the signer.
  IstioSigner(io::Network& network, IstioSignerOptions options) : network_(network), options_(std::move(options)) {}

  io::Task<Result<SignedChain>> sign(SigningRequest request) override;

 private:
  Result<std::string> token(bool have_certificate) const;

  io::Network& network_;
  IstioSignerOptions options_;
};

}  // namespace lateen::agent
