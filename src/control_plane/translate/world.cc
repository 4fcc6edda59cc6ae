#include "control_plane/translate/world.h"

#include "control_plane/translate/world_tables.h"

namespace lateen::translate {

World::World(std::shared_ptr<const snapshot::Snapshot> first)
    : current_(std::move(first)), tables_(std::make_unique<Tables>(*current_)) {}

World::~World() = default;

bool World::set(std::shared_ptr<const snapshot::Snapshot> next) {
  const size_t gone_before = tables_->services_gone;
  const bool differs = tables_->set(current_.get(), *next);
  let_go_ += tables_->services_gone - gone_before;
  current_ = std::move(next);
  ++revision_;
  return differs;
}

World::Names World::names(std::vector<std::string> list) {
  auto made = std::make_shared<const std::vector<std::string>>(std::move(list));
  const auto [at, is_new] = tables_->lists.insert(std::move(made));
  if (is_new) ++let_go_;  // it stands for the list it follows
  return *at;
}

void World::collect() {
  let_go_ = 0;
  tables_->database.collect_unpinned();
  tables_->forget_unused();
}

void World::tidy() {
  if (let_go_ > members_ + 16) collect();
}

const collections::Statistics& World::statistics() const { return tables_->database.statistics(); }

World::Member::Member(World& world, Proxy proxy) : world_(world), proxy_(std::move(proxy)) { ++world_.members_; }

World::Member::~Member() {
  --world_.members_;
  ++world_.let_go_;
}

void World::Member::look_around() {
  if (revision_ == world_.revision_) return;
  revision_ = world_.revision_;
  auto found = world_.tables_->locator->find(proxy_);
  itself_ = found.itself;
  auto place = world_.tables_->place(std::move(found));
  if (place_ && place_ != place) ++world_.let_go_;
  place_ = std::move(place);
}

// Pins before letting the pin before it go.
template <class Query, class Key>
static auto ask(const Query& query, const Key& key, collections::Pin& pin) {
  auto out = query.get(key);
  pin = query.pin(key);
  return out;
}

ResourceSetPointer World::Member::listeners() {
  look_around();
  return ask(world_.tables_->listeners, Tables::Named(place_->id, itself_), listeners_);
}

ResourceSetPointer World::Member::clusters() {
  look_around();
  return ask(world_.tables_->clusters, place_->id, clusters_);
}

ResourceSetPointer World::Member::routes(const Names& names) {
  look_around();
  const auto id = place_->proxy.is_router() ? place_->id : place_->common->id;
  return ask(world_.tables_->routes, Tables::Listed(id, names), routes_);
}

ResourceSetPointer World::Member::endpoints(const Names& names) {
  look_around();
  return ask(world_.tables_->loads, Tables::Listed(place_->common->id, names), endpoints_);
}

ResourceSetPointer World::Member::name_table() {
  look_around();
  return ask(world_.tables_->name_tables, place_->common->id, name_table_);
}

World::Names World::Member::route_names() {
  look_around();
  return world_.names(*ask(world_.tables_->route_names, Tables::Named(place_->id, itself_), route_names_));
}

World::Names World::Member::endpoint_names() {
  look_around();
  return world_.names(*ask(world_.tables_->endpoint_names, place_->common->id, endpoint_names_));
}

World::Names World::Member::findings() {
  look_around();
  return ask(world_.tables_->findings, place_->id, findings_);
}

}  // namespace lateen::translate
