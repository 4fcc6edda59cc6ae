#include "data_plane/downstream/worker.h"

#include "lib/base/log.h"

namespace lateen::downstream {

static log::Component log_("worker");

Worker::Worker(io::Network& network, metrics::Registry& registry, const Families& families, unsigned index)
    : network(network),
      loop(network.loop()),
      families(families),
      shard(registry, index),
      router(clusters, loop),
      index(index),
      reapers_(loop),
      end_reapers_(reapers_) {}

Worker::~Worker() {
  reapers_.cancel();
  listeners_.clear();
  draining_.clear();
}

Result<> Worker::put_listener(std::shared_ptr<const ListenerSettings> settings) {
  const std::string name = settings->name;
  auto listener = std::make_unique<Listener>(*this, std::move(settings));
  // The new one binds beside the old one (SO_REUSEPORT), so no connection finds the port closed.
  if (auto started = listener->start(); !started) return started;
  auto& place = listeners_[name];
  if (place) retire(std::move(place));
  place = std::move(listener);
  return {};
}

void Worker::remove_listener(const std::string& name) {
  const auto it = listeners_.find(name);
  if (it == listeners_.end()) return;
  retire(std::move(it->second));
  listeners_.erase(it);
}

void Worker::retire(std::unique_ptr<Listener> listener) {
  listener->drain();
  Listener* raw = listener.get();
  draining_.push_back(std::move(listener));
  reapers_.start(reap(raw));
}

io::Task<void> Worker::reap(Listener* listener) {
  const auto gone = [](Listener& listener) -> io::Task<Result<>> {
    co_await listener.idle();
    co_return Result<>{};
  };
  const auto drained = co_await io::within(loop, drain_time, gone(*listener));
  if (!drained)
    log_.info("{}: {} connections cut at the end of the drain time", listener->settings().name,
              listener->connections());
  std::erase_if(draining_, [listener](const auto& each) { return each.get() == listener; });
}

void Worker::drain_listeners(bool inbound_only) {
  for (auto& [name, listener] : listeners_)
    if (!inbound_only || listener->settings().direction == telemetry::Direction::inbound) listener->drain();
}

Listener* Worker::find_listener(const SocketAddress& destination) {
  Listener* any_address = nullptr;
  for (auto& [name, listener] : listeners_)
    for (const SocketAddress& address : listener->settings().addresses) {
      if (address.port != destination.port) continue;
      if (address.ip == destination.ip) return listener.get();
      if (address.ip.is_any() && address.ip.is_v6() == destination.ip.is_v6()) any_address = listener.get();
    }
  return any_address;
}

size_t Worker::connections() const {
  size_t count = 0;
  for (const auto& [name, listener] : listeners_) count += listener->connections();
  return count;
}

std::shared_ptr<proxy::RouteSlot> Worker::route_slot(const std::string& name) {
  auto& slot = routes_[name];
  if (!slot) slot = std::make_shared<proxy::RouteSlot>();
  return slot;
}

}  // namespace lateen::downstream
