#include "lib/tls/issue.h"

#include "lib/tls/digest.h"
#include "lib/tls/native.h"

namespace lateen::tls {
namespace {

Result<> add_entry(X509_NAME* name, const char* field, const std::string& value) {
  if (value.empty()) return {};
  const auto* bytes = reinterpret_cast<const unsigned char*>(value.data());
  if (value.find('\0') != std::string::npos ||
      X509_NAME_add_entry_by_txt(name, field, MBSTRING_UTF8, bytes, static_cast<int>(value.size()), -1, 0) != 1) {
    ERR_clear_error();
    return fail(ErrorKind::invalid, "\"{}\" cannot be the {} of a certificate (1 to 64 characters of UTF-8)", value,
                std::string_view(field) == "CN" ? "common name" : "organization");
  }
  return {};
}

Result<> add_extension(X509* certificate, X509V3_CTX& context, int kind, const std::string& value) {
  ExtensionPtr extension(X509V3_EXT_nconf_nid(nullptr, &context, kind, value.c_str()));
  if (!extension || X509_add_ext(certificate, extension.get(), -1) != 1)
    return openssl_failure(ErrorKind::internal, fmt::format("certificate extension {}", OBJ_nid2sn(kind)));
  return {};
}

Result<> add_extensions(X509* certificate, X509* issuer, const CertificatePlan& plan) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer ? issuer : certificate, certificate, nullptr, nullptr, 0);
  std::vector<std::pair<int, std::string>> extensions;
  if (plan.authority) {
    extensions.emplace_back(NID_basic_constraints, plan.path_length < 0
                                                       ? "critical,CA:TRUE"
                                                       : fmt::format("critical,CA:TRUE,pathlen:{}", plan.path_length));
    extensions.emplace_back(NID_key_usage, "critical,keyCertSign,cRLSign");
  } else {
    extensions.emplace_back(NID_basic_constraints, "critical,CA:FALSE");
    extensions.emplace_back(NID_key_usage, "critical,digitalSignature,keyEncipherment");
    extensions.emplace_back(NID_ext_key_usage, "serverAuth,clientAuth");
  }
  if (plan.authority) extensions.emplace_back(NID_subject_key_identifier, "hash");
  if (issuer) extensions.emplace_back(NID_authority_key_identifier, "keyid");
  for (const auto& [kind, value] : extensions)
    if (auto r = add_extension(certificate, context, kind, value); !r) return r;

  auto san = write_names(plan.names, plan.common_name.empty() && plan.organization.empty());
  if (!san) return failed(san);
  if (*san && X509_add_ext(certificate, san->get(), -1) != 1)
    return openssl_failure(ErrorKind::internal, "certificate names");
  return {};
}

Result<> set_serial(X509* certificate) {
  std::string bytes = random_bytes(16);
  bytes[0] = static_cast<char>((bytes[0] & 0x7f) | 0x40);  // positive, and always of the same length
  BignumPtr number(BN_bin2bn(reinterpret_cast<const unsigned char*>(bytes.data()), 16, nullptr));
  if (!BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)))
    return openssl_failure(ErrorKind::internal, "serial number");
  return {};
}

// issuer null: self-signed.
Result<Certificate> make(EVP_PKEY* subject_key, const CertificatePlan& plan, X509* issuer, EVP_PKEY* issuer_key) {
  ERR_clear_error();
  X509Ptr certificate(X509_new());
  X509_set_version(certificate.get(), X509_VERSION_3);
  if (auto r = set_serial(certificate.get()); !r) return failed(r);
  if (plan.not_after <= plan.not_before) return fail(ErrorKind::invalid, "the certificate would never be valid");
  if (!set_asn1_time(X509_getm_notBefore(certificate.get()), plan.not_before) ||
      !set_asn1_time(X509_getm_notAfter(certificate.get()), plan.not_after))
    return openssl_failure(ErrorKind::invalid, "validity");
  X509_NAME* subject = X509_get_subject_name(certificate.get());
  if (auto r = add_entry(subject, "O", plan.organization); !r) return failed(r);
  if (auto r = add_entry(subject, "CN", plan.common_name); !r) return failed(r);
  X509_set_issuer_name(certificate.get(), issuer ? X509_get_subject_name(issuer) : subject);
  X509_set_pubkey(certificate.get(), subject_key);
  if (auto r = add_extensions(certificate.get(), issuer, plan); !r) return failed(r);
  if (X509_sign(certificate.get(), issuer_key, EVP_sha256()) <= 0)
    return openssl_failure(ErrorKind::internal, "signing the certificate");
  return read_certificate(std::move(certificate));
}

}  // namespace

Result<Certificate> make_self_signed(const PrivateKey& key, const CertificatePlan& plan) {
  return make(key.native().get(), plan, nullptr, key.native().get());
}

Result<Certificate> issue(const PublicKey& subject_key, const CertificatePlan& plan, const Certificate& issuer,
                          const PrivateKey& issuer_key) {
  if (!issuer.is_authority())
    return fail(ErrorKind::invalid, "\"{}\" is no certificate authority and cannot sign", issuer.subject());
  if (!(issuer.public_key() == issuer_key.public_key()))
    return fail(ErrorKind::invalid, "the key does not belong to the authority \"{}\"", issuer.subject());
  CertificatePlan cut = plan;
  cut.not_after = std::min(plan.not_after, issuer.not_after());
  return make(subject_key.native().get(), cut, issuer.native().get(), issuer_key.native().get());
}

}  // namespace lateen::tls
