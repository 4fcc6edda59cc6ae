#include "control_plane/onboard/authenticator.h"

#include "lib/base/log.h"
#include "lib/base/strings.h"

namespace lateen::onboard {
namespace {

log::Component log_("onboard");

std::unexpected<Error> nobody() {
  return fail(ErrorKind::permission,
              "authentication failed: neither a client certificate of this mesh nor a valid "
              "token was shown");
}

}  // namespace

Result<Caller> Authenticator::authenticate(const tls::Session* session, std::string_view authorization,
                                           WallTime now) const {
  if (session && session->peer_verified && session->peer() && session->peer()->valid_at(now)) {
    const auto identity = session->peer()->spiffe_id();
    if (identity && identity->trust_domain == trust_domain_ && identity->is_workload())
      return Caller{{*identity}, Caller::By::certificate};
    log_.info("a client certificate names no workload of {}: {}", trust_domain_, session->peer()->sha256());
  }
  constexpr std::string_view scheme = "bearer ";
  if (authorization.size() <= scheme.size() || !equal_ignoring_case(authorization.substr(0, scheme.size()), scheme))
    return nobody();
  const auto claims = key_.verify(trimmed(authorization.substr(scheme.size())), now);
  if (!claims) return nobody();
  auto identity = tls::SpiffeId::workload(trust_domain_, claims->name_space, claims->service_account);
  if (!identity) return nobody();
  return Caller{{std::move(*identity)}, Caller::By::token};
}

}  // namespace lateen::onboard
