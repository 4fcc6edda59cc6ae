#include "control_plane/xds/discovery.h"

#include "config/xds/names.h"
#include "config/xds/protos.h"
#include "control_plane/xds/wire.h"
#include "lib/base/log.h"

namespace lateen::discovery {

static log::Component log_("xds");

namespace api = envoy::service::discovery::v3;

// One call of either method, from its first request to its end.
class Discovery::Stream {
 public:
  Stream(Discovery& owner, grpc::ServerCall& call, Mode mode)
      : owner_(owner),
        call_(call),
        mode_(mode),
        id_(++owner.next_id_),
        wake_(call.loop()),
        connected_(call.loop().wall_now()) {
    owner_.streams_.push_back(this);
    ++owner_.counts_.streams;
    nonce_prefix_ = fmt::format("{:08x}-", static_cast<uint32_t>(call.loop().random().next()));
  }
  ~Stream() {
    std::erase(owner_.streams_, this);
    if (view_) log_.info("{} disconnected", connection_id());
  }

  template <class Message>
  io::Task<grpc::Status> run(const Authenticate& authenticate);
  void wake() {
    dirty_ = true;
    wake_.set();
  }
  bool is_known() const { return view_ != nullptr; }
  Connection connection() const;

 private:
  std::string connection_id() const { return fmt::format("{}-{}", node_.id, id_); }
  Result<> introduce(const envoy::config::core::v3::Node& node);
  Result<> check_identity() const;
  template <class Message>
  Result<> take(const Message& message);
  Result<Subscription*> subscription(const std::string& type);
  void push_all();
  void send(const Push& push);

