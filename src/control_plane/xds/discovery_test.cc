#include "control_plane/xds/discovery.h"

#include <gmock/gmock.h>

#include "config/xds/names.h"
#include "config/xds/protos.h"
#include "lib/grpc/client.h"
#include "lib/http/http2_connection.h"
#include "lib/io/simulated.h"

namespace lateen::discovery {
namespace {

namespace api = envoy::service::discovery::v3;
using testing::ElementsAre;
using testing::HasSubstr;

// A world made of texts: type -> "name=content".
class Texts final : public Source {
 public:
  Result<std::unique_ptr<View>> view(const Node& node) override {
    if (node.type == "router") return fail(ErrorKind::not_found, "no gateway here");
    return std::make_unique<TextView>(*this);
  }
  void set(std::string_view type, const std::vector<std::string>& texts) {
    std::vector<ResourcePointer> resources;
    for (const auto& text : texts) {
      google::protobuf::StringValue value;
      value.set_value(text);
      resources.push_back(Resource::of(text.substr(0, text.find('=')), value));
    }
    sets_[std::string(type)] = std::make_shared<const ResourceSet>(std::move(resources));
  }

 private:
  struct TextView final : View {
    explicit TextView(Texts& texts) : texts(texts) {}
    ResourceSetPointer resources(const Subscription& subscription) override { return texts.sets_[subscription.type()]; }
    Texts& texts;
  };
  std::map<std::string, ResourceSetPointer> sets_;
};

class Streams : public testing::Test {
 protected:
  Streams() : scope_(world_), guard_(scope_) {
    source_.set(xds::type::cluster, {"a=1", "b=1"});
    source_.set(xds::type::endpoint, {"a=1", "b=1"});
    source_.set(xds::type::listener, {"0.0.0.0_80=1"});
    source_.set(xds::type::route, {"80=1"});
  }
  ~Streams() override { scope_.cancel(); }

  void start(DiscoveryOptions options = {}) {
    discovery_.emplace(source_, std::move(options));
    discovery_->add_to(server_);
    scope_.start(accept());
    world_.run_for(1ms);
    run(connect());
  }
  io::Task<void> accept() {
    auto acceptor = world_.host("10.0.0.2").listen(*SocketAddress::parse("10.0.0.2:15010"), {});
    for (;;) {
      auto transport = co_await (*acceptor)->accept();
      if (!transport) co_return;
      scope_.start(serve(std::move(*transport)));
    }
  }
  io::Task<void> serve(std::unique_ptr<io::Transport> transport) {
    co_await http::serve_http2(*transport, server_, {});
  }
  io::Task<bool> connect() {
    auto transport = co_await world_.host("10.0.0.1").connect(*SocketAddress::parse("10.0.0.2:15010"), {});
    http::ClientOptions options;
    options.version = http::Version::http2;
    connection_ = http::make_http2_client(std::move(*transport), options);
    channel_.emplace(
        world_, [this](http::Request request) { return connection_->send(std::move(request), nullptr); },
        grpc::ChannelOptions{.authority = "istiod"});
    co_return true;
  }

  template <class T>
  T run(io::Task<T> task) {
    std::optional<T> result;
    const auto keep = [](io::Task<T> task, std::optional<T>& result) -> io::Task<void> { result = co_await task; };
    io::Scope scope(world_);
    scope.start(keep(std::move(task), result));
    EXPECT_TRUE(world_.run_until([&] { return result.has_value(); }, 5s));
    scope.cancel();
    return result ? std::move(*result) : T{};
  }
  // The next response, or one without type when none comes in a second.
  template <class Response>
  Response next(grpc::ClientCall& call) {
    Response response;
    const auto read = [](io::Loop& loop, grpc::ClientCall& call, Response& response) -> io::Task<bool> {
      const auto more = [](grpc::ClientCall& call, Response& response) -> io::Task<Result<bool>> {
        const auto got = co_await call.read(response);
        co_return got && *got;
      };
      const auto got = co_await io::within(loop, 1s, more(call, response));
      co_return got && *got;
    };
    if (!run(read(world_, call, response))) return Response();
    return response;
  }

