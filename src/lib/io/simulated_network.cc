// Streams and datagrams of the simulated network.
#include "lib/io/simulated_host.h"

namespace lateen::io {

// What travels between the two ends of a connection; shared by both, so that either may die first.
struct SimulatedPipe {
  Time last_arrival{};   // segments never overtake one another
  size_t under_way = 0;  // sent and not yet read
  // What waits for the end of a partition, in its order.
  using Deliver = std::function<void(SimulatedStream&)>;
  std::deque<std::pair<SimulatedWorld::Delivery, Deliver>> stalled;
  SimulatedStream* reader = nullptr;
  SimulatedStream* writer = nullptr;
};

// How one end of a connection sees it.
struct SimulatedEnds {
  SocketAddress local, remote;
  Ip peer;                                // the other end's host, wherever it claims to be
  std::optional<SocketAddress> original;  // the destination before a redirect
};

class SimulatedStream final : public Transport {
 public:
  SimulatedStream(SimulatedWorld::Host& host, SimulatedEnds ends, std::shared_ptr<SimulatedPipe> in,
                  std::shared_ptr<SimulatedPipe> out)
      : host_(&host),
        world_(host.world_),
        id_(host.world_.next_stream()),
        ip_(host.ip_),
        ends_(std::move(ends)),
        in_(std::move(in)),
        out_(std::move(out)),
        readable_(world_),
        writable_(world_, true) {
    in_->reader = this;
    out_->writer = this;
    host.streams_.emplace(id_, this);
  }

  ~SimulatedStream() override {
    if (host_) host_->streams_.erase(id_);
    in_->reader = nullptr;
    out_->writer = nullptr;
    if (broken_) return;
    // Unread bytes at close make a real kernel send a reset; so does an abort.
    const bool reset = abort_ || !inbox_.empty();
    if (reset)
      send([](SimulatedStream& peer) { peer.break_connection(); }, "reset", 0);
    else if (!ended_writing_)
      send([](SimulatedStream& peer) { peer.arrive_end(); }, "end", 0);
  }

  Moved try_read(std::span<char> into) override {
    if (!inbox_.empty()) {
      const size_t n = std::min(into.size(), inbox_.size());
      std::copy_n(inbox_.begin(), n, into.begin());
      inbox_.erase(0, n);
      in_->under_way -= n;
      if (in_->writer) in_->writer->writable_.set();
      return {Moved::moved, n};
    }
    if (broken_) return {Moved::failed};
    if (peer_ended_) return {Moved::ended};
    readable_.clear();
    return {Moved::blocked};
  }

  Moved try_peek(std::span<char> into) override {
    if (inbox_.empty())
      return broken_ ? Moved{Moved::failed} : peer_ended_ ? Moved{Moved::ended} : Moved{Moved::blocked};
    const size_t n = std::min(into.size(), inbox_.size());
    std::copy_n(inbox_.begin(), n, into.begin());
    return {peer_ended_ ? Moved::ended : Moved::moved, n};
  }

  Moved try_write(std::span<const std::string_view> parts) override {
    if (broken_ || ended_writing_) return {Moved::failed};
    const size_t window = quality().window;
    std::string segment;
    for (std::string_view part : parts) {
      const size_t used = out_->under_way + segment.size();
      segment += part.substr(0, window > used ? window - used : 0);
    }
    if (segment.empty()) {
      writable_.clear();
      return {Moved::blocked};
    }
    const size_t n = segment.size();
    out_->under_way += n;
    send([segment = std::move(segment)](SimulatedStream& peer) { peer.arrive(segment); }, "bytes", n);
    return {Moved::moved, n};
  }

  Readiness& readable() override { return readable_; }
  Readiness& writable() override { return writable_; }
  void shutdown_write() override {
    if (std::exchange(ended_writing_, true) || broken_) return;
    send([](SimulatedStream& peer) { peer.arrive_end(); }, "end", 0);
  }
  void abort_on_close() override { abort_ = true; }
  const SocketAddress& local() const override { return ends_.local; }
  const SocketAddress& remote() const override { return ends_.remote; }
  std::optional<SocketAddress> original_destination() const override { return ends_.original; }
  Error last_error() const override {
    return {ErrorKind::reset, fmt::format("connection with {}: reset by peer", ends_.remote.text())};
  }

