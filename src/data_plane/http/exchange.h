// One request with its response and everything known about it, on its way through the filters.
#pragma once
#include "data_plane/router/router.h"
#include "data_plane/telemetry/record.h"
#include "lib/http/server.h"

namespace lateen::proxy {

using telemetry::Flag;

class Exchange {
 public:
  Exchange(http::ServerStream& stream, const telemetry::ConnectionRecord& connection, io::Loop& loop);

  http::Request& request() { return stream.request(); }
  http::Headers& headers() { return stream.request().headers; }
  // Whom the request is attributed to: the peer, or who stands for it in x-forwarded-for.
  Ip client() const { return record.client.value_or(record.connection->remote.ip); }
  io::Loop& loop() { return stream.transport().loop(); }

  // An answer of the proxy's own: status, a text/plain body, the flag and the details for the log. For gRPC requests it
  // becomes a 200 with grpc-status, as gRPC clients need it (spec: Envoy local replies).
  http::Response reply(int status, std::string_view body, std::string_view details);
  http::Response reply(int status, std::string_view body, std::string_view details, Flag flag) {
    record.flags.set(flag);
    return reply(status, body, details);
  }
  http::Response reply(const router::LocalReply& local) { return reply(local.status, local.body, local.details); }

  // True with that probability; each call draws anew.
  bool chance(const router::Fraction& fraction) { return fraction.holds(loop().random().next() >> 8); }
  auto sleep(Duration duration) { return loop().sleep(duration); }

  // Finds the route again after a filter changed what routes match on.
  void rematch() { found = routes->find(headers(), draw); }
  // The route's action when it forwards, else null.
  const router::Forward* forward() const {
    return found.route ? std::get_if<router::Forward>(&found.route->action) : nullptr;
  }

  http::ServerStream& stream;
  router::StreamClock clock;
  telemetry::Record record;
  std::shared_ptr<const router::RouteTable> routes;  // what `found` points into
  router::RouteTable::Found found;
  const uint64_t draw;        // the request's one random number
  upstream::Wish wish;        // filters may set ALPN or SNI
  router::UpstreamHold hold;  // what the response is read from
  const router::WeightedCluster* chosen = nullptr;
  std::optional<http::Headers> trailers;  // of the response, once it is sent
  bool local_reply = false;               // the response did not come from upstream
};

}  // namespace lateen::proxy
