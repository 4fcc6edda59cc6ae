#include "data_plane/agent/istio_signer.h"

#include <istio/v1/auth/ca.pb.h>

#include "lib/base/strings.h"
#include "lib/grpc/client.h"
#include "lib/io/files.h"

namespace lateen::agent {
namespace {

using istio::v1::auth::IstioCertificateRequest;
using istio::v1::auth::IstioCertificateResponse;

constexpr const char* create_certificate = "/istio.v1.auth.IstioCertificateService/CreateCertificate";

Result<SignedChain> chain_of(const IstioCertificateResponse& response) {
  const int count = response.cert_chain_size();
  if (count < 2)
    return fail(ErrorKind::protocol, "the certificate service sent {} certificates instead of a chain and its root",
                count);
  SignedChain out;
  out.roots_pem = response.cert_chain(count - 1);
  for (int i = 0; i + 1 < count; ++i) {
    auto part = tls::Certificate::parse_chain(response.cert_chain(i));
    if (!part) return failed(part, "the certificate service's answer");
    out.chain.insert(out.chain.end(), part->begin(), part->end());
  }
  return out;
}

}  // namespace

Result<std::string> IstioSigner::token(bool have_certificate) const {
  if (options_.token_file.empty()) return std::string();
  const auto text = io::read_file(options_.token_file, 64 << 10);
  if (!text) return have_certificate ? Result<std::string>("") : failed(text, "token");
  // Roots may follow the token in its file.
  const std::string_view token = trimmed(std::string_view(*text).substr(0, text->find("-----BEGIN")));
  for (const char c : token)
    if (c <= ' ' || c > '~') return fail(ErrorKind::invalid, "{} does not hold a token", options_.token_file);
  return std::string(token);
}

io::Task<Result<SignedChain>> IstioSigner::sign(SigningRequest request) {
  const auto bearer = token(request.certificate != nullptr);
  if (!bearer) co_return failed(bearer);

  http::ClientOptions http_options;
  http_options.version = http::Version::http2;
  const auto connect = [&]() -> io::Task<Result<std::unique_ptr<io::Transport>>> {
    return connect_to_control_plane(network_, options_.control_plane, request.certificate, request.roots);
  };
  http::Pool pool(network_.loop(), connect, http_options, nullptr);
  grpc::Channel channel(
      network_.loop(), grpc::over(pool),
      {.authority = options_.control_plane.server_name, .scheme = options_.control_plane.plaintext ? "http" : "https"});
  grpc::CallOptions call;
  call.timeout = options_.call_limit;
  if (!bearer->empty()) call.metadata.add("authorization", "Bearer " + *bearer);
  call.metadata.add("clusterid", options_.cluster_id);
  IstioCertificateRequest message;
  message.set_csr(request.csr_pem);
  message.set_validity_duration(std::chrono::duration_cast<std::chrono::seconds>(request.ttl).count());
  const auto answer = co_await channel.unary<IstioCertificateResponse>(create_certificate, message, call);
  if (!answer) {
    co_return std::unexpected(
        grpc::to_error(answer.error()).in("certificate service " + options_.control_plane.address.text()));
  }
  co_return chain_of(*answer);
}

}  // namespace lateen::agent
