#include "lib/tls/connection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lib/io/scope.h"
#include "lib/io/simulated.h"
#include "lib/tls/test_pki.h"

namespace lateen::tls {
namespace {

using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using TransportPtr = std::unique_ptr<io::Transport>;

// A client and a server host with one connection between them, in virtual time.
class ConnectionTest : public ::testing::Test {
 protected:
  static constexpr const char* web_id = "spiffe://td/ns/a/sa/web";
  static constexpr const char* api_id = "spiffe://td/ns/a/sa/api";

  ContextSettings settings_of(const Credentials& credentials) const {
    ContextSettings settings;
    settings.credentials = {credentials};
    settings.trust = pki.trust;
    return settings;
  }

  static io::Task<void> serve(io::Network& host, std::shared_ptr<const Context> context,
                              std::optional<Result<TransportPtr>>& out) {
    auto acceptor = host.listen(*SocketAddress::parse("10.0.0.2:443"));
    auto raw = co_await (*acceptor)->accept();
    auto secure = co_await accept(std::move(*raw), std::move(context));
    out.emplace(std::move(secure));
  }
  static io::Task<void> call(io::Network& host, std::shared_ptr<const Context> context, ConnectOptions options,
                             std::optional<Result<TransportPtr>>& out) {
    auto raw = co_await host.connect(*SocketAddress::parse("10.0.0.2:443"));
    auto secure = co_await connect(std::move(*raw), std::move(context), std::move(options));
    out.emplace(std::move(secure));
  }

  void handshake(const ContextSettings& server, const ContextSettings& client, const ConnectOptions& options = {}) {
    const auto server_context = Context::server(server);
    const auto client_context = Context::client(client);
    ASSERT_TRUE(server_context) << server_context.error().message;
    ASSERT_TRUE(client_context) << client_context.error().message;
    handshake(*server_context, *client_context, options);
  }
  void handshake(std::shared_ptr<const Context> server, std::shared_ptr<const Context> client,
                 const ConnectOptions& options = {}) {
    at_server.reset();
    at_client.reset();
    scope.start(serve(world.host("10.0.0.2"), std::move(server), at_server));
    scope.start(call(world.host("10.0.0.1"), std::move(client), options, at_client));
    world.run_until([&] { return at_server && at_client; });
  }
  void expect_both() {
    ASSERT_TRUE(at_server && at_client);
    ASSERT_TRUE(*at_server) << at_server->error().message;
    ASSERT_TRUE(*at_client) << at_client->error().message;
  }
  const Session& server_session() { return *session_of(***at_server); }
  const Session& client_session() { return *session_of(***at_client); }

  static io::Task<void> read_to_end(io::Transport& transport, std::string& text, std::optional<Error>& error,
                                    bool& done) {
    Buffer buffer;
    for (;;) {
      const auto read = co_await io::read_some(transport, buffer);
      if (!read) error = read.error();
      if (!read || *read == 0) break;
      text += buffer.view();
      buffer.clear();
    }
    done = true;
  }
  static io::Task<void> write_text(io::Transport& transport, std::string text) {
    co_await io::write_all(transport, std::string_view(text));
    transport.shutdown_write();
  }
  // What arrives at `to` when `from` writes the text and ends.
  std::string carried(io::Transport& from, io::Transport& to, const std::string& text) {
    std::string got;
    std::optional<Error> error;
    bool done = false;
    scope.start(read_to_end(to, got, error, done));
    scope.start(write_text(from, text));
    world.run_until([&] { return done; });
    EXPECT_TRUE(done);
    if (error) ADD_FAILURE() << error->message;
    return got;
  }

