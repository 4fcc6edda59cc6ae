// Outlier detection: a host that fails several times in a row is left alone for a while (Envoy's consecutive
// detectors).
#pragma once
#include <functional>

#include "data_plane/upstream/host.h"

namespace lateen::upstream {

// What an attempt told about its host.
enum class Outcome : uint8_t {
  success,
  server_error,   // 5xx other than a gateway error
  gateway_error,  // 502, 503, 504
  local_failure,  // no connection, timeout, reset: nothing of an answer
};
Outcome outcome_of(int status);

// Belongs to one cluster on one worker. `changed` is called when a host was ejected or came back.
class OutlierWatch {
 public:
  OutlierWatch(io::Loop& loop, const OutlierDetection& settings, std::function<void()> changed)
      : loop_(loop), settings_(settings), changed_(std::move(changed)), timer_(loop) {}

  void record(Host& host, Outcome outcome, std::span<const HostPtr> all);
  uint64_t ejections() const { return total_ejections_; }
  uint32_t active_ejections(std::span<const HostPtr> all) const;

 private:
  bool count(Host& host, Outcome outcome);
  bool may_eject(std::span<const HostPtr> all) const;
  void eject(Host& host, std::span<const HostPtr> all);
  Duration next_ejection_time(Host& host) const;
  void arm(Time when);
  static void readmit(void* self);

  io::Loop& loop_;
  const OutlierDetection& settings_;
  std::function<void()> changed_;
  io::Timer timer_;
  Time due_{};  // of the timer, while it is armed
  std::vector<std::weak_ptr<Host>> ejected_;
  uint64_t total_ejections_ = 0;
};

}  // namespace lateen::upstream
