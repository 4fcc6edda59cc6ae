// Chain verification as trust.cc and the handshake share it. Private to lib/tls.
#pragma once
#include "lib/tls/native.h"
#include "lib/tls/trust.h"

namespace lateen::tls {

struct NativeTrust {
  X509StorePtr store;
  TrustOptions options;
};

// Verifies what the context was initialised with, at that time; the error says what is wrong at which depth.
Result<> run_verification(X509_STORE_CTX* context, const NativeTrust& trust, WallTime now);

}  // namespace lateen::tls
