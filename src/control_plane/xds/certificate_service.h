// Istio's certificate service (spec/istio.md section 4.1) over our certificate authority: a member shows who it is and
// gets its key signed for that identity, whatever names its request carries.
#pragma once
#include <memory>

#include "control_plane/ca/certificate_authority.h"
#include "control_plane/onboard/authenticator.h"
#include "control_plane/xds/discovery.h"

namespace lateen::discovery {

// The rule of the control plane's TLS port: a client certificate of the mesh, else a token. `authenticator` outlives
// what it returns.
Authenticate authenticate_by(const onboard::Authenticator& authenticator);

// IstioCertificateService.CreateCertificate: UNAUTHENTICATED without valid credentials, INVALID_ARGUMENT for a bad
// request or life time, INTERNAL when nothing can be signed now. `authority` outlives the method.
void add_certificate_service(grpc::Server& server, ca::CertificateAuthority& authority, Authenticate authenticate);

}  // namespace lateen::discovery
