#include "data_plane/http/connection_manager.h"

#include <algorithm>

#include "data_plane/http/request_head.h"
#include "lib/protocol/http2.h"

namespace lateen::proxy {

ManagerCounters::ManagerCounters(metrics::Registry& registry) {
  requests = registry.counter({.name = "envoy_http_downstream_rq_total",
                               .help = "Requests.",
                               .labels = {"envoy_http_conn_manager_prefix"},
                               .stats_name = "http.{envoy_http_conn_manager_prefix}.downstream_rq_total"});
  responses = registry.counter(
      {.name = "envoy_http_downstream_rq_xx",
       .help = "Responses by class.",
       .labels = {"envoy_http_conn_manager_prefix", "envoy_response_code_class"},
       .stats_name = "http.{envoy_http_conn_manager_prefix}.downstream_rq_{envoy_response_code_class}xx"});
  active = registry.gauge({.name = "envoy_http_downstream_rq_active",
                           .help = "Requests under way.",
                           .labels = {"envoy_http_conn_manager_prefix"},
                           .stats_name = "http.{envoy_http_conn_manager_prefix}.downstream_rq_active"});
}

ConnectionManager::ConnectionManager(std::shared_ptr<const ManagerSettings> settings, std::shared_ptr<RouteSlot> routes,
                                     Chain chain, metrics::Shard& shard, const ManagerCounters& counters)
    : settings_(std::move(settings)), routes_(std::move(routes)), chain_(std::move(chain)) {
  const std::string& prefix = settings_->stat_prefix;
  requests_ = shard.counter(counters.requests, {prefix});
  active_ = shard.gauge(counters.active, {prefix});
  for (int i = 1; i <= 5; ++i) responses_[i] = shard.counter(counters.responses, {prefix, std::to_string(i)});
}

// The service that one connection's streams are served by.
class ConnectionManager::Connection final : public http::Service {
 public:
  Connection(ConnectionManager& manager, const telemetry::ConnectionRecord& record)
      : manager_(manager), record_(record) {}
  io::Task<void> serve(http::ServerStream& stream) override { return manager_.serve_exchange(stream, record_); }

  void refused(io::Transport& transport, int status, std::string_view reason) override {
    telemetry::Record record;
    record.connection = &record_;
    record.start = transport.loop().wall_now();
    record.began = transport.loop().now();
    record.finished = 0s;
    record.status = status;
    record.details = reason;
    record.flags.set(Flag::downstream_protocol_error);
    manager_.requests_.add();
    manager_.responses_[std::clamp(status / 100, 1, 5)].add();
    for (const auto& log : manager_.settings_->access_logs) log->write({record});
  }

