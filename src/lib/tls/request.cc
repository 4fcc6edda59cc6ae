// Certificate signing requests.
#include <openssl/pem.h>

#include "lib/tls/native.h"

namespace lateen::tls {
namespace {

Result<std::string> common_name_of(X509_NAME* subject) {
  const int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
  if (at < 0) return std::string();
  unsigned char* bytes = nullptr;
  const int size = ASN1_STRING_to_UTF8(&bytes, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
  if (size < 0) return openssl_failure(ErrorKind::invalid, "common name");
  std::string out(reinterpret_cast<char*>(bytes), static_cast<size_t>(size));
  OPENSSL_free(bytes);
  if (out.find('\0') != std::string::npos) return fail(ErrorKind::invalid, "the common name holds NUL");
  return out;
}

Result<RequestNames> names_of(X509_REQ* request) {
  RequestNames out;
  auto common_name = common_name_of(X509_REQ_get_subject_name(request));
  if (!common_name) return failed(common_name);
  out.common_name = std::move(*common_name);
  ExtensionsPtr extensions(X509_REQ_get_extensions(request));
  if (!extensions) return out;
  int critical = -1;
  GeneralNamesPtr names(
      static_cast<GENERAL_NAMES*>(X509V3_get_d2i(extensions.get(), NID_subject_alt_name, &critical, nullptr)));
  if (!names && critical != -1) return openssl_failure(ErrorKind::invalid, "subject alternative names");
  if (!names) return out;
  auto read = read_names(names.get());
  if (!read) return failed(read);
  out.names = std::move(*read);
  return out;
}

}  // namespace

Result<CertificateRequest> CertificateRequest::parse_pem(std::string_view pem) {
  ERR_clear_error();
  constexpr std::string_view what = "certificate signing request";
  BioPtr bio = read_only(pem);
  X509RequestPtr request(PEM_read_bio_X509_REQ(bio.get(), nullptr, nullptr, nullptr));
  if (!request) return openssl_failure(ErrorKind::invalid, what);
  KeyPtr key(X509_REQ_get_pubkey(request.get()));
  if (!key) return openssl_failure(ErrorKind::invalid, fmt::format("{}: public key", what));
  if (X509_REQ_verify(request.get(), key.get()) != 1) {
    ERR_clear_error();
    return fail(ErrorKind::invalid, "{}: it is not signed by its own key", what);
  }
  const int kind = EVP_PKEY_get_base_id(key.get());
  if (kind != EVP_PKEY_EC && kind != EVP_PKEY_RSA)
    return fail(ErrorKind::unsupported, "{}: only RSA and ECDSA keys are certified", what);
  if (kind == EVP_PKEY_RSA && EVP_PKEY_get_bits(key.get()) < 2048)
    return fail(ErrorKind::invalid, "{}: an RSA key of {} bits; at least 2048 are needed", what,
                EVP_PKEY_get_bits(key.get()));
  auto names = names_of(request.get());
  if (!names) return failed(names, what);
  return CertificateRequest(std::string(pem), std::move(*names), PublicKey(share(std::move(key))));
}

Result<CertificateRequest> CertificateRequest::make(const PrivateKey& key, const RequestNames& names) {
  ERR_clear_error();
  X509RequestPtr request(X509_REQ_new());
  X509_REQ_set_version(request.get(), X509_REQ_VERSION_1);
  X509_REQ_set_pubkey(request.get(), key.native().get());
  if (!names.common_name.empty()) {
    X509_NAME* subject = X509_REQ_get_subject_name(request.get());
    if (X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8,
                                   reinterpret_cast<const unsigned char*>(names.common_name.data()),
                                   static_cast<int>(names.common_name.size()), -1, 0) != 1)
      return openssl_failure(ErrorKind::invalid, fmt::format("common name \"{}\"", names.common_name));
  }
  auto san = write_names(names.names, names.common_name.empty());
  if (!san) return failed(san);
  if (!*san && names.common_name.empty()) return fail(ErrorKind::invalid, "a signing request needs a name");
  if (*san) {
    ExtensionsPtr extensions(sk_X509_EXTENSION_new_null());
    sk_X509_EXTENSION_push(extensions.get(), san->release());
    if (X509_REQ_add_extensions(request.get(), extensions.get()) != 1)
      return openssl_failure(ErrorKind::internal, "adding names to the signing request");
  }
  if (X509_REQ_sign(request.get(), key.native().get(), EVP_sha256()) <= 0)
    return openssl_failure(ErrorKind::internal, "signing the request");
  BioPtr out = memory();
  PEM_write_bio_X509_REQ(out.get(), request.get());
  return parse_pem(content_of(out.get()));
}

}  // namespace lateen::tls
