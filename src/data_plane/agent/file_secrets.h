// Secrets from PEM files that somebody else keeps fresh: read when asked for, followed by inotify.
#pragma once
#include <map>
#include <set>

#include "data_plane/agent/secret_board.h"
#include "lib/io/files.h"
#include "lib/io/scope.h"

namespace lateen::agent {

// Understands "file-cert:CERTIFICATE~KEY", "file-root:ROOTS" and "file-root:system" (the system's own roots, as Istio
// means it); further names can be given files. Changes are taken
// over 100 ms after the last one (certificate and key are written one after the other); symlinks that are exchanged, as
// Kubernetes does, count as changes. Files that cannot be read, or a key that does not fit, keep the last good secret.
class FileSecrets final : public SecretSource {
 public:
  explicit FileSecrets(io::Reactor& reactor) : reactor_(reactor), scope_(reactor), guard_(scope_) {}

  struct Files {
    std::string chain, key;  // a certificate: both
    std::string roots, crl;  // or roots
    bool operator==(const Files&) const = default;
  };
  // Lets a name ("default", "ROOTCA") stand for those files.
  void map(std::string name, Files files) { named_.insert_or_assign(std::move(name), std::move(files)); }

  std::unique_ptr<Watch> watch(std::string name, Changed changed) override;

 private:
  std::optional<Files> files_of(const std::string& name) const;
  void read(const std::string& name, const Files& files);
  void read_all();
  void follow(const std::string& file);
  io::Task<void> follow_directory(std::string directory);

  io::Reactor& reactor_;
  SecretBoard board_;
  std::map<std::string, Files> named_, read_;
  std::map<std::string, std::string> failures_;  // by secret: what was logged last
  std::set<std::string> followed_;
  io::Scope scope_;
  io::CancelOnExit guard_;
};

// The secret in those files, checked: the key fits the certificate, the roots can be read.
Result<Secret> read_secret(const FileSecrets::Files& files);

}  // namespace lateen::agent
