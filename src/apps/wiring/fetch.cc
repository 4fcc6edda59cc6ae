#include "apps/wiring/fetch.h"

#include "lib/base/strings.h"
#include "lib/http/client.h"
#include "lib/io/reactor.h"
#include "lib/io/scope.h"

namespace lateen::wiring {
namespace {

io::Task<Result<std::string>> fetch_unlimited(io::Network& network, SocketAddress address, std::string path,
                                              size_t bytes) {
  auto transport = co_await network.connect(address, {});
  if (!transport) co_return failed(transport);
  auto connection = http::make_client(std::move(*transport), {});
  http::Request request;
  request.headers.add(":method", "GET");
  request.headers.add(":scheme", "http");
  request.headers.add(":authority", address.is_unix() ? "localhost" : address.text());
  request.headers.add(":path", path);
  auto response = co_await connection->send(std::move(request), nullptr);
  if (!response) co_return std::unexpected(response.error().error);
  Result<std::string> text("");
  if (response->body) text = co_await http::read_all(*response->body, bytes);
  if (!text) co_return failed(text);
  if (response->status() != 200)
    co_return fail(ErrorKind::not_found, "{} says {}: {}", path, response->status(), trimmed(*text));
  co_return std::move(*text);
}

io::Task<void> keep(io::Task<Result<std::string>> task, Result<std::string>& out) { out = co_await task; }

}  // namespace

io::Task<Result<std::string>> fetch(io::Network& network, SocketAddress address, std::string path, FetchLimits limits) {
  const auto where = address.text();
  auto text = co_await io::within(network.loop(), limits.time,
                                  fetch_unlimited(network, std::move(address), std::move(path), limits.bytes));
  if (!text) co_return failed(text, where);
  co_return std::move(*text);
}

Result<std::string> fetch_now(std::string_view address, std::string path, FetchLimits limits) {
  const auto parsed = SocketAddress::parse(address);
  if (!parsed) return failed(parsed);
  io::Reactor reactor;
  io::RealNetwork network(reactor);
  Result<std::string> out("");
  reactor.run_until_done(keep(fetch(network, *parsed, std::move(path), limits), out));
  return out;
}

}  // namespace lateen::wiring