  void break_connection() {
    broken_ = true;
    inbox_.clear();
    readable_.set();
    writable_.set();
  }
  void host_crashed() {
    host_ = nullptr;
    send([](SimulatedStream& peer) { peer.break_connection(); }, "reset", 0);
    break_connection();
  }

 private:
  const LinkQuality& quality() const { return world_.quality(ip_, ends_.peer); }
  void arrive(const std::string& bytes) {
    inbox_ += bytes;
    readable_.set();
  }
  void arrive_end() {
    peer_ended_ = true;
    readable_.set();
  }

  using Deliver = SimulatedPipe::Deliver;
  using Delivery = SimulatedWorld::Delivery;

  // Hands something to the peer's end after the link's delay.
  void send(Deliver deliver, std::string_view what, uint64_t detail) {
    const LinkQuality& link = quality();
    Duration delay = link.delay;
    if (link.jitter > 0ns)
      delay += Duration(static_cast<int64_t>(world_.random().below(static_cast<uint64_t>(link.jitter.count()))));
    if (world_.random().chance(link.loss)) delay += link.retransmission;
    const Time when = std::max(world_.now() + delay, out_->last_arrival);
    out_->last_arrival = when;
    world_.deliver_after(when - world_.now(),
                         [&world = world_, pipe = out_, about = Delivery{ip_, ends_.peer, what, detail},
                          deliver = std::move(deliver)]() mutable { pass_on(world, pipe, about, std::move(deliver)); });
  }

  // While the hosts are partitioned, segments wait, as TCP repeats them; they go on in their order.
  static void pass_on(SimulatedWorld& world, const std::shared_ptr<SimulatedPipe>& pipe, const Delivery& about,
                      Deliver deliver) {
    if (pipe->stalled.empty() && !world.partitioned(about.from, about.to))
      return hand_over(world, pipe, about, deliver);
    pipe->stalled.emplace_back(about, std::move(deliver));
    if (pipe->stalled.size() == 1) send_again(world, pipe);
  }

  static void send_again(SimulatedWorld& world, const std::shared_ptr<SimulatedPipe>& pipe) {
    const Delivery& first = pipe->stalled.front().first;
    world.deliver_after(world.quality(first.from, first.to).retransmission, [&world, pipe] {
      const Delivery& first = pipe->stalled.front().first;
      if (world.partitioned(first.from, first.to)) return send_again(world, pipe);
      for (const auto& [about, deliver] : std::exchange(pipe->stalled, {})) hand_over(world, pipe, about, deliver);
    });
  }

  static void hand_over(SimulatedWorld& world, const std::shared_ptr<SimulatedPipe>& pipe, const Delivery& about,
                        const Deliver& deliver) {
    world.record(about);
    if (pipe->reader)
      deliver(*pipe->reader);
    else if (about.what == "bytes")
      refuse(world, pipe, about, world.quality(about.from, about.to).delay);
  }

  // Bytes that find nobody are answered by a reset.
  static void refuse(SimulatedWorld& world, const std::shared_ptr<SimulatedPipe>& pipe, const Delivery& bytes,
                     Duration delay) {
    world.deliver_after(delay, [&world, pipe, bytes] {
      const LinkQuality& link = world.quality(bytes.from, bytes.to);
      if (world.partitioned(bytes.from, bytes.to)) return refuse(world, pipe, bytes, link.retransmission);
      world.record({bytes.to, bytes.from, "reset", 0});
      if (pipe->writer) pipe->writer->break_connection();
    });
  }

