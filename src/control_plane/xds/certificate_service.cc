#include "control_plane/xds/certificate_service.h"

#include "config/xds/names.h"
#include "config/xds/protos.h"
#include "istio/v1/auth/ca.pb.h"
#include "lib/base/log.h"

namespace lateen::discovery {

static log::Component log_("ca");

namespace {

using istio::v1::auth::IstioCertificateRequest;
using istio::v1::auth::IstioCertificateResponse;

grpc::Reply<IstioCertificateResponse> create_certificate(ca::CertificateAuthority& authority,
                                                         const Authenticate& authenticate, grpc::ServerCall& call,
                                                         const IstioCertificateRequest& request) {
  const auto identities = authenticate(call);
  if (!identities) return grpc::refuse(grpc::Code::unauthenticated, identities.error().message);
  const Duration life = bounded(std::chrono::seconds(std::max<int64_t>(request.validity_duration(), 0)));
  const auto now = call.loop().wall_now();
  const auto issued = authority.sign(request.csr(), *identities, life, now);
  const auto peer = call.transport().remote().text();
  if (!issued) {
    log_.warning("{} ({}): no certificate: {}", peer, identities->front().text(), issued.error().message);
    const bool theirs = issued.error().kind == ErrorKind::invalid;
    return grpc::refuse(theirs ? grpc::Code::invalid_argument : grpc::Code::internal, issued.error().message);
  }
  log_.info("{}: certificate for {} until {}", peer, identities->front().text(),
            format_time(issued->chain.front().not_after()));
  IstioCertificateResponse response;
  for (auto& pem : issued->pem()) response.add_cert_chain(std::move(pem));
  return response;
}

}  // namespace

Authenticate authenticate_by(const onboard::Authenticator& authenticator) {
  return [&authenticator](grpc::ServerCall& call) -> Result<std::vector<tls::SpiffeId>> {
    auto caller = authenticator.authenticate(tls::session_of(call.transport()), call.metadata().value("authorization"),
                                             call.loop().wall_now());
    if (!caller) return failed(caller);
    return std::move(caller->identities);
  };
}

void add_certificate_service(grpc::Server& server, ca::CertificateAuthority& authority, Authenticate authenticate) {
  using Reply = grpc::Reply<IstioCertificateResponse>;
  const auto create = [&authority, authenticate = std::move(authenticate)](
                          grpc::ServerCall& call, IstioCertificateRequest request) -> io::Task<Reply> {
    const auto later = [](Reply reply) -> io::Task<Reply> { co_return reply; };
    return later(create_certificate(authority, authenticate, call, request));
  };
  server.add(std::string(xds::method::create_certificate),
             grpc::unary<IstioCertificateRequest, IstioCertificateResponse>(create));
}

}  // namespace lateen::discovery
