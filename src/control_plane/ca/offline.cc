#include "control_plane/ca/offline.h"

#include <algorithm>

#include "lib/io/files.h"

namespace lateen::ca {
namespace {

// The trust domain that the authority's certificate or one of its roots names; empty: none.
std::string trust_domain_of(const CertificateAuthority& authority) {
  std::vector<tls::Certificate> candidates{authority.signer()};
  const auto& roots = authority.trust()->certificates();
  candidates.insert(candidates.end(), roots.begin(), roots.end());
  for (const auto& certificate : candidates)
    if (const auto id = certificate.spiffe_id()) return id->trust_domain;
  return "";
}

// The key to certify, and what of it is to be written.
struct Subject {
  std::string request_pem;
  std::string key_pem;  // empty: the key stays with its owner
  std::string requested_identity;
};

Result<Subject> subject_of(const IssueRequest& request) {
  if (!request.request_file.empty()) {
    const auto text = io::read_file(request.request_file, 1 << 20);
    if (!text) return failed(text);
    const auto csr = tls::CertificateRequest::parse_pem(*text);
    if (!csr) return failed(csr, request.request_file);
    const auto& uris = csr->names().names.uris;
    return Subject{*text, "", uris.size() == 1 ? uris.front() : ""};
  }
  Result<tls::PrivateKey> key = fail(ErrorKind::internal, "no key");
  if (request.key_file.empty()) {
    key = tls::PrivateKey::generate(request.key_type);
  } else {
    const auto text = io::read_file(request.key_file, 1 << 20);
    if (!text) return failed(text);
    key = tls::PrivateKey::parse_pem(*text);
  }
  if (!key) return request.key_file.empty() ? failed(key) : failed(key, request.key_file);
  tls::RequestNames names;
  names.names.uris = {request.identity};
  const auto csr = tls::CertificateRequest::make(*key, names);
  if (!csr) return failed(csr);
  return Subject{csr->pem(), key->pem(), request.identity};
}

// Another key is never overwritten by accident; writing the same one again is fine.
Result<> check_key_place(const std::string& path, const std::string& key_pem, bool force) {
  const auto there = io::read_file(path, 1 << 20);
  if (!there) return there.error().kind == ErrorKind::not_found ? Result<>() : failed(there);
  const auto old = tls::PrivateKey::parse_pem(*there), mine = tls::PrivateKey::parse_pem(key_pem);
  if (force || (old && mine && old->public_key() == mine->public_key())) return {};
  return fail(ErrorKind::already_exists, "{} holds another key; choose another folder, or --force to overwrite it",
              path);
}

Result<std::vector<std::string>> write_all(const std::string& directory,
                                           const std::vector<std::pair<std::string, std::string>>& contents) {
  if (auto r = io::make_directories(directory); !r) return failed(r);
  std::vector<std::string> written;
  for (const auto& [name, content] : contents) {
    const std::string path = directory + "/" + name;
    if (auto r = io::write_file(path, content, name == "key.pem" ? 0600 : 0644); !r) return failed(r);
    written.push_back(path);
  }
  return written;
}

}  // namespace

Result<tls::Certificate> make_offline_root(const RootRequest& request, WallTime now) {
  const std::string key_path = request.directory + "/ca-key.pem";
  const auto there = io::read_file(key_path, 1 << 20);
  if (!request.force && (there || there.error().kind != ErrorKind::not_found)) {
    if (!there) return failed(there);
    return fail(ErrorKind::already_exists,
                "{} exists; choose another folder, or --force to replace this root and make worthless what it issued",
                key_path);
  }
  AuthorityOptions options;
  options.trust_domain = request.trust_domain;
  options.root_ttl = request.ttl;
  auto authority = CertificateAuthority::create(request.directory, now, options);
  if (!authority) return failed(authority);
  return (*authority)->signer();
}

Result<IssuedFiles> issue_offline(const IssueRequest& request, WallTime now) {
  if (!request.key_file.empty() && !request.request_file.empty())
    return fail(ErrorKind::invalid, "a key and a signing request exclude each other");
  if (request.identity.empty() && request.request_file.empty())
    return fail(ErrorKind::invalid, "no identity given (spiffe://TRUST-DOMAIN/ns/NAMESPACE/sa/ACCOUNT)");
  if (!request.identity.empty())
    if (const auto id = tls::SpiffeId::parse(request.identity); !id) return failed(id);
  if (request.ttl <= Duration(0))
    return fail(ErrorKind::invalid, "the lifetime {} is not positive", format_duration(request.ttl));
  auto subject = subject_of(request);
  if (!subject) return failed(subject);
  const std::string& wanted = request.identity.empty() ? subject->requested_identity : request.identity;
  const auto identity = tls::SpiffeId::parse(wanted);
  if (!identity) return failed(identity, "the signing request names no single SPIFFE identity, and none was given");

  AuthorityOptions options;
  options.max_ttl = std::max(options.max_ttl, request.ttl);
  auto authority = CertificateAuthority::open_existing(request.authority, now, options);
  if (!authority) return failed(authority);
  const std::string domain = trust_domain_of(**authority);
  if (!domain.empty() && domain != identity->trust_domain)
    return fail(ErrorKind::invalid, "{} is outside of the trust domain {} of {}", wanted, domain, request.authority);
  auto issued = (*authority)->sign(subject->request_pem, {*identity}, request.ttl, now, request.dns_names);
  if (!issued) return failed(issued);

  std::vector<std::pair<std::string, std::string>> contents;
  if (!subject->key_pem.empty()) {
    const std::string key_path = request.directory + "/key.pem";
    if (auto r = check_key_place(key_path, subject->key_pem, request.force); !r) return failed(r);
    contents.emplace_back("key.pem", subject->key_pem);
  }
  contents.emplace_back("cert-chain.pem", tls::pem_of(issued->chain));
  contents.emplace_back("root-cert.pem", issued->roots_pem);
  auto files = write_all(request.directory, contents);
  if (!files) return failed(files);
  return IssuedFiles{issued->chain.front(), std::move(*files)};
}

}  // namespace lateen::ca
