// What a Context holds and how the handshake asks it. Private to lib/tls.
#pragma once
#include <mutex>
#include <optional>
#include <unordered_map>

#include "lib/tls/context.h"
#include "lib/tls/trust_native.h"

namespace lateen::tls {

// A peer chain that was found good, and until when this need not be looked at again.
struct PeerVerdict {
  std::vector<Certificate> chain;
  WallTime until;
};

// Verified peers by the digest of their leaf's DER form. The leaf alone identifies the verdict: the context's trust
// does not change, and what the peer proved in this handshake is possession of the leaf's key.
class VerifiedMemo {
 public:
  std::optional<PeerVerdict> find(const std::string& leaf_digest, WallTime now) const;
  void keep(const std::string& leaf_digest, PeerVerdict verdict);

 private:
  static constexpr size_t max_entries = 4096;
  mutable std::mutex mutex_;
  std::unordered_map<std::string, PeerVerdict> verified_;
};

struct NativeContext {
  SslContextPtr context;
  std::string alpn;  // in the wire's form: length, name, length, name
  VerifiedMemo memo;
};

std::string alpn_wire(const std::vector<std::string>& names);

// Callbacks of the library (handshake.cc).
int verify_peer(X509_STORE_CTX* store_context, void*);
int choose_alpn(SSL* ssl, const unsigned char** chosen, unsigned char* chosen_size, const unsigned char* offered,
                unsigned offered_size, void*);

}  // namespace lateen::tls
