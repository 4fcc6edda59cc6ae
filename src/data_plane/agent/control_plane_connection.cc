#include "data_plane/agent/control_plane_connection.h"

#include "lib/tls/connection.h"

namespace lateen::agent {
namespace {

Result<std::shared_ptr<const tls::Context>> context_for(const ControlPlane& control_plane, const SecretPtr& certificate,
                                                        const SecretPtr& roots) {
  tls::ContextSettings settings;
  // Both, so that a control plane whose root has just changed is still reached.
  auto trust = tls::TrustBundle::parse(control_plane.roots_pem + (roots ? roots->roots : ""));
  if (!trust) return failed(trust, "the control plane's root certificate");
  settings.trust = std::move(*trust);
  settings.alpn = {"h2"};
  settings.server_name = control_plane.server_name;
  settings.check_peer = [name = control_plane.server_name](const std::vector<tls::Certificate>& chain) -> Result<> {
    if (tls::certifies_host(chain.front(), name)) return {};
    return fail(ErrorKind::tls, "the control plane's certificate does not name {}", name);
  };
  if (certificate) {
    auto credentials = tls::Credentials::parse(certificate->chain, certificate->key);
    if (!credentials) return failed(credentials, "this member's certificate");
    settings.credentials.push_back(std::move(*credentials));
  }
  return tls::Context::client(std::move(settings));
}

}  // namespace

io::Task<Result<std::unique_ptr<io::Transport>>> connect_to_control_plane(io::Network& network,
                                                                          ControlPlane control_plane,
                                                                          SecretPtr certificate, SecretPtr roots) {
  if (control_plane.plaintext) co_return co_await network.connect(control_plane.address);
  auto context = context_for(control_plane, certificate, roots);
  if (!context) co_return failed(context);
  auto raw = co_await network.connect(control_plane.address);
  if (!raw) co_return failed(raw);
  auto secure = co_await tls::connect(std::move(*raw), std::move(*context));
  if (!secure) co_return failed(secure, control_plane.address.text());
  co_return std::move(*secure);
}

}  // namespace lateen::agent
