// Who is calling: from what a connection and a call show to the identities they may act as.
//
// First the client certificate of the connection (a member renews with what it has), then a token of our own. Nothing
// here says *why* a token was refused: hostile callers get one answer for all reasons; the log says more.
#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "control_plane/onboard/token.h"
#include "lib/tls/connection.h"

namespace lateen::onboard {

struct Caller {
  std::vector<tls::SpiffeId> identities;  // at least one
  enum class By : uint8_t { certificate, token } by = By::token;
};

class Authenticator {
 public:
  Authenticator(TokenKey key, std::string trust_domain)
      : key_(std::move(key)), trust_domain_(std::move(trust_domain)) {}

  // `session` is the TLS session of the call's connection (null: plain text, certificates do not count), whose client
  // certificate was verified in the handshake; `authorization` the value of that header ("Bearer TOKEN") or empty.
  // Fails with `permission` and one text for every reason.
  Result<Caller> authenticate(const tls::Session* session, std::string_view authorization, WallTime now) const;

 private:
  TokenKey key_;
  std::string trust_domain_;
};

}  // namespace lateen::onboard
