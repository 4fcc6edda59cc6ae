#include "lib/tls/key.h"

#include <openssl/core_names.h>
#include <openssl/pem.h>

#include "lib/tls/native.h"

namespace lateen::tls {
namespace {

constexpr int min_rsa_bits = 2048;

struct TypeName {
  KeyType type;
  const char* name;
};
constexpr TypeName type_names[] = {{KeyType::ecdsa_p256, "ecdsa-p256"},
                                   {KeyType::ecdsa_p384, "ecdsa-p384"},
                                   {KeyType::rsa_2048, "rsa-2048"},
                                   {KeyType::rsa_3072, "rsa-3072"},
                                   {KeyType::rsa_4096, "rsa-4096"}};

// Encrypted keys are refused instead of asking at the terminal.
int no_password(char*, int, int, void*) { return 0; }

Result<> check_kind(const EVP_PKEY* key) {
  const int id = EVP_PKEY_get_base_id(key);
  if (id == EVP_PKEY_EC) return {};
  if (id != EVP_PKEY_RSA)
    return fail(ErrorKind::unsupported, "only RSA and ECDSA keys are used, this is {}",
                EVP_PKEY_get0_type_name(key) ? EVP_PKEY_get0_type_name(key) : "another kind");
  if (EVP_PKEY_get_bits(key) < min_rsa_bits)
    return fail(ErrorKind::invalid, "RSA key of {} bits; at least {} are needed", EVP_PKEY_get_bits(key), min_rsa_bits);
  return {};
}

Result<PublicKey> from_parameters(const char* type, OSSL_PARAM* parameters) {
  KeyContextPtr context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
  EVP_PKEY* key = nullptr;
  if (!context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, parameters) != 1)
    return openssl_failure(ErrorKind::invalid, "public key");
  KeyPtr owned(key);
  if (auto r = check_kind(key); !r) return failed(r);
  return PublicKey(share(std::move(owned)));
}

}  // namespace

std::shared_ptr<const NativeKey> share(KeyPtr key) { return std::make_shared<const NativeKey>(std::move(key)); }

const char* name_of(KeyType type) {
  for (const auto& entry : type_names)
    if (entry.type == type) return entry.name;
  return "unknown";
}

Result<KeyType> parse_key_type(std::string_view name) {
  for (const auto& entry : type_names)
    if (name == entry.name) return entry.type;
  return fail(ErrorKind::invalid, "key type \"{}\": expected ecdsa-p256, ecdsa-p384, rsa-2048, rsa-3072 or rsa-4096",
              name);
}

Result<PublicKey> PublicKey::parse_pem(std::string_view pem) {
  ERR_clear_error();
  BioPtr bio = read_only(pem);
  KeyPtr key(PEM_read_bio_PUBKEY(bio.get(), nullptr, no_password, nullptr));
  if (!key) return openssl_failure(ErrorKind::invalid, "public key");
  if (auto r = check_kind(key.get()); !r) return failed(r);
  return PublicKey(share(std::move(key)));
}

Result<PublicKey> PublicKey::from_rsa(std::string_view modulus, std::string_view exponent) {
  const auto number = [](std::string_view bytes) {
    return BignumPtr(
        BN_bin2bn(reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()), nullptr));
  };
  if (modulus.size() > 1024 || exponent.empty() || exponent.size() > 8)
    return fail(ErrorKind::invalid, "RSA public key out of range");
  const BignumPtr n = number(modulus), e = number(exponent);
  // OSSL_PARAM wants native byte order: the builder of the library does the turning.
  std::string n_native(static_cast<size_t>(BN_num_bytes(n.get())), '\0');
  std::string e_native(static_cast<size_t>(BN_num_bytes(e.get())), '\0');
  BN_bn2nativepad(n.get(), reinterpret_cast<unsigned char*>(n_native.data()), static_cast<int>(n_native.size()));
  BN_bn2nativepad(e.get(), reinterpret_cast<unsigned char*>(e_native.data()), static_cast<int>(e_native.size()));
  OSSL_PARAM parameters[] = {
      OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_RSA_N, reinterpret_cast<unsigned char*>(n_native.data()),
                              n_native.size()),
      OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_RSA_E, reinterpret_cast<unsigned char*>(e_native.data()),
                              e_native.size()),
      OSSL_PARAM_construct_end()};
  return from_parameters("RSA", parameters);
}

