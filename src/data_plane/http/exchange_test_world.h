// An exchange without a network: a request that was read, and a stream that nobody listens to; for tests.
#pragma once
#include <gtest/gtest.h>

#include "data_plane/http/exchange.h"
#include "lib/io/simulated.h"

namespace lateen::proxy {

class SilentTransport final : public io::Transport {
 public:
  explicit SilentTransport(io::Loop& loop) : readable_(loop), writable_(loop) {}
  io::Moved try_read(std::span<char>) override { return {io::Moved::ended}; }
  io::Moved try_write(std::span<const std::string_view>) override { return {io::Moved::failed}; }
  io::Readiness& readable() override { return readable_; }
  io::Readiness& writable() override { return writable_; }
  void shutdown_write() override {}
  const SocketAddress& local() const override { return address_; }
  const SocketAddress& remote() const override { return address_; }
  Error last_error() const override { return {}; }

 private:
  io::Readiness readable_, writable_;
  SocketAddress address_;
};

class SilentStream final : public http::ServerStream {
 public:
  explicit SilentStream(io::Loop& loop) : transport_(loop) {}
  http::Request& request() override { return request_; }
  uint64_t received_bytes() const override { return 0; }
  io::Transport& transport() override { return transport_; }
  io::Task<Result<>> inform(http::Headers) override { co_return Result<>{}; }
  io::Task<Result<http::Sent>> respond(http::Response) override { co_return http::Sent{}; }
  void reset(uint32_t) override {}
  void drain_connection() override {}

 private:
  SilentTransport transport_;
  http::Request request_;
};

// From 10.0.0.9:4000 to 10.0.0.1:80, GET http://web/.
class OneExchange : public testing::Test {
 protected:
  OneExchange() {
    connection.remote = SocketAddress::parse("10.0.0.9:4000").value();
    connection.local = SocketAddress::parse("10.0.0.1:80").value();
    ask({});
  }
  // Another request with these fields; those of the same name replace the usual ones.
  void ask(std::initializer_list<http::Headers::Field> fields) {
    request().headers.clear();
    for (const auto& [name, value] : std::initializer_list<http::Headers::Field>{
             {":method", "GET"}, {":scheme", "http"}, {":authority", "web"}, {":path", "/"}})
      request().headers.add(name, value);
    for (const auto& [name, value] : fields)
      if (name.starts_with(':'))
        request().headers.set(name, value);
      else
        request().headers.add(name, value);
    exchange.emplace(stream, connection, world);
  }
  http::Request& request() { return stream.request(); }
  std::string field(std::string_view name) { return request().headers.joined(name).value_or("(none)"); }

  io::SimulatedWorld world{3};
  SilentStream stream{world};
  telemetry::ConnectionRecord connection;
  std::optional<Exchange> exchange;
};

}  // namespace lateen::proxy
