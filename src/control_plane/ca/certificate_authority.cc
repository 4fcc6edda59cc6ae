#include "control_plane/ca/certificate_authority.h"

#include <algorithm>

#include "lib/base/log.h"
#include "lib/io/files.h"

namespace lateen::ca {
namespace {

log::Component log_("ca");

constexpr const char* root_name = "Lateen mesh root";

tls::CertificatePlan root_plan(const AuthorityOptions& options, WallTime now) {
  tls::CertificatePlan plan;
  plan.common_name = root_name;
  plan.organization = options.trust_domain.substr(0, 64);
  plan.names.uris = {"spiffe://" + options.trust_domain};
  plan.authority = true;
  plan.not_before = now - options.backdate;
  plan.not_after = now + options.root_ttl;
  return plan;
}

// The content of the first of the files that exists; not_found names the first.
Result<std::string> read_first(const std::string& directory, std::initializer_list<const char*> names,
                               std::string& path) {
  Result<std::string> missing = fail(ErrorKind::not_found, "no file");
  for (const char* name : names) {
    path = directory + "/" + name;
    auto content = io::read_file(path, 1 << 20);
    if (content || content.error().kind != ErrorKind::not_found) return content;
    if (name == *names.begin()) missing = std::move(content);
  }
  path = directory + "/" + *names.begin();
  return missing;
}

bool contains(const std::vector<tls::Certificate>& set, const tls::Certificate& one) {
  return std::find(set.begin(), set.end(), one) != set.end();
}

bool includes(const std::vector<tls::Certificate>& larger, const std::vector<tls::Certificate>& smaller) {
  return std::all_of(smaller.begin(), smaller.end(), [&](const auto& one) { return contains(larger, one); });
}

Result<> check_signer(const tls::Credentials& signing, const std::vector<tls::Certificate>& roots, WallTime now) {
  if (!signing.leaf().is_authority())
    return fail(ErrorKind::invalid, "the certificate is no authority (CA:TRUE is missing)");
  auto trust = tls::TrustBundle::parse(tls::pem_of(roots));
  if (!trust) return failed(trust);
  std::vector<tls::Certificate> chain = signing.chain;
  chain.insert(chain.end(), roots.begin(), roots.end());
  return (*trust)->verify(chain, now);
}

}  // namespace

std::vector<std::string> IssuedChain::pem() const {
  std::vector<std::string> out;
  for (const auto& certificate : chain) out.push_back(certificate.pem());
  out.push_back(roots_pem);
  return out;
}

Result<CertificateAuthority::Files> CertificateAuthority::read_files(const std::string& directory, WallTime now) {
  std::string certificate_path, key_path, root_path, chain_path;
  const auto certificate = read_first(directory, {"ca-cert.pem", "tls.crt"}, certificate_path);
  if (!certificate) return failed(certificate);
  const auto key = read_first(directory, {"ca-key.pem", "tls.key"}, key_path);
  if (!key) return failed(key);
  const auto root = read_first(directory, {"root-cert.pem", "ca.crt"}, root_path);
  if (!root) return failed(root);
  const auto rest = read_first(directory, {"cert-chain.pem"}, chain_path);
  if (!rest && rest.error().kind != ErrorKind::not_found) return failed(rest);

  auto signing = tls::Credentials::parse(*certificate, *key);
  if (!signing) return failed(signing, certificate_path + " and " + key_path);
  auto roots = tls::Certificate::parse_chain(*root);
  if (!roots) return failed(roots, root_path);
  if (rest) {
    auto chain = tls::Certificate::parse_chain(*rest);
    if (!chain) return failed(chain, chain_path);
    for (auto& next : *chain)
      if (!contains(signing->chain, next)) signing->chain.push_back(std::move(next));
  }
  // Roots are sent apart, after the chain.
  std::erase_if(signing->chain, [&](const auto& one) { return contains(*roots, one) && !(one == signing->leaf()); });
  if (auto r = check_signer(*signing, *roots, now); !r) return failed(r, certificate_path);
  return Files{std::move(*signing), std::move(*roots)};
}

Result<CertificateAuthority::Files> CertificateAuthority::make_root(const std::string& directory, WallTime now,
                                                                    const AuthorityOptions& options) {
  auto key = tls::PrivateKey::generate();
  if (!key) return failed(key);
  const auto root = tls::make_self_signed(*key, root_plan(options, now));
  if (!root) return failed(root);
  Files files{tls::Credentials{{*root}, *key}, {*root}};
  if (directory.empty()) return files;
  // The certificate comes last: as long as it is missing, the next start begins anew.
  if (auto r = io::make_directories(directory, 0700); !r) return failed(r);
  if (auto r = io::write_file(directory + "/ca-key.pem", key->pem(), 0600); !r) return failed(r);
  if (auto r = io::write_file(directory + "/root-cert.pem", root->pem()); !r) return failed(r);
  if (auto r = io::write_file(directory + "/ca-cert.pem", root->pem()); !r) return failed(r);
  log_.info("made a root for {} in {}, valid until {}", options.trust_domain, directory,
            format_time(root->not_after()));
  return files;
}

Result<std::unique_ptr<CertificateAuthority>> CertificateAuthority::from(Files files, std::string directory,
                                                                         AuthorityOptions options) {
  auto out = std::unique_ptr<CertificateAuthority>(new CertificateAuthority(std::move(options), files.signing));
  out->directory_ = std::move(directory);
  if (auto r = out->adopt(std::move(files)); !r) return failed(r);
  return out;
}

Result<std::unique_ptr<CertificateAuthority>> CertificateAuthority::open(const std::string& directory, WallTime now,
                                                                         AuthorityOptions options) {
  if (auto r = tls::check_trust_domain(options.trust_domain); !r) return failed(r);
  auto files = read_files(directory, now);
  const bool absent = !files && files.error().kind == ErrorKind::not_found;
  if (absent) {
    std::string path;
    if (read_first(directory, {"ca-cert.pem", "tls.crt"}, path))
      return failed(files, "the certificate authority's folder is incomplete");
    files = make_root(directory, now, options);
  }
  if (!files) return failed(files, "certificate authority");
  return from(std::move(*files), directory, std::move(options));
}

Result<std::unique_ptr<CertificateAuthority>> CertificateAuthority::open_existing(const std::string& directory,
                                                                                  WallTime now,
                                                                                  AuthorityOptions options) {
  auto files = read_files(directory, now);
  if (!files) return failed(files, "certificate authority");
  return from(std::move(*files), directory, std::move(options));
}

Result<std::unique_ptr<CertificateAuthority>> CertificateAuthority::create(const std::string& directory, WallTime now,
                                                                           AuthorityOptions options) {
  if (auto r = tls::check_trust_domain(options.trust_domain); !r) return failed(r);
  auto files = make_root(directory, now, options);
  if (!files) return failed(files);
  return from(std::move(*files), directory, std::move(options));
}

Result<std::unique_ptr<CertificateAuthority>> CertificateAuthority::in_memory(WallTime now, AuthorityOptions options) {
  if (auto r = tls::check_trust_domain(options.trust_domain); !r) return failed(r);
  auto files = make_root("", now, options);
  if (!files) return failed(files);
  return from(std::move(*files), "", std::move(options));
}

Result<> CertificateAuthority::adopt(Files files) {
  std::string root_pem = tls::pem_of(files.roots);
  auto trust = tls::TrustBundle::parse(root_pem);
  if (!trust) return failed(trust);
  signing_ = std::move(files.signing);
  roots_ = std::move(files.roots);
  root_pem_ = std::move(root_pem);
  trust_ = std::move(*trust);
  return {};
}

tls::CertificatePlan CertificateAuthority::leaf_plan(const std::vector<tls::SpiffeId>& identities, Duration ttl,
                                                     WallTime now, const std::vector<std::string>& dns_names) const {
  tls::CertificatePlan plan;
  for (const auto& identity : identities) plan.names.uris.push_back(identity.text());
  plan.names.dns = dns_names;
  plan.not_before = now - options_.backdate;
  plan.not_after = now + ttl;
  return plan;
}

Result<IssuedChain> CertificateAuthority::sign(std::string_view csr_pem, const std::vector<tls::SpiffeId>& identities,
                                               Duration ttl, WallTime now, const std::vector<std::string>& dns_names) {
  if (identities.empty()) return fail(ErrorKind::invalid, "no identity to certify");
  if (ttl <= Duration(0)) ttl = options_.default_ttl;
  if (ttl > options_.max_ttl)
    return fail(ErrorKind::invalid, "the requested lifetime {} is above the maximum {}", format_duration(ttl),
                format_duration(options_.max_ttl));
  if (!signer().valid_at(now))
    return fail(ErrorKind::unavailable, "the certificate authority's own certificate ended at {}",
                format_time(signer().not_after()));
  const auto request = tls::CertificateRequest::parse_pem(csr_pem);
  if (!request) return failed(request);
  tls::CertificatePlan plan = leaf_plan(identities, ttl, now, dns_names);
  plan.common_name = request->names().common_name;
  auto leaf = tls::issue(request->public_key(), plan, signer(), signing_.key);
  if (!leaf) return failed(leaf);
  log_.debug("certified {} until {}, serial {}", identities.front().text(), format_time(leaf->not_after()),
             leaf->serial());
  IssuedChain out;
  out.chain.push_back(std::move(*leaf));
  for (const auto& certificate : signing_.chain)
    if (!contains(roots_, certificate)) out.chain.push_back(certificate);
  out.roots_pem = root_pem_;
  return out;
}

Result<tls::Credentials> CertificateAuthority::own_credentials(const std::vector<std::string>& dns_names, Duration ttl,
                                                               WallTime now) {
  const auto identity = tls::SpiffeId::workload(options_.trust_domain, "istio-system", "istiod");
  if (!identity) return failed(identity);
  auto key = tls::PrivateKey::generate();
  if (!key) return failed(key);
  tls::RequestNames names;
  names.names.uris = {identity->text()};
  const auto request = tls::CertificateRequest::make(*key, names);
  if (!request) return failed(request);
  auto issued = sign(request->pem(), {*identity}, ttl, now, dns_names);
  if (!issued) return failed(issued);
  return tls::Credentials{std::move(issued->chain), std::move(*key)};
}

Result<bool> CertificateAuthority::reload(WallTime now) {
  if (directory_.empty()) return false;
  auto files = read_files(directory_, now);
  if (!files) return failed(files, "the certificate authority goes on with what it has");
  if (files->signing.chain == signing_.chain && files->roots == roots_) return false;
  if (!includes(files->roots, roots_) && !includes(roots_, files->roots))
    return fail(ErrorKind::invalid,
                "{}/root-cert.pem replaces the trusted roots; add the new root beside the old one first, so that "
                "members trust both while they change over",
                directory_);
  if (auto r = adopt(std::move(*files)); !r) return failed(r);
  log_.info("signs with {} now, valid until {}", signer().subject(), format_time(signer().not_after()));
  return true;
}

bool CertificateAuthority::made_here() const {
  return signer().is_self_signed() && signer().subject().starts_with(fmt::format("CN={},", root_name));
}

Result<bool> CertificateAuthority::renew_root(WallTime now) {
  const Duration life = signer().not_after() - signer().not_before();
  if (!made_here() || signer().not_after() - now > life / 5) return false;
  auto root = tls::make_self_signed(signing_.key, root_plan(options_, now));
  if (!root) return failed(root);
  Files files{tls::Credentials{{*root}, signing_.key}, {*root}};
  for (const auto& old : roots_)
    if (old.valid_at(now)) files.roots.push_back(old);
  if (!directory_.empty()) {
    const char* kept = "the certificate authority goes on with its old root";
    if (auto r = io::write_file(directory_ + "/root-cert.pem", tls::pem_of(files.roots)); !r) return failed(r, kept);
    if (auto r = io::write_file(directory_ + "/ca-cert.pem", root->pem()); !r) return failed(r, kept);
  }
  if (auto r = adopt(std::move(files)); !r) return failed(r);
  log_.info("renewed the root, valid until {}", format_time(signer().not_after()));
  return true;
}

}  // namespace lateen::ca
