// Stands in for the HTTP/2 connections where they are not linked; whoever adds them removes this file.
#include "lib/http/http2_connection.h"

namespace lateen::http {

[[gnu::weak]] io::Task<void> serve_http2(io::Transport& transport, Service&, const ServerOptions&, Buffer,
                                         std::shared_ptr<Drain>) {
  // SETTINGS, then GOAWAY with HTTP_1_1_REQUIRED (RFC 9113 section 7).
  static constexpr std::string_view answer("\0\0\0\4\0\0\0\0\0" "\0\0\10\7\0\0\0\0\0\0\0\0\0\0\0\0\15", 26);
  (void)co_await io::write_all(transport, answer);
  transport.shutdown_write();
}

[[gnu::weak]] std::unique_ptr<ClientConnection> make_http2_client(std::unique_ptr<io::Transport>,
                                                                  const ClientOptions&) {
  return nullptr;
}

}  // namespace lateen::http