  static void name(envoy::config::core::v3::Node& node,
                   std::string_view id = "sidecar~10.0.0.1~web-1.shop~shop.svc.cluster.local") {
    node.set_id(std::string(id));
  }
  static api::DeltaDiscoveryRequest wants(std::string_view type, const std::vector<std::string>& names = {}) {
    api::DeltaDiscoveryRequest request;
    request.set_type_url(std::string(type));
    for (const auto& each : names) request.add_resource_names_subscribe(each);
    name(*request.mutable_node());
    return request;
  }
  static api::DeltaDiscoveryRequest ack(const api::DeltaDiscoveryResponse& response) {
    api::DeltaDiscoveryRequest request;
    request.set_type_url(response.type_url());
    request.set_response_nonce(response.nonce());
    return request;
  }
  template <class Response>
  static std::vector<std::string> summary(const Response& response) {
    std::vector<std::string> out{std::string(xds::short_name_of(response.type_url()))};
    google::protobuf::StringValue value;
    for (const auto& each : response.resources()) {
      if constexpr (std::is_same_v<Response, api::DeltaDiscoveryResponse>) {
        EXPECT_TRUE(each.resource().UnpackTo(&value));
        EXPECT_TRUE(value.value().starts_with(each.name() + "="));
        EXPECT_FALSE(each.version().empty());
      } else {
        EXPECT_TRUE(each.UnpackTo(&value));
      }
      out.push_back(value.value());
    }
    if constexpr (std::is_same_v<Response, api::DeltaDiscoveryResponse>)
      for (const auto& each : response.removed_resources()) out.push_back("-" + each);
    return out;
  }
  std::string end_of(grpc::ClientCall& call) {
    next<api::DeltaDiscoveryResponse>(call);
    return grpc::text_of(call.status());
  }

