// The agent against a certificate service of the test's own, over TLS and gRPC on the simulated network.
#include "data_plane/agent/istio_signer.h"

#include <filesystem>
#include <istio/v1/auth/ca.pb.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "data_plane/agent/workload_secrets.h"
#include "lib/grpc/server.h"
#include "lib/io/files.h"
#include "lib/io/scope.h"
#include "lib/io/simulated.h"
#include "lib/tls/connection.h"
#include "lib/tls/test_pki.h"

namespace lateen::agent {
namespace {

using istio::v1::auth::IstioCertificateRequest;
using istio::v1::auth::IstioCertificateResponse;
using ::testing::HasSubstr;

class IstioSignerTest : public ::testing::Test {
 protected:
  IstioSignerTest() {
    server.add("/istio.v1.auth.IstioCertificateService/CreateCertificate",
               grpc::unary<IstioCertificateRequest, IstioCertificateResponse>(
                   [this](grpc::ServerCall& call, IstioCertificateRequest request) {
                     return create(call, std::move(request));
                   }));
    std::string pattern = std::filesystem::temp_directory_path() / "lateen-token.XXXXXX";
    token_file = ::mkdtemp(pattern.data()) + std::string("/token");
  }
  ~IstioSignerTest() override { std::filesystem::remove_all(token_file.substr(0, token_file.rfind('/'))); }

  io::Task<grpc::Reply<IstioCertificateResponse>> create(grpc::ServerCall& call, IstioCertificateRequest request) {
    ++calls;
    authorization = call.metadata().get("authorization").value_or("");
    const auto* session = tls::session_of(call.transport());
    peer = session ? session->peer_identity() : "";
    if (authorization != "Bearer good" && peer.empty())
      co_return grpc::refuse(grpc::Code::unauthenticated, "who are you");
    const auto csr = tls::CertificateRequest::parse_pem(request.csr());
    IstioCertificateResponse response;
    tls::CertificatePlan plan = pki.leaf_plan("spiffe://td/ns/a/sa/web");
    plan.not_before = world.wall_now() - 2min;
    plan.not_after = world.wall_now() + std::chrono::seconds(request.validity_duration());
    response.add_cert_chain(tls::issue(csr->public_key(), plan, pki.root.front(), pki.root_key)->pem());
    response.add_cert_chain(pki.root.front().pem());
    co_return response;
  }

  io::Task<void> serve_one(std::unique_ptr<io::Transport> raw, std::shared_ptr<const tls::Context> context) {
    auto secure = co_await tls::accept(std::move(raw), std::move(context));
    if (secure) co_await http::serve_connection(**secure, server, {}, http::Protocol::http2);
  }
  io::Task<void> serve(std::shared_ptr<const tls::Context> context) {
    auto acceptor = world.host("10.0.0.2").listen(*SocketAddress::parse("10.0.0.2:15012"));
    for (;;) {
      auto raw = co_await (*acceptor)->accept();
      connections.start(serve_one(std::move(*raw), context));
    }
  }
  void start_server(const std::string& dns_name) {
    tls::CertificatePlan plan = pki.leaf_plan("spiffe://td/ns/istio-system/sa/istiod", 900h);
    plan.names.dns = {dns_name};
    tls::ContextSettings settings;
    settings.credentials = {pki.member(plan)};
    settings.trust = pki.trust;
    settings.peer_certificate = tls::PeerCertificate::optional;
    settings.alpn = {"h2"};
    connections.start(serve(*tls::Context::server(settings)));
  }
  IstioSignerOptions signer_options() const {
    IstioSignerOptions options;
    options.control_plane.address = *SocketAddress::parse("10.0.0.2:15012");
    options.control_plane.roots_pem = pki.root.front().pem();
    options.token_file = token_file;
    return options;
  }

  io::SimulatedWorld world{3};
  tls::TestPki pki{world.wall_now()};
  grpc::Server server;
  io::Scope connections{world};
  io::CancelOnExit connections_guard{connections};
  std::string token_file, authorization, peer;
  int calls = 0;
};

TEST_F(IstioSignerTest, JoinsByTokenAndRenewsByCertificate) {
  ASSERT_TRUE(io::write_file(token_file, "good\n"));
  start_server("istiod.istio-system.svc");
  IstioSigner signer(world.host("10.0.0.1"), signer_options());
  WorkloadOptions options;
  options.identity = *tls::SpiffeId::parse("spiffe://td/ns/a/sa/web");
  WorkloadSecrets secrets(world, signer, options);
  io::Scope scope(world);
  const io::CancelOnExit guard(scope);
  scope.start(secrets.run());
  world.run_for(5s);
  ASSERT_TRUE(secrets.ready().is_set()) << secrets.last_error().value_or(Error{}).message;
  EXPECT_EQ(authorization, "Bearer good");
  EXPECT_EQ(peer, "");
  std::filesystem::remove(token_file);
  world.run_for(13h);
  EXPECT_EQ(secrets.rotations(), 2u) << secrets.last_error().value_or(Error{}).message;
  EXPECT_EQ(peer, "spiffe://td/ns/a/sa/web");
  EXPECT_EQ(authorization, "");
}

TEST_F(IstioSignerTest, FailuresSayWhatToDo) {
  const auto failure = [&](const IstioSignerOptions& options) {
    IstioSigner signer(world.host("10.0.0.1"), options);
    std::string message;
    const auto ask = [](IstioSigner& signer, std::string& message) -> io::Task<void> {
      tls::RequestNames names;
      names.names.uris = {"spiffe://td/ns/a/sa/web"};
      SigningRequest request;
      request.csr_pem = tls::CertificateRequest::make(*tls::PrivateKey::generate(), names)->pem();
      const auto answer = co_await signer.sign(std::move(request));
      message = answer ? "no error" : answer.error().message;
    };
    io::Scope scope(world);
    const io::CancelOnExit guard(scope);
    scope.start(ask(signer, message));
    world.run_until([&] { return !message.empty(); });
    return message;
  };
  EXPECT_THAT(failure(signer_options()), HasSubstr("token"));
  ASSERT_TRUE(io::write_file(token_file, "good"));
  EXPECT_THAT(failure(signer_options()), HasSubstr("10.0.0.2:15012")) << "nobody listens";
  start_server("another.name");
  EXPECT_THAT(failure(signer_options()), HasSubstr("does not name istiod.istio-system.svc"));
  IstioSignerOptions foreign = signer_options();
  foreign.control_plane.server_name = "another.name";
  foreign.control_plane.roots_pem = tls::TestPki(world.wall_now(), "foreign").root.front().pem();
  EXPECT_THAT(failure(foreign), HasSubstr("CERTIFICATE_VERIFY_FAILED"));
  ASSERT_TRUE(io::write_file(token_file, "bad"));
  IstioSignerOptions refused = signer_options();
  refused.control_plane.server_name = "another.name";
  EXPECT_THAT(failure(refused), HasSubstr("who are you"));
}

}  // namespace
}  // namespace lateen::agent
