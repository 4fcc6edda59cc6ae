#include "control_plane/xds/control_server.h"

#include <gmock/gmock.h>

#include "config/xds/names.h"
#include "config/xds/protos.h"
#include "istio/v1/auth/ca.pb.h"
#include "lib/grpc/client.h"
#include "lib/io/simulated.h"
#include "lib/tls/connection.h"

namespace lateen::discovery {
namespace {

using istio::v1::auth::IstioCertificateRequest;
using istio::v1::auth::IstioCertificateResponse;
using testing::HasSubstr;

class Empty final : public Source {
 public:
  Result<std::unique_ptr<View>> view(const Node&) override { return std::make_unique<Nothing>(); }

 private:
  struct Nothing final : View {
    ResourceSetPointer resources(const Subscription&) override {
      return std::make_shared<const ResourceSet>(std::vector<ResourcePointer>{});
    }
  };
};

class Doors : public testing::Test {
 protected:
  Doors() : scope_(world_), guard_(scope_) {
    ControlServerOptions options;
    options.secure = SocketAddress::parse("10.0.0.2:15012").value();
    options.plain = SocketAddress::parse("10.0.0.2:15010").value();
    options.pages = SocketAddress::parse("10.0.0.2:15014").value();
    auto server = ControlServer::open(world_.host("10.0.0.2"),
                                      {&source_, authority_.get(), &authenticator_, nullptr, nullptr}, options);
    EXPECT_TRUE(server) << server.error().message;
    server_ = std::move(*server);
    scope_.start(server_->run());
  }
  ~Doors() override {
    channel_.reset();
    connection_.reset();
    scope_.cancel();
  }

  template <class T>
  T run(io::Task<T> task) {
    std::optional<T> result;
    const auto keep = [](io::Task<T> task, std::optional<T>& result) -> io::Task<void> {
      result.emplace(co_await task);
    };
    io::Scope scope(world_);
    scope.start(keep(std::move(task), result));
    EXPECT_TRUE(world_.run_until([&] { return result.has_value(); }, 30s));
    scope.cancel();
    return std::move(*result);
  }

  using TransportResult = Result<std::unique_ptr<io::Transport>>;
  io::Task<TransportResult> dial(uint16_t port, std::shared_ptr<const tls::Context> context) {
    auto to = *SocketAddress::parse("10.0.0.2:1");
    to.port = port;
    auto transport = co_await world_.host("10.0.0.1").connect(to, {});
    if (!transport || !context) co_return transport;
    co_return co_await tls::connect(std::move(*transport), std::move(context));
  }
  // A channel to that port; with TLS when a context is given.
  Result<> open(uint16_t port, std::shared_ptr<const tls::Context> context) {
    auto transport = run(dial(port, std::move(context)));
    if (!transport) return failed(transport);
    http::ClientOptions options;
    options.version = http::Version::http2;
    connection_ = http::make_client(std::move(*transport), options);
    channel_.emplace(
        world_, [this](http::Request request) { return connection_->send(std::move(request), nullptr); },
        grpc::ChannelOptions{.authority = "istiod.istio-system.svc"});
    return {};
  }
  std::shared_ptr<const tls::Context> context(std::optional<tls::Credentials> own = {}) const {
    tls::ContextSettings settings;
    settings.trust = authority_->trust();
    settings.alpn = {"h2"};
    settings.server_name = "istiod.istio-system.svc";
    if (own) settings.credentials.push_back(std::move(*own));
    return *tls::Context::client(std::move(settings));
  }
  grpc::CallOptions token(std::string name_space, std::string account, Duration life = 1h) const {
    onboard::TokenClaims claims;
    claims.name_space = std::move(name_space);
    claims.service_account = std::move(account);
    claims.expires = world_.wall_now() + life;
    grpc::CallOptions options;
    options.metadata.add("authorization", "Bearer " + key_.issue(claims, world_.wall_now()));
    return options;
  }
  grpc::Reply<IstioCertificateResponse> sign(grpc::CallOptions options, std::string csr, int64_t seconds = 3600) {
    IstioCertificateRequest request;
    request.set_csr(std::move(csr));
    request.set_validity_duration(seconds);
    return run(channel_->unary<IstioCertificateResponse>(std::string(xds::method::create_certificate), request,
                                                         std::move(options)));
  }
  static std::string request_for(const tls::PrivateKey& key, std::string uri) {
    tls::RequestNames names;
    names.names.uris = {std::move(uri)};
    return tls::CertificateRequest::make(key, names)->pem();
  }
  std::string subscribe(std::string_view id, grpc::CallOptions options) {
    envoy::service::discovery::v3::DeltaDiscoveryRequest request;
    request.set_type_url(std::string(xds::type::cluster));
    request.mutable_node()->set_id(std::string(id));
    auto call = channel_->open(xds::method::ads_delta, std::move(options));
    call->write(request);
    envoy::service::discovery::v3::DeltaDiscoveryResponse response;
    const auto read = run(call->read(response));
    return read ? "served" : grpc::text_of(read.error());
  }
  std::string page(std::string path) {
    const auto fetch = [](Doors& self, std::string path) -> io::Task<std::string> {
      auto transport = co_await self.dial(15014, nullptr);
      auto connection = http::make_client(std::move(*transport), {});
      http::Request request;
      request.headers.add(":method", "GET");
      request.headers.add(":scheme", "http");
      request.headers.add(":authority", "localhost");
      request.headers.add(":path", path);
      auto response = co_await connection->send(std::move(request), nullptr);
      if (!response) co_return response.error().error.message;
      auto text = co_await http::read_all(*response->body, 1 << 20);
      co_return fmt::format("{} {}", response->status(), text.value_or("?"));
    };
    return run(fetch(*this, std::move(path)));
  }