  io::SimulatedWorld world{5};
  io::Scope scope{world};
  io::CancelOnExit guard{scope};
  WallTime now = world.wall_now();
  TestPki pki{now};
  Credentials web = pki.member(web_id), api = pki.member(api_id);
  std::optional<Result<TransportPtr>> at_server, at_client;
};

TEST_F(ConnectionTest, MutualTlsShowsBothIdentities) {
  ContextSettings server = settings_of(api), client = settings_of(web);
  server.alpn = {"h2", "http/1.1"};
  client.alpn = {"istio", "http/1.1", "h2"};
  client.server_name = "outbound_.80_._.api.a.svc";
  handshake(server, client);
  expect_both();
  EXPECT_EQ(server_session().peer_identity(), web_id);
  EXPECT_EQ(client_session().peer_identity(), api_id);
  EXPECT_EQ(server_session().alpn, "h2") << "by the server's order";
  EXPECT_EQ(client_session().alpn, "h2");
  EXPECT_EQ(server_session().server_name, "outbound_.80_._.api.a.svc");
  EXPECT_EQ(server_session().version, Version::tls1_3);
  EXPECT_THAT(std::string(server_session().cipher), StartsWith("TLS_"));
  EXPECT_TRUE(*server_session().peer() == web.leaf());
  EXPECT_TRUE(*server_session().own() == api.leaf());
  EXPECT_FALSE(server_session().resumed);
}

TEST_F(ConnectionTest, CarriesBytesBothWaysAndEndsInOrder) {
  handshake(settings_of(api), settings_of(web));
  expect_both();
  std::string large;
  for (int i = 0; large.size() < 3'000'000; ++i) large += std::to_string(i);
  EXPECT_EQ(carried(***at_client, ***at_server, large), large);
  EXPECT_EQ(carried(***at_server, ***at_client, "answer"), "answer");
  EXPECT_FALSE(server_session().truncated);
}

TEST_F(ConnectionTest, WorksOnAPoorLine) {
  world.set_quality({.delay = 80ms, .jitter = 40ms, .loss = 0.2, .retransmission = 200ms, .window = 3000});
  handshake(settings_of(api), settings_of(web));
  expect_both();
  const std::string text(200'000, 'x');
  EXPECT_EQ(carried(***at_client, ***at_server, text).size(), text.size());
}

TEST_F(ConnectionTest, GathersPartsIntoOneRecordInOrder) {
  handshake(settings_of(api), settings_of(web));
  expect_both();
  const std::string_view parts[] = {"head ", "", "body ", "end"};
  EXPECT_EQ((**at_client)->try_write(parts).bytes, 13u);
  EXPECT_EQ(carried(***at_client, ***at_server, "!"), "head body end!");
}

TEST_F(ConnectionTest, Tls12AndForeignAlpnGoOn) {
  ContextSettings server = settings_of(api), client = settings_of(web);
  server.alpn = {"h2"};
  client.alpn = {"http/1.1"};
  client.max_version = Version::tls1_2;
  client.cipher_suites = {"[ECDHE-ECDSA-AES128-GCM-SHA256|ECDHE-ECDSA-CHACHA20-POLY1305]", "NO-SUCH-SUITE"};
  handshake(server, client);
  expect_both();
  EXPECT_EQ(server_session().alpn, "");
  EXPECT_EQ(server_session().version, Version::tls1_2);
  EXPECT_EQ(server_session().cipher, "ECDHE-ECDSA-AES128-GCM-SHA256");
  EXPECT_EQ(client_session().context->passed_over(), (std::vector<std::string>{"NO-SUCH-SUITE"}));
  EXPECT_EQ(carried(***at_client, ***at_server, "hello"), "hello");
}

TEST_F(ConnectionTest, OptionsReplaceServerNameAndAlpn) {
  ContextSettings server = settings_of(api), client = settings_of(web);
  server.alpn = {"istio-peer-exchange", "h2"};
  client.alpn = {"h2"};
  client.server_name = "a.example";
  handshake(server, client, {.server_name = "b.example", .alpn = std::vector<std::string>{"istio-peer-exchange"}});
  expect_both();
  EXPECT_EQ(server_session().server_name, "b.example");
  EXPECT_EQ(server_session().alpn, "istio-peer-exchange");
}

TEST_F(ConnectionTest, ForeignRootIsRefusedByTheServer) {
  const TestPki foreign(now, "foreign root");
  ContextSettings client = settings_of(foreign.member(web_id));
  client.trust = pki.trust;
  handshake(settings_of(api), client);
  ASSERT_FALSE(*at_server);
  EXPECT_EQ(at_server->error().kind, ErrorKind::tls);
  EXPECT_THAT(at_server->error().message,
              AllOf(StartsWith("TLS_error:|268435581:SSL routines:OPENSSL_internal:CERTIFICATE_VERIFY_FAILED:verify "
                               "cert failed: "),
                    HasSubstr("unable to get local issuer certificate"), EndsWith(":TLS_error_end")));
  // In TLS 1.3 the client hears of it at its first read.
  ASSERT_TRUE(*at_client);
  std::string text;
  std::optional<Error> error;
  bool done = false;
  scope.start(read_to_end(***at_client, text, error, done));
  world.run_until([&] { return done; });
  ASSERT_TRUE(error);
  EXPECT_THAT(error->message, HasSubstr("TLSV1_ALERT_UNKNOWN_CA"));
}

TEST_F(ConnectionTest, ForeignRootIsRefusedByTheClient) {
  ContextSettings client = settings_of(web);
  client.trust = TestPki(now, "foreign root").trust;
  handshake(settings_of(api), client);
  ASSERT_FALSE(*at_client);
  EXPECT_THAT(at_client->error().message, HasSubstr("CERTIFICATE_VERIFY_FAILED"));
  ASSERT_FALSE(*at_server);
  EXPECT_THAT(at_server->error().message, HasSubstr("TLSV1_ALERT_UNKNOWN_CA"));
}

TEST_F(ConnectionTest, CertificatesExpireByTheLoopsCalendar) {
  const auto server = *Context::server(settings_of(api)), client = *Context::client(settings_of(web));
  handshake(server, client);
  expect_both();
  world.run_for(25h);
  handshake(server, client);
  ASSERT_FALSE(*at_client);
  EXPECT_THAT(at_client->error().message, HasSubstr("certificate has expired"));
}

TEST_F(ConnectionTest, TheMemoEndsWithTheCertificate) {
  ContextSettings server = settings_of(api);
  server.verified_memo = 1000h;
  const auto server_context = *Context::server(server);
  ContextSettings client = settings_of(pki.member(web_id, 10min));
  const auto client_context = *Context::client(client);
  for (int i = 0; i < 3; ++i) {
    handshake(server_context, client_context);
    expect_both();
    EXPECT_EQ(server_session().peer_identity(), web_id);
  }
  world.run_for(11min);
  handshake(server_context, client_context);
  EXPECT_FALSE(*at_server);
}

TEST_F(ConnectionTest, MissingClientCertificate) {
  ContextSettings client = settings_of(web);
  client.credentials.clear();
  handshake(settings_of(api), client);
  ASSERT_FALSE(*at_server);
  EXPECT_THAT(at_server->error().message, HasSubstr("|268435648:SSL routines:OPENSSL_internal:PEER_DID_NOT_RETURN_A_"));

  ContextSettings optional = settings_of(api);
  optional.peer_certificate = PeerCertificate::optional;
  handshake(optional, client);
  expect_both();
  EXPECT_EQ(server_session().peer(), nullptr);
  EXPECT_FALSE(server_session().peer_verified);
}

TEST_F(ConnectionTest, NamesThatDoNotMatchEndTheHandshake) {
  ContextSettings client = settings_of(web);
  client.check_peer = [](const std::vector<Certificate>& chain) -> Result<> {
    if (chain.front().names().uris.front() == "spiffe://td/ns/a/sa/other") return {};
    return fail(ErrorKind::tls, "verify SAN list");
  };
  handshake(settings_of(api), client);
  ASSERT_FALSE(*at_client);
  EXPECT_THAT(at_client->error().message, HasSubstr("verify cert failed: verify SAN list:TLS_error_end"));
  ASSERT_FALSE(*at_server);
  EXPECT_THAT(at_server->error().message, HasSubstr("|268436502:SSL routines:OPENSSL_internal:"
                                                    "SSLV3_ALERT_CERTIFICATE_UNKNOWN"));
}

TEST_F(ConnectionTest, UntrustedMayBeAcceptedAndIsMarked) {
  ContextSettings server = settings_of(api);
  server.accept_untrusted = true;
  ContextSettings client = settings_of(TestPki(now, "foreign root").member(web_id));
  client.trust = pki.trust;
  handshake(server, client);
  expect_both();
  EXPECT_NE(server_session().peer(), nullptr);
  EXPECT_FALSE(server_session().peer_verified);
  EXPECT_EQ(server_session().peer_identity(), "") << "an unverified name is no identity";
}

TEST_F(ConnectionTest, NewSettingsLeaveLiveConnectionsAlone) {
  handshake(settings_of(api), settings_of(web));
  expect_both();
  auto old_server = std::move(*at_server), old_client = std::move(*at_client);
  const TestPki next(now, "next root");
  ContextSettings server = settings_of(next.member(api_id)), client = settings_of(next.member(web_id));
  server.trust = client.trust = next.trust;
  handshake(server, client);
  expect_both();
  EXPECT_EQ(carried(**old_client, **old_server, "still here"), "still here");
  EXPECT_EQ(carried(***at_client, ***at_server, "new"), "new");
}

TEST_F(ConnectionTest, TicketsResumeOnlyWhatStillHolds) {
  // Our clients do not resume; this only shows that a server that gives tickets works.
  ContextSettings server = settings_of(api);
  server.session_tickets = 1;
  handshake(server, settings_of(web));
  expect_both();
  EXPECT_EQ(carried(***at_server, ***at_client, "after the ticket"), "after the ticket");
}

// A peer that sends those bytes instead of TLS, then ends its side.
io::Task<void> send_raw(io::Network& host, std::string bytes, TransportPtr& keep) {
  auto raw = co_await host.connect(*SocketAddress::parse("10.0.0.2:443"));
  keep = std::move(*raw);
  co_await io::write_all(*keep, std::string_view(bytes));
  keep->shutdown_write();
}

TEST_F(ConnectionTest, HostileBytesAreErrors) {
  const auto context = *Context::server(settings_of(api));
  const auto answer_to = [&](std::string bytes) {
    at_server.reset();
    TransportPtr keep;
    scope.start(serve(world.host("10.0.0.2"), context, at_server));
    scope.start(send_raw(world.host("10.0.0.1"), std::move(bytes), keep));
    world.run_until([&] { return at_server.has_value(); });
    return at_server && !*at_server ? at_server->error().message : "no error";
  };
  EXPECT_THAT(answer_to("GET / HTTP/1.1\r\nhost: x\r\n\r\n"), HasSubstr("HTTP_REQUEST"));
  EXPECT_THAT(answer_to(std::string(100, 'x')), HasSubstr("WRONG_VERSION_NUMBER"));
  EXPECT_THAT(answer_to(std::string("\x16\x03\x01\xff\xff", 5) + std::string(70'000, 'a')), HasSubstr("TLS_error:"));
  EXPECT_THAT(answer_to(std::string("\x16\x03\x01\x00\x10", 5)), HasSubstr("closed the connection during the TLS"));
  EXPECT_THAT(answer_to(""), HasSubstr("closed the connection during the TLS"));
}

// Forwards to another transport, and loses what is written while `mute`.
class LossyTransport final : public io::Transport {
 public:
  LossyTransport(TransportPtr inner, const bool& mute) : inner_(std::move(inner)), mute_(mute) {}
  io::Moved try_read(std::span<char> into) override { return inner_->try_read(into); }
  io::Moved try_write(std::span<const std::string_view> parts) override {
    return mute_ ? io::Moved{io::Moved::moved, parts.front().size()} : inner_->try_write(parts);
  }
  io::Readiness& readable() override { return inner_->readable(); }
  io::Readiness& writable() override { return inner_->writable(); }
  void shutdown_write() override { inner_->shutdown_write(); }
  const SocketAddress& local() const override { return inner_->local(); }
  const SocketAddress& remote() const override { return inner_->remote(); }
  Error last_error() const override { return inner_->last_error(); }

 private:
  TransportPtr inner_;
  const bool& mute_;
};

TEST_F(ConnectionTest, AnEndWithoutCloseNotifyIsMarked) {
  bool mute = false;
  const auto call_lossy = [](io::Network& host, std::shared_ptr<const Context> context, const bool& mute,
                             std::optional<Result<TransportPtr>>& out) -> io::Task<void> {
    auto raw = co_await host.connect(*SocketAddress::parse("10.0.0.2:443"));
    auto secure = co_await connect(std::make_unique<LossyTransport>(std::move(*raw), mute), std::move(context));
    out.emplace(std::move(secure));
  };
  scope.start(serve(world.host("10.0.0.2"), *Context::server(settings_of(api)), at_server));
  scope.start(call_lossy(world.host("10.0.0.1"), *Context::client(settings_of(web)), mute, at_client));
  world.run_until([&] { return at_server && at_client; });
  expect_both();
  mute = true;  // the close_notify gets lost, the end of the stream does not
  EXPECT_EQ(carried(***at_client, ***at_server, ""), "");
  EXPECT_TRUE(server_session().truncated);
}

TEST_F(ConnectionTest, ABrokenConnectionIsNoOrderlyEnd) {
  handshake(settings_of(api), settings_of(web));
  expect_both();
  world.crash("10.0.0.1");
  std::string text;
  std::optional<Error> error;
  bool done = false;
  scope.start(read_to_end(***at_server, text, error, done));
  world.run_until([&] { return done; });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->kind, ErrorKind::reset);
}

TEST_F(ConnectionTest, BytesReadBeforeTheHandshakeAreUsed) {
  const auto context = *Context::server(settings_of(api));
  const auto peek_then_accept = [](io::Network& host, std::shared_ptr<const Context> context,
                                   std::optional<Result<TransportPtr>>& out) -> io::Task<void> {
    auto acceptor = host.listen(*SocketAddress::parse("10.0.0.2:443"));
    auto raw = co_await (*acceptor)->accept();
    Buffer first;
    co_await io::read_some(**raw, first);
    EXPECT_GT(first.size(), 100u);
    auto secure = co_await accept(std::move(*raw), std::move(context), std::move(first));
    out.emplace(std::move(secure));
  };
  scope.start(peek_then_accept(world.host("10.0.0.2"), context, at_server));
  scope.start(call(world.host("10.0.0.1"), *Context::client(settings_of(web)), {}, at_client));
  world.run_until([&] { return at_server && at_client; });
  expect_both();
  EXPECT_EQ(carried(***at_client, ***at_server, "hello"), "hello");
}

TEST_F(ConnectionTest, SeveralKindsOfKeys) {
  ContextSettings server = settings_of(pki.member(pki.leaf_plan(api_id), KeyType::rsa_2048));
  server.credentials.push_back(api);
  ContextSettings client = settings_of(web);
  client.max_version = Version::tls1_2;
  client.cipher_suites = {"ECDHE-RSA-AES128-GCM-SHA256"};
  handshake(server, client);
  expect_both();
  EXPECT_TRUE(client_session().peer()->public_key().is_rsa());
  client.cipher_suites = {"ECDHE-ECDSA-AES128-GCM-SHA256"};
  handshake(server, client);
  expect_both();
  EXPECT_FALSE(client_session().peer()->public_key().is_rsa());
  EXPECT_TRUE(*server_session().own() == api.leaf());
}

TEST(Context, SaysWhatIsWrong) {
  EXPECT_THAT(Context::server({}).error().message, HasSubstr("needs a certificate"));
  ContextSettings settings;
  settings.min_version = Version::tls1_3;
  settings.max_version = Version::tls1_2;
  EXPECT_FALSE(Context::client(settings));
  ContextSettings suites;
  suites.cipher_suites = {"NO-SUCH-SUITE"};
  EXPECT_THAT(Context::client(suites).error().message, HasSubstr("NO-SUCH-SUITE"));
  ContextSettings curves;
  curves.curves = {"P-256", "X25519MLKEM768"};
  EXPECT_TRUE(Context::client(curves));
}

}  // namespace
}  // namespace lateen::tls