 private:
  ConnectionManager& manager_;
  const telemetry::ConnectionRecord& record_;
};

io::Task<void> ConnectionManager::serve(io::Transport& transport, const telemetry::ConnectionRecord& connection,
                                        Buffer first, std::shared_ptr<http::Drain> drain) {
  Connection service(*this, connection);
  http::Protocol protocol = settings_->codec;
  if (protocol == http::Protocol::detect && connection.tls)
    protocol = connection.application_protocol == "h2" ? http::Protocol::http2 : http::Protocol::detect;
  co_await http::serve_connection(transport, service, settings_->server, protocol, std::move(first), std::move(drain));
}

namespace {

// require_tls: no address counts as internal here, so "external only" means everybody, as in Envoy without
// internal_address_config.
bool needs_https(Exchange& exchange) {
  const router::VirtualHost* host = exchange.found.host;
  return host && host->require_tls != router::VirtualHost::no_tls &&
         exchange.headers().value("x-forwarded-proto") != "https";
}

bool upgrade_allowed(Exchange& exchange, const ManagerSettings& settings) {
  http::Headers& headers = exchange.headers();
  const std::string kind =
      headers.method() == "CONNECT" && !headers.has(":protocol")
          ? "connect"
          : lowered(headers.has(":protocol") ? headers.value(":protocol") : headers.value("upgrade"));
  if (std::ranges::find(settings.upgrades, kind) != settings.upgrades.end()) return true;
  const router::Forward* forward = exchange.forward();
  return forward && std::ranges::find(forward->upgrades, kind) != forward->upgrades.end();
}

// What a client hears, and the log, when the exchange as a whole has taken too long (spec: Envoy's timeouts and their
// replies): 408 when it has not sent all of its request, else 504.
http::Response late_reply(Exchange& exchange) {
  using Limit = router::StreamClock::Limit;
  const int status = exchange.clock.request_ended() ? 504 : 408;
  switch (exchange.clock.passed()) {
    case Limit::idle:
      return exchange.reply(status, "stream timeout", "stream_idle_timeout", Flag::stream_idle_timeout);
    case Limit::request:
      return exchange.reply(status, "request timeout", "request_overall_timeout");
    case Limit::whole:
      return exchange.reply(status, "downstream duration timeout", "max_duration_timeout");
    case Limit::response:
      break;
  }
  return exchange.reply(504, "upstream request timeout", "upstream_response_timeout", Flag::upstream_request_timeout);
}

// The response broke off upstream; the client can be told no more than by a cut.
void record_broken_response(telemetry::Record& record, const Error& error) {
  const bool protocol = error.kind == ErrorKind::protocol;
  record.flags.set(protocol ? Flag::upstream_protocol_error : Flag::upstream_connection_termination);
  record.details = fmt::format("upstream_reset_after_response_started{{{}}}",
                               protocol ? "protocol_error" : "connection_termination");
}

}  // namespace

io::Task<void> ConnectionManager::serve_exchange(http::ServerStream& stream,
                                                 const telemetry::ConnectionRecord& connection) {
  Exchange exchange(stream, connection, stream.transport().loop());
  requests_.add();
  active_.add();
  // When the client goes away this task is destroyed where it waits; the log line is written all the same.
  struct End {
    ConnectionManager& manager;
    Exchange& exchange;
    http::Headers response;
    bool answered = false;
    ~End() {
      if (!answered) {
        exchange.record.flags.set(Flag::downstream_connection_termination);
        if (exchange.record.details.empty() || exchange.record.details == "via_upstream")
          exchange.record.details = "downstream_remote_disconnect";
      }
      manager.finish(exchange, response);
    }
  } end{*this, exchange};

  exchange.request().body = exchange.clock.start(settings_->limits, std::move(exchange.request().body));
  std::optional<http::Response> response = clean_request(exchange, *settings_);
  exchange.routes = routes_->table;
  if (!response) {
    if (exchange.routes) exchange.rematch();
    if (exchange.found.route) exchange.record.route_name = exchange.found.route->name;
    if (exchange.found.host) exchange.record.virtual_host = exchange.found.host->name;
    if (const router::Forward* forward = exchange.forward())
      exchange.clock.limit(forward->idle_timeout, forward->max_stream_duration);
    if (needs_https(exchange)) {
      response = exchange.reply(301, "", "direct_response");
      response->headers.set("location",
                            fmt::format("https://{}{}", exchange.headers().authority(), exchange.headers().path()));
    } else if (exchange.request().is_tunnel && !upgrade_allowed(exchange, *settings_)) {
      response = exchange.reply(403, "", "upgrade_failed");
    } else {
      auto in_time = co_await io::before(exchange.clock.stream(), chain_.run(exchange));
      response = in_time ? std::move(*in_time) : late_reply(exchange);
    }
  }
  clean_response(exchange, response->headers, *settings_);
  exchange.record.status = response->status();
  exchange.record.response_head_bytes = response->headers.byte_size();
  exchange.record.response_started = exchange.loop().now() - exchange.record.began;
  if (!settings_->access_logs.empty()) end.response = response->headers;  // respond() takes the others

  response->body = exchange.clock.start_response(std::move(response->body));
  auto sent = co_await io::before(exchange.clock.stream(), stream.respond(std::move(*response)));
  if (sent) {
    exchange.record.bytes_sent = sent->body_bytes;
    exchange.trailers = std::move(sent->trailers);
    end.answered = sent->complete;
  } else if (sent.error().kind == ErrorKind::timed_out && exchange.clock.stream().passed()) {
    (void)late_reply(exchange);  // for the record: it is too late for another answer
    stream.reset(static_cast<uint32_t>(protocol::Http2Error::internal_error));
    end.answered = true;
  } else if (stream.body_failed()) {
    record_broken_response(exchange.record, sent.error());
    end.answered = true;
  }
}

void ConnectionManager::finish(Exchange& exchange, const http::Headers& response) {
  telemetry::Record& record = exchange.record;
  record.finished = exchange.loop().now() - record.began;
  record.request_complete = exchange.clock.request_took();
  record.bytes_received = exchange.stream.received_bytes();
  active_.subtract();
  if (record.status >= 100) responses_[std::clamp(record.status / 100, 1, 5)].add();
  chain_.end(exchange);
  const http::Headers* trailers = exchange.trailers ? &*exchange.trailers : nullptr;
  for (const auto& log : settings_->access_logs) log->write({record, &exchange.headers(), &response, trailers});
}

}  // namespace lateen::proxy
