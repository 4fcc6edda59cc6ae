// The aggregated discovery service: streams of proxies, each fed with what it lacks whenever the world changes.
//
// A stream says who it is once; the source gives it a view of the world; its subscriptions ask the view for sets and
// send the differences, in the order clusters, endpoints, listeners, routes, secrets. Many changes while a proxy is
// slow become one push. Everything runs on one loop.
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "control_plane/xds/node.h"
#include "control_plane/xds/subscription.h"
#include "lib/grpc/server.h"
#include "lib/tls/spiffe.h"

namespace lateen::discovery {

// The world as one proxy sees it. Lives as long as the stream.
class View {
 public:
  virtual ~View() = default;
  // All resources of a type for this proxy, at least those of the names (unless the subscription is a wildcard). The
  // same object as before when nothing changed; null when this control plane does not serve the type.
  virtual ResourceSetPointer resources(const Subscription& subscription) = 0;
};

// Where the resources come from: in the control plane the snapshot and its translation, in tests whatever they like.
class Source {
 public:
  virtual ~Source() = default;
  // Fails when this control plane has nothing for such a proxy; the reason ends the stream.
  virtual Result<std::unique_ptr<View>> view(const Node& node) = 0;
};

// Who is at the other end of a call; fails with `permission` (the call ends UNAUTHENTICATED).
using Authenticate = std::function<Result<std::vector<tls::SpiffeId>>(grpc::ServerCall&)>;

struct DiscoveryOptions {
  std::string identifier = "lateen";  // ControlPlane.identifier
  // Null: everybody is served as whoever it says it is (the plain-text port of a trusted network). Otherwise the
  // namespace, and the service account when the node names one, must be those of an identity of the caller.
  Authenticate authenticate;
  size_t streams_max = 100'000;
  size_t types_max = 64;  // subscriptions of one stream
};

// One connected proxy, for status pages.
struct Connection {
  const Node* node = nullptr;
  std::string connection_id;  // the node's id with a number
  std::string peer;           // address
  Mode mode = Mode::delta;
  WallTime connected;
  std::vector<const Subscription*> subscriptions;  // in push order
};

class Discovery {
 public:
  Discovery(Source& source, DiscoveryOptions options);
  ~Discovery();

  // Serves both forms of the protocol as methods of that server; may be called for several servers. Calls end before
  // this object does.
  void add_to(grpc::Server& server);
  // The same with other rules for who may connect (the plain-text port beside the TLS one).
  void add_to(grpc::Server& server, Authenticate authenticate);

  // The world may be different now: every stream looks at its view and sends what changed.
  void changed();
  // Ends all streams (UNAVAILABLE: proxies connect again, elsewhere) and refuses new ones.
  void drain();

  // Streams that have said who they are, the oldest first. Valid until the loop goes on.
  std::vector<Connection> connections() const;
  // Counters since the start.
  struct Counts {
    uint64_t streams = 0, refused_streams = 0, pushes = 0, pushed_bytes = 0, refusals = 0;
  };
  const Counts& counts() const { return counts_; }

 private:
  class Stream;
  template <class Message>
  io::Task<grpc::Status> serve(grpc::ServerCall& call, Authenticate authenticate, Mode mode);

  Source& source_;
  DiscoveryOptions options_;
  std::vector<Stream*> streams_;
  bool draining_ = false;
  uint64_t next_id_ = 0;
  Counts counts_;
};

}  // namespace lateen::discovery
