// `lateen ca show`: what a PEM file holds.
#include "control_plane/ca/offline.h"
#include "lib/io/files.h"
#include "lib/schema/document.h"

namespace lateen::ca {
namespace {

struct Contents {
  std::vector<tls::Certificate> certificates;
  std::optional<tls::CertificateRequest> request;
  std::optional<tls::PrivateKey> key;
};

Result<Contents> read_contents(const std::string& path) {
  const auto text = io::read_file(path, 8 << 20);
  if (!text) return failed(text);
  Contents out;
  if (text->find("-----BEGIN CERTIFICATE-----") != std::string::npos) {
    auto chain = tls::Certificate::parse_chain(*text);
    if (!chain) return failed(chain, path);
    out.certificates = std::move(*chain);
  }
  if (text->find("CERTIFICATE REQUEST-----") != std::string::npos) {
    auto request = tls::CertificateRequest::parse_pem(*text);
    if (!request) return failed(request, path);
    out.request = std::move(*request);
  }
  if (text->find("PRIVATE KEY-----") != std::string::npos) {
    auto key = tls::PrivateKey::parse_pem(*text);
    if (!key) return failed(key, path);
    out.key = std::move(*key);
  }
  if (out.certificates.empty() && !out.request && !out.key)
    return fail(ErrorKind::invalid, "{}: no certificate, signing request or private key in PEM form", path);
  return out;
}

schema::Node list_of(const std::vector<std::string>& texts) {
  schema::Node out = schema::Node::list();
  for (const auto& text : texts) out.push_back(text);
  return out;
}

schema::Node names_of(const tls::AlternativeNames& names) {
  schema::Node out = schema::Node::map();
  out["uris"] = list_of(names.uris);
  out["dns"] = list_of(names.dns);
  out["ips"] = list_of(names.ips);
  out["emails"] = list_of(names.emails);
  return out;
}

schema::Node json_of(const tls::Certificate& certificate, WallTime now) {
  schema::Node out = schema::Node::map();
  out["kind"] = "certificate";
  out["subject"] = certificate.subject();
  out["names"] = names_of(certificate.names());
  out["issuer"] = certificate.issuer();
  out["notBefore"] = format_time(certificate.not_before());
  out["notAfter"] = format_time(certificate.not_after());
  out["valid"] = certificate.valid_at(now);
  out["authority"] = certificate.is_authority();
  out["key"] = certificate.public_key().describe();
  out["serial"] = certificate.serial();
  out["sha256"] = certificate.sha256();
  return out;
}

}  // namespace

Result<std::string> show_file(const std::string& path, WallTime now) {
  const auto contents = read_contents(path);
  if (!contents) return failed(contents);
  std::vector<std::string> parts;
  for (const auto& certificate : contents->certificates) {
    std::string heading = contents->certificates.size() == 1
                              ? "certificate"
                              : fmt::format("certificate {} of {}", parts.size() + 1, contents->certificates.size());
    parts.push_back(heading + "\n" + tls::describe(certificate, now) + "\n");
  }
  if (contents->request) {
    const auto& names = contents->request->names();
    std::string part = "signing request\n";
    if (!names.common_name.empty()) part += fmt::format("{:<12} CN={}\n", "subject", names.common_name);
    for (const auto& uri : names.names.uris) part += fmt::format("{:<12} URI:{}\n", "name", uri);
    for (const auto& dns : names.names.dns) part += fmt::format("{:<12} DNS:{}\n", "name", dns);
    parts.push_back(part + fmt::format("{:<12} {}\n", "key", contents->request->public_key().describe()));
  }
  if (contents->key) parts.push_back(fmt::format("private key\n{:<12} {}\n", "key", contents->key->describe()));
  std::string out;
  for (const auto& part : parts) out += (out.empty() ? "" : "\n") + part;
  return out;
}

Result<std::string> show_file_as_json(const std::string& path, WallTime now) {
  const auto contents = read_contents(path);
  if (!contents) return failed(contents);
  schema::Node out = schema::Node::list();
  for (const auto& certificate : contents->certificates) out.push_back(json_of(certificate, now));
  if (contents->request) {
    schema::Node request = schema::Node::map();
    request["kind"] = "signing request";
    request["commonName"] = contents->request->names().common_name;
    request["names"] = names_of(contents->request->names().names);
    request["key"] = contents->request->public_key().describe();
    out.push_back(std::move(request));
  }
  if (contents->key) {
    schema::Node key = schema::Node::map();
    key["kind"] = "private key";
    key["key"] = contents->key->describe();
    out.push_back(std::move(key));
  }
  return schema::write_json(out, 2) + "\n";
}

}  // namespace lateen::ca
