#include <algorithm>

#include "lib/http/pool_state.h"

namespace lateen::http {

Pool::Pool(io::Loop& loop, Connect connect, ClientOptions options, PoolLimits* limits)
    : state_(std::make_shared<State>(loop, std::move(connect), std::move(options), limits)) {}

Pool::~Pool() { state_->close(); }

void Pool::drain() { state_->drain(); }
size_t Pool::connections() const { return state_->connections(); }
size_t Pool::active_requests() const { return state_->active_requests(); }
bool Pool::unused() const { return state_->unused(); }
const PoolCounts& Pool::counts() const { return state_->counts; }

io::Task<SendResult> Pool::send(Request request, Progress* progress) {
  const std::shared_ptr<State> state = state_;
  // A connection may turn out to be stale or full only when it is used: then the request goes out once more, on a new
  // one the second time. Nothing of it was seen by then.
  for (int again = 3;; --again) {
    if (state->closed())
      co_return std::unexpected(SendError{SendError::connect, false, {ErrorKind::cancelled, "the pool is closed"}});
    const PoolLimits* limits = state->limits();
    if (limits && limits->requests >= limits->max_requests) {
      ++state->counts.overflows;
      co_return std::unexpected(SendError{SendError::overflow, false, {ErrorKind::unavailable, "too many requests"}});
    }
    State::Entry* entry = state->take_available();
    if (!entry) {
      State::Waiting waiting(*state);
      if (!state->enqueue(waiting)) {
        ++state->counts.overflows;
        co_return std::unexpected(
            SendError{SendError::overflow, false, {ErrorKind::unavailable, "too many requests wait for a connection"}});
      }
      co_await waiting.ready;
      if (waiting.error) co_return std::unexpected(std::move(*waiting.error));
      entry = state->claim(waiting);
    }
    state->count_request(*entry);
    if (progress) progress->on_connection(entry->connection->transport());
    SendResult result = co_await entry->connection->send(std::move(request), progress);
    if (result) co_return result;
    state->request_failed(entry);
    SendError& error = result.error();
    const bool unseen =
        error.where == SendError::refused || (error.where == SendError::reset && error.reused_connection);
    if (!unseen || !error.request || again == 0) co_return result;
    request = std::move(*error.request);
  }
}

Pool::State::State(io::Loop& loop, Connect connect, ClientOptions options, PoolLimits* limits)
    : loop_(loop),
      connect_(std::move(connect)),
      options_(std::move(options)),
      limits_(limits),
      sweep_(loop),
      untidy_(loop),
      connecting_(loop),
      cleaning_(loop) {
  cleaning_.start(clean_up());
}

Pool::State::~State() { close(); }

void Pool::State::close() {
  if (std::exchange(closed_, true)) return;
  connecting_.cancel();
  if (limits_ && connecting_count_) limits_->count_connections(-static_cast<int>(connecting_count_));
  connecting_count_ = 0;
  cleaning_.cancel();
  sweep_.cancel();
  fail_waiting(SendError::connect, {ErrorKind::cancelled, "the pool is closed"});
  while (!entries_.empty()) remove(*entries_.back());
  limits_ = nullptr;
}

void Pool::State::drain() {
  for (auto& entry : entries_) entry->connection->drain();
  untidy_.set();
}

size_t Pool::State::active_requests() const {
  size_t count = 0;
  for (const auto& entry : entries_) count += entry->connection->active_streams();
  return count;
}

Pool::State::Entry* Pool::State::take_available() {
  while (io::Link* node = available_.back()) {
    auto& entry = static_cast<Entry&>(*node);
    if (entry.connection->usable()) return &entry;
    node->unlink();
    if (entry.connection->finished()) untidy_.set();
  }
  return nullptr;
}

bool Pool::State::enqueue(Waiting& waiting) {
  const bool full = limits_ && limits_->pending_requests >= limits_->max_pending_requests;
  if (full) return false;
  if (limits_) ++limits_->pending_requests;
  ++waiting_count_;
  waiting_.push_back(waiting);
  connect_for_waiting();
  return true;
}

Pool::State::Waiting::~Waiting() {
  if (linked()) {
    --state.waiting_count_;
    if (state.limits_) --state.limits_->pending_requests;
  }
  if (!entry) return;
  --entry->promised;
  state.update(*entry);
}

Pool::State::Entry* Pool::State::claim(Waiting& waiting) {
  Entry* entry = std::exchange(waiting.entry, nullptr);
  --entry->promised;
  return entry;
}

void Pool::State::count_request(Entry& entry) {
  ++counts.requests;
  ++entry.counted;
  if (limits_) ++limits_->requests;
}

// A send that failed at once may have changed nothing that its connection would tell.
void Pool::State::request_failed(const Entry* entry) {
  for (const auto& each : entries_)
    if (each.get() == entry) return update(*each);
}

size_t Pool::State::streams_per_connection() const {
  return options_.version == Version::http2 ? std::max<size_t>(1, options_.max_concurrent_streams) : 1;
}

bool Pool::State::may_connect() const {
  if (!limits_ || limits_->connections < limits_->max_connections) return true;
  return entries_.empty() && connecting_count_ == 0;  // a pool may always have one
}

void Pool::State::connect_for_waiting() {
  while (!closed_ && connecting_count_ * streams_per_connection() < waiting_count_ && may_connect()) {
    ++connecting_count_;
    if (limits_) limits_->count_connections(1);
    connecting_.start(connect_one());
  }
}

io::Task<void> Pool::State::connect_one() {
  // Who asked may still be on the stack; a connection that fails at once must not answer before the question is over.
  co_await loop_.yield();
  auto made = co_await connect_();
  --connecting_count_;
  if (made) {
    connected(std::move(*made));
    co_return;
  }
  if (limits_) limits_->count_connections(-1);
  ++counts.connect_failures;
  fail_waiting(SendError::connect, made.error());
}

void Pool::State::connected(std::unique_ptr<io::Transport> transport) {
  ++counts.connections_opened;
  auto connection = make_client(std::move(transport), options_);
  const bool is_http2 = connection->version() == Version::http2;
  auto entry = std::make_unique<Entry>(*this, std::move(connection), is_http2);
  entry->opened = loop_.now();
  entries_.push_back(std::move(entry));
  entries_.back()->connection->observe(entries_.back().get());
  update(*entries_.back());
  arm_sweep();
}

// Hands the connection to those who wait, as many as it has room for.
void Pool::State::serve_waiting(Entry& entry) {
  const size_t room = entry.is_http2 ? std::max<size_t>(1, options_.max_concurrent_streams) : 1;
  while (io::Link* node = waiting_.front()) {
    if (entry.connection->active_streams() + entry.promised >= room || !entry.connection->usable()) return;
    auto& waiting = static_cast<Waiting&>(*node);
    node->unlink();
    --waiting_count_;
    if (limits_) --limits_->pending_requests;
    ++entry.promised;
    waiting.entry = &entry;
    waiting.ready.set();
  }
}

void Pool::State::fail_waiting(SendError::Where where, const Error& error) {
  while (io::Link* node = waiting_.front()) {
    auto& waiting = static_cast<Waiting&>(*node);
    node->unlink();
    --waiting_count_;
    if (limits_) --limits_->pending_requests;
    waiting.error.emplace(SendError{where, false, error});
    waiting.ready.set();
  }
}

// Something about the connection may have changed.
void Pool::State::update(Entry& entry) {
  const auto active = static_cast<uint32_t>(entry.connection->active_streams());
  if (limits_) limits_->requests += active - entry.counted;
  entry.counted = active;
  if (active == 0) entry.idle_since = loop_.now();
  if (entry.connection->finished()) {
    entry.unlink();
    untidy_.set();
    return;
  }
  if (waiting_.linked()) serve_waiting(entry);
  const bool reserved = entry.promised > 0 && !entry.is_http2;
  if (!reserved && entry.connection->usable())
    available_.push_back(entry);
  else
    entry.unlink();
}

// Connections are destroyed here and not where they tell that they are finished.
io::Task<void> Pool::State::clean_up() {
  for (;;) {
    co_await untidy_;
    untidy_.clear();
    for (size_t i = entries_.size(); i-- > 0;)
      if (entries_[i]->connection->finished() && entries_[i]->promised == 0) remove(*entries_[i]);
    connect_for_waiting();
  }
}

void Pool::State::remove(Entry& entry) {
  entry.unlink();
  entry.connection->observe(nullptr);
  ++counts.connections_closed;
  if (limits_) {
    limits_->count_connections(-1);
    limits_->requests -= entry.counted;
  }
  const auto at = std::ranges::find(entries_, &entry, &std::unique_ptr<Entry>::get);
  std::swap(*at, entries_.back());
  entries_.pop_back();
}

// Idle HTTP/1 connections are looked at now and then instead of each having a task and a timer of its own: every
// request would pay for these.
void Pool::State::sweep() {
  const Time now = loop_.now();
  for (auto& entry : entries_) {
    ClientConnection& connection = *entry->connection;
    const bool aged = options_.max_connection_duration > 0s && now >= entry->opened + options_.max_connection_duration;
    const bool idle = connection.active_streams() == 0 && entry->promised == 0;
    const bool idle_too_long = idle && options_.idle_timeout > 0s && now >= entry->idle_since + options_.idle_timeout;
    if (aged || idle_too_long) connection.drain();
    if (idle && !connection.usable() && connection.finished()) untidy_.set();
  }
  arm_sweep();
}

void Pool::State::arm_sweep() {
  if (closed_ || sweep_.armed() || entries_.empty()) return;
  Duration interval = 1s;
  for (const Duration limit : {options_.idle_timeout, options_.max_connection_duration})
    if (limit > 0s) interval = std::min(interval, std::max<Duration>(limit / 4, 10ms));
  sweep_.arm(loop_.now() + interval, [](void* self) { static_cast<State*>(self)->sweep(); }, this);
}

}  // namespace lateen::http
