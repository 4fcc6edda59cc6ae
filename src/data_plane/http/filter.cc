#include "data_plane/http/filter.h"

#include "data_plane/upstream/tls_socket.h"

namespace lateen::proxy {

using router::DirectResponse;
using router::Redirect;

io::Task<http::Response> Next::operator()(Exchange& exchange) const { return chain_.run_from(index_, exchange); }

io::Task<http::Response> Filter::serve(Exchange& exchange, Next next) {
  auto answer = on_request(exchange);
  http::Response response = answer ? std::move(*answer) : co_await next(exchange);
  on_response(exchange, response);
  co_return response;
}

void Chain::end(Exchange& exchange) const {
  for (const auto& filter : filters_)
    if (!skips(*filter, exchange)) filter->on_end(exchange);
}

bool Chain::skips(const Filter& filter, const Exchange& exchange) {
  if (!exchange.routes) return filter.disabled;
  return exchange.routes->disabled_for(exchange.found, filter.name) ||
         (filter.disabled && !exchange.routes->settings_for(exchange.found, filter.name));
}

io::Task<http::Response> Chain::run_from(size_t index, Exchange& exchange) const {
  const size_t first = index;
  std::optional<http::Response> answer;
  for (; !answer && index < filters_.size() && !filters_[index]->waits(); ++index)
    if (!skips(*filters_[index], exchange)) answer = filters_[index]->on_request(exchange);
  if (!answer) {
    if (index == filters_.size())
      answer = co_await route(exchange);
    else if (skips(*filters_[index], exchange))
      answer = co_await run_from(index + 1, exchange);
    else
      answer = co_await filters_[index]->serve(exchange, Next(*this, index + 1));
  }
  while (index-- > first)
    if (!skips(*filters_[index], exchange)) filters_[index]->on_response(exchange, *answer);
  co_return std::move(*answer);
}

namespace {

// Writes down how the request travels, and passes interim responses (103 Early Hints, ...) on to the client.
class Watch final : public http::Progress {
 public:
  explicit Watch(Exchange& exchange) : exchange_(exchange) {}
  void on_connection(const io::Transport& transport) override {
    exchange_.record.upstream_local = transport.local();
    exchange_.record.upstream_uri_sans = upstream::peer_uri_sans(transport);
  }
  io::Task<void> inform(http::Headers head) override { (void)co_await exchange_.stream.inform(std::move(head)); }

 private:
  Exchange& exchange_;
};

}  // namespace

io::Task<http::Response> Chain::route(Exchange& exchange) const {
  const router::Route* route = exchange.found.route;
  if (!route)
    co_return exchange.reply(404, "", exchange.routes ? "route_not_found" : "route_configuration_not_found",
                             Flag::no_route_found);
  if (const auto* direct = std::get_if<DirectResponse>(&route->action)) {
    http::Response response = exchange.reply(static_cast<int>(direct->status), direct->body, "direct_response");
    mutate_response(response.headers, *exchange.routes, exchange.found, nullptr,
                    {exchange.record, &exchange.headers(), &response.headers});
    co_return response;
  }
  if (const auto* redirect = std::get_if<Redirect>(&route->action)) {
    http::Response response = exchange.reply(redirect->status, "", "direct_response");
    response.headers.set("location", redirect_location(*redirect, *route, exchange.headers()));
    mutate_response(response.headers, *exchange.routes, exchange.found, nullptr,
                    {exchange.record, &exchange.headers(), &response.headers});
    co_return response;
  }
  exchange.wish.version = exchange.request().version;
  Watch watch(exchange);
  auto result = co_await router_.forward({.request = exchange.request(),
                                          .record = exchange.record,
                                          .table = *exchange.routes,
                                          .found = exchange.found,
                                          .draw = exchange.draw,
                                          .wish = exchange.wish,
                                          .progress = &watch,
                                          .clock = exchange.clock,
                                          .hold = exchange.hold,
                                          .chosen = exchange.chosen});
  if (!result) co_return exchange.reply(result.error());
  exchange.record.details = "via_upstream";
  mutate_response(result->headers, *exchange.routes, exchange.found, exchange.chosen,
                  {exchange.record, &exchange.headers(), &result->headers});
  if (exchange.found.host->count_attempts_in_response)
    result->headers.set("x-envoy-attempt-count", std::to_string(exchange.record.attempts));
  co_return std::move(*result);
}

}  // namespace lateen::proxy
