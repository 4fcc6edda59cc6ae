// A whole proxy in one object: workers, runtime, xDS client, admin pages. What `lateen-proxy`, `lateen proxy` and
// `lateen join` start; in tests it also runs on a host of a simulated world.
#pragma once
#include <memory>

#include "data_plane/admin/admin.h"
#include "data_plane/discovery/ads_client.h"
#include "data_plane/discovery/bootstrap.h"
#include "data_plane/discovery/dns_refresh.h"
#include "lib/io/files.h"
#include "lib/io/reactor.h"

namespace lateen::wiring {

// Where a proxy runs.
struct ProxyPlace {
  // This machine: threads (0: one for each core), the system's resolver, files for access logs and of certificates.
  static ProxyPlace machine(io::Reactor& reactor, io::Network& network, unsigned threads);

  io::Network& network;  // of the main loop
  std::unique_ptr<io::Workers> workers;
  upstream::DnsSettings dns;
  std::unique_ptr<agent::SecretSource> files;  // secrets in PEM files; null: there are none
  telemetry::OpenLog open_log = telemetry::open_log;
};

struct ProxyOptions {
  Duration drain_time = 45s;
  agent::SecretSource* secrets = nullptr;                  // of this member; may be null
  std::optional<SocketAddress> admin, readiness, metrics;  // beside the bootstrap's own admin address
};

class Proxy {
 public:
  // The place's network and the secret source outlive the proxy. Made and destroyed on the main loop's thread; on a
  // simulated host not from inside a task, see io::Workers::on_each().
  Proxy(ProxyPlace place, envoy::config::bootstrap::v3::Bootstrap bootstrap, ProxyOptions options);
  ~Proxy();

  // Applies the static resources and starts everything. Fails, naming the resource, when one cannot be used.
  Result<> start();
  // As start(), but opens no socket: says whether the bootstrap can be served.
  static Result<> validate(io::Reactor& reactor, const envoy::config::bootstrap::v3::Bootstrap& bootstrap);

  // Where the xDS stream goes when the bootstrap names no cluster for it: a channel of the caller's.
  void use_channel(std::unique_ptr<grpc::Channel> channel) { channel_ = std::move(channel); }

  bool ready() const;
  std::string state() const;
  discovery::Runtime& runtime() { return runtime_; }
  const discovery::AdsClient* ads() const { return ads_.get(); }
  metrics::Registry& registry() { return registry_; }
  // Done when /quitquitquit was asked for.
  io::Readiness& quit() { return quit_; }

 private:
  void start_workers();
  Result<> start_ads();
  Result<> start_admin();
  Result<> listen_admin(admin::Pages pages, const SocketAddress& on);

  ProxyPlace place_;
  io::Network& network_;
  io::Loop& loop_;
  envoy::config::bootstrap::v3::Bootstrap bootstrap_;
  ProxyOptions options_;
  metrics::Registry registry_;
  downstream::Families families_;
  discovery::TlsContexts tls_;
  discovery::Runtime runtime_;
  std::unique_ptr<metrics::Shard> main_shard_;
  std::unique_ptr<upstream::DnsResolver> resolver_;
  std::unique_ptr<discovery::DnsRefresh> dns_;
  std::vector<std::unique_ptr<downstream::Worker>> workers_;  // each belongs to its loop
  std::shared_ptr<upstream::Cluster> ads_cluster_;
  std::unique_ptr<http::Pool> ads_pool_;
  std::unique_ptr<grpc::Channel> channel_;
  std::unique_ptr<discovery::AdsClient> ads_;
  std::vector<std::unique_ptr<admin::Admin>> admins_;
  io::Child ads_task_;
  io::Readiness quit_;
  Time started_;
};

// Runs until a signal or /quitquitquit; the exit status of the program.
int run_until_signal(io::Reactor& reactor, Proxy& proxy);

}  // namespace lateen::wiring