Result<PublicKey> PublicKey::from_p256(std::string_view x, std::string_view y) {
  if (x.size() != 32 || y.size() != 32) return fail(ErrorKind::invalid, "P-256 coordinates have 32 bytes");
  std::string point = "\x04";
  point.append(x).append(y);
  char group[] = "prime256v1";
  OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
                             OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size()),
                             OSSL_PARAM_construct_end()};
  return from_parameters("EC", parameters);
}

std::string PublicKey::pem() const {
  BioPtr out = memory();
  PEM_write_bio_PUBKEY(out.get(), native_->get());
  return content_of(out.get());
}

std::string PublicKey::spki_der() const {
  unsigned char* bytes = nullptr;
  const int size = i2d_PUBKEY(native_->get(), &bytes);
  std::string out(reinterpret_cast<char*>(bytes), static_cast<size_t>(std::max(size, 0)));
  OPENSSL_free(bytes);
  return out;
}

bool PublicKey::is_rsa() const { return EVP_PKEY_get_base_id(native_->get()) == EVP_PKEY_RSA; }

bool PublicKey::is_p256() const {
  char group[32] = "";
  return !is_rsa() && EVP_PKEY_get_group_name(native_->get(), group, sizeof group, nullptr) == 1 &&
         std::string_view(group) == "prime256v1";
}

std::string PublicKey::describe() const {
  if (is_rsa()) return fmt::format("RSA {}", EVP_PKEY_get_bits(native_->get()));
  return fmt::format("ECDSA P-{}", EVP_PKEY_get_bits(native_->get()));
}

bool PublicKey::verifies(std::string_view message, std::string_view signature) const {
  DigestContextPtr context(EVP_MD_CTX_new());
  const bool good =
      EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, native_->get()) == 1 &&
      EVP_DigestVerify(context.get(), reinterpret_cast<const unsigned char*>(signature.data()), signature.size(),
                       reinterpret_cast<const unsigned char*>(message.data()), message.size()) == 1;
  ERR_clear_error();
  return good;
}

bool PublicKey::operator==(const PublicKey& other) const {
  return EVP_PKEY_eq(native_->get(), other.native_->get()) == 1;
}

Result<PrivateKey> PrivateKey::generate(KeyType type) {
  ERR_clear_error();
  EVP_PKEY* key = nullptr;
  switch (type) {
    case KeyType::ecdsa_p256:
      key = EVP_EC_gen("P-256");
      break;
    case KeyType::ecdsa_p384:
      key = EVP_EC_gen("P-384");
      break;
    case KeyType::rsa_2048:
      key = EVP_RSA_gen(2048);
      break;
    case KeyType::rsa_3072:
      key = EVP_RSA_gen(3072);
      break;
    case KeyType::rsa_4096:
      key = EVP_RSA_gen(4096);
      break;
  }
  if (!key) return openssl_failure(ErrorKind::internal, fmt::format("making a key of type {}", name_of(type)));
  return PrivateKey(share(KeyPtr(key)));
}

Result<PrivateKey> PrivateKey::parse_pem(std::string_view pem) {
  ERR_clear_error();
  if (pem.find("-----BEGIN") == std::string_view::npos)
    return fail(ErrorKind::invalid, "private key: no PEM block (\"-----BEGIN ... PRIVATE KEY-----\") in it");
  if (pem.find("ENCRYPTED") != std::string_view::npos)
    return fail(ErrorKind::unsupported, "private key: it is encrypted; remove its password first");
  BioPtr bio = read_only(pem);
  KeyPtr key(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_password, nullptr));
  if (!key) return openssl_failure(ErrorKind::invalid, "private key");
  if (auto r = check_kind(key.get()); !r) return failed(r, "private key");
  return PrivateKey(share(std::move(key)));
}

std::string PrivateKey::pem() const {
  BioPtr out = memory();
  PEM_write_bio_PKCS8PrivateKey(out.get(), native_->get(), nullptr, nullptr, 0, no_password, nullptr);
  return content_of(out.get());
}

PublicKey PrivateKey::public_key() const { return PublicKey(native_); }

Result<std::string> PrivateKey::sign(std::string_view message) const {
  ERR_clear_error();
  DigestContextPtr context(EVP_MD_CTX_new());
  const auto* bytes = reinterpret_cast<const unsigned char*>(message.data());
  size_t size = 0;
  if (EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, native_->get()) != 1 ||
      EVP_DigestSign(context.get(), nullptr, &size, bytes, message.size()) != 1)
    return openssl_failure(ErrorKind::internal, "signing");
  std::string out(size, '\0');
  if (EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(out.data()), &size, bytes, message.size()) != 1)
    return openssl_failure(ErrorKind::internal, "signing");
  out.resize(size);
  return out;
}

}  // namespace lateen::tls
