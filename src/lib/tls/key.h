// Private and public keys as values: cheap to copy, immutable, shared between threads.
#pragma once
#include <memory>
#include <string>
#include <string_view>

#include "lib/base/result.h"

namespace lateen::tls {

enum class KeyType : uint8_t { ecdsa_p256, ecdsa_p384, rsa_2048, rsa_3072, rsa_4096 };

// "ecdsa-p256", "rsa-2048", ...
const char* name_of(KeyType type);
Result<KeyType> parse_key_type(std::string_view name);

// OpenSSL's object, seen from .cc files of this folder only.
struct NativeKey;

class PublicKey {
 public:
  explicit PublicKey(std::shared_ptr<const NativeKey> native) : native_(std::move(native)) {}
  static Result<PublicKey> parse_pem(std::string_view pem);  // "BEGIN PUBLIC KEY"
  // From a JSON Web Key's members (RFC 7518 section 6), already decoded from base64url.
  static Result<PublicKey> from_rsa(std::string_view modulus, std::string_view exponent);
  static Result<PublicKey> from_p256(std::string_view x, std::string_view y);

  std::string pem() const;
  std::string spki_der() const;  // SubjectPublicKeyInfo
  std::string describe() const;  // "ECDSA P-256", "RSA 2048"
  bool is_rsa() const;
  bool is_p256() const;
  // SHA-256 signatures: RSA PKCS#1 v1.5, or ECDSA in ASN.1 form.
  bool verifies(std::string_view message, std::string_view signature) const;
  bool operator==(const PublicKey& other) const;
  const NativeKey& native() const { return *native_; }

 private:
  std::shared_ptr<const NativeKey> native_;
};

class PrivateKey {
 public:
  explicit PrivateKey(std::shared_ptr<const NativeKey> native) : native_(std::move(native)) {}
  static Result<PrivateKey> generate(KeyType type = KeyType::ecdsa_p256);
  // PKCS#8, SEC1 or PKCS#1; the first key of the text. Fails with `invalid` for anything else, a key that is encrypted,
  // an RSA key under 2048 bits.
  static Result<PrivateKey> parse_pem(std::string_view pem);

  std::string pem() const;  // PKCS#8
  PublicKey public_key() const;
  std::string describe() const { return public_key().describe(); }
  Result<std::string> sign(std::string_view message) const;  // as PublicKey::verifies expects it
  const NativeKey& native() const { return *native_; }

 private:
  std::shared_ptr<const NativeKey> native_;
};

}  // namespace lateen::tls
