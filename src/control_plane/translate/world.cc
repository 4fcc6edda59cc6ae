#include "control_plane/translate/world.h"

#include <algorithm>
#include <set>

#include "config/xds/message.h"
#include "control_plane/translate/clusters.h"
#include "control_plane/translate/endpoints.h"
#include "control_plane/translate/gateways.h"
#include "control_plane/translate/listeners.h"
#include "control_plane/translate/routes.h"
#include "control_plane/translate/translate.h"
#include "lib/schema/document.h"

namespace lateen::translate {
namespace {

using collections::Input;
using collections::Query;
using collections::Unit;
using registry::Service;
using snapshot::Snapshot;

// A snapshot whose services have lost those endpoints that only load assignments read. Compared by content.
struct Shape {
  std::shared_ptr<const Snapshot> world;
  bool operator==(const Shape& other) const { return world == other.world || *world == *other.world; }
};

// Of the watched endpoints of an ordinary service clusters read who they are and whether they do mutual TLS.
void strip(Service& service) {
  const bool by_vip = service.resolution == registry::Resolution::client_side;
  if (!by_vip) return;
  std::set<std::pair<std::string, bool>> seen;
  std::vector<registry::Endpoint> kept;
  for (auto& each : service.endpoints) {
    if (each.health == registry::Health::unknown) {
      kept.push_back(std::move(each));
    } else if (seen.emplace(each.service_account, each.mutual_tls).second) {
      registry::Endpoint fact;
      fact.service_account = each.service_account;
      fact.mutual_tls = each.mutual_tls;
      fact.health = registry::Health::healthy;
      kept.push_back(std::move(fact));
    }
  }
  std::ranges::sort(kept, {}, [](const auto& each) {
    return std::tuple(each.health, each.service_account, each.mutual_tls, each.address, each.port, each.port_name);
  });
  service.endpoints = std::move(kept);
}

Shape shape_of(const Snapshot& world) {
  auto copy = std::make_shared<Snapshot>(world);
  copy->workloads.clear();  // a proxy brings its own along
  for (auto& service : copy->services) strip(service);
  return {std::move(copy)};
}

std::string service_key(const Service& service, size_t index) {
  return fmt::format("{}|{}|{}", service.hostname, service.namespace_, index);
}

using Services = Input<std::string, Service>;

Services::Values services_of(const Snapshot& world) {
  Services::Values out;
  for (const auto& [host, indexes] : world.services_by_host)
    for (size_t i = 0; i < indexes.size(); ++i) {
      const auto& service = world.services[indexes[i]];
      out[service_key(service, i)] = std::make_shared<const Service>(service);
    }
  return out;
}

// Everything that a translation reads of a proxy, as text; `own`: with its addresses.
std::string class_of(const Proxy& proxy, bool own) {
  schema::Node out = schema::Node::map();
  out["type"] = proxy.is_router() ? "router" : "sidecar";
  out["namespace"] = proxy.namespace_;
  out["domain"] = proxy.domain;
  out["cluster"] = proxy.cluster;
  out["network"] = proxy.network;
  out["family"] = proxy.wildcard_address();
  for (const auto& [key, value] : proxy.labels) out["labels"][key] = value;
  out["locality"] = fmt::format("{}/{}/{}", proxy.locality.region, proxy.locality.zone, proxy.locality.subzone);
  for (const auto* key : {"INTERCEPTION_MODE", "DNS_CAPTURE", "REQUESTED_NETWORK_VIEW", "NODE_NAME", "MESH_ID"})
    if (!proxy.text(key).empty()) out["metadata"][key] = proxy.text(key);
  if (!own) return schema::write_json(out);
  for (const auto& ip : proxy.ips) out["ips"].push_back(ip);
  if (!proxy.workload) return schema::write_json(out);
  out["pod"] = proxy.workload->is_pod;
  for (const auto& [name, number] : proxy.workload->ports) out["ports"][name] = number;
  for (const auto& [key, value] : proxy.workload->labels) out["workload"][key] = value;
  return schema::write_json(out);
}

template <class Message>
std::string name_of(const Message& message) {
  if constexpr (requires { message.name(); }) {
    return message.name();
  } else {
    return message.cluster_name();
  }
}

}  // namespace

bool SerialisedList::operator==(const SerialisedList& other) const {
  return std::ranges::equal(items, other.items, [](const auto& a, const auto& b) { return a == b || *a == *b; });
}

struct World::Tables {
  using Key = std::pair<std::string, std::string>;  // class of the proxy, name of the resource

  explicit Tables(const Snapshot& first) {
    shape.set({}, shape_of(first));
    services.assign(services_of(first));
  }

  collections::Database database;
  Input<Unit, Shape> shape{database, "shape"};
  Services services{database, "services"};
  std::map<std::string, Proxy> proxies;  // by class: any proxy of it

  // Remembers the proxy under its class. The first of a class speaks for all.
  std::string known(const Proxy& proxy, bool own) {
    std::string key = class_of(proxy, own);
    proxies.try_emplace(key, proxy);
    return key;
  }

