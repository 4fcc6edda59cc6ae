// A TLS server, and a client, fed with hostile bytes in two portions: no crash, no spin, no leak.
#include <cstdint>

#include "lib/io/scope.h"
#include "lib/io/simulated.h"
#include "lib/tls/connection.h"
#include "lib/tls/test_pki.h"

namespace lateen::tls {
namespace {

using TransportPtr = std::unique_ptr<io::Transport>;

ContextSettings settings() {
  static const TestPki pki(WallTime(1'700'000'000s));
  ContextSettings settings;
  settings.credentials = {pki.member("spiffe://td/x")};
  settings.trust = pki.trust;
  settings.alpn = {"h2"};
  return settings;
}

io::Task<void> victim(io::Network& host, std::shared_ptr<const Context> context) {
  auto acceptor = host.listen(*SocketAddress::parse("10.0.0.2:443"));
  auto raw = co_await (*acceptor)->accept();
  auto handshake = context->is_server() ? accept(std::move(*raw), context) : connect(std::move(*raw), context);
  auto secure = co_await io::within(host.loop(), 5s, std::move(handshake));
  Buffer buffer;
  if (secure) (void)co_await io::read_some(**secure, buffer);
}

io::Task<void> attacker(io::Network& host, std::string_view bytes) {
  auto raw = co_await host.connect(*SocketAddress::parse("10.0.0.2:443"));
  if (!raw) co_return;
  (void)co_await io::write_all(**raw, bytes.substr(0, bytes.size() / 2));
  co_await host.loop().sleep(1ms);
  (void)co_await io::write_all(**raw, bytes.substr(bytes.size() / 2));
  (*raw)->shutdown_write();
  co_await host.loop().sleep(10s);
}

}  // namespace
}  // namespace lateen::tls

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace lateen;
  static const auto server = *tls::Context::server(tls::settings());
  static const auto client = *tls::Context::client(tls::settings());
  if (size == 0) return 0;
  io::SimulatedWorld world(1);
  io::Scope scope(world);
  const io::CancelOnExit guard(scope);
  scope.start(tls::victim(world.host("10.0.0.2"), data[0] & 1 ? server : client));
  scope.start(tls::attacker(world.host("10.0.0.1"), {reinterpret_cast<const char*>(data) + 1, size - 1}));
  world.run_for(20s);
  return 0;
}
