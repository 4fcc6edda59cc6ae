// envoy.filters.http.fault: delays and aborts a share of the requests.
#pragma once
#include "data_plane/http/filter.h"

namespace lateen::filters {

struct FaultSettings final : router::FilterSettings {
  struct Delay {
    Duration duration = 0s;
    router::Fraction share;
  };
  struct Abort {
    int http_status = 503;
    std::optional<int> grpc_status;
    router::Fraction share;
  };
  std::optional<Delay> delay;
  std::optional<Abort> abort;
  std::vector<router::HeaderMatch> headers;  // all must match
};

class Fault final : public proxy::Filter {
 public:
  explicit Fault(std::shared_ptr<const FaultSettings> settings) : settings_(std::move(settings)) {}

  bool waits() const override { return true; }
  io::Task<http::Response> serve(proxy::Exchange& exchange, proxy::Next next) override {
    const auto* settings = route_settings<FaultSettings>(exchange);
    if (!settings) settings = settings_.get();
    for (const router::HeaderMatch& match : settings->headers)
      if (!match.matches(exchange.headers())) co_return co_await next(exchange);
    if (settings->delay && exchange.chance(settings->delay->share)) {
      exchange.record.flags.set(proxy::Flag::delay_injected);
      co_await exchange.sleep(settings->delay->duration);
    }
    if (settings->abort && exchange.chance(settings->abort->share)) co_return abort(exchange, *settings->abort);
    co_return co_await next(exchange);
  }

 private:
  static http::Response abort(proxy::Exchange& exchange, const FaultSettings::Abort& abort) {
    // A caller that does not speak gRPC gets a plain 200 instead of a gRPC status, as from Envoy.
    const bool grpc = abort.grpc_status && telemetry::is_grpc(exchange.headers());
    http::Response response = exchange.reply(grpc ? 503 : abort.http_status, "fault filter abort", "fault_filter_abort",
                                             proxy::Flag::fault_injected);
    if (grpc) response.headers.set("grpc-status", std::to_string(*abort.grpc_status));
    return response;
  }

  std::shared_ptr<const FaultSettings> settings_;
};

}  // namespace lateen::filters