  static constexpr const char* web = "sidecar~10.0.0.1~web-1.shop~shop.svc.cluster.local";
  io::SimulatedWorld world_{5};
  Empty source_;
  std::unique_ptr<ca::CertificateAuthority> authority_ = *ca::CertificateAuthority::in_memory(world_.wall_now());
  onboard::TokenKey key_ = onboard::TokenKey::random();
  onboard::Authenticator authenticator_{key_, "cluster.local"};
  std::unique_ptr<ControlServer> server_;
  std::unique_ptr<http::ClientConnection> connection_;
  std::optional<grpc::Channel> channel_;
  io::Scope scope_;
  io::CancelOnExit guard_;
};

TEST_F(Doors, ATokenBecomesACertificateAndTheCertificateOpensTheDoor) {
  ASSERT_TRUE(open(15012, context()));
  const auto key = *tls::PrivateKey::generate();
  // The request claims to be somebody else; the certificate is for whom the token names.
  const auto reply = sign(token("shop", "web"), request_for(key, "spiffe://cluster.local/ns/root/sa/admin"));
  ASSERT_TRUE(reply) << grpc::text_of(reply.error());
  ASSERT_GE(reply->cert_chain_size(), 2);
  const auto leaf = *tls::Certificate::parse_pem(reply->cert_chain(0));
  EXPECT_EQ(leaf.spiffe_id()->text(), "spiffe://cluster.local/ns/shop/sa/web");
  EXPECT_TRUE(tls::Certificate::parse_pem(reply->cert_chain(reply->cert_chain_size() - 1))->is_authority());

  auto own = tls::Credentials::parse(reply->cert_chain(0), key.pem());
  ASSERT_TRUE(own);
  ASSERT_TRUE(open(15012, context(std::move(*own))));
  EXPECT_EQ(subscribe(web, {}), "served");
  EXPECT_THAT(subscribe("sidecar~10.0.0.1~x.other~other.svc.cluster.local", {}), HasSubstr("PERMISSION_DENIED"));
  EXPECT_TRUE(sign({}, request_for(key, "spiffe://x/y")));  // renewal needs no token
}

TEST_F(Doors, BadCallersAndBadRequestsAreToldApart) {
  ASSERT_TRUE(open(15012, context()));
  const auto key = *tls::PrivateKey::generate();
  const auto csr = request_for(key, "spiffe://cluster.local/ns/shop/sa/web");
  EXPECT_EQ(sign({}, csr).error().code, grpc::Code::unauthenticated);
  EXPECT_EQ(sign(token("shop", "web", -1h), csr).error().code, grpc::Code::unauthenticated);
  EXPECT_EQ(sign(token("shop", "web"), "no request").error().code, grpc::Code::invalid_argument);
  EXPECT_EQ(sign(token("shop", "web"), csr, 365 * 24 * 3600).error().code, grpc::Code::invalid_argument);
  EXPECT_EQ(sign(token("shop", "web"), csr, INT64_MAX).error().code, grpc::Code::invalid_argument);
  EXPECT_TRUE(sign(token("shop", "web"), csr, -5));
  EXPECT_THAT(subscribe(web, {}), HasSubstr("UNAUTHENTICATED"));
  EXPECT_EQ(subscribe(web, token("shop", "web")), "served");
}

TEST_F(Doors, ThePlainPortServesConfigurationButSignsNothing) {
  ASSERT_TRUE(open(15010, nullptr));
  EXPECT_EQ(subscribe(web, {}), "served");
  const auto key = *tls::PrivateKey::generate();
  EXPECT_EQ(sign(token("shop", "web"), request_for(key, "spiffe://x/y")).error().code, grpc::Code::unimplemented);
}

TEST_F(Doors, APlainClientAtTheSecurePortIsTurnedAway) {
  ASSERT_TRUE(open(15012, nullptr));
  EXPECT_THAT(subscribe(web, {}), HasSubstr("UNAVAILABLE"));
}

TEST_F(Doors, PagesShowWhoIsConnected) {
  ASSERT_TRUE(open(15010, nullptr));
  auto call = channel_->open(xds::method::ads_delta);
  envoy::service::discovery::v3::DeltaDiscoveryRequest request;
  request.set_type_url(std::string(xds::type::cluster));
  request.mutable_node()->set_id(web);
  call->write(request);
  world_.run_for(1s);
  EXPECT_EQ(page("/ready"), "200 ready\n");
  EXPECT_THAT(page("/debug/syncz"), HasSubstr("web-1.shop"));
  EXPECT_THAT(page("/debug/config_dump?proxyID=web-1.shop"), HasSubstr("ClustersConfigDump"));
  EXPECT_THAT(page("/debug/config_dump?proxyID=nobody"), HasSubstr("404 no proxy nobody"));
  EXPECT_THAT(page("/debug/config_dump"), HasSubstr("400 "));
  EXPECT_THAT(page("/metrics"), HasSubstr("\npilot_xds 1\n"));
  EXPECT_THAT(page("/elsewhere"), HasSubstr("404 pages:"));
}

TEST_F(Doors, DrainingEndsStreamsInOrder) {
  ASSERT_TRUE(open(15010, nullptr));
  auto call = channel_->open(xds::method::ads_delta);
  envoy::service::discovery::v3::DeltaDiscoveryRequest request;
  request.set_type_url(std::string(xds::type::cluster));
  request.mutable_node()->set_id(web);
  call->write(request);
  world_.run_for(1s);
  server_->drain();
  envoy::service::discovery::v3::DeltaDiscoveryResponse response;
  EXPECT_TRUE(run(call->read(response)));  // what was on its way
  const auto end = run(call->read(response));
  ASSERT_FALSE(end);
  EXPECT_EQ(grpc::text_of(end.error()), "UNAVAILABLE: this control plane is going away");
  world_.run_for(10s);
  EXPECT_EQ(scope_.size(), 0u);
}

TEST_F(Doors, AnAddressInUseIsNamed) {
  ControlServerOptions options;
  options.plain = SocketAddress::parse("10.0.0.2:15010").value();
  const auto second =
      ControlServer::open(world_.host("10.0.0.2"), {&source_, nullptr, nullptr, nullptr, nullptr}, options);
  ASSERT_FALSE(second);
  EXPECT_THAT(second.error().message, HasSubstr("10.0.0.2:15010"));
}

}  // namespace
}  // namespace lateen::discovery
