#include "lib/tls/trust.h"

#include <openssl/pem.h>

#include "lib/tls/trust_native.h"

namespace lateen::tls {
namespace {

Result<> add_revocation_lists(X509_STORE* store, std::string_view pem, const TrustOptions& options) {
  BioPtr bio = read_only(pem);
  int count = 0;
  for (;; ++count) {
    CrlPtr crl(PEM_read_bio_X509_CRL(bio.get(), nullptr, nullptr, nullptr));
    if (!crl) break;
    if (X509_STORE_add_crl(store, crl.get()) != 1) return openssl_failure(ErrorKind::invalid, "revocation list");
  }
  const bool at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  if (!at_end || count == 0) return openssl_failure(ErrorKind::invalid, "revocation list");
  ERR_clear_error();
  X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK | (options.crl_for_leaf_only ? 0 : X509_V_FLAG_CRL_CHECK_ALL));
  return {};
}

int accept_expired(int good, X509_STORE_CTX* context) {
  const int error = X509_STORE_CTX_get_error(context);
  const bool about_dates = error == X509_V_ERR_CERT_HAS_EXPIRED || error == X509_V_ERR_CERT_NOT_YET_VALID;
  if (!good && about_dates) {
    X509_STORE_CTX_set_error(context, X509_V_OK);
    return 1;
  }
  return good;
}

}  // namespace

Result<> run_verification(X509_STORE_CTX* context, const NativeTrust& trust, WallTime now) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(now.time_since_epoch()).count();
  X509_STORE_CTX_set_time(context, 0, static_cast<time_t>(seconds));
  X509_STORE_CTX_set_flags(context, X509_V_FLAG_PARTIAL_CHAIN);
  X509_VERIFY_PARAM_set_depth(X509_STORE_CTX_get0_param(context), 100);
  if (trust.options.allow_expired) X509_STORE_CTX_set_verify_cb(context, accept_expired);
  const int good = X509_verify_cert(context);
  ERR_clear_error();
  if (good == 1) return {};
  int error = X509_STORE_CTX_get_error(context);
  if (error == X509_V_OK) error = X509_V_ERR_UNSPECIFIED;
  return fail(ErrorKind::tls, "certificate verification error at depth {}: {}",
              std::max(0, X509_STORE_CTX_get_error_depth(context)), X509_verify_cert_error_string(error));
}

Result<std::shared_ptr<const TrustBundle>> TrustBundle::parse(std::string_view certificates_pem,
                                                              std::string_view crl_pem, TrustOptions options) {
  auto certificates = Certificate::parse_chain(certificates_pem);
  if (!certificates) return failed(certificates, "trusted certificates");
  NativeTrust native{X509StorePtr(X509_STORE_new()), options};
  for (const auto& certificate : *certificates)
    if (X509_STORE_add_cert(native.store.get(), certificate.native().get()) != 1)
      return openssl_failure(ErrorKind::invalid, "trusted certificates");
  if (!crl_pem.empty())
    if (auto r = add_revocation_lists(native.store.get(), crl_pem, options); !r) return failed(r);
  auto bundle = std::shared_ptr<TrustBundle>(new TrustBundle);
  bundle->certificates_ = std::move(*certificates);
  bundle->native_ = std::make_shared<const NativeTrust>(std::move(native));
  return bundle;
}

Result<std::shared_ptr<const TrustBundle>> TrustBundle::system() {
  NativeTrust native{X509StorePtr(X509_STORE_new()), {}};
  if (X509_STORE_set_default_paths(native.store.get()) != 1)
    return openssl_failure(ErrorKind::not_found, "the system's trusted certificates");
  auto bundle = std::shared_ptr<TrustBundle>(new TrustBundle);
  bundle->native_ = std::make_shared<const NativeTrust>(std::move(native));
  return bundle;
}

Result<> TrustBundle::verify(const std::vector<Certificate>& chain, WallTime now, Purpose purpose) const {
  if (chain.empty()) return fail(ErrorKind::tls, "no certificate to verify");
  X509StackPtr others(sk_X509_new_null());
  for (size_t i = 1; i < chain.size(); ++i) sk_X509_push(others.get(), chain[i].native().get());
  X509StoreContextPtr context(X509_STORE_CTX_new());
  if (!context ||
      X509_STORE_CTX_init(context.get(), native_->store.get(), chain.front().native().get(), others.get()) != 1)
    return openssl_failure(ErrorKind::internal, "certificate verification");
  if (purpose != Purpose::any)
    X509_STORE_CTX_set_purpose(context.get(),
                               purpose == Purpose::server ? X509_PURPOSE_SSL_SERVER : X509_PURPOSE_SSL_CLIENT);
  return run_verification(context.get(), *native_, now);
}

}  // namespace lateen::tls
