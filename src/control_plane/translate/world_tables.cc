#include "control_plane/translate/world_tables.h"

#include "config/xds/message.h"
#include "config/xds/protos.h"
#include "control_plane/translate/access_log.h"
#include "control_plane/translate/clusters.h"
#include "control_plane/translate/endpoints.h"
#include "control_plane/translate/gateways.h"
#include "control_plane/translate/listeners.h"
#include "control_plane/translate/name_table.h"
#include "control_plane/translate/routes.h"
#include "control_plane/translate/translate.h"
#include "istio/networking/nds/v1/nds.pb.h"
#include "lib/base/strings.h"

namespace lateen::translate {
namespace {

template <class Message>
const std::string& name_of(const Message& message) {
  if constexpr (requires { message.name(); }) {
    return message.name();
  } else {
    return message.cluster_name();
  }
}

template <class Message>
std::vector<Message> parsed(const ResourceSet& set) {
  std::vector<Message> out;
  for (const auto& each : set.all()) {
    const auto bytes = each->message();
    out.emplace_back().ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
  }
  return out;
}

}  // namespace

World::Tables::Tables(const snapshot::Snapshot& first) { set(nullptr, first); }

// --- places --------------------------------------------------------------------------------------------------------

std::shared_ptr<const Place> World::Tables::place(Whereabouts found) {
  auto& known_place = places[found.place_key];
  if (known_place) return known_place;
  // Whoever is the first stands for all: nothing may be read that is not in the key.
  found.place.proxy.workload.reset();
  auto& known_class = places[found.class_key];
  if (!known_class) {
    auto made = std::make_shared<Place>();
    made->id = ++last_id;
    made->proxy = found.place.proxy;
    made->proxy.ips = {found.place.proxy.wildcard_address()};
    known_class = places_by_id[made->id] = made;
  }
  auto made = std::make_shared<Place>(std::move(found.place));
  made->id = ++last_id;
  made->common = known_class;
  return known_place = places_by_id[made->id] = made;
}

void World::Tables::forget_unused() {
  const auto is_unused = [](const auto& place) { return place.use_count() == 2; };  // by these two tables alone
  for (size_t before = 0; before != places.size();) {                               // a place holds its class
    before = places.size();
    std::erase_if(places, [&](const auto& each) {
      if (!is_unused(each.second)) return false;
      places_by_id.erase(each.second->id);
      return true;
    });
  }
  forget_dead();
  std::erase_if(lists, [](const Names& each) { return each.use_count() == 1; });
}

// --- contexts ------------------------------------------------------------------------------------------------------

std::vector<ServedPort> World::Tables::served_of(const Place& place, std::vector<ServicePointer>& keep) {
  std::vector<ServedPort> out;
  for (const auto& each : place.served) {
    const auto service = outlines.get(each.service);
    if (!service) continue;
    for (const auto& port : service->ports)
      if (port.number == each.port && port.name == each.port_name) {
        out.push_back({service.get(), &port, each.target});
        keep.push_back(service);
        break;
      }
  }
  return out;
}

World::Tables::Held World::Tables::context_of(Id id) {
  Held out{shape.get()->world, places_by_id.at(id), {}, nullptr};
  Scope scope =
      out.place->common ? context.get(out.place->common->id)->in->scope : scope_of(*out.world, out.place->proxy);
  auto served = served_of(*out.place, out.served);
  out.in = std::make_shared<const Context>(*out.world, out.place->proxy, std::move(scope), std::move(served));
  return out;
}

World::Tables::Held World::Tables::ground_context_of(Id id) {
  Held out{ground.get()->world, places_by_id.at(id), {}, nullptr};
  auto served = served_of(*out.place, out.served);
  out.in = std::make_shared<const Context>(*out.world, out.place->proxy, scope_of(*out.world, out.place->proxy),
                                           std::move(served));
  return out;
}

World::Tables::Seen World::Tables::see(const Named& key) {
  const auto held = context.get(key.first);
  const auto* service = held->in->scope.service(key.second);
  if (!service) return {};
  const auto& all = held->world->services;
  const auto& indexes = held->world->services_by_host.find(key.second)->second;
  for (size_t i = 0; i < indexes.size(); ++i) {
    const auto& candidate = all[indexes[i]];
    if (&candidate == service || (candidate.namespace_ == service->namespace_ &&
                                  candidate.provider == service->provider && candidate.cluster == service->cluster))
      return {service_key(candidate, i), service->ports};
  }
  return {};
}

std::vector<std::string> World::Tables::hosts_of(Id id) {
  std::vector<std::string> out;
  for (const auto* service : context.get(id)->in->scope.services) out.push_back(service->hostname);
  return out;
}

bool World::Tables::needs_sni(Id id) { return needs_sni_clusters(*context.get(id)->in); }

// --- clusters ------------------------------------------------------------------------------------------------------

World::Tables::Resources World::Tables::clusters_of_service(const Named& key) {
  const auto as_seen = seen.get(key);
  const auto outline = as_seen->key.empty() ? nullptr : outlines.get(as_seen->key);
  if (!outline) return {};
  const auto held = ground_context.get(key.first);
  registry::Service service = *outline;
  service.ports = as_seen->ports;
  std::vector<Cluster> out;
  add_service_clusters(*held->in, service, false, out);
  if (*by_sni.get(key.first)) add_service_clusters(*held->in, service, true, out);
  return resources(out);
}

ResourceSet World::Tables::outbound_clusters_of(Id id) {
  Resources out;
  for (const auto& host : *hosts.get(id)) {
    const auto some = service_clusters.get({id, host});
    out.insert(out.end(), some->begin(), some->end());
  }
  return ResourceSet(std::move(out));
}

ResourceSet World::Tables::own_clusters_of(Id id) {
  const auto held = ground_context.get(id);
  std::vector<Cluster> out;
  add_inbound_clusters(*held->in, out);
  add_fixed_clusters(*held->in, out);
  return ResourceSet(resources(out));
}

// --- listeners -----------------------------------------------------------------------------------------------------

ResourceSet World::Tables::outbound_listeners_of(const Named& key) {
  const auto held = context.get(key.first);
  if (held->place->proxy.is_router()) return {};
  Proxy proxy = held->place->proxy;
  for (const auto ip : split(key.second, ','))
    if (!ip.empty()) proxy.ips.emplace_back(ip);
  const Context in(*held->world, proxy, held->in->scope, {});
  auto out = sidecar_outbound_listeners(in);
  for (auto& each : out) add_refusal_log(in, each);
  return ResourceSet(resources(out));
}

ResourceSet World::Tables::own_listeners_of(Id id) {
  const bool is_router = places_by_id.at(id)->proxy.is_router();
  const auto held = is_router ? context.get(id) : ground_context.get(id);
  std::vector<Listener> out;
  if (is_router)
    out = gateway_listeners(*held->in);
  else
    add_inbound_listeners(*held->in, out);
  for (auto& each : out) add_refusal_log(*held->in, each);
  return ResourceSet(resources(out));
}

// --- routes, load assignments, names -------------------------------------------------------------------------------

World::Tables::Resources World::Tables::route_of(const Named& key) {
  const auto held = context.get(key.first);
  const bool is_router = held->place->proxy.is_router();
  return resources(
      std::vector{is_router ? gateway_route(*held->in, key.second) : sidecar_route(*held->in, key.second)});
}

World::Tables::Resources World::Tables::load_of(const Named& key) {
  const auto held = ground_context.get(key.first);
  const auto parts = parse_cluster_name(key.second);
  const auto as_seen = parts.ok ? seen.get({key.first, parts.host}) : nullptr;
  const auto whole = as_seen && !as_seen->key.empty() ? services.get(as_seen->key) : nullptr;
  // The ground has no services: an assignment without endpoints.
  if (!whole) return resources(std::vector{load_assignment(*held->in, key.second)});
  if (whole->ports == as_seen->ports) return resources(std::vector{load_assignment(*held->in, *whole, key.second)});
  registry::Service some = *whole;
  some.ports = as_seen->ports;
  return resources(std::vector{load_assignment(*held->in, some, key.second)});
}

ResourceSet World::Tables::list_of(const Query<Named, Resources>& each, const Listed& key) {
  Resources out;
  for (const auto& name : *key.second) {
    const auto some = each.get({key.first, name});
    out.insert(out.end(), some->begin(), some->end());
  }
  return ResourceSet(std::move(out));
}

ResourceSet World::Tables::name_table_of(Id id) {
  const auto held = context.get(id);
  return ResourceSet({resource(std::string(name_table_name), name_table(*held->in))});
}

std::vector<std::string> World::Tables::route_names_of(const Named& key) {
  return translate::route_names(parsed<Listener>(*listeners.get(key)));
}

std::vector<std::string> World::Tables::endpoint_names_of(Id id) {
  return translate::endpoint_names(parsed<Cluster>(*outbound_clusters.get(id)));
}

// --- resources -----------------------------------------------------------------------------------------------------

ResourcePointer World::Tables::resource(std::string name, const google::protobuf::Message& message) {
  auto made = Resource::of(std::move(name), message);
  for (auto [at, end] = known.equal_range(made->version); at != end; ++at)
    if (auto held = at->second.lock(); held && *held == *made) return held;
  if (known.size() >= known_max) {
    forget_dead();
    known_max = 2 * known.size() + 1024;
  }
  known.emplace(made->version, made);
  return made;
}

void World::Tables::forget_dead() {
  std::erase_if(known, [](const auto& each) { return each.second.expired(); });
}

template <class Messages>
World::Tables::Resources World::Tables::resources(const Messages& messages) {
  Resources out;
  out.reserve(messages.size());
  for (const auto& each : messages) out.push_back(resource(name_of(each), each));
  return out;
}

}  // namespace lateen::translate
