#include "lib/http/server.h"

#include "lib/http/http1_server.h"
#include "lib/http/http2_connection.h"
#include "lib/io/scope.h"
#include "lib/protocol/detect.h"

namespace lateen::http {

void Drain::start() {
  started_ = true;
  while (io::Link* node = watches_.front()) {
    node->unlink();
    static_cast<DrainWatch*>(node)->flag_.set();
  }
}

DrainWatch::DrainWatch(std::shared_ptr<Drain> drain, io::Readiness& flag) : drain_(std::move(drain)), flag_(flag) {
  if (!drain_) return;
  if (drain_->is_started())
    flag_.set();
  else
    drain_->watches_.push_back(*this);
}

namespace {

using protocol::http2_preface;

// Reads until the first bytes tell which version the client speaks. Nothing when it ends or idles before.
io::Task<std::optional<Protocol>> detect(io::Transport& transport, Buffer& first, const ServerOptions& options,
                                         std::shared_ptr<Drain> drain) {
  io::Loop& loop = transport.loop();
  io::Readiness attention(loop);
  const DrainWatch watch(std::move(drain), attention);
  io::Timer timer(loop);
  if (options.idle_timeout > 0s)
    timer.arm(
        loop.now() + options.idle_timeout, [](void* flag) { static_cast<io::Readiness*>(flag)->set(); }, &attention);
  for (;;) {
    const size_t n = std::min(first.size(), http2_preface.size());
    if (first.view().substr(0, n) != http2_preface.substr(0, n)) co_return Protocol::http1;
    if (n == http2_preface.size()) co_return Protocol::http2;
    const io::Moved moved = transport.try_read(first.writable());
    if (moved.state == io::Moved::moved) {
      first.commit(moved.bytes);
      continue;
    }
    if (moved.state != io::Moved::blocked) co_return std::nullopt;
    first.release_if_empty();
    co_await either(transport.readable(), attention);
    if (attention.is_set()) co_return std::nullopt;
  }
}

}  // namespace

io::Task<void> serve_connection(io::Transport& transport, Service& service, const ServerOptions& options,
                                Protocol protocol, Buffer first, std::shared_ptr<Drain> drain) {
  if (protocol == Protocol::detect) {
    const auto detected = co_await detect(transport, first, options, drain);
    if (!detected) co_return transport.shutdown_write();
    protocol = *detected;
  }
  if (protocol == Protocol::http2) {
    co_await serve_http2(transport, service, options, std::move(first), std::move(drain));
    co_return;
  }
  Http1Server server(transport, service, options, std::move(first), std::move(drain));
  co_await server.run();
}

}  // namespace lateen::http