  Discovery& owner_;
  grpc::ServerCall& call_;
  Mode mode_;
  uint64_t id_;
  io::Readiness wake_;
  WallTime connected_;
  std::string nonce_prefix_;
  bool dirty_ = false;  // the world may have changed since the last push_all()
  std::optional<std::vector<tls::SpiffeId>> identities_;
  Node node_;
  std::unique_ptr<View> view_;
  std::vector<std::unique_ptr<Subscription>> subscriptions_;  // in push order
};

template <class Message>
io::Task<grpc::Status> Discovery::Stream::run(const Authenticate& authenticate) {
  if (authenticate) {
    auto identities = authenticate(call_);
    if (!identities) {
      ++owner_.counts_.refused_streams;
      co_return grpc::Status{grpc::Code::unauthenticated, identities.error().message};
    }
    identities_ = std::move(*identities);
  }
  Message message;
  for (;;) {
    auto state = call_.incoming().try_read(message);
    for (; state == grpc::Incoming::message; state = call_.incoming().try_read(message)) {
      if (const auto taken = take(message); !taken) {
        ++owner_.counts_.refused_streams;
        log_.warning("{}: {}", call_.transport().remote().text(), taken.error().message);
        co_return grpc::to_status(taken.error());
      }
    }
    if (owner_.draining_) co_return grpc::Status{grpc::Code::unavailable, "this control plane is going away"};
    if (state == grpc::Incoming::ended) co_return grpc::Status{};
    if (state == grpc::Incoming::failed) co_return call_.incoming().failure();
    // A proxy that does not keep up is not given more; what changes meanwhile becomes one push later.
    const bool has_room = call_.outgoing().has_room().is_set();
    if (has_room) push_all();
    if (call_.outgoing().gone()) co_return grpc::Status{grpc::Code::cancelled, "the proxy is gone"};
    co_await io::either(call_.incoming().readable(), has_room ? wake_ : call_.outgoing().has_room());
  }
}

template <class Message>
Result<> Discovery::Stream::take(const Message& message) {
  if (!view_) {
    // A health report may come before the stream has said who it is.
    if (message.type_url() == xds::type::health && message.node().id().empty()) return {};
    if (auto introduced = introduce(message.node()); !introduced) return introduced;
  }
  if (message.type_url().empty()) return fail(ErrorKind::invalid, "a request without type_url");
  if (message.type_url() == xds::type::health) return {};
  const auto request = read_request(message);
  auto found = subscription(request.type);
  if (!found) return failed(found);
  if (request.refusal) {
    ++owner_.counts_.refusals;
    log_.warning("{} refuses {}: {}", connection_id(), xds::short_name_of(request.type), *request.refusal);
  }
  (*found)->take(request);
  return {};
}

Result<> Discovery::Stream::introduce(const envoy::config::core::v3::Node& node) {
  auto read = read_node(node);
  if (!read) return failed(read);
  node_ = std::move(*read);
  if (auto checked = check_identity(); !checked) return checked;
  auto view = owner_.source_.view(node_);
  if (!view) return failed(view, node_.id);
  view_ = std::move(*view);
  log_.info("{} connected from {} ({})", connection_id(), call_.transport().remote().text(),
            mode_ == Mode::delta ? "delta" : "state of the world");
  return {};
}

Result<> Discovery::Stream::check_identity() const {
  if (!identities_) return {};
  const auto account = node_.text("SERVICE_ACCOUNT");
  for (const auto& identity : *identities_)
    if (identity.name_space() == node_.namespace_ && (account.empty() || identity.service_account() == account))
      return {};
  return fail(ErrorKind::permission, "the caller may not act as {} (namespace {}{}{})", node_.id, node_.namespace_,
              account.empty() ? "" : ", service account ", account);
}

Result<Subscription*> Discovery::Stream::subscription(const std::string& type) {
  for (const auto& each : subscriptions_)
    if (each->type() == type) return each.get();
  if (subscriptions_.size() >= owner_.options_.types_max)
    return fail(ErrorKind::too_large, "more than {} resource types on one stream", owner_.options_.types_max);
  const auto later = [](int rank, const std::unique_ptr<Subscription>& each) { return rank < push_rank(each->type()); };
  const auto place = std::upper_bound(subscriptions_.begin(), subscriptions_.end(), push_rank(type), later);
  return subscriptions_.insert(place, std::make_unique<Subscription>(mode_, type, nonce_prefix_))->get();
}

void Discovery::Stream::push_all() {
  const bool dirty = std::exchange(dirty_, false);
  wake_.clear();
  for (size_t i = 0; i < subscriptions_.size(); ++i) {
    auto& each = *subscriptions_[i];
    if (!each.is_active() || !(dirty || each.is_due())) continue;
    const auto push = each.push(view_->resources(each));
    if (!push) continue;
    send(*push);
    // Clusters that changed wait for their endpoints, also for those that are the same as before.
    if (mode_ == Mode::state_of_the_world && each.type() == xds::type::cluster) {
      for (const auto& other : subscriptions_)
        if (other->type() == xds::type::endpoint) other->answer_next();
    }
  }
}

void Discovery::Stream::send(const Push& push) {
  const auto bytes = write_response(push, mode_, owner_.options_.identifier);
  call_.outgoing().add(bytes);
  ++owner_.counts_.pushes;
  owner_.counts_.pushed_bytes += bytes.size();
  log_.debug("{}: {} with {} resources, {} removed", connection_id(), xds::short_name_of(push.type),
             push.resources.size(), push.removed.size());
}

Connection Discovery::Stream::connection() const {
  Connection out{&node_, connection_id(), call_.transport().remote().text(), mode_, connected_, {}};
  for (const auto& each : subscriptions_) out.subscriptions.push_back(each.get());
  return out;
}

Discovery::Discovery(Source& source, DiscoveryOptions options) : source_(source), options_(std::move(options)) {}

Discovery::~Discovery() = default;

void Discovery::add_to(grpc::Server& server) { add_to(server, options_.authenticate); }

void Discovery::add_to(grpc::Server& server, Authenticate authenticate) {
  server.add(std::string(xds::method::ads_sotw), grpc::streaming([this, authenticate](grpc::ServerCall& call) {
               return serve<api::DiscoveryRequest>(call, authenticate, Mode::state_of_the_world);
             }));
  server.add(std::string(xds::method::ads_delta), grpc::streaming([this, authenticate](grpc::ServerCall& call) {
               return serve<api::DeltaDiscoveryRequest>(call, authenticate, Mode::delta);
             }));
}

template <class Message>
io::Task<grpc::Status> Discovery::serve(grpc::ServerCall& call, Authenticate authenticate, Mode mode) {
  if (streams_.size() >= options_.streams_max) {
    ++counts_.refused_streams;
    co_return grpc::Status{grpc::Code::resource_exhausted, "too many streams"};
  }
  Stream stream(*this, call, mode);
  co_return co_await stream.run<Message>(authenticate);
}

void Discovery::drain() {
  draining_ = true;
  changed();
}

void Discovery::changed() {
  for (auto* stream : streams_) stream->wake();
}

std::vector<Connection> Discovery::connections() const {
  std::vector<Connection> out;
  for (const auto* stream : streams_)
    if (stream->is_known()) out.push_back(stream->connection());
  return out;
}

}  // namespace lateen::discovery
