#include "lib/tls/certificate.h"

#include <algorithm>

#include <openssl/pem.h>

#include "lib/base/ip.h"
#include "lib/base/strings.h"
#include "lib/tls/digest.h"
#include "lib/tls/native.h"

namespace lateen::tls {
namespace {

constexpr size_t max_chain = 1000;  // system trust bundles hold some 150

std::string hexadecimal(const ASN1_INTEGER* number) {
  BignumPtr big(ASN1_INTEGER_to_BN(number, nullptr));
  char* text = big ? BN_bn2hex(big.get()) : nullptr;
  std::string out = text ? lowered(text) : "";
  OPENSSL_free(text);
  return out;
}

std::string der_of(X509* certificate) {
  unsigned char* bytes = nullptr;
  const int size = i2d_X509(certificate, &bytes);
  std::string out(reinterpret_cast<char*>(bytes), static_cast<size_t>(std::max(size, 0)));
  OPENSSL_free(bytes);
  return out;
}

Result<AlternativeNames> names_of(X509* certificate) {
  int critical = -1;
  GeneralNamesPtr names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, &critical, nullptr)));
  if (names) return read_names(names.get());
  // -1: there is none. Else it is there twice or cannot be read, and nobody could say whom the certificate names.
  if (critical != -1) return openssl_failure(ErrorKind::invalid, "subject alternative names");
  return AlternativeNames{};
}

}  // namespace

Result<Certificate> read_certificate(X509Ptr certificate) {
  ERR_clear_error();
  NativeCertificate out;
  auto names = names_of(certificate.get());
  if (!names) return failed(names, "certificate");
  auto subject = text_of(X509_get_subject_name(certificate.get()));
  if (!subject) return failed(subject, "certificate subject");
  auto issuer = text_of(X509_get_issuer_name(certificate.get()));
  if (!issuer) return failed(issuer, "certificate issuer");
  if (!X509_get0_pubkey(certificate.get())) return openssl_failure(ErrorKind::invalid, "certificate's public key");
  out.names = std::move(*names);
  out.subject = std::move(*subject);
  out.issuer = std::move(*issuer);
  out.serial = hexadecimal(X509_get0_serialNumber(certificate.get()));
  out.sha256 = hex_encode(tls::sha256(der_of(certificate.get())));
  out.not_before = wall_time(X509_get0_notBefore(certificate.get()));
  out.not_after = wall_time(X509_get0_notAfter(certificate.get()));
  out.certificate = std::move(certificate);
  return Certificate(std::make_shared<const NativeCertificate>(std::move(out)));
}

Result<Certificate> Certificate::parse_pem(std::string_view pem) {
  auto chain = parse_chain(pem);
  if (!chain) return failed(chain);
  return std::move(chain->front());
}

Result<Certificate> Certificate::parse_der(std::string_view der) {
  ERR_clear_error();
  const auto* bytes = reinterpret_cast<const unsigned char*>(der.data());
  const unsigned char* const end = bytes + der.size();
  X509Ptr certificate(d2i_X509(nullptr, &bytes, static_cast<long>(der.size())));
  if (!certificate) return openssl_failure(ErrorKind::invalid, "certificate");
  if (bytes != end) return fail(ErrorKind::invalid, "certificate: {} bytes follow it", end - bytes);
  return read_certificate(std::move(certificate));
}

Result<std::vector<Certificate>> Certificate::parse_chain(std::string_view pem) {
  ERR_clear_error();
  BioPtr bio = read_only(pem);
  std::vector<Certificate> chain;
  for (;;) {
    X509Ptr next(PEM_read_bio_X509(bio.get(), nullptr, [](char*, int, int, void*) { return 0; }, nullptr));
    if (!next) break;
    if (chain.size() == max_chain) return fail(ErrorKind::too_large, "more than {} certificates", max_chain);
    auto certificate = read_certificate(std::move(next));
    if (!certificate) return failed(certificate, fmt::format("certificate {} of the PEM text", chain.size() + 1));
    chain.push_back(std::move(*certificate));
  }
  const bool at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  if (!at_end)
    return openssl_failure(ErrorKind::invalid, fmt::format("certificate {} of the PEM text", chain.size() + 1));
  ERR_clear_error();
  if (chain.empty()) return fail(ErrorKind::invalid, "no PEM block \"-----BEGIN CERTIFICATE-----\" in the text");
  return chain;
}

const AlternativeNames& Certificate::names() const { return native_->names; }
const std::string& Certificate::subject() const { return native_->subject; }
const std::string& Certificate::issuer() const { return native_->issuer; }
const std::string& Certificate::serial() const { return native_->serial; }
const std::string& Certificate::sha256() const { return native_->sha256; }
WallTime Certificate::not_before() const { return native_->not_before; }
WallTime Certificate::not_after() const { return native_->not_after; }

