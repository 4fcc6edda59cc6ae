#include "data_plane/upstream/outlier.h"

#include <algorithm>

#include "lib/base/log.h"

namespace lateen::upstream {

static log::Component log_("outlier");

Outcome outcome_of(int status) {
  if (status == 502 || status == 503 || status == 504) return Outcome::gateway_error;
  return status >= 500 ? Outcome::server_error : Outcome::success;
}

void OutlierWatch::record(Host& host, Outcome outcome, std::span<const HostPtr> all) {
  if (outcome == Outcome::success) {
    host.consecutive_5xx_ = host.consecutive_gateway_ = host.consecutive_local_ = 0;
    return;
  }
  if (count(host, outcome) && !host.ejected_) eject(host, all);
}

// Adds to the counters that this outcome belongs to; true when one of them reached its limit and is enforced.
bool OutlierWatch::count(Host& host, Outcome outcome) {
  const auto reached = [&](uint32_t& counter, uint32_t limit, uint32_t enforcing_percent) {
    if (++counter < limit || limit == 0) return false;
    counter = 0;
    return loop_.random().below(100) < enforcing_percent;
  };
  const bool local = outcome == Outcome::local_failure;
  if (local && settings_.split_local_origin)
    return reached(host.consecutive_local_, settings_.consecutive_local_origin_failure,
                   settings_.enforcing_local_origin);
  if (!local) host.consecutive_local_ = 0;  // it answered
  bool eject = reached(host.consecutive_5xx_, settings_.consecutive_5xx, settings_.enforcing_consecutive_5xx);
  // Without the split a local failure counts as a 503.
  if (local || outcome == Outcome::gateway_error)
    eject |=
        reached(host.consecutive_gateway_, settings_.consecutive_gateway_failure, settings_.enforcing_gateway_failure);
  else
    host.consecutive_gateway_ = 0;
  return eject;
}

uint32_t OutlierWatch::active_ejections(std::span<const HostPtr> all) const {
  return static_cast<uint32_t>(std::ranges::count_if(all, [](const HostPtr& host) { return host->ejected_; }));
}

bool OutlierWatch::may_eject(std::span<const HostPtr> all) const {
  const uint64_t out = active_ejections(all);
  if (out == 0 && settings_.always_eject_one_host) return true;
  return (out + 1) * 100 <= uint64_t{settings_.max_ejection_percent} * all.size();
}

void OutlierWatch::eject(Host& host, std::span<const HostPtr> all) {
  const auto self = std::ranges::find(all, &host, &HostPtr::get);
  if (self == all.end() || !may_eject(all)) return;
  const Duration time = next_ejection_time(host);
  ++total_ejections_;
  host.ejected_ = true;
  host.ejected_until_ = loop_.now() + time;
  ejected_.push_back(*self);
  log_.info("ejected {} for {}", host.endpoint().address.text(), format_duration(time));
  arm(host.ejected_until_);
  changed_();
}

// A multiple of the base time: one more for every ejection, one less for every interval that the host was in use since.
Duration OutlierWatch::next_ejection_time(Host& host) const {
  const Duration base = settings_.base_ejection_time, most = std::max(settings_.max_ejection_time, base);
  if (host.ejections_ > 0 && settings_.interval > 0s)
    host.ejections_ -= static_cast<uint32_t>(
        std::min<int64_t>(host.ejections_, (loop_.now() - host.ejected_until_) / settings_.interval));
  if (base <= 0s) return 0s;
  // It stops growing at the longest time, so that a host which recovers is soon trusted as before.
  if (most / base >= host.ejections_) ++host.ejections_;
  return most / base < host.ejections_ ? most : base * host.ejections_;
}

void OutlierWatch::arm(Time when) {
  if (timer_.armed() && due_ <= when) return;
  due_ = when;
  timer_.arm(when, readmit, this);
}

void OutlierWatch::readmit(void* self) {
  auto& watch = *static_cast<OutlierWatch*>(self);
  bool changed = false;
  std::optional<Time> next;
  std::erase_if(watch.ejected_, [&](const std::weak_ptr<Host>& weak) {
    const HostPtr host = weak.lock();
    if (!host) return true;
    if (host->ejected_until_ > watch.loop_.now()) {
      next = std::min(next.value_or(host->ejected_until_), host->ejected_until_);
      return false;
    }
    host->ejected_ = false;
    // What was under way when it was ejected may have failed since: that must not eject it again.
    host->consecutive_5xx_ = host->consecutive_gateway_ = host->consecutive_local_ = 0;
    changed = true;
    log_.info("{} may be used again", host->endpoint().address.text());
    return true;
  });
  if (next) watch.arm(*next);
  if (changed) watch.changed_();
}

}  // namespace lateen::upstream
