// Forwards a request: chooses cluster and host, sends, repeats where the route says so, and gives back the answer.
#pragma once
#include "data_plane/router/retry.h"
#include "data_plane/router/stream_clock.h"
#include "data_plane/upstream/cluster.h"
#include "lib/io/scope.h"

namespace lateen::router {

// An answer that the proxy makes itself. Flags are set in the record by whoever makes it.
struct LocalReply {
  int status = 503;
  std::string body;
  std::string details;  // %RESPONSE_CODE_DETAILS%
};

// Keeps what a response is read from: the cluster, the host with its pools, and the count of active requests.
class UpstreamHold {
 public:
  UpstreamHold() = default;
  // `host` is null while none is chosen.
  UpstreamHold(std::shared_ptr<upstream::Cluster> cluster, upstream::HostPtr host);
  UpstreamHold(UpstreamHold&& other) noexcept = default;
  UpstreamHold& operator=(UpstreamHold&& other) noexcept;
  ~UpstreamHold() { release(); }
  const upstream::HostPtr& host() const { return host_; }
  const std::shared_ptr<upstream::Cluster>& cluster() const { return cluster_; }

 private:
  void release();
  std::shared_ptr<upstream::Cluster> cluster_;
  upstream::HostPtr host_;
};

// One request to be forwarded. Everything it points to is owned by the exchange, which outlives the call and keeps
// `hold` until the response has been read.
struct Forwarding {
  http::Request& request;  // headers are changed as the route says; the body is taken
  telemetry::Record& record;
  const RouteTable& table;
  RouteTable::Found found;  // found.route is a Forward
  uint64_t draw = 0;        // the exchange's random number
  upstream::Wish wish;
  http::Progress* progress = nullptr;
  StreamClock& clock;  // that the request's body is watched by
  UpstreamHold& hold;
  const WeightedCluster*& chosen;  // set: whose mutations apply to the response
};

class Router {
 public:
  Router(upstream::Clusters& clusters, io::Loop& loop)
      : clusters_(clusters), loop_(loop), mirrors_(loop), end_mirrors_(mirrors_) {}

  io::Task<std::expected<http::Response, LocalReply>> forward(Forwarding forwarding);

  // The cluster that a route chooses for a request; null when a header that names it is missing.
  static const WeightedCluster* choose(const Forward& forward, uint64_t draw);

 private:
  struct Trip;  // the state of one forward()
  io::Task<http::SendResult> attempt(Trip& trip);
  static bool begin_retry(Trip& trip);
  void prepare(Trip& trip);
  void start_mirrors(Trip& trip);
  static void tell_timeout(const Trip& trip, Headers& request);
  static io::Task<void> mirror(io::Loop& loop, Duration timeout, std::shared_ptr<upstream::Cluster> cluster,
                               http::Request request);
  static io::Task<Result<>> mirror_steps(upstream::Cluster& cluster, http::Request request);

  upstream::Clusters& clusters_;
  io::Loop& loop_;
  io::Scope mirrors_;
  io::CancelOnExit end_mirrors_;
};

// The reply to the client when the last attempt failed, with the flag for the record.
LocalReply reply_to(const http::SendError& error, telemetry::Record& record);

}  // namespace lateen::router
