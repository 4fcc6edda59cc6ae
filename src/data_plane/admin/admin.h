// The admin pages of a proxy (Envoy's, on 127.0.0.1:15000), and the small public ones: readiness (15021) and metrics
// (15090).
#pragma once
#include <functional>

#include "data_plane/discovery/runtime.h"
#include "lib/http/server.h"
#include "lib/io/network.h"
#include "lib/io/scope.h"
#include "lib/metrics/snapshot.h"

namespace lateen::admin {

// What the pages speak of. All outlive the pages; everything runs on the main loop.
struct Subject {
  discovery::Runtime& runtime;
  metrics::Registry& registry;
  const envoy::config::bootstrap::v3::Bootstrap& bootstrap;
  std::function<bool()> ready;         // serves configuration; else the reason is in `state`
  std::function<std::string()> state;  // "LIVE", "INITIALIZING", "DRAINING"
  std::function<void()> quit;
  Time started{};
  unsigned workers = 1;
};

enum class Pages : uint8_t {
  all,        // the whole admin interface: loopback only
  readiness,  // /healthz/ready
  metrics,    // /stats/prometheus
};

class Admin final : public http::Service {
 public:
  Admin(Subject subject, Pages pages, io::Loop& loop);
  ~Admin() override;

  // Listens and serves until destroyed.
  Result<> listen(io::Network& network, const SocketAddress& on);
  io::Task<void> serve(http::ServerStream& stream) override;

  struct Page {
    int status = 200;
    std::string body;
    std::string type = "text/plain; charset=UTF-8";
  };
  // The answer to a request without a connection, for tests and other doors.
  Page answer(std::string_view method, std::string_view path);

 private:
  io::Task<void> accept(std::unique_ptr<io::Acceptor> acceptor);
  io::Task<void> serve_one(std::unique_ptr<io::Transport> transport);
  Page stats(std::string_view path);
  Page prometheus();
  Page ready();
  Page logging(std::string_view path);
  Page drain(std::string_view path);
  Page listeners(std::string_view path);
  Page help();

  Subject subject_;
  Pages pages_;
  io::Loop& loop_;
  bool failing_ = false;  // healthcheck/fail
  io::Scope connections_;
};

// The documents behind /config_dump, /clusters and /certs.
std::string config_dump(const Subject& subject, std::string_view resource);
std::string clusters_text(const Subject& subject);
std::string clusters_json(const Subject& subject);
std::string certificates(const Subject& subject, WallTime now);

}  // namespace lateen::admin
