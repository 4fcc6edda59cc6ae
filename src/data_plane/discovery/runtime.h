// What the data plane runs: named resources, checked, warmed and handed to the workers. Everything that configures the
// proxy comes through here, static resources of the bootstrap and those of xDS alike.
#pragma once
#include <deque>

#include "data_plane/discovery/read_cluster.h"
#include "data_plane/discovery/read_listener.h"

namespace lateen::discovery {

// A worker as the main thread sees it: only reached by posting to its loop.
struct WorkerHandle {
  io::Loop& loop;
  downstream::Worker& worker;
};

// One applied (or refused) resource, as the config dump shows it.
template <class Message>
struct Applied {
  Message message;
  std::string version;
  WallTime updated{};
  bool is_static = false;
  std::string error;  // why the newest version was refused; the message is then the last good one, maybe empty
};

class Runtime {
 public:
  Runtime(io::Loop& loop, metrics::Registry& registry, TlsContexts& tls, telemetry::Peer self, std::string node_id);
  Runtime(const Runtime&) = delete;
  ~Runtime();

  // Set by the app: resolves a host name for DNS clusters, calling back with addresses on the main loop now and then.
  using Resolve = std::function<void(const std::string& cluster, std::shared_ptr<const upstream::ClusterSettings>,
                                     std::function<void(std::shared_ptr<const upstream::EndpointSet>)>)>;
  Resolve resolve;
  // Opens the file of an access log; the app of a simulated host puts its own here.
  telemetry::OpenLog open_log = telemetry::open_log;

  // Workers may be added before the first resource only.
  void add_worker(WorkerHandle worker) { workers_.push_back(worker); }

  // Each checks the resource, and applies it when it is good; when not, the last good version stays and the error is
  // for the NACK. Applying an unchanged resource does nothing.
  Result<> put_cluster(const envoy::config::cluster::v3::Cluster& message, const std::string& version,
                       bool is_static = false);
  Result<> put_endpoints(const envoy::config::endpoint::v3::ClusterLoadAssignment& message);
  Result<> put_listener(const envoy::config::listener::v3::Listener& message, const std::string& version,
                        bool is_static = false);
  Result<> put_routes(const envoy::config::route::v3::RouteConfiguration& message, const std::string& version);
  Result<> put_secret(const envoy::extensions::transport_sockets::tls::v3::Secret& message) {
    return tls_.put_secret(message);
  }
  // Drop what is held of a name that nothing refers to any more.
  void forget_endpoints(const std::string& name) { endpoints_.erase(name), endpoint_sets_.erase(name); }
  void forget_routes(const std::string& name) { routes_.erase(name); }
  void remove_cluster(const std::string& name);
  void remove_listener(const std::string& name);

  // What the resources so far refer to by name: to be asked for over xDS.
  std::set<std::string> wanted_endpoints() const;
  std::set<std::string> wanted_routes() const;

  // Routes that the control plane says there are not: listeners do not wait for them, and answer 404.
  void set_absent_routes(std::set<std::string> names);

  // True once every listener that was given serves.
  bool all_listeners_serve() const { return warming_.empty(); }
  void drain_listeners(bool inbound_only);

  // For the admin pages.
  const std::map<std::string, Applied<envoy::config::cluster::v3::Cluster>>& clusters() const { return clusters_; }
  const std::map<std::string, Applied<envoy::config::listener::v3::Listener>>& listeners() const { return listeners_; }
  const std::map<std::string, Applied<envoy::config::route::v3::RouteConfiguration>>& routes() const { return routes_; }
  const std::map<std::string, envoy::config::endpoint::v3::ClusterLoadAssignment>& endpoints() const {
    return endpoints_;
  }
  const TlsContexts& tls() const { return tls_; }

 private:
  // A listener that waits for what it names.
  struct Warming {
    Warming(Runtime& runtime, ReadListener read);
    Runtime& runtime;
    ReadListener read;
    io::Timer patience;
    bool goes_without_routes = false;
  };
  void apply_endpoints(const std::string& eds_name, std::shared_ptr<const upstream::EndpointSet> set);
  void resolve_names(std::shared_ptr<const upstream::ClusterSettings> settings);
  void look_at_warming();
  bool has_routes(const std::string& name) const;
  bool is_warm(const Warming& warming) const;
  void serve(const ReadListener& read);
  void report(const Notes& notes);
  void everywhere(std::function<void(downstream::Worker&)> function);
  ListenerSurroundings surroundings();

  io::Loop& loop_;
  metrics::Registry& registry_;
  TlsContexts& tls_;
  telemetry::Peer self_;
  std::string node_id_;
  std::vector<WorkerHandle> workers_;
  std::map<std::string, std::shared_ptr<telemetry::LogFile>> log_files_;
  std::map<std::string, Applied<envoy::config::cluster::v3::Cluster>> clusters_;
  std::map<std::string, std::shared_ptr<const upstream::ClusterSettings>> cluster_settings_;
  std::map<std::string, envoy::config::endpoint::v3::ClusterLoadAssignment> endpoints_;
  std::map<std::string, std::shared_ptr<const upstream::EndpointSet>> endpoint_sets_;
  std::map<std::string, Applied<envoy::config::route::v3::RouteConfiguration>> routes_;
  std::set<std::string> absent_routes_;
  std::map<std::string, Applied<envoy::config::listener::v3::Listener>> listeners_;
  std::map<std::string, ReadListener> serving_;
  std::map<std::string, Warming> warming_;
  std::set<std::string> told_;  // notes are logged once
};

}  // namespace lateen::discovery
