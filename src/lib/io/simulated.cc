#include "lib/io/simulated.h"

#include "lib/io/simulated_host.h"

namespace lateen::io {

// The virtual clock starts at an hour past zero, so that "before now" is a valid time.
SimulatedWorld::SimulatedWorld(uint64_t seed) : Loop(Time(1h), seed) {}
SimulatedWorld::~SimulatedWorld() = default;

Network& SimulatedWorld::host(std::string_view ip) {
  const Ip address = Ip::parse(ip).value();
  auto& host = hosts_[address];
  if (!host) host = std::make_unique<Host>(*this, address);
  return *host;
}

SimulatedWorld::Host* SimulatedWorld::find(const Ip& ip) {
  const auto it = hosts_.find(ip);
  return it == hosts_.end() ? nullptr : it->second.get();
}

namespace {

class SimulatedWorkers final : public Workers {
 public:
  SimulatedWorkers(SimulatedWorld& world, Network& host, size_t count) : world_(world), host_(host), count_(count) {}
  size_t size() const override { return count_; }
  Network& network(size_t) override { return host_; }
  void on_each(const std::function<void(size_t)>& function) override {
    world_.run_for(0s);  // what was posted before goes first, as on a thread
    for (size_t i = 0; i < count_; ++i) function(i);
  }

 private:
  SimulatedWorld& world_;
  Network& host_;
  size_t count_;
};

}  // namespace

std::unique_ptr<Workers> SimulatedWorld::workers(std::string_view ip, size_t count) {
  return std::make_unique<SimulatedWorkers>(*this, host(ip), count);
}

Network& SimulatedWorld::redirect(std::string_view ip, uint16_t outbound, uint16_t inbound) {
  host(ip);
  return find(Ip::parse(ip).value())->redirect(outbound, inbound);
}

void SimulatedWorld::set_quality(std::string_view a, std::string_view b, const LinkQuality& quality) {
  qualities_[std::minmax(Ip::parse(a).value(), Ip::parse(b).value())] = quality;
}

const LinkQuality& SimulatedWorld::quality(const Ip& a, const Ip& b) const {
  const auto it = qualities_.find(std::minmax(a, b));
  return it == qualities_.end() ? quality_ : it->second;
}

void SimulatedWorld::partition(std::string_view a, std::string_view b) {
  partitions_.insert(std::minmax(Ip::parse(a).value(), Ip::parse(b).value()));
}

void SimulatedWorld::heal(std::string_view a, std::string_view b) {
  partitions_.erase(std::minmax(Ip::parse(a).value(), Ip::parse(b).value()));
}

bool SimulatedWorld::partitioned(const Ip& a, const Ip& b) const { return partitions_.contains(std::minmax(a, b)); }

void SimulatedWorld::crash(std::string_view ip) {
  if (Host* host = find(Ip::parse(ip).value())) host->crash();
}

WallTime SimulatedWorld::wall_now() const { return WallTime(now().time_since_epoch() + wall_offset_); }

void SimulatedWorld::post(std::function<void()> function) { deliver_after(0ns, std::move(function)); }

void SimulatedWorld::deliver_after(Duration delay, std::function<void()> arrival) {
  arrivals_.push({now() + delay, order_++, std::move(arrival)});
}

void SimulatedWorld::record(const Delivery& delivery) {
  const auto mix = [this](uint64_t word) { trace_ = (trace_ ^ word) * 1099511628211ULL; };
  for (char c : delivery.what) mix(static_cast<uint8_t>(c));
  for (const Ip* end : {&delivery.from, &delivery.to})
    for (const uint8_t byte : end->bytes()) mix(byte);
  mix(static_cast<uint64_t>(now().time_since_epoch().count()));
  mix(delivery.detail);
  if (on_delivery) on_delivery(delivery);
}

bool SimulatedWorld::step(Time limit) {
  if (has_ready()) {
    run_ready();
    return true;  // whoever waits for a condition looks at it before the clock moves on
  }
  std::optional<Time> next = timers().next();
  if (!arrivals_.empty() && (!next || arrivals_.top().when <= *next)) next = arrivals_.top().when;
  if (!next || *next > limit) {
    set_now(limit);
    return false;
  }
  set_now(std::max(now(), *next));
  while (!arrivals_.empty() && arrivals_.top().when <= now()) {
    auto function = std::move(const_cast<Arrival&>(arrivals_.top()).function);
    arrivals_.pop();
    function();
  }
  timers().advance(now());
  return true;
}

void SimulatedWorld::run_for(Duration duration) {
  const Time limit = now() + duration;
  while (step(limit)) {
  }
}

bool SimulatedWorld::run_until(const std::function<bool()>& condition, Duration limit) {
  const Time end = now() + limit;
  while (!condition())
    if (!step(end)) return condition();
  return true;
}

}  // namespace lateen::io