bool Certificate::is_authority() const { return X509_check_ca(native_->get()) == 1; }

bool Certificate::is_self_signed() const { return X509_self_signed(native_->get(), 1) == 1; }

Result<SpiffeId> Certificate::spiffe_id() const {
  const auto& uris = names().uris;
  if (uris.size() != 1) return fail(ErrorKind::invalid, "the certificate has {} URI names instead of one", uris.size());
  return SpiffeId::parse(uris.front());
}

PublicKey Certificate::public_key() const {
  EVP_PKEY* key = X509_get0_pubkey(native_->get());
  EVP_PKEY_up_ref(key);
  return PublicKey(share(KeyPtr(key)));
}

std::string Certificate::pem() const {
  BioPtr out = memory();
  PEM_write_bio_X509(out.get(), native_->get());
  return content_of(out.get());
}

std::string Certificate::der() const { return der_of(native_->get()); }

std::string pem_of(const std::vector<Certificate>& chain) {
  std::string out;
  for (const auto& certificate : chain) out += certificate.pem();
  return out;
}

namespace {

bool dns_name_matches(std::string_view pattern, std::string_view host) {
  if (host.ends_with('.')) host.remove_suffix(1);
  if (equal_ignoring_case(pattern, host)) return true;
  if (!pattern.starts_with("*.")) return false;
  const size_t dot = host.find('.');
  if (dot == std::string_view::npos || dot == 0) return false;
  const std::string_view rest = pattern.substr(1);  // with its dot
  return rest.find('.', 1) != std::string_view::npos && equal_ignoring_case(rest, host.substr(dot));
}

}  // namespace

bool certifies_host(const Certificate& certificate, std::string_view host) {
  const auto& names = certificate.names();
  if (const auto ip = Ip::parse(host))
    return std::any_of(names.ips.begin(), names.ips.end(), [&](const std::string& text) {
      const auto candidate = Ip::parse(text);
      return candidate && *candidate == *ip;
    });
  return std::any_of(names.dns.begin(), names.dns.end(),
                     [&](const std::string& pattern) { return dns_name_matches(pattern, host); });
}

Result<Credentials> Credentials::parse(std::string_view chain_pem, std::string_view key_pem) {
  auto chain = Certificate::parse_chain(chain_pem);
  if (!chain) return failed(chain);
  auto key = PrivateKey::parse_pem(key_pem);
  if (!key) return failed(key);
  if (!(chain->front().public_key() == key->public_key()))
    return fail(ErrorKind::invalid, "the private key does not belong to the certificate of \"{}\"",
                chain->front().subject().empty() && !chain->front().names().uris.empty()
                    ? chain->front().names().uris.front()
                    : chain->front().subject());
  return Credentials{std::move(*chain), std::move(*key)};
}

namespace {

std::string list(std::string_view label, std::string_view kind, const std::vector<std::string>& names) {
  std::string out;
  for (const auto& name : names) out += fmt::format("{:<12} {}:{}\n", label, kind, name);
  return out;
}

std::string lifetime(const Certificate& certificate, WallTime now) {
  const auto whole = [](Duration d) { return format_duration(std::chrono::floor<std::chrono::seconds>(d)); };
  if (now < certificate.not_before()) return fmt::format("begins in {}", whole(certificate.not_before() - now));
  if (now > certificate.not_after()) return fmt::format("EXPIRED {} ago", whole(now - certificate.not_after()));
  return fmt::format("{} left", whole(certificate.not_after() - now));
}

}  // namespace

std::string describe(const Certificate& certificate, WallTime now) {
  const auto& names = certificate.names();
  std::string out = fmt::format("{:<12} {}\n", "subject", certificate.subject().empty() ? "-" : certificate.subject());
  out += list("name", "URI", names.uris) + list("name", "DNS", names.dns) + list("name", "IP", names.ips) +
         list("name", "email", names.emails);
  out += fmt::format("{:<12} {}\n", "issuer", certificate.issuer().empty() ? "-" : certificate.issuer());
  out += fmt::format("{:<12} {} to {} ({})\n", "valid", format_time(certificate.not_before()),
                     format_time(certificate.not_after()), lifetime(certificate, now));
  out += fmt::format("{:<12} {}\n", "key", certificate.public_key().describe());
  out += fmt::format("{:<12} {}\n", "authority", certificate.is_authority() ? "yes" : "no");
  out += fmt::format("{:<12} {}\n", "serial", certificate.serial());
  out += fmt::format("{:<12} {}", "sha256", certificate.sha256());
  return out;
}

}  // namespace lateen::tls
