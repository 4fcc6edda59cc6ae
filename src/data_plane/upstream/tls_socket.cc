#include "data_plane/upstream/tls_socket.h"

namespace lateen::upstream {

std::shared_ptr<const std::vector<std::string>> peer_uri_sans(const io::Transport& connection) {
  const tls::Session* session = tls::session_of(connection);
  if (!session || !session->peer()) return nullptr;
  auto names = session->peer()->shared_names();
  return {names, &names->uris};
}

io::Task<Result<std::unique_ptr<io::Transport>>> TlsSocket::secure(std::unique_ptr<io::Transport> connection,
                                                                   const Options& options, const Endpoint& endpoint) {
  auto context = slot_->get();
  if (!context) co_return fail(ErrorKind::tls, "TLS_error:|secret is not supplied by SDS:TLS_error_end");
  tls::ConnectOptions connect;
  if (!options.sni.empty())
    connect.server_name = options.sni;
  else if (settings_.auto_host_sni)
    connect.server_name = endpoint.hostname;
  else
    connect.server_name = settings_.sni;
  if (!options.alpn.empty()) connect.alpn = options.alpn;
  co_return co_await tls::connect(std::move(connection), std::move(context), std::move(connect));
}

}  // namespace lateen::upstream