  SimulatedWorld::Host* host_;
  SimulatedWorld& world_;
  const uint64_t id_;
  const Ip ip_;
  const SimulatedEnds ends_;
  std::shared_ptr<SimulatedPipe> in_, out_;
  Readiness readable_, writable_;
  std::string inbox_;
  bool peer_ended_ = false, ended_writing_ = false, broken_ = false, abort_ = false;
};

struct SimulatedWorld::Host::Listener final : Acceptor {
  Listener(Host& host, SocketAddress on) : host(&host), on(std::move(on)), waiting(host.world_) {
    host.listeners_[this->on.port] = this;
  }
  ~Listener() override {
    if (!host) return;
    const auto it = host->listeners_.find(on.port);
    if (it != host->listeners_.end() && it->second == this) host->listeners_.erase(it);
  }
  Task<Result<std::unique_ptr<Transport>>> accept() override {
    while (backlog.empty()) {
      if (!host) co_return fail(ErrorKind::closed, "the host of {} has crashed", on.text());
      waiting.clear();
      co_await waiting;
    }
    auto next = std::move(backlog.front());
    backlog.pop_front();
    co_return next;
  }
  const SocketAddress& local() const override { return on; }

  Host* host;
  SocketAddress on;
  Readiness waiting;
  std::deque<std::unique_ptr<Transport>> backlog;
};

struct SimulatedWorld::Host::DatagramSocket final : Datagrams {
  DatagramSocket(Host& host, SocketAddress on) : host(host), on(std::move(on)), waiting(host.world_) {
    host.datagrams_[this->on.port] = this;
  }
  ~DatagramSocket() override { host.datagrams_.erase(on.port); }
  std::optional<Received> try_receive(std::span<char> into) override {
    if (inbox.empty()) {
      waiting.clear();
      return std::nullopt;
    }
    auto [from, bytes] = std::move(inbox.front());
    inbox.pop_front();
    const size_t n = std::min(into.size(), bytes.size());
    std::copy_n(bytes.begin(), n, into.begin());
    return Received{n, from};
  }
  bool try_send(std::string_view bytes, const SocketAddress& to) override {
    SimulatedWorld& world = host.world_;
    const LinkQuality& link = world.quality(on.ip, to.ip);
    if (world.random().chance(link.loss)) return true;
    world.deliver_after(link.delay, [&world, to, from = on, copy = std::string(bytes)] {
      if (world.partitioned(from.ip, to.ip)) return;
      world.record({from.ip, to.ip, "datagram", copy.size()});
      Host* target = world.find(to.ip);
      if (!target || !target->datagrams_.contains(to.port)) return;
      DatagramSocket* socket = target->datagrams_[to.port];
      if (socket->inbox.size() >= 1024) return;  // as a full socket buffer drops
      socket->inbox.emplace_back(from, copy);
      socket->waiting.set();
    });
    return true;
  }
  Readiness& readable() override { return waiting; }
  const SocketAddress& local() const override { return on; }

  Host& host;
  SocketAddress on;
  Readiness waiting;
  std::deque<std::pair<SocketAddress, std::string>> inbox;
};

SimulatedWorld::Host::~Host() {
  for (auto& [port, listener] : listeners_) listener->host = nullptr;
}

uint16_t SimulatedWorld::Host::free_port() const {
  uint16_t port = world_.next_port();
  while (listeners_.contains(port) || datagrams_.contains(port)) port = world_.next_port();
  return port;
}

void SimulatedWorld::Host::crash() {
  for (auto& [port, listener] : std::exchange(listeners_, {})) {
    listener->host = nullptr;
    listener->backlog.clear();
    listener->waiting.set();
  }
  for (auto& [id, stream] : std::exchange(streams_, {})) stream->host_crashed();
}

// Applications behind redirect rules: what they send to other hosts comes out at the proxy's door.
class SimulatedWorld::Host::Applications final : public Network {
 public:
  explicit Applications(Host& host) : host_(host) {}
  Loop& loop() override { return host_.world_; }
  Task<Result<std::unique_ptr<Transport>>> connect(SocketAddress to, ConnectOptions options) override {
    const bool leaves = !to.ip.is_loopback() && to.ip != host_.ip_;
    SocketAddress door = leaves ? SocketAddress{host_.ip_, host_.redirect_->outbound, {}} : to;
    return host_.reach(std::move(to), std::move(door), std::move(options));
  }
  Result<std::unique_ptr<Acceptor>> listen(const SocketAddress& on, const ListenOptions& options) override {
    return host_.listen(on, options);
  }
  Result<std::unique_ptr<Datagrams>> bind_datagrams(const SocketAddress& on) override {
    return host_.bind_datagrams(on);
  }

