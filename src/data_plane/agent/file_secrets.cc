#include "data_plane/agent/file_secrets.h"

#include <filesystem>

#include "lib/base/log.h"
#include "lib/tls/trust.h"

namespace lateen::agent {
namespace {

log::Component log_("agent");

constexpr Duration debounce = 100ms, retry = 5s;
constexpr size_t file_limit = 4 << 20;

std::string directory_of(const std::string& file) {
  const size_t slash = file.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : file.substr(0, slash);
}

// Where distributions keep the roots that everybody trusts: Debian and its kin, Red Hat's, SUSE's, Alpine's.
std::string system_roots() {
  static constexpr const char* places[] = {"/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt",
                                           "/etc/ssl/ca-bundle.pem", "/etc/ssl/cert.pem"};
  std::error_code ignored;
  for (const char* place : places)
    if (std::filesystem::exists(place, ignored)) return place;
  return places[0];
}

Result<Secret> read_certificate(const FileSecrets::Files& files) {
  auto chain = io::read_file(files.chain, file_limit);
  if (!chain) return failed(chain);
  auto key = io::read_file(files.key, file_limit);
  if (!key) return failed(key);
  if (const auto r = tls::Credentials::parse(*chain, *key); !r) return failed(r, files.chain + " and " + files.key);
  return Secret{.chain = std::move(*chain), .key = std::move(*key), .roots = "", .crl = ""};
}

}  // namespace

Result<Secret> read_secret(const FileSecrets::Files& files) {
  if (!files.chain.empty()) return read_certificate(files);
  Secret out;
  auto roots = io::read_file(files.roots, file_limit);
  if (!roots) return failed(roots);
  out.roots = std::move(*roots);
  if (!files.crl.empty()) {
    auto crl = io::read_file(files.crl, file_limit);
    if (!crl) return failed(crl);
    out.crl = std::move(*crl);
  }
  if (const auto r = tls::TrustBundle::parse(out.roots, out.crl); !r) return failed(r, files.roots);
  return out;
}

std::optional<FileSecrets::Files> FileSecrets::files_of(const std::string& name) const {
  if (const auto it = named_.find(name); it != named_.end()) return it->second;
  constexpr std::string_view certificate = "file-cert:", roots = "file-root:";
  if (name == "file-root:system") return Files{.chain = "", .key = "", .roots = system_roots(), .crl = ""};
  if (name.starts_with(roots) && name.size() > roots.size())
    return Files{.chain = "", .key = "", .roots = name.substr(roots.size()), .crl = ""};
  const size_t tilde = name.find('~');
  if (!name.starts_with(certificate) || tilde == std::string::npos) return std::nullopt;
  return Files{.chain = name.substr(certificate.size(), tilde - certificate.size()),
               .key = name.substr(tilde + 1),
               .roots = "",
               .crl = ""};
}

std::unique_ptr<SecretSource::Watch> FileSecrets::watch(std::string name, Changed changed) {
  const auto files = files_of(name);
  if (!files) {
    log_.warning("no files are known for the secret {}", name);
  } else if (read_.emplace(name, *files).second) {
    // Follow first: a change between reading and following would be missed.
    for (const std::string& file : {files->chain, files->key, files->roots, files->crl})
      if (!file.empty()) follow(file);
    read(name, *files);
  }
  return board_.watch(std::move(name), std::move(changed));
}

void FileSecrets::read(const std::string& name, const Files& files) {
  auto secret = read_secret(files);
  std::string& failure = failures_[name];
  if (!secret) {
    if (failure != secret.error().message)
      log_.warning("secret {}: {}{}", name, secret.error().message,
                   board_.find(name) ? "; the last good one stays in use" : "");
    failure = secret.error().message;
    return;
  }
  failure.clear();
  const bool first = !board_.find(name);
  if (board_.publish(name, std::move(*secret)) && !first) log_.info("secret {} has changed", name);
}

void FileSecrets::read_all() {
  const auto secrets = read_;
  // Roots before certificates, so that nobody trusts less than the certificate it shows needs.
  for (const auto& [name, files] : secrets)
    if (files.chain.empty()) read(name, files);
  for (const auto& [name, files] : secrets)
    if (!files.chain.empty()) read(name, files);
}

void FileSecrets::follow(const std::string& file) {
  const std::string directory = directory_of(file);
  if (followed_.insert(directory).second) scope_.start(follow_directory(directory));
}

io::Task<void> FileSecrets::follow_directory(std::string directory) {
  for (;;) {
    auto watch = io::DirectoryWatch::make(reactor_, directory);
    if (!watch) {
      co_await reactor_.sleep(retry);
      read_all();
      continue;
    }
    for (;;) {
      co_await (*watch)->changed();
      do {
        (*watch)->clear();
        co_await reactor_.sleep(debounce);
      } while ((*watch)->changed().is_set());
      read_all();
    }
  }
}

}  // namespace lateen::agent
