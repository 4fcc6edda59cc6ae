// The simulated twin: a virtual clock, hosts with addresses, and a network between them with delay, jitter, loss,
// partitions and a limited window, all driven by one seed. The same seed and the same program give the same trace.
//
//     SimulatedWorld world(7);
//     Network& client = world.host("10.0.0.1");
//     Network& server = world.host("10.0.0.2");
//     ... start tasks in a Scope(world) ...
//     world.run_for(5s);            // five virtual seconds, as fast as the machine can
//     EXPECT_EQ(world.trace(), ...);
#pragma once
#include <deque>
#include <map>
#include <queue>
#include <set>
#include <string>

#include "lib/io/workers.h"

namespace lateen::io {

// How the way between two hosts behaves. TCP hides loss by sending again: a lost segment arrives later, never out of
// order.
struct LinkQuality {
  Duration delay = 100us;           // one way
  Duration jitter = 0us;            // up to this much more, chosen per segment
  double loss = 0;                  // share of segments lost once
  Duration retransmission = 200ms;  // what a loss costs
  size_t window = 256 * 1024;       // bytes under way and unread before writers block
};

class SimulatedWorld final : public Loop {
 public:
  explicit SimulatedWorld(uint64_t seed);
  ~SimulatedWorld() override;

  // The host of that address, made at the first call.
  Network& host(std::string_view ip);
  // Workers of that host, all played by this loop.
  std::unique_ptr<Workers> workers(std::string_view ip, size_t count);
  // Sets redirect rules on a host, as for a sidecar: what other hosts send to any of its ports arrives at port
  // `inbound`, and what its applications send to other hosts arrives at its own port `outbound`; both know their
  // original destination. Returns the network of the applications. host() remains that of the proxy, which the rules
  // except.
  Network& redirect(std::string_view ip, uint16_t outbound, uint16_t inbound);

  // Of all ways that have no quality of their own.
  void set_quality(const LinkQuality& quality) { quality_ = quality; }
  // Of the way between two hosts, in both directions.
  void set_quality(std::string_view a, std::string_view b, const LinkQuality& quality);
  const LinkQuality& quality() const { return quality_; }
  const LinkQuality& quality(const Ip& a, const Ip& b) const;
  // Nothing passes between the two hosts until heal(): connects time out, streams stall and go on afterwards.
  void partition(std::string_view a, std::string_view b);
  void heal(std::string_view a, std::string_view b);
  // A host dies: its listeners close and its connections break (peers see a reset).
  void crash(std::string_view ip);

  void run_for(Duration duration);
  // Runs until the condition holds (checked after each event) or that much virtual time has passed; tells whether it
  // holds.
  bool run_until(const std::function<bool()>& condition, Duration limit = 60s);

  WallTime wall_now() const override;
  void set_wall_offset(Duration offset) { wall_offset_ = offset; }
  void post(std::function<void()> function) override;

  // A digest of every delivery so far: time, from, to, bytes.
  uint64_t trace() const { return trace_; }
  // One delivery, for tests that want to read the trace.
  struct Delivery {
    Ip from, to;
    std::string_view what;  // "connect", "bytes", "end", "reset", "datagram"
    uint64_t detail = 0;    // the port of a connect, the number of bytes
  };
  std::function<void(const Delivery&)> on_delivery;  // called at the moment of each; may be null

  // For the parts of the simulated network (simulated_network.cc).
  void deliver_after(Duration delay, std::function<void()> arrival);
  void record(const Delivery& delivery);
  bool partitioned(const Ip& a, const Ip& b) const;
  class Host;
  Host* find(const Ip& ip);
  uint64_t next_stream() { return ++streams_; }
  uint16_t next_port() { return port_ = port_ < 32768 || port_ >= 60999 ? 32768 : port_ + 1; }

 private:
  struct Arrival {
    Time when;
    uint64_t order;  // of equal times, the one sent first arrives first
    std::function<void()> function;
    bool operator>(const Arrival& other) const { return std::tie(when, order) > std::tie(other.when, other.order); }
  };
  bool step(Time limit);
  std::priority_queue<Arrival, std::vector<Arrival>, std::greater<>> arrivals_;
  std::map<Ip, std::unique_ptr<Host>> hosts_;
  std::set<std::pair<Ip, Ip>> partitions_;
  LinkQuality quality_;
  std::map<std::pair<Ip, Ip>, LinkQuality> qualities_;
  Duration wall_offset_{std::chrono::seconds(1'700'000'000)};
  uint64_t order_ = 0, streams_ = 0, trace_ = 1469598103934665603ULL;
  uint16_t port_ = 0;
};

}  // namespace lateen::io