 private:
  Host& host_;
};

Network& SimulatedWorld::Host::redirect(uint16_t outbound, uint16_t inbound) {
  redirect_ = {outbound, inbound};
  if (!applications_) applications_ = std::make_unique<Applications>(*this);
  return *applications_;
}

Task<Result<std::unique_ptr<Transport>>> SimulatedWorld::Host::connect(SocketAddress to, ConnectOptions options) {
  return reach(to, to, std::move(options));
}

// Connects to the door that the way to that address ends at.
Task<Result<std::unique_ptr<Transport>>> SimulatedWorld::Host::reach(SocketAddress to, SocketAddress door,
                                                                     ConnectOptions options) {
  // 127.0.0.0/8 is this host itself, as on a real one.
  if (door.ip.is_loopback()) door.ip = ip_;
  SocketAddress local{to.ip.is_loopback() ? to.ip : ip_, free_port(), {}};
  if (options.bind && options.bind->port) local.port = options.bind->port;
  co_await world_.sleep(2 * world_.quality(ip_, door.ip).delay);
  const Time give_up = world_.now() + 60s;
  while (world_.partitioned(ip_, door.ip)) {
    if (world_.now() >= give_up) co_return fail(ErrorKind::timed_out, "connect to {}: timed out", to.text());
    co_await world_.sleep(1s);
  }
  Host* target = world_.find(door.ip);
  if (target && target != this && target->redirect_) door.port = target->redirect_->inbound;
  const auto listener = target ? target->listeners_.find(door.port) : decltype(target->listeners_.find(0)){};
  if (!target || listener == target->listeners_.end())
    co_return fail(ErrorKind::refused, "connect to {}: connection refused", to.text());
  auto there = std::make_shared<SimulatedPipe>(), back = std::make_shared<SimulatedPipe>();
  world_.record({ip_, target->ip_, "connect", door.port});
  const bool redirected = to.port != door.port || target->ip_ != (to.ip.is_loopback() ? ip_ : to.ip);
  SimulatedEnds accepted{redirected ? door : to, local, ip_, {}}, opened{local, to, target->ip_, {}};
  if (redirected) accepted.original = to;
  listener->second->backlog.push_back(std::make_unique<SimulatedStream>(*target, std::move(accepted), there, back));
  listener->second->waiting.set();
  co_return std::make_unique<SimulatedStream>(*this, std::move(opened), back, there);
}

Result<std::unique_ptr<Acceptor>> SimulatedWorld::Host::listen(const SocketAddress& on, const ListenOptions& options) {
  SocketAddress address = on;
  if (address.port == 0) address.port = free_port();
  // With SO_REUSEPORT several may listen; the newest gets the connections, as when the older ones are about to close.
  if (listeners_.contains(address.port) && !options.reuse_port)
    return fail(ErrorKind::already_exists, "listen on {}: address in use", address.text());
  return std::make_unique<Listener>(*this, address);
}

Result<std::unique_ptr<Datagrams>> SimulatedWorld::Host::bind_datagrams(const SocketAddress& on) {
  SocketAddress address = on;
  if (address.ip.is_any()) address.ip = ip_;
  if (address.port == 0) address.port = free_port();
  if (datagrams_.contains(address.port))
    return fail(ErrorKind::already_exists, "listen on {}: address in use", address.text());
  return std::make_unique<DatagramSocket>(*this, address);
}

}  // namespace lateen::io
