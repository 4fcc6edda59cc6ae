// Names in certificates: SAN extensions and distinguished names, read and written.
#include <algorithm>

#include "lib/base/ip.h"
#include "lib/tls/native.h"

namespace lateen::tls {
namespace {

constexpr int max_names = 1000;

Result<std::string> plain_text(const ASN1_STRING* value, std::string_view what) {
  const auto* bytes = reinterpret_cast<const char*>(ASN1_STRING_get0_data(value));
  std::string text(bytes, static_cast<size_t>(ASN1_STRING_length(value)));
  const bool plain = std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f; });
  if (!plain) return fail(ErrorKind::invalid, "a {} name holds NUL, blanks, control or non-ASCII bytes", what);
  return text;
}

Result<std::string> ip_text(const ASN1_OCTET_STRING* value) {
  const unsigned char* bytes = ASN1_STRING_get0_data(value);
  if (ASN1_STRING_length(value) == 4)
    return Ip::v4(uint32_t{bytes[0]} << 24 | uint32_t{bytes[1]} << 16 | uint32_t{bytes[2]} << 8 | bytes[3]).text();
  if (ASN1_STRING_length(value) != 16) return fail(ErrorKind::invalid, "an IP name is neither 4 nor 16 bytes long");
  std::array<uint8_t, 16> six{};
  std::copy_n(bytes, 16, six.begin());
  return Ip::v6(six).text();
}

// Text values of an otherName; other types of value are passed over.
Result<> add_other(const OTHERNAME* other, std::vector<std::string>& out) {
  const ASN1_TYPE* value = other->value;
  if (!value || (value->type != V_ASN1_UTF8STRING && value->type != V_ASN1_IA5STRING)) return {};
  const auto* bytes = reinterpret_cast<const char*>(ASN1_STRING_get0_data(value->value.asn1_string));
  const std::string text(bytes, static_cast<size_t>(ASN1_STRING_length(value->value.asn1_string)));
  if (text.find('\0') != std::string::npos) return fail(ErrorKind::invalid, "an otherName holds NUL");
  out.push_back(text);
  return {};
}

Result<> add_name(const GENERAL_NAME* name, AlternativeNames& out) {
  const auto keep = [](Result<std::string> text, std::vector<std::string>& into) -> Result<> {
    if (!text) return failed(text);
    into.push_back(std::move(*text));
    return {};
  };
  switch (name->type) {
    case GEN_URI:
      return keep(plain_text(name->d.uniformResourceIdentifier, "URI"), out.uris);
    case GEN_DNS:
      return keep(plain_text(name->d.dNSName, "DNS"), out.dns);
    case GEN_EMAIL:
      return keep(plain_text(name->d.rfc822Name, "email"), out.emails);
    case GEN_IPADD:
      return keep(ip_text(name->d.iPAddress), out.ips);
    case GEN_OTHERNAME:
      return add_other(name->d.otherName, out.others);
    default:
      return {};  // directory names, registered ids: nobody matches them
  }
}

// Takes the name into the stack.
Result<> push(GENERAL_NAMES* stack, int type, ASN1_STRING* value) {
  GENERAL_NAME* name = GENERAL_NAME_new();
  GENERAL_NAME_set0_value(name, type, value);
  sk_GENERAL_NAME_push(stack, name);
  return {};
}

Result<> push_text(GENERAL_NAMES* stack, int type, const std::string& text, std::string_view what) {
  const bool plain = std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f; });
  if (text.empty() || !plain) return fail(ErrorKind::invalid, "{} name \"{}\" is empty or not plain ASCII", what, text);
  ASN1_IA5STRING* value = ASN1_IA5STRING_new();
  ASN1_STRING_set(value, text.data(), static_cast<int>(text.size()));
  return push(stack, type, value);
}

Result<> push_ip(GENERAL_NAMES* stack, const std::string& text) {
  const auto ip = Ip::parse(text);
  if (!ip) return failed(ip);
  ASN1_OCTET_STRING* value = ASN1_OCTET_STRING_new();
  ASN1_OCTET_STRING_set(value, ip->bytes().data(), ip->is_v4() ? 4 : 16);
  return push(stack, GEN_IPADD, value);
}

}  // namespace

Result<AlternativeNames> read_names(const GENERAL_NAMES* names) {
  AlternativeNames out;
  if (sk_GENERAL_NAME_num(names) > max_names) return fail(ErrorKind::too_large, "more than {} names", max_names);
  for (int i = 0; i < sk_GENERAL_NAME_num(names); ++i)
    if (auto r = add_name(sk_GENERAL_NAME_value(names, i), out); !r) return failed(r);
  return out;
}

Result<ExtensionPtr> write_names(const AlternativeNames& names, bool critical) {
  GeneralNamesPtr stack(GENERAL_NAMES_new());
  if (!names.others.empty()) return fail(ErrorKind::unsupported, "otherName values cannot be issued");
  for (const auto& uri : names.uris)
    if (auto r = push_text(stack.get(), GEN_URI, uri, "URI"); !r) return failed(r);
  for (const auto& dns : names.dns)
    if (auto r = push_text(stack.get(), GEN_DNS, dns, "DNS"); !r) return failed(r);
  for (const auto& email : names.emails)
    if (auto r = push_text(stack.get(), GEN_EMAIL, email, "email"); !r) return failed(r);
  for (const auto& ip : names.ips)
    if (auto r = push_ip(stack.get(), ip); !r) return failed(r);
  if (sk_GENERAL_NAME_num(stack.get()) == 0) return ExtensionPtr();
  ExtensionPtr extension(X509V3_EXT_i2d(NID_subject_alt_name, critical ? 1 : 0, stack.get()));
  if (!extension) return openssl_failure(ErrorKind::internal, "writing subject alternative names");
  return extension;
}

Result<std::string> text_of(const X509_NAME* name) {
  for (int i = 0; i < X509_NAME_entry_count(name); ++i) {
    const ASN1_STRING* value = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, i));
    const std::string_view bytes(reinterpret_cast<const char*>(ASN1_STRING_get0_data(value)),
                                 static_cast<size_t>(ASN1_STRING_length(value)));
    const bool wide = ASN1_STRING_type(value) == V_ASN1_BMPSTRING || ASN1_STRING_type(value) == V_ASN1_UNIVERSALSTRING;
    if (!wide && bytes.find('\0') != std::string_view::npos)
      return fail(ErrorKind::invalid, "a distinguished name holds NUL");
  }
  BioPtr out = memory();
  // RFC 2253 without escaping what UTF-8 can show; control bytes stay escaped.
  X509_NAME_print_ex(out.get(), name, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB);
  return content_of(out.get());
}

}  // namespace lateen::tls
