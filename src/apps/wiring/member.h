// A VM or laptop as a member of the mesh: agent and proxy in one process (`lateen join`).
#pragma once
#include <chrono>
#include <map>

#include "apps/wiring/proxy.h"
#include "data_plane/agent/istio_signer.h"
#include "data_plane/agent/workload_secrets.h"

namespace lateen::wiring {

struct MemberOptions {
  std::string control_plane;  // HOST or HOST:PORT (15012); a port of 15010 means plain text
  std::string server_name = "istiod.istio-system.svc";
  std::string token_file;
  // Trusted to verify the control plane; empty: the PEM blocks behind the token in its file, or root-cert.pem beside
  // it.
  std::string roots_file;
  std::string name, name_space, service_account;  // empty: the host's name; what the token says; "default"
  std::string trust_domain;                       // empty: the root certificate's, else cluster.local
  std::string cluster_id = "Kubernetes", network, group, workload_entry;
  std::map<std::string, std::string> labels;
  std::string address;    // of this member; empty: the one that the way to the control plane uses
  std::string directory;  // where the certificate is kept; empty: nowhere
  bool gateway = false;   // a gateway (node type router), not the proxy of a workload
  bool capture = false;   // redirect rules stand: INTERCEPTION_MODE REDIRECT, else NONE
  unsigned workers = 1;
  SocketAddress admin, readiness, metrics;
};

// One line a step on standard output, with the time that it took.
class Steps {
 public:
  explicit Steps(io::Loop& loop) : loop_(loop), began_(loop.now()), last_(began_) {}
  void done(std::string_view step, std::string_view what);
  Duration elapsed() const { return loop_.now() - began_; }

 private:
  io::Loop& loop_;
  Time began_, last_;
};

class Member {
 public:
  Member(io::Reactor& reactor, MemberOptions options);
  ~Member();

  // From the token to a proxy that has its configuration. Keeps trying while the control plane is away, saying so;
  // fails when it cannot succeed: no token, a refused token, a wrong certificate, a port in use.
  io::Task<Result<>> join();
  // Valid once join() has succeeded.
  Proxy& proxy() { return *proxy_; }

 private:
  Result<> read_inputs();
  io::Task<Result<>> reach();
  io::Task<Result<>> certify();
  io::Task<Result<>> configure();
  envoy::config::bootstrap::v3::Bootstrap bootstrap() const;
  void open_channel();

  io::Reactor& reactor_;
  io::RealNetwork network_;
  MemberOptions options_;
  Steps steps_;
  agent::ControlPlane control_plane_;
  tls::SpiffeId identity_;
  std::unique_ptr<agent::IstioSigner> signer_;
  std::unique_ptr<agent::WorkloadSecrets> secrets_;
  io::Child renewing_;
  std::unique_ptr<http::Pool> pool_;
  std::unique_ptr<Proxy> proxy_;
};

// Joins, then serves until a signal; the exit status of the program.
int run_member(io::Reactor& reactor, MemberOptions options);

}  // namespace lateen::wiring
