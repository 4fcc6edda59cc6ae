// HTTP filters: one step on the way of an exchange. A filter is made once per worker and filter chain and serves many
// exchanges; what belongs to one exchange lives in the Exchange or in the filter's own coroutine.
#pragma once
#include <memory>
#include <span>
#include <string>

#include "data_plane/http/exchange.h"

namespace lateen::proxy {

class Chain;

// The rest of the chain, router included.
class Next {
 public:
  Next(const Chain& chain, size_t index) : chain_(chain), index_(index) {}
  io::Task<http::Response> operator()(Exchange& exchange) const;

 private:
  const Chain& chain_;
  size_t index_;
};

class Filter {
 public:
  virtual ~Filter() = default;

  // The name under which routes carry settings for it (the filter's name in the connection manager).
  std::string name;
  bool disabled = false;  // but for routes that carry settings for it

  // A filter that may have to wait (fault delays, calls to other services) says so and implements serve(). The others
  // are called as plain functions, which costs no coroutine.
  virtual bool waits() const { return false; }
  virtual io::Task<http::Response> serve(Exchange& exchange, Next next);

  // Plain filters. on_request may answer instead of the rest; on_response sees every response that passes outwards.
  virtual std::optional<http::Response> on_request(Exchange& exchange) { return std::nullopt; }
  virtual void on_response(Exchange& exchange, http::Response& response) {}
  // Every filter, when the exchange is over and its record complete: counters and the like.
  virtual void on_end(Exchange& exchange) {}

 protected:
  // The settings for this filter of the exchange's route; null when the route has none.
  template <class Settings>
  const Settings* route_settings(const Exchange& exchange) const {
    return exchange.routes ? static_cast<const Settings*>(exchange.routes->settings_for(exchange.found, name))
                           : nullptr;
  }
};

// The filters of a connection manager in order; the router comes after the last one.
class Chain {
 public:
  Chain(std::vector<std::unique_ptr<Filter>> filters, router::Router& router)
      : filters_(std::move(filters)), router_(router) {}

  io::Task<http::Response> run(Exchange& exchange) const { return run_from(0, exchange); }
  void end(Exchange& exchange) const;
  std::span<const std::unique_ptr<Filter>> filters() const { return filters_; }

 private:
  friend class Next;
  static bool skips(const Filter& filter, const Exchange& exchange);
  io::Task<http::Response> run_from(size_t index, Exchange& exchange) const;
  io::Task<http::Response> route(Exchange& exchange) const;
  std::vector<std::unique_ptr<Filter>> filters_;
  router::Router& router_;
};

}  // namespace lateen::proxy
