#include "data_plane/discovery/runtime.h"

#include <algorithm>

#include <google/protobuf/util/message_differencer.h>

#include "config/xds/check.h"
#include "lib/base/log.h"

namespace lateen::discovery {

static log::Component log_("config");

using google::protobuf::util::MessageDifferencer;

namespace {

// Keeps the error beside the last good version, and hands it on.
template <class Message>
std::unexpected<Error> refuse(Applied<Message>& applied, const Error& error) {
  applied.error = error.message;
  return std::unexpected(error);
}

template <class Message>
bool is_unchanged(const Applied<Message>& applied, const Message& message) {
  return applied.error.empty() && applied.updated != WallTime() && MessageDifferencer::Equals(applied.message, message);
}

template <class Message>
void accept(Applied<Message>& applied, const Message& message, const std::string& version, WallTime now,
            bool is_static) {
  applied = {.message = message, .version = version, .updated = now, .is_static = is_static, .error = ""};
}

}  // namespace

Runtime::Runtime(io::Loop& loop, metrics::Registry& registry, TlsContexts& tls, telemetry::Peer self,
                 std::string node_id)
    : loop_(loop), registry_(registry), tls_(tls), self_(std::move(self)), node_id_(std::move(node_id)) {
  tls_.when_ready([this] { look_at_warming(); });
}

Runtime::~Runtime() { tls_.when_ready(nullptr); }

ListenerSurroundings Runtime::surroundings() { return {tls_, self_, node_id_, log_files_, open_log, registry_}; }

void Runtime::everywhere(std::function<void(downstream::Worker&)> function) {
  for (const WorkerHandle& handle : workers_)
    handle.loop.post([function, &worker = handle.worker] { function(worker); });
}

void Runtime::report(const Notes& notes) {
  for (const std::string& text : notes.texts())
    if (told_.size() < 10'000 && told_.insert(text).second) log_.warning("{}", text);
}

Result<> Runtime::put_cluster(const envoy::config::cluster::v3::Cluster& message, const std::string& version,
                              bool is_static) {
  auto& applied = clusters_[message.name()];
  if (is_unchanged(applied, message)) return {};
  if (auto valid = xds::checked(message); !valid) return refuse(applied, valid.error());
  Notes notes(fmt::format("cluster {}", message.name()));
  auto settings = read_cluster(message, tls_, notes);
  if (!settings) return refuse(applied, settings.error());
  report(notes);
  accept(applied, message, version, loop_.wall_now(), is_static);
  cluster_settings_[message.name()] = *settings;
  // The new cluster begins with the endpoints that are known, so that a change loses no request.
  std::shared_ptr<const upstream::EndpointSet> set;
  if ((*settings)->discovery == upstream::Discovery::eds)
    if (const auto it = endpoint_sets_.find((*settings)->eds_name); it != endpoint_sets_.end()) set = it->second;
  everywhere([settings = *settings, set](downstream::Worker& worker) {
    auto cluster = std::make_shared<upstream::Cluster>(worker.network, settings, worker.shard, worker.families.cluster);
    if (set) cluster->set_endpoints(set);
    worker.clusters.put(std::move(cluster));
  });
  resolve_names(*settings);
  return {};
}

void Runtime::resolve_names(std::shared_ptr<const upstream::ClusterSettings> settings) {
  const bool named =
      settings->discovery == upstream::Discovery::strict_dns || settings->discovery == upstream::Discovery::logical_dns;
  if (!named) return;
  if (!resolve) return log_.error("cluster {}: there is no resolver for its host names", settings->name);
  resolve(settings->name, settings,
          [this, weak = std::weak_ptr(settings)](std::shared_ptr<const upstream::EndpointSet> set) {
            const auto settings = weak.lock();
            if (!settings || cluster_settings_[settings->name] != settings) return;
            everywhere([name = settings->name, set](downstream::Worker& worker) {
              if (const auto cluster = worker.clusters.find(name)) cluster->set_endpoints(set);
            });
          });
}

void Runtime::remove_cluster(const std::string& name) {
  clusters_.erase(name);
  cluster_settings_.erase(name);
  everywhere([name](downstream::Worker& worker) { worker.clusters.remove(name); });
}

Result<> Runtime::put_endpoints(const envoy::config::endpoint::v3::ClusterLoadAssignment& message) {
  auto& known = endpoints_[message.cluster_name()];
  if (endpoint_sets_.contains(message.cluster_name()) && MessageDifferencer::Equals(known, message)) return {};
  if (auto valid = xds::checked(message); !valid) return valid;
  Notes notes(fmt::format("endpoints {}", message.cluster_name()));
  auto set = read_endpoints(message, notes);
  if (!set) return failed(set);
  report(notes);
  known = message;
  endpoint_sets_[message.cluster_name()] = *set;
  apply_endpoints(message.cluster_name(), *set);
  look_at_warming();
  return {};
}

void Runtime::apply_endpoints(const std::string& eds_name, std::shared_ptr<const upstream::EndpointSet> set) {
  std::vector<std::string> users;
  for (const auto& [name, settings] : cluster_settings_)
    if (settings->discovery == upstream::Discovery::eds && settings->eds_name == eds_name) users.push_back(name);
  everywhere([users, set](downstream::Worker& worker) {
    for (const std::string& name : users)
      if (const auto cluster = worker.clusters.find(name)) cluster->set_endpoints(set);
  });
}

Result<> Runtime::put_routes(const envoy::config::route::v3::RouteConfiguration& message, const std::string& version) {
  auto& applied = routes_[message.name()];
  if (is_unchanged(applied, message)) return {};
  if (auto valid = xds::checked(message); !valid) return refuse(applied, valid.error());
  Notes notes(fmt::format("routes {}", message.name()));
  auto table = read_routes(message, read_filter_settings, notes);
  if (!table) return refuse(applied, table.error());
  report(notes);
  accept(applied, message, version, loop_.wall_now(), false);
  everywhere([name = message.name(), table = *table](downstream::Worker& worker) { worker.set_routes(name, table); });
  look_at_warming();
  return {};
}

Result<> Runtime::put_listener(const envoy::config::listener::v3::Listener& message, const std::string& version,
                               bool is_static) {
  const std::string name = message.name().empty() ? fmt::format("listener_{}", listeners_.size()) : message.name();
  auto& applied = listeners_[name];
  if (is_unchanged(applied, message)) return {};
  if (auto valid = xds::checked(message); !valid) return refuse(applied, valid.error());
  Notes notes(fmt::format("listener {}", name));
  auto named = message;
  named.set_name(name);
  auto read = read_listener(named, surroundings(), notes);
  if (!read) return refuse(applied, read.error());
  report(notes);
  accept(applied, message, version, loop_.wall_now(), is_static);
  warming_.erase(name);
  warming_.try_emplace(name, *this, std::move(*read));
  look_at_warming();
  return {};
}

Runtime::Warming::Warming(Runtime& owner, ReadListener listener)
    : runtime(owner), read(std::move(listener)), patience(owner.loop_) {
  const auto give_up = [](void* self) {
    auto& [runtime, read, patience, goes_without_routes] = *static_cast<Warming*>(self);
    goes_without_routes = true;
    for (const std::string& name : read.route_names)
      if (!runtime.has_routes(name))
        log_.warning("listener {}: routes {} have not come within {}: it answers 404 until they do",
                     read.settings->name, name, format_duration(*read.patience));
    runtime.look_at_warming();
  };
  if (read.patience.value_or(0s) > 0s) patience.arm(owner.loop_.now() + *read.patience, give_up, this);
}

bool Runtime::has_routes(const std::string& name) const {
  const auto it = routes_.find(name);
  return it != routes_.end() && it->second.updated != WallTime();
}

bool Runtime::is_warm(const Warming& warming) const {
  const auto settled = [this](const std::string& name) { return has_routes(name) || absent_routes_.contains(name); };
  return (warming.goes_without_routes || std::ranges::all_of(warming.read.route_names, settled)) &&
         std::ranges::all_of(warming.read.tls, [](const auto& slot) { return slot->get() != nullptr; });
}

void Runtime::set_absent_routes(std::set<std::string> names) {
  if (names == absent_routes_) return;
  absent_routes_ = std::move(names);
  look_at_warming();
}

void Runtime::look_at_warming() {
  for (auto it = warming_.begin(); it != warming_.end();) {
    if (!is_warm(it->second)) {
      ++it;
      continue;
    }
    serve(it->second.read);
    serving_[it->first] = std::move(it->second.read);
    it = warming_.erase(it);
  }
}

void Runtime::serve(const ReadListener& read) {
  for (const WorkerHandle& handle : workers_)
    handle.loop.post([this, &worker = handle.worker, settings = read.settings, routes = read.inline_routes] {
      for (const auto& [name, table] : routes) worker.set_routes(name, table);
      if (auto put = worker.put_listener(settings); !put) {
        log_.error("{}", put.error().message);
        loop_.post([this, name = settings->name, text = put.error().message] {
          if (const auto it = listeners_.find(name); it != listeners_.end()) it->second.error = text;
        });
      }
    });
}

void Runtime::remove_listener(const std::string& name) {
  listeners_.erase(name);
  warming_.erase(name);
  serving_.erase(name);
  everywhere([name](downstream::Worker& worker) { worker.remove_listener(name); });
}

std::set<std::string> Runtime::wanted_endpoints() const {
  std::set<std::string> names;
  for (const auto& [name, settings] : cluster_settings_)
    if (settings->discovery == upstream::Discovery::eds) names.insert(settings->eds_name);
  return names;
}

std::set<std::string> Runtime::wanted_routes() const {
  std::set<std::string> names;
  for (const auto& [name, read] : serving_) names.insert(read.route_names.begin(), read.route_names.end());
  for (const auto& [name, warming] : warming_)
    names.insert(warming.read.route_names.begin(), warming.read.route_names.end());
  return names;
}

void Runtime::drain_listeners(bool inbound_only) {
  everywhere([inbound_only](downstream::Worker& worker) { worker.drain_listeners(inbound_only); });
}

}  // namespace lateen::discovery