  io::SimulatedWorld world_{3};
  Texts source_;
  grpc::Server server_;
  std::optional<Discovery> discovery_;
  std::unique_ptr<http::ClientConnection> connection_;
  std::optional<grpc::Channel> channel_;
  io::Scope scope_;
  io::CancelOnExit guard_;
};

TEST_F(Streams, DeltaSendsWhatIsAskedAndThenWhatChanges) {
  start();
  auto call = channel_->open(xds::method::ads_delta);
  call->write(wants(xds::type::cluster));
  auto clusters = next<api::DeltaDiscoveryResponse>(*call);
  EXPECT_THAT(summary(clusters), ElementsAre("CDS", "a=1", "b=1"));
  EXPECT_EQ(clusters.control_plane().identifier(), "lateen");
  EXPECT_FALSE(clusters.system_version_info().empty());
  call->write(ack(clusters));
  call->write(wants(xds::type::endpoint, {"a"}));
  EXPECT_THAT(summary(next<api::DeltaDiscoveryResponse>(*call)), ElementsAre("EDS", "a=1"));
  EXPECT_THAT(summary(next<api::DeltaDiscoveryResponse>(*call)), ElementsAre(""));  // silence

  source_.set(xds::type::endpoint, {"a=2", "b=2"});
  source_.set(xds::type::cluster, {"b=1"});
  discovery_->changed();
  EXPECT_THAT(summary(next<api::DeltaDiscoveryResponse>(*call)), ElementsAre("CDS", "-a"));
  EXPECT_THAT(summary(next<api::DeltaDiscoveryResponse>(*call)), ElementsAre("EDS", "a=2"));
  discovery_->changed();
  EXPECT_THAT(summary(next<api::DeltaDiscoveryResponse>(*call)), ElementsAre(""));
}

TEST_F(Streams, PushesComeInTheirOrderWhateverTheOrderOfSubscriptions) {
  start();
  auto call = channel_->open(xds::method::ads_delta);
  call->write(wants(xds::type::route, {"80"}));
  call->write(wants(xds::type::listener));
  call->write(wants(xds::type::endpoint, {"a"}));
  call->write(wants(xds::type::cluster));
  std::vector<std::string> types;
  for (int i = 0; i < 4; ++i) types.push_back(summary(next<api::DeltaDiscoveryResponse>(*call))[0]);
  EXPECT_THAT(types, ElementsAre("CDS", "EDS", "LDS", "RDS"));
}

TEST_F(Streams, StateOfTheWorldWithNonces) {
  start();
  auto call = channel_->open(xds::method::ads_sotw);
  api::DiscoveryRequest request;
  request.set_type_url(std::string(xds::type::cluster));
  name(*request.mutable_node());
  call->write(request);
  auto clusters = next<api::DiscoveryResponse>(*call);
  EXPECT_THAT(summary(clusters), ElementsAre("CDS", "a=1", "b=1"));
  request.set_version_info(clusters.version_info());
  request.set_response_nonce(clusters.nonce());
  call->write(request);
  EXPECT_THAT(summary(next<api::DiscoveryResponse>(*call)), ElementsAre(""));
  source_.set(xds::type::cluster, {"a=1", "b=1", "c=1"});
  discovery_->changed();
  EXPECT_THAT(summary(next<api::DiscoveryResponse>(*call)), ElementsAre("CDS", "a=1", "b=1", "c=1"));
}

TEST_F(Streams, StatusShowsWhatIsSentAckedAndRefused) {
  start();
  auto call = channel_->open(xds::method::ads_delta);
  call->write(wants(xds::type::cluster));
  const auto clusters = next<api::DeltaDiscoveryResponse>(*call);
  ASSERT_EQ(discovery_->connections().size(), 1u);
  const auto connection = discovery_->connections()[0];
  EXPECT_EQ(connection.node->name, "web-1");
  EXPECT_EQ(connection.subscriptions[0]->status().nonce_acked, "");
  auto refusal = ack(clusters);
  refusal.mutable_error_detail()->set_message("cluster a: no such thing");
  call->write(refusal);
  world_.run_for(1s);
  EXPECT_EQ(connection.subscriptions[0]->status().refusal, "cluster a: no such thing");
  EXPECT_EQ(discovery_->counts().refusals, 1u);
  call.reset();
  world_.run_for(1s);
  EXPECT_TRUE(discovery_->connections().empty());
}

TEST_F(Streams, ANodeMustSayWhoItIs) {
  start();
  auto call = channel_->open(xds::method::ads_delta);
  api::DeltaDiscoveryRequest request;
  request.set_type_url(std::string(xds::type::cluster));
  call->write(request);
  EXPECT_THAT(end_of(*call), HasSubstr("INVALID_ARGUMENT: the first request carries no node.id"));
  for (const auto* bad : {"x", "a~b~c~d", "sidecar~nothing~a.b~b.svc", "sidecar~1.2.3.4~a~b.svc"}) {
    call = channel_->open(xds::method::ads_delta);
    name(*request.mutable_node(), bad);
    call->write(request);
    EXPECT_THAT(end_of(*call), HasSubstr("INVALID_ARGUMENT: node.id")) << bad;
  }
  call = channel_->open(xds::method::ads_delta);
  name(*request.mutable_node(), "router~1.2.3.4~a.b~b.svc.cluster.local");
  call->write(request);
  EXPECT_THAT(end_of(*call), HasSubstr("NOT_FOUND"));
  EXPECT_THAT(end_of(*call), HasSubstr("no gateway here"));
}

TEST_F(Streams, OnlyTheCallersOwnNamespaceAndAccount) {
  std::string who = "shop";
  DiscoveryOptions options;
  options.authenticate = [&who](grpc::ServerCall&) -> Result<std::vector<tls::SpiffeId>> {
    if (who.empty()) return fail(ErrorKind::permission, "no valid credentials");
    return std::vector{*tls::SpiffeId::workload("cluster.local", who, "web")};
  };
  start(std::move(options));
  auto request = wants(xds::type::cluster);
  (*request.mutable_node()->mutable_metadata()->mutable_fields())["SERVICE_ACCOUNT"].set_string_value("web");
  const auto answer = [&] {
    auto call = channel_->open(xds::method::ads_delta);
    call->write(request);
    auto response = next<api::DeltaDiscoveryResponse>(*call);
    return response.type_url().empty() ? grpc::text_of(call->status()) : "served";
  };
  EXPECT_EQ(answer(), "served");
  who = "other";
  EXPECT_THAT(answer(), HasSubstr("PERMISSION_DENIED"));
  who = "";
  EXPECT_THAT(answer(), HasSubstr("UNAUTHENTICATED"));
  who = "shop";
  (*request.mutable_node()->mutable_metadata()->mutable_fields())["SERVICE_ACCOUNT"].set_string_value("root");
  EXPECT_THAT(answer(), HasSubstr("PERMISSION_DENIED"));
  EXPECT_EQ(discovery_->counts().refused_streams, 3u);
}

TEST_F(Streams, ASlowProxyGetsTheLatestWorldOnly) {
  start();
  auto call = channel_->open(xds::method::ads_delta);
  call->write(wants(xds::type::cluster));
  next<api::DeltaDiscoveryResponse>(*call);
  // Nobody reads while the world changes a hundred times with a megabyte each.
  for (int i = 0; i < 100; ++i) {
    source_.set(xds::type::cluster,
                {fmt::format("a={}", i), "b=" + std::string(1'000'000, static_cast<char>('a' + i % 20))});
    discovery_->changed();
    world_.run_for(1ms);
  }
  EXPECT_LT(discovery_->counts().pushed_bytes, 10'000'000u);
  std::vector<std::string> last;
  for (auto response = next<api::DeltaDiscoveryResponse>(*call); !response.type_url().empty();
       response = next<api::DeltaDiscoveryResponse>(*call))
    last = summary(response);
  EXPECT_EQ(last[1], "a=99");
}

TEST(ReadNode, MetadataWinsOverTheId) {
  envoy::config::core::v3::Node node;
  node.set_id("sidecar~10.0.0.1~web-1.v2.shop~shop.svc.cluster.local");
  node.mutable_locality()->set_zone("z");
  auto& fields = *node.mutable_metadata()->mutable_fields();
  fields["INSTANCE_IPS"].set_string_value("10.0.0.9,fe80::1");
  const auto read = read_node(node);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->name, "web-1.v2");
  EXPECT_EQ(read->namespace_, "shop");
  EXPECT_EQ(read->zone, "z");
  EXPECT_EQ(read->ips.size(), 2u);
  EXPECT_EQ(read->ips[0].text(), "10.0.0.9");
  fields["INSTANCE_IPS"].set_string_value("nonsense");
  fields["NAMESPACE"].set_string_value("other");
  EXPECT_EQ(read_node(node)->ips[0].text(), "10.0.0.1");
  EXPECT_EQ(read_node(node)->namespace_, "other");
}

}  // namespace
}  // namespace lateen::discovery
