// The control plane's own pages, in plain HTTP for a loopback address: /ready, /metrics, /debug/syncz (who is connected
// and how far behind), /debug/config_dump?proxyID=ID (what a proxy was given, in the form of Envoy's admin page).
#pragma once
#include <functional>
#include <string>

#include "control_plane/xds/discovery.h"
#include "lib/http/server.h"

namespace lateen::discovery {

// How a subscription stands: "SYNCED", "STALE" (sent, not answered yet), "REFUSED", "NOT SENT".
std::string_view state_of(const Subscription& subscription);

// A JSON list of proxies with their types; the members are istiod's (`proxy`, `cluster_sent`, `cluster_acked`, ...) and
// `types`, which has a refusal's reason.
std::string sync_status(const std::vector<Connection>& connections);

// {"configs": [...]} of what the proxy has; secrets are hidden.
std::string config_dump(const Connection& connection);

// The connection of that proxy: by node id, connection id, NAME.NAMESPACE or NAME alone when that is one only.
Result<Connection> find_proxy(const std::vector<Connection>& connections, std::string_view proxy);

class DebugPages final : public http::Service {
 public:
  // `metrics` writes the Prometheus text; `ready` says whether configuration was read. Both may be null.
  DebugPages(const Discovery& discovery, std::function<std::string()> metrics, std::function<bool()> ready)
      : discovery_(discovery), metrics_(std::move(metrics)), ready_(std::move(ready)) {}

  io::Task<void> serve(http::ServerStream& stream) override;

 private:
  struct Page {
    int status = 200;
    std::string_view content_type = "application/json";
    std::string text;
  };
  Page page(std::string_view method, std::string_view path) const;
  Page dump(std::string_view query) const;

  const Discovery& discovery_;
  std::function<std::string()> metrics_;
  std::function<bool()> ready_;
};

}  // namespace lateen::discovery
