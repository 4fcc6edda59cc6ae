#include "data_plane/discovery/dns_refresh.h"

#include <algorithm>

#include "lib/base/log.h"

namespace lateen::discovery {

static log::Component log_("dns");

void DnsRefresh::start(const std::string& cluster, std::shared_ptr<const upstream::ClusterSettings> settings,
                       Changed changed) {
  current_[cluster] = settings;
  scope_.start(refresh(cluster, std::move(settings), std::move(changed)));
}

io::Task<void> DnsRefresh::refresh(std::string cluster, std::shared_ptr<const upstream::ClusterSettings> settings,
                                   Changed changed) {
  const auto family = !settings->dns_v6   ? upstream::DnsFamily::v4_only
                      : !settings->dns_v4 ? upstream::DnsFamily::v6_only
                                          : upstream::DnsFamily::automatic;
  std::shared_ptr<const upstream::EndpointSet> last;
  while (current_[cluster].lock() == settings) {
    auto set = std::make_shared<upstream::EndpointSet>();
    Duration pause = settings->dns_refresh_rate;
    bool complete = true;
    for (const upstream::Endpoint& named : settings->fixed_endpoints) {
      if (named.hostname.empty()) {
        set->endpoints.push_back(named);
        continue;
      }
      const auto resolved = co_await resolver_.resolve(named.hostname, family);
      if (!resolved) {
        log_.warning("cluster {}: {}", cluster, resolved.error().message);
        complete = false;
        continue;
      }
      if (settings->respect_dns_ttl && resolved->ttl) pause = std::max<Duration>(1s, *resolved->ttl);
      for (const Ip& ip : resolved->addresses) {
        upstream::Endpoint endpoint = named;
        endpoint.address.ip = ip;
        set->endpoints.push_back(std::move(endpoint));
        if (settings->discovery == upstream::Discovery::logical_dns) break;
      }
    }
    // A failed look-up keeps what there was; an empty answer takes the endpoints away.
    if (complete && (!last || !(*last == *set))) {
      last = set;
      changed(set);
    }
    if (settings->dns_jitter > 0s)
      pause +=
          Duration(static_cast<int64_t>(loop_.random().below(static_cast<uint64_t>(settings->dns_jitter.count()))));
    // Held weakly meanwhile: the settings of a cluster that was removed end the task.
    const std::weak_ptr<const upstream::ClusterSettings> kept = settings;
    settings.reset();
    co_await loop_.sleep(pause);
    settings = kept.lock();
    if (settings) continue;
    if (const auto it = current_.find(cluster); it != current_.end() && it->second.expired()) current_.erase(it);
    co_return;
  }
}

}  // namespace lateen::discovery
