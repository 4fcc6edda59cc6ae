// Who signs this member's certificates.
#pragma once
#include "data_plane/agent/secret_source.h"
#include "lib/base/time.h"
#include "lib/io/task.h"
#include "lib/tls/certificate.h"

namespace lateen::agent {

struct SigningRequest {
  std::string csr_pem;
  Duration ttl = 24h;
  SecretPtr certificate;  // what this member has now, to authenticate with; null at first
  SecretPtr roots;        // what it trusts now; null: the signer's own bootstrap roots
};

struct SignedChain {
  std::vector<tls::Certificate> chain;  // leaf first
  std::string roots_pem;
};

class Signer {
 public:
  virtual ~Signer() = default;
  // `permission` when the signer does not accept who we are: trying again without a new token is in vain. Time limits
  // are the caller's.
  virtual io::Task<Result<SignedChain>> sign(SigningRequest request) = 0;
};

}  // namespace lateen::agent
