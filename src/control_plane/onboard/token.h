// Tokens that let a workload become a member: JSON Web Tokens (RFC 7519) with an HMAC of our own key (HS256), in the
// form of Kubernetes' service account tokens, so that they read alike: sub "system:serviceaccount:NS:SA", aud
// ["istio-ca"].
#pragma once
#include <string>
#include <string_view>

#include "lib/base/time.h"

namespace lateen::onboard {

struct TokenClaims {
  std::string name_space, service_account;
  std::string audience = "istio-ca";
  WallTime not_before, expires;
  std::string id;  // "jti": names the token in logs; made by issue() when empty
};

// The key that signs and verifies tokens: 32 random bytes in the state folder's token-key file (mode 0600). Copyable;
// whoever holds it can make members.
class TokenKey {
 public:
  // Opens DIRECTORY/token-key, made at the first call. Fails with the file's name and the reason.
  static Result<TokenKey> open(const std::string& directory);
  static TokenKey random();

  std::string issue(TokenClaims claims, WallTime now) const;

  // The claims of a valid token of ours. Every other text, of any size and content, gives the same `permission` error;
  // nothing tells which check failed.
  Result<TokenClaims> verify(std::string_view token, WallTime now, std::string_view audience = "istio-ca") const;

 private:
  explicit TokenKey(std::string secret) : secret_(std::move(secret)) {}
  std::string secret_;
};

}  // namespace lateen::onboard
