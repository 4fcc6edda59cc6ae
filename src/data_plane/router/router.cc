#include "data_plane/router/router.h"

#include <algorithm>

#include "data_plane/router/replay.h"
#include "lib/grpc/status.h"

namespace lateen::router {

using telemetry::Flag;
using upstream::Outcome;

// Request bodies are kept for another attempt up to Envoy's default buffer limit.
constexpr size_t replay_limit = 1024 * 1024;

UpstreamHold::UpstreamHold(std::shared_ptr<upstream::Cluster> cluster, upstream::HostPtr host)
    : cluster_(std::move(cluster)), host_(std::move(host)) {
  if (!host_) return;
  ++host_->active_requests;
  cluster_->requests_active.add();
}

UpstreamHold& UpstreamHold::operator=(UpstreamHold&& other) noexcept {
  if (this != &other) {
    release();
    cluster_ = std::move(other.cluster_);
    host_ = std::move(other.host_);
  }
  return *this;
}

void UpstreamHold::release() {
  if (host_) {
    --host_->active_requests;
    cluster_->requests_active.subtract();
  }
  host_.reset();
  cluster_.reset();
}

struct Router::Trip {
  Forwarding& f;
  const Forward& action;
  std::shared_ptr<upstream::Cluster> cluster;
  Retries retries;
  std::shared_ptr<ReplayableBody> body;
  const bool auto_sni = cluster->settings().auto_sni && f.wish.socket.sni.empty();
  std::vector<const upstream::Host*> tried{};
  std::vector<upstream::HostPtr> kept{};  // so that `tried` names living hosts
  upstream::HostPtr host{};
};

const WeightedCluster* Router::choose(const Forward& forward, uint64_t draw) {
  if (forward.clusters.size() == 1) return &forward.clusters[0];
  if (forward.total_weight == 0) return nullptr;
  uint64_t point = draw % forward.total_weight;
  for (const WeightedCluster& cluster : forward.clusters) {
    if (point < cluster.weight) return &cluster;
    point -= cluster.weight;
  }
  return nullptr;
}

namespace {

// A retry that waits counts against max_retries, also when the exchange is cancelled meanwhile.
struct RetrySlot {
  upstream::Cluster& cluster;
  ~RetrySlot() { cluster.end_retry(); }
};

std::string_view cluster_name(const WeightedCluster* chosen, const Headers& request) {
  if (!chosen) return {};
  return chosen->header.empty() ? std::string_view(chosen->name) : request.value(chosen->header);
}

// x-envoy-upstream-rq-timeout-ms, then grpc-timeout where the route lets it count, then the route's own.
Duration timeout_of(const Forward& action, Headers& request) {
  if (const auto asked = asked_milliseconds(request.value("x-envoy-upstream-rq-timeout-ms"))) return *asked;
  if (!action.max_grpc_timeout) return action.timeout;
  const auto asked = grpc::parse_timeout(request.value("grpc-timeout"));
  if (!asked) return action.timeout;
  return *action.max_grpc_timeout > 0s ? std::min(*asked, *action.max_grpc_timeout) : *asked;
}

// The host that the request names is the name that TLS asks for; an address is none (RFC 6066 section 3).
std::string_view sni_of(const Headers& request) {
  const std::string_view host = without_port(request.authority());
  return host.starts_with('[') || Ip::parse(host) ? std::string_view() : host;
}

}  // namespace

io::Task<std::expected<http::Response, LocalReply>> Router::forward(Forwarding f) {
  const auto& action = std::get<Forward>(f.found.route->action);
  f.chosen = choose(action, f.draw);
  const std::string_view name = cluster_name(f.chosen, f.request.headers);
  f.record.upstream_cluster = name;
  auto cluster = clusters_.find(name);
  if (!cluster) {
    f.record.flags.set(Flag::no_cluster_found);
    co_return std::unexpected(LocalReply{static_cast<int>(action.cluster_not_found_status), "", "cluster_not_found"});
  }
  f.hold = UpstreamHold(cluster, nullptr);
  f.record.upstream_cluster = cluster->settings().name;  // `name` may be of a header, which is about to change
  const RetryPolicy* policy = action.retry ? &*action.retry : f.found.host->retry ? &*f.found.host->retry : nullptr;
  Trip trip{f, action, cluster, Retries(policy, f.request.headers, loop_.random()), nullptr};
  f.clock.limit_response(timeout_of(action, f.request.headers), trip.retries.per_try_timeout());
  prepare(trip);

  for (;;) {
    trip.host = cluster->settings().discovery == upstream::Discovery::original_destination
                    ? cluster->original_destination(f.record.connection->local)
                    : cluster->pick(trip.tried, trip.retries.host_attempts());
    if (!trip.host) {
      f.record.flags.set(Flag::no_healthy_upstream);
      co_return std::unexpected(LocalReply{503, "no healthy upstream", "no_healthy_upstream"});
    }
    http::SendResult result = co_await attempt(trip);
    const bool wanted = (result ? trip.retries.wants(*result) : trip.retries.wants(result.error())) &&
                        (!trip.body || trip.body->replayable()) && loop_.now() < f.clock.response_due();
    if (wanted && begin_retry(trip)) {
      trip.tried.push_back(trip.host.get());
      trip.kept.push_back(trip.host);
      result = std::unexpected(http::SendError{});  // lets the connection of the failed attempt go
      const Duration pause = trip.retries.next_pause();
      const RetrySlot slot{*cluster};
      co_await loop_.sleep_until(std::min(loop_.now() + pause, f.clock.response_due()));
      continue;
    }
    if (!result) {
      if (result.error().error.kind == ErrorKind::timed_out && result.error().where != http::SendError::connect) {
        cluster->timeouts.add();
        f.record.flags.set(Flag::upstream_request_timeout);
        const bool whole = loop_.now() >= f.clock.response_due();
        co_return std::unexpected(LocalReply{504, "upstream request timeout",
                                             whole ? "upstream_response_timeout" : "upstream_per_try_timeout"});
      }
      co_return std::unexpected(reply_to(result.error(), f.record));
    }
    co_return std::move(*result);
  }
}

// Whether there is another attempt where one is wanted; the record says why not.
bool Router::begin_retry(Trip& trip) {
  if (!trip.retries.possible())
    trip.f.record.flags.set(Flag::upstream_retry_limit_exceeded);
  else if (trip.cluster->begin_retry())
    return true;
  else
    trip.f.record.flags.set(Flag::upstream_overflow);
  return false;
}

// What is the same for all attempts: header changes, rewrites, the body made repeatable where somebody may need it
// again.
void Router::prepare(Trip& trip) {
  Forwarding& f = trip.f;
  Headers& headers = f.request.headers;
  static constexpr Headers::Names for_us{"x-envoy-retry-on",
                                         "x-envoy-retry-grpc-on",
                                         "x-envoy-max-retries",
                                         "x-envoy-upstream-rq-timeout-ms",
                                         "x-envoy-upstream-rq-per-try-timeout-ms",
                                         "x-envoy-retriable-status-codes",
                                         "x-envoy-retriable-header-names",
                                         "x-envoy-hedge-on-per-try-timeout"};
  headers.remove(for_us);
  // Before the rewrites, so that formats see the path and the host that the client asked for.
  mutate_request(headers, f.table, f.found, f.chosen, {f.record, &headers, nullptr, nullptr});
  const std::string original(headers.path());
  if (trip.action.path_rewrite.kind != PathRewrite::none) {
    const std::string path = rewritten_path(trip.action.path_rewrite, f.found.route->path, original);
    if (path != original) {
      headers.set("x-envoy-original-path", original);
      headers.set(":path", path);
    }
  }
  const auto& host = f.chosen->host_rewrite.empty() ? trip.action.host_rewrite : f.chosen->host_rewrite;
  std::string rewritten = host;
  if (rewritten.empty() && !trip.action.host_rewrite_header.empty())
    rewritten = headers.value(trip.action.host_rewrite_header);
  if (!rewritten.empty()) {
    if (trip.action.append_forwarded_host) headers.add("x-forwarded-host", headers.authority());
    headers.set(":authority", rewritten);
  }
  // A tunnel is tried again until its first byte flows; nothing of it is kept.
  const bool mirrored = !trip.action.mirrors.empty() && !f.request.is_tunnel;
  if (f.request.body && (trip.retries.possible() || mirrored))
    trip.body = std::make_shared<ReplayableBody>(std::move(f.request.body), f.request.is_tunnel ? 0 : replay_limit);
  if (mirrored) start_mirrors(trip);
}

// The peer hears how long its answer is waited for, so that it need not work for nobody.
void Router::tell_timeout(const Trip& trip, Headers& request) {
  const Duration expected = trip.f.clock.expected();
  if (expected <= 0s) return;
  request.set("x-envoy-expected-rq-timeout-ms",
              fmt::to_string(std::chrono::ceil<std::chrono::milliseconds>(expected).count()));
  if (trip.action.max_grpc_timeout && request.has("grpc-timeout"))
    request.set("grpc-timeout", grpc::format_timeout(expected));
}

io::Task<http::SendResult> Router::attempt(Trip& trip) {
  Forwarding& f = trip.f;
  ++f.record.attempts;
  http::Request request{.headers = f.request.headers, .version = f.request.version, .is_tunnel = f.request.is_tunnel};
  request.body = trip.body ? trip.body->view() : std::move(f.request.body);
  if (f.found.host->count_attempts_in_request)
    request.headers.set("x-envoy-attempt-count", std::to_string(f.record.attempts));
  if (trip.action.auto_host_rewrite && !trip.host->endpoint().hostname.empty()) {
    if (trip.action.append_forwarded_host) request.headers.add("x-forwarded-host", request.headers.authority());
    request.headers.set(":authority", trip.host->endpoint().hostname);
  }
  if (trip.auto_sni) f.wish.socket.sni = sni_of(request.headers);

  f.hold = UpstreamHold(trip.cluster, trip.host);
  f.record.upstream_host = trip.host->endpoint().address;
  f.record.upstream_host_name = trip.host->endpoint().hostname;
  f.record.upstream_tls = trip.host->socket().is_secure();
  trip.cluster->requests.add();
  const Time sent = loop_.now();
  f.record.upstream_sent = sent - f.record.began;

  f.clock.start_attempt();
  tell_timeout(trip, request.headers);
  auto in_time =
      co_await io::before(f.clock.attempt(), trip.cluster->send(trip.host, std::move(request), f.wish, f.progress));
  http::SendResult result =
      in_time ? std::move(*in_time)
              : std::unexpected(http::SendError{.where = http::SendError::reset, .error = in_time.error()});
  if (!result) {
    if (result.error().where == http::SendError::overflow)
      trip.cluster->overflows.add();
    else if (result.error().where != http::SendError::body)
      trip.cluster->record(*trip.host, Outcome::local_failure);
    co_return result;
  }
  const int status = result->status();
  upstream::Cluster& cluster = *trip.cluster;
  (status < 300   ? cluster.responses_2xx
   : status < 400 ? cluster.responses_3xx
   : status < 500 ? cluster.responses_4xx
                  : cluster.responses_5xx)
      .add();
  trip.cluster->record(*trip.host, upstream::outcome_of(status));
  f.record.upstream_first_byte = loop_.now() - f.record.began;
  const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(loop_.now() - sent).count();
  result->headers.set("x-envoy-upstream-service-time", std::to_string(milliseconds));
  co_return result;
}

void Router::start_mirrors(Trip& trip) {
  for (const Mirror& each : trip.action.mirrors) {
    if (!each.fraction.holds(trip.f.draw)) continue;
    auto cluster = clusters_.find(each.cluster);
    constexpr size_t mirrors_at_once = 1024;  // a slow mirror must not hold the proxy's memory
    if (!cluster || mirrors_.size() >= mirrors_at_once) continue;
    http::Request copy{.headers = trip.f.request.headers, .version = trip.f.request.version};
    if (each.append_shadow) {
      std::string host(copy.headers.authority());
      host.insert(without_port(host).size(), "-shadow");
      copy.headers.set(":authority", host);
    }
    // As long as the route waits, but not for ever: a peer that says nothing would end all mirroring in time.
    const Duration timeout = trip.action.timeout > 0s ? trip.action.timeout : Forward().timeout;
    if (!trip.body) {
      mirrors_.start(mirror(loop_, timeout, cluster, std::move(copy)));
      continue;
    }
    // The copy leaves once the whole body has been seen; a body over the limit is not mirrored.
    auto shared = std::make_shared<http::Request>(std::move(copy));
    trip.body->when_complete([this, timeout, cluster, shared](std::string_view body) {
      shared->body = http::text_body(loop_, body);
      mirrors_.start(mirror(loop_, timeout, cluster, std::move(*shared)));
    });
  }
}

io::Task<void> Router::mirror(io::Loop& loop, Duration timeout, std::shared_ptr<upstream::Cluster> cluster,
                              http::Request request) {
  (void)co_await io::within(loop, timeout, mirror_steps(*cluster, std::move(request)));
}

io::Task<Result<>> Router::mirror_steps(upstream::Cluster& cluster, http::Request request) {
  const upstream::HostPtr host = cluster.pick();
  if (!host) co_return Result<>();
  cluster.requests.add();
  upstream::Wish wish{.version = request.version};
  if (cluster.settings().auto_sni) wish.socket.sni = sni_of(request.headers);
  auto result = co_await cluster.send(host, std::move(request), wish);
  if (result && result->body) (void)co_await http::read_all(*result->body, replay_limit);
  co_return Result<>();
}

// The client's own doing: what it sent broke the protocol, or stopped.
static LocalReply reply_to_client(const Error& error, telemetry::Record& record) {
  record.flags.set(error.kind == ErrorKind::protocol ? Flag::downstream_protocol_error
                                                     : Flag::downstream_connection_termination);
  std::string details = fmt::format("downstream_request_body{{{}}}", error.message);
  std::ranges::replace(details, ' ', '_');
  return {400, "Bad Request: " + error.message, std::move(details)};
}

LocalReply reply_to(const http::SendError& error, telemetry::Record& record) {
  if (error.where == http::SendError::body) return reply_to_client(error.error, record);
  std::string reason = "connection termination";
  Flag flag = Flag::upstream_connection_termination;
  int status = 503;
  switch (error.where) {
    case http::SendError::connect:
      reason = error.error.kind == ErrorKind::timed_out ? "connection timeout" : "remote connection failure";
      flag = Flag::upstream_connection_failure;
      record.extra.make().upstream_failure = error.error.message;
      break;
    case http::SendError::overflow:
      reason = "overflow", flag = Flag::upstream_overflow;
      break;
    case http::SendError::refused:
      reason = "remote refused stream reset", flag = Flag::upstream_remote_reset;
      break;
    case http::SendError::reset:
      if (error.error.kind != ErrorKind::closed && error.error.kind != ErrorKind::reset)
        reason = "remote reset", flag = Flag::upstream_remote_reset;
      break;
    case http::SendError::protocol:
      reason = "protocol error", flag = Flag::upstream_protocol_error, status = 502;
      break;
    case http::SendError::body:
      break;
  }
  record.flags.set(flag);
  std::string body = fmt::format("upstream connect error or disconnect/reset before headers. reset reason: {}", reason);
  const std::string& failure = record.extra->upstream_failure;
  if (!failure.empty()) body += fmt::format(", transport failure reason: {}", failure);
  std::string details =
      fmt::format("upstream_reset_before_response_started{{{}{}{}}}", reason, failure.empty() ? "" : "|", failure);
  std::ranges::replace(details, ' ', '_');
  return {status, std::move(body), std::move(details)};
}

}  // namespace lateen::router
