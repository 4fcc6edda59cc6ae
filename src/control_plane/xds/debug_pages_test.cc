#include "control_plane/xds/debug_pages.h"

#include <gmock/gmock.h>

#include "config/xds/names.h"
#include "config/xds/protos.h"
#include "lib/schema/document.h"

namespace lateen::discovery {
namespace {

using testing::HasSubstr;
using testing::Not;

ResourceSetPointer set_of(const google::protobuf::Message& message, std::string name) {
  return std::make_shared<const ResourceSet>(std::vector{Resource::of(std::move(name), message)});
}

// A proxy that has a cluster (acknowledged), a listener (not yet) and refused a secret.
class Pages : public testing::Test {
 protected:
  Pages() {
    node_.id = "sidecar~10.0.0.1~web-1.shop~shop.svc.cluster.local";
    node_.type = "sidecar";
    node_.name = "web-1";
    node_.namespace_ = "shop";
    node_.metadata["CLUSTER_ID"] = "Kubernetes";
    envoy::config::cluster::v3::Cluster cluster;
    cluster.set_name("outbound|80||a");
    subscribe(clusters_, {});
    const auto push = clusters_.push(set_of(cluster, "outbound|80||a"));
    Request ack;
    ack.nonce = push->nonce;
    clusters_.take(ack);
    envoy::config::listener::v3::Listener listener;
    listener.set_name("0.0.0.0_80");
    subscribe(listeners_, {});
    listeners_.push(set_of(listener, "0.0.0.0_80"));
    envoy::extensions::transport_sockets::tls::v3::Secret secret;
    secret.set_name("default");
    secret.mutable_tls_certificate()->mutable_private_key()->set_inline_string("PRIVATE");
    subscribe(secrets_, {"default"});
    Request refusal;
    refusal.nonce = secrets_.push(set_of(secret, "default"))->nonce;
    refusal.refusal = "key does not fit";
    secrets_.take(refusal);
  }
  static void subscribe(Subscription& subscription, std::vector<std::string> names) {
    Request request;
    request.subscribe = std::move(names);
    subscription.take(request);
  }
  Connection connection() {
    return {&node_,      node_.id + "-1", "10.0.0.1:4711",
            Mode::delta, WallTime(),      {&clusters_, &listeners_, &secrets_, &routes_}};
  }
  Node node_;
  Subscription clusters_{Mode::delta, std::string(xds::type::cluster), "n-"};
  Subscription listeners_{Mode::delta, std::string(xds::type::listener), "n-"};
  Subscription secrets_{Mode::delta, std::string(xds::type::secret), "n-"};
  Subscription routes_{Mode::delta, std::string(xds::type::route), "n-"};
};

TEST_F(Pages, SyncStatusTellsHowFarEachTypeIs) {
  EXPECT_EQ(state_of(clusters_), "SYNCED");
  EXPECT_EQ(state_of(listeners_), "STALE");
  EXPECT_EQ(state_of(secrets_), "REFUSED");
  EXPECT_EQ(state_of(routes_), "NOT SENT");
  const auto text = sync_status({connection()});
  schema::Diagnostics diagnostics;
  schema::Node page;
  ASSERT_TRUE(schema::read_json(text, "page", diagnostics, page)) << diagnostics.first_error();
  const auto& proxy = page.as_list()->at(0);
  EXPECT_EQ(proxy.find("proxy")->text(), "web-1.shop");
  EXPECT_EQ(proxy.find("cluster_id")->text(), "Kubernetes");
  EXPECT_EQ(proxy.find("cluster_sent")->text(), proxy.find("cluster_acked")->text());
  EXPECT_NE(proxy.find("listener_sent")->text(), proxy.find("listener_acked")->text());
  EXPECT_EQ(proxy.find("types")->as_list()->at(2).find("refusal")->text(), "key does not fit");
}

TEST_F(Pages, TheDumpIsEnvoysAndHidesSecrets) {
  const auto text = config_dump(connection());
  schema::Diagnostics diagnostics;
  schema::Node page;
  ASSERT_TRUE(schema::read_json(text, "page", diagnostics, page)) << diagnostics.first_error();
  const auto& configs = *page.find("configs")->as_list();
  ASSERT_EQ(configs.size(), 3u);
  EXPECT_EQ(configs[0].find("@type")->text(), "type.googleapis.com/envoy.admin.v3.ClustersConfigDump");
  EXPECT_EQ(configs[0].find("dynamicActiveClusters")->as_list()->at(0).find("cluster")->find("name")->text(),
            "outbound|80||a");
  const auto& listener = configs[1].find("dynamicListeners")->as_list()->at(0);
  EXPECT_EQ(listener.find("name")->text(), "0.0.0.0_80");
  EXPECT_EQ(listener.find("activeState")->find("listener")->find("name")->text(), "0.0.0.0_80");
  EXPECT_THAT(text, Not(HasSubstr("PRIVATE")));
  EXPECT_THAT(text, HasSubstr("[redacted]"));
}

TEST_F(Pages, ProxiesAreFoundByTheirNames) {
  const std::vector one{connection()};
  for (const auto* name : {"web-1", "web-1.shop", "sidecar~10.0.0.1~web-1.shop~shop.svc.cluster.local"})
    EXPECT_TRUE(find_proxy(one, name)) << name;
  EXPECT_EQ(find_proxy(one, "web").error().kind, ErrorKind::not_found);
  Node other = node_;
  other.namespace_ = "test";
  other.id = "sidecar~10.0.0.2~web-1.test~test.svc.cluster.local";
  auto second = connection();
  second.node = &other;
  EXPECT_THAT(find_proxy({connection(), second}, "web-1").error().message, HasSubstr("2 proxies are called web-1"));
  EXPECT_EQ(find_proxy({connection(), second}, "web-1.test")->node, &other);
}

}  // namespace
}  // namespace lateen::discovery
