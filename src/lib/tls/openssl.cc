#include "lib/tls/openssl.h"

#include <ctime>

#include <climits>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include "lib/tls/digest.h"

namespace lateen::tls {

std::string content_of(BIO* memory) {
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(memory, &bytes);
  return size > 0 ? std::string(bytes, static_cast<size_t>(size)) : std::string();
}

std::string openssl_reason() {
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  if (code == 0) return "unknown reason";
  const char* text = ERR_reason_error_string(code);
  return text ? text : fmt::format("error {:x}", code);
}

std::unexpected<Error> openssl_failure(ErrorKind kind, std::string_view context) {
  return fail(kind, "{}: {}", context, openssl_reason());
}

WallTime wall_time(const ASN1_TIME* time) {
  std::tm parts{};
  if (!time || ASN1_TIME_to_tm(time, &parts) != 1) return {};
  return lateen::wall_time(timegm(&parts));
}

bool set_asn1_time(ASN1_TIME* out, WallTime time) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time.time_since_epoch()).count();
  return ASN1_TIME_set(out, static_cast<time_t>(seconds)) != nullptr;
}

std::string sha256(std::string_view bytes) {
  std::string out(32, '\0');
  unsigned size = 32;
  EVP_Digest(bytes.data(), bytes.size(), reinterpret_cast<unsigned char*>(out.data()), &size, EVP_sha256(), nullptr);
  return out;
}

std::string hmac_sha256(std::string_view key, std::string_view bytes) {
  std::string out(32, '\0');
  unsigned size = 32;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), reinterpret_cast<const unsigned char*>(bytes.data()),
       bytes.size(), reinterpret_cast<unsigned char*>(out.data()), &size);
  return out;
}

bool equal_in_constant_time(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::string random_bytes(size_t count) {
  std::string out(count, '\0');
  // Without randomness no secret can be made; going on would make guessable ones.
  if (count > INT_MAX || RAND_bytes(reinterpret_cast<unsigned char*>(out.data()), static_cast<int>(count)) != 1)
    std::abort();
  return out;
}

}  // namespace lateen::tls
