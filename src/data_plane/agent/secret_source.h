// Where a proxy's secrets come from when they do not come over xDS: this member's own certificate and the roots it
// trusts.
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace lateen::agent {

// A named secret at one instant: certificate and key, or trusted roots; PEM.
struct Secret {
  std::string chain, key;  // the certificate chain, leaf first, and its key; both empty for roots
  std::string roots;       // trusted certificates; empty for a certificate
  std::string crl;         // revocation lists beside the roots; may be empty
  bool operator==(const Secret&) const = default;
};
using SecretPtr = std::shared_ptr<const Secret>;

// Lives on one loop's thread. Names follow Istio: "default" and "ROOTCA", "file-cert:CERT~KEY", "file-root:FILE".
class SecretSource {
 public:
  // Called at once when the secret is there, and again after each change, on the source's loop. A secret that becomes
  // unreadable keeps its last value: watchers hear of good ones only.
  using Changed = std::function<void(SecretPtr)>;

  // Ends the watch when it dies; may outlive the source.
  class Watch {
   public:
    virtual ~Watch() = default;
  };

  virtual ~SecretSource() = default;
  virtual std::unique_ptr<Watch> watch(std::string name, Changed changed) = 0;
};

}  // namespace lateen::agent
