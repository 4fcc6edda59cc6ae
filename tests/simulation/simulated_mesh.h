// A whole mesh in one simulated world: one thread, a virtual clock, one seed.
//
//     10.0.0.1    client       an application and its sidecar
//     10.0.0.11   catalog v1   an application and its sidecar
//     10.0.0.12   catalog v2   an application and its sidecar
//     10.0.0.9    control      xDS and certificates on port 15012
//
// Only the applications are made for the tests. The sidecars are wiring::Proxy, what lateen-proxy starts: workers, xDS
// client and runtime, from a bootstrap in YAML. Each gets its certificate by the agent with a token of its own. The
// control plane is discovery::ControlServer over the translation of a snapshot made of objects in YAML. As in a pod, an
// application and its sidecar share a host whose redirect rules send everything through the sidecar; between sidecars
// there is nothing but mutual TLS. A request's way is:
//
//     client -> its own 15001 -> 10.0.0.1x, any port, caught at 15006 -> catalog's 8080
//
// Two runs of one seed give the same trace, line by line. Keys, nonces and signatures come from the system's generator
// even here, and with them the sizes of certificates: so the trace says when which host sent to which, and not how
// many bytes.
#pragma once
#include <string>
#include <vector>

#include "apps/wiring/proxy.h"
#include "control_plane/xds/control_server.h"
#include "control_plane/xds/translated_source.h"
#include "data_plane/agent/istio_signer.h"
#include "data_plane/agent/workload_secrets.h"
#include "lib/io/simulated.h"

namespace lateen::simulation {

// What a user sees of a request.
struct Answer {
  int status = 0;
  std::string body;   // the answering version, or a proxy's own words
  std::string error;  // why there is no answer at all
};

class SimulatedMesh;

// The application of every pod: answers who it is and remembers what it saw.
class Application final : public http::Service {
 public:
  Application(io::Loop& loop, std::string name) : loop_(loop), name_(std::move(name)) {}
  io::Task<void> serve(http::ServerStream& stream) override;
  // Serves at port 8080 until its host dies.
  io::Task<void> listen(io::Network& network, std::string ip);

  int requests = 0;
  std::string last_caller;  // x-forwarded-client-cert of the last request
  int most_attempts = 0;    // the highest x-envoy-attempt-count

 private:
  io::Loop& loop_;
  std::string name_;
};

// A host with an application and its sidecar.
class Pod {
 public:
  Pod(SimulatedMesh& mesh, std::string ip, std::string app, std::string version);
  ~Pod();

  // Starts both, and returns when the sidecar serves its configuration.
  void start();
  // The host goes away with all that ran there; peers see their connections break. start() brings it back.
  void die();

  const std::string ip, app, version;
  Application application;
  io::Network& network;  // the application's
  std::vector<std::string> access_log;
  const discovery::AdsClient& xds() const { return *proxy_->ads(); }

 private:
  void certify();
  envoy::config::bootstrap::v3::Bootstrap bootstrap() const;
  SimulatedMesh& mesh_;
  io::Scope tasks_;
  std::unique_ptr<agent::IstioSigner> signer_;
  std::unique_ptr<agent::WorkloadSecrets> secrets_;
  std::unique_ptr<wiring::Proxy> proxy_;
};

class SimulatedMesh {
 public:
  // Starts everything, with that routing.
  SimulatedMesh(uint64_t seed, std::string_view routing);
  ~SimulatedMesh();

  // A new snapshot: the services with this text as `http` of the VirtualService of catalog.
  void configure(std::string_view routing);
  // Asks catalog as the client's application does, on a connection of its own.
  Answer ask(std::string_view path = "/");
  // What that many requests, one a second, were answered, each once, sorted: bodies, with the status when it is not
  // 200.
  std::vector<std::string> answers(int requests);
  // Asks every second until catalog answers with that body; false when it has not within that time.
  bool becomes(std::string_view body, Duration within);

  // Nothing passes between the control plane and anybody else until healed.
  void cut_control_plane_off();
  void heal_control_plane();

  // Everything that happened: "TIME WHAT", times in microseconds since the start.
  const std::vector<std::string>& trace() const { return trace_; }
  void note(std::string_view what);

  static constexpr const char* control_ip = "10.0.0.9";
  io::SimulatedWorld world;
  const std::string token_folder;  // the agents' tokens: the only thing of this machine that is touched
  std::unique_ptr<ca::CertificateAuthority> authority;
  onboard::TokenKey token_key = onboard::TokenKey::random();

 private:
  void start_control_plane();
  std::shared_ptr<const snapshot::Snapshot> snapshot_with(std::string_view routing) const;
  std::vector<std::string> trace_;
  const Time began_;
  onboard::Authenticator authenticator_{token_key, "cluster.local"};
  discovery::TranslatedSource source_;
  std::unique_ptr<discovery::ControlServer> server_;
  io::Scope tasks_;

 public:
  Pod client, catalog_v1, catalog_v2;
};

}  // namespace lateen::simulation