  template <class Messages>
  static SerialisedList serialised(const Messages& messages) {
    SerialisedList out;
    for (const auto& each : messages)
      out.items.push_back(std::make_shared<const Serialised>(Serialised{name_of(each), xds::serialize(each)}));
    return out;
  }

  Query<std::string, SerialisedList> outbound_clusters{database, "outbound clusters", [this](const std::string& key) {
                                                         const Context in(*shape.get()->world, proxies.at(key));
                                                         std::vector<Cluster> out;
                                                         add_outbound_clusters(in, out);
                                                         if (needs_sni_clusters(in)) add_sni_clusters(in, out);
                                                         return serialised(out);
                                                       }};
  Query<std::string, SerialisedList> own_clusters{database, "own clusters", [this](const std::string& key) {
                                                    const Context in(*shape.get()->world, proxies.at(key));
                                                    std::vector<Cluster> out;
                                                    add_inbound_clusters(in, out);
                                                    add_fixed_clusters(in, out);
                                                    return serialised(out);
                                                  }};
  Query<std::string, SerialisedList> listeners{
      database, "listeners", [this](const std::string& key) {
        return serialised(translate::listeners(*shape.get()->world, proxies.at(key)));
      }};
  Query<Key, SerialisedList> route{
      database, "route", [this](const Key& key) {
        return serialised(translate::routes(*shape.get()->world, proxies.at(key.first), {key.second}));
      }};
  Query<Key, SerialisedList> endpoints{database, "endpoints", [this](const Key& key) { return load(key); }};

  // The shape says which service it is; its endpoints are read from the service itself.
  SerialisedList load(const Key& key) {
    const auto world = shape.get()->world;
    Context in(*world, proxies.at(key.first));
    const auto parts = parse_cluster_name(key.second);
    const auto* service = parts.ok ? in.scope.service(parts.host) : nullptr;
    if (!service) return serialised(std::vector{load_assignment(in, key.second)});
    const auto& indexes = world->services_by_host.find(parts.host)->second;
    for (size_t i = 0; i < indexes.size(); ++i) {
      const auto& candidate = world->services[indexes[i]];
      if (candidate.namespace_ != service->namespace_ || candidate.provider != service->provider) continue;
      const auto whole = services.get(service_key(candidate, i));
      if (!whole) continue;
      Service filled = *service;
      filled.endpoints = whole->endpoints;
      return serialised(std::vector{load_assignment(in, filled, key.second)});
    }
    return serialised(std::vector{load_assignment(in, key.second)});
  }
};

World::World(std::shared_ptr<const Snapshot> first)
    : current_(std::move(first)), tables_(std::make_unique<Tables>(*current_)) {}

World::~World() = default;

bool World::set(std::shared_ptr<const Snapshot> next) {
  current_ = std::move(next);
  const bool shape = tables_->shape.set({}, shape_of(*current_));
  return tables_->services.assign(services_of(*current_)) || shape;
}

World::List World::listeners(const Proxy& proxy) {
  return tables_->listeners.get(tables_->known(completed(proxy, *current_), true));
}

World::List World::clusters(const Proxy& proxy) {
  const Proxy whole = completed(proxy, *current_);
  const auto outbound = tables_->outbound_clusters.get(tables_->known(whole, false));
  const auto own = tables_->own_clusters.get(tables_->known(whole, true));
  auto out = std::make_shared<SerialisedList>(*outbound);
  out->items.insert(out->items.end(), own->items.begin(), own->items.end());
  return out;
}

World::List World::routes(const Proxy& proxy, const std::vector<std::string>& names) {
  const auto key = tables_->known(completed(proxy, *current_), true);
  auto out = std::make_shared<SerialisedList>();
  for (const auto& name : names) {
    const auto one = tables_->route.get({key, name});
    out->items.insert(out->items.end(), one->items.begin(), one->items.end());
  }
  return out;
}

World::List World::endpoints(const Proxy& proxy, const std::vector<std::string>& cluster_names) {
  const auto key = tables_->known(completed(proxy, *current_), false);
  auto out = std::make_shared<SerialisedList>();
  for (const auto& name : cluster_names) {
    const auto one = tables_->endpoints.get({key, name});
    out->items.insert(out->items.end(), one->items.begin(), one->items.end());
  }
  return out;
}

std::vector<std::string> World::route_names(const Proxy& proxy) {
  std::vector<Listener> list;
  for (const auto& each : listeners(proxy)->items) list.emplace_back().ParseFromString(each->bytes);
  return translate::route_names(list);
}

std::vector<std::string> World::endpoint_names(const Proxy& proxy) {
  std::vector<Cluster> list;
  for (const auto& each : clusters(proxy)->items) list.emplace_back().ParseFromString(each->bytes);
  return translate::endpoint_names(list);
}

void World::collect() { tables_->database.collect(); }

const collections::Statistics& World::statistics() const { return tables_->database.statistics(); }

}  // namespace lateen::translate
