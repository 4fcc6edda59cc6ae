// The control plane as a service (`lateen control`): a folder of objects in, xDS and certificates out.
//
// It reads the folder and the mesh's settings and follows them; a change becomes a new snapshot, which every connected
// proxy's stream compares with what it has. Findings go to the log, and the last good objects stay in effect. Keys and
// roots live in the state folder. Everything runs on one reactor; reading and translating block it for as long as they
// take.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "control_plane/ingest/directory.h"
#include "control_plane/xds/control_server.h"
#include "control_plane/xds/translated_source.h"
#include "lib/io/reactor.h"

namespace lateen::wiring {

struct ControlOptions {
  std::string config;                                         // folder of the configuration cluster
  std::vector<std::pair<std::string, std::string>> clusters;  // further ones: name, folder
  std::string mesh_config, mesh_networks;                     // files; empty: defaults, or the ConfigMap "istio"
  std::string state;                                          // folder for keys; made when it is not there
  std::optional<SocketAddress> secure, plain, pages;
  std::vector<std::string> dns_names;  // of the secure port's certificate
};

class Control {
 public:
  // Reads everything and opens the doors. Fails with the name of the folder, file or address that is in the way.
  static Result<std::unique_ptr<Control>> open(io::Reactor& reactor, ControlOptions options);
  ~Control();

  // Serves until stop(), then until the last connection has ended.
  io::Task<void> run();
  void stop();

  const discovery::ControlServer& server() const { return *server_; }
  const onboard::TokenKey& tokens() const { return tokens_; }

 private:
  struct Followed {
    std::string cluster;
    std::unique_ptr<ingest::DirectorySource> source;
  };
  Control(io::Reactor& reactor, ControlOptions options, onboard::TokenKey tokens);
  Result<> open_parts();
  Result<> follow(const std::string& cluster, const std::string& folder);
  std::string mesh_texts() const;
  Result<> read_mesh_files();
  std::shared_ptr<const snapshot::Snapshot> build();
  const config::MeshConfig& mesh_of(const config::Objects& objects);
  void publish();
  void report(const Followed& followed) const;
  io::Task<void> follow_changes(Followed& followed);
  io::Task<void> follow_mesh_files();
  io::Task<void> keep_authority();

  io::Reactor& reactor_;
  io::RealNetwork network_;
  ControlOptions options_;
  onboard::TokenKey tokens_;
  config::MeshConfig mesh_;  // of the file, or the defaults
  config::MeshNetworks networks_;
  std::string mesh_texts_;          // the files as they were when they were last read
  config::MeshConfig mesh_of_map_;  // of the ConfigMap "istio", as it was when it could last be read
  std::string map_text_;
  std::string trust_domain_;  // of the certificates
  std::unique_ptr<ca::CertificateAuthority> authority_;
  std::unique_ptr<onboard::Authenticator> authenticator_;
  std::vector<std::unique_ptr<Followed>> followed_;
  std::unique_ptr<discovery::TranslatedSource> source_;
  std::unique_ptr<discovery::ControlServer> server_;
  io::Scope tasks_;
};

}  // namespace lateen::wiring
