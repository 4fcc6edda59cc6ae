// OpenSSL behind RAII. Private to lib/tls: included by its .cc files only, so that no other folder sees the library.
#pragma once
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "lib/base/result.h"
#include "lib/base/time.h"

namespace lateen::tls {

template <auto free_function>
struct Free {
  template <class T>
  void operator()(T* object) const {
    free_function(object);
  }
};

inline void free_extensions(STACK_OF(X509_EXTENSION) * stack) {
  sk_X509_EXTENSION_pop_free(stack, X509_EXTENSION_free);
}
inline void free_x509_stack(STACK_OF(X509) * stack) { sk_X509_free(stack); }  // the certificates belong to others

using BioPtr = std::unique_ptr<BIO, Free<BIO_free>>;
using KeyPtr = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>>;
using X509Ptr = std::unique_ptr<X509, Free<X509_free>>;
using X509RequestPtr = std::unique_ptr<X509_REQ, Free<X509_REQ_free>>;
using X509NamePtr = std::unique_ptr<X509_NAME, Free<X509_NAME_free>>;
using X509StorePtr = std::unique_ptr<X509_STORE, Free<X509_STORE_free>>;
using X509StoreContextPtr = std::unique_ptr<X509_STORE_CTX, Free<X509_STORE_CTX_free>>;
using CrlPtr = std::unique_ptr<X509_CRL, Free<X509_CRL_free>>;
using ExtensionPtr = std::unique_ptr<X509_EXTENSION, Free<X509_EXTENSION_free>>;
using ExtensionsPtr = std::unique_ptr<STACK_OF(X509_EXTENSION), Free<free_extensions>>;
using X509StackPtr = std::unique_ptr<STACK_OF(X509), Free<free_x509_stack>>;
using GeneralNamesPtr = std::unique_ptr<GENERAL_NAMES, Free<GENERAL_NAMES_free>>;
using DigestContextPtr = std::unique_ptr<EVP_MD_CTX, Free<EVP_MD_CTX_free>>;
using KeyContextPtr = std::unique_ptr<EVP_PKEY_CTX, Free<EVP_PKEY_CTX_free>>;
using BignumPtr = std::unique_ptr<BIGNUM, Free<BN_free>>;
using SslPtr = std::unique_ptr<SSL, Free<SSL_free>>;
using SslContextPtr = std::unique_ptr<SSL_CTX, Free<SSL_CTX_free>>;

// A BIO that reads the text without copying it; the text must outlive it.
inline BioPtr read_only(std::string_view text) {
  return BioPtr(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}
inline BioPtr memory() { return BioPtr(BIO_new(BIO_s_mem())); }
std::string content_of(BIO* memory);

// The first error of this thread's queue in the library's words ("unsupported algorithm"), the queue emptied.
std::string openssl_reason();
// fail(kind, "CONTEXT: REASON") from that queue.
std::unexpected<Error> openssl_failure(ErrorKind kind, std::string_view context);

WallTime wall_time(const ASN1_TIME* time);          // the epoch when it cannot be read
bool set_asn1_time(ASN1_TIME* out, WallTime time);  // whole seconds, UTC

}  // namespace lateen::tls
