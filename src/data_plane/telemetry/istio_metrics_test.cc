// Istio's metrics: which labels a series gets from each side, and what is counted.
#include "data_plane/telemetry/istio_metrics.h"

#include <algorithm>
#include <map>

#include <gtest/gtest.h>

namespace lateen::telemetry {
namespace {

using Labels = std::map<std::string, std::string>;

class Metrics : public testing::Test {
 protected:
  Metrics() { record.connection = &connection; }

  // Of the family's only series; empty when it does not have exactly one.
  Labels labels(std::string_view family) {
    Labels out;
    for (const auto& each : registry.scrape().families) {
      if (each.name != family || each.samples.size() != 1) continue;
      for (size_t i = 0; i < each.labels.size(); ++i) out[each.labels[i]] = each.samples[0].labels[i];
    }
    return out;
  }
  double value(std::string_view family) {
    double sum = 0;
    for (const auto& each : registry.scrape().families)
      if (each.name == family)
        for (const auto& sample : each.samples) sum += sample.value;
    return sum;
  }

  metrics::Registry registry;
  metrics::Shard shard{registry, 0};
  Peer self{.workload = "web",
            .workload_namespace = "shop",
            .canonical_service = "web",
            .canonical_revision = "v1",
            .app = "web",
            .version = "1",
            .cluster = "c1",
            .identity = "spiffe://td/ns/shop/sa/web"};
  IstioMetrics metrics{registry, shard, self};
  ConnectionRecord connection;
  Record record;
};

TEST_F(Metrics, AServerReportsItsCallerByMetadataAndCertificate) {
  connection.mutual_tls = true;
  connection.peer_certificate = std::make_shared<PeerCertificate>(
      PeerCertificate{.uri_sans = {"spiffe://td/ns/proven/sa/cart", "spiffe://td/ns/second/sa/x"}});
  connection.local_uri_sans = {"spiffe://td/ns/shop/sa/web"};
  record.downstream_peer = std::make_shared<Peer>(Peer{
      .workload = "cart", .workload_namespace = "claimed", .canonical_service = "cart", .app = "a", .cluster = "c2"});
  record.service_host = "web.shop.svc.cluster.local";
  record.service_name = "web";
  record.service_namespace = "shop";
  record.status = 200;
  metrics.count_request(record, true, "", false);
  EXPECT_EQ(labels("istio_requests_total"), (Labels{
                                                {"reporter", "destination"},
                                                {"source_workload", "cart"},
                                                {"source_canonical_service", "cart"},
                                                {"source_canonical_revision", "latest"},
                                                {"source_workload_namespace", "proven"},
                                                {"source_principal", "spiffe://td/ns/proven/sa/cart"},
                                                {"source_app", "a"},
                                                {"source_version", "unknown"},
                                                {"source_cluster", "c2"},
                                                {"destination_workload", "web"},
                                                {"destination_workload_namespace", "shop"},
                                                {"destination_principal", "spiffe://td/ns/shop/sa/web"},
                                                {"destination_app", "web"},
                                                {"destination_version", "1"},
                                                {"destination_service", "web.shop.svc.cluster.local"},
                                                {"destination_canonical_service", "web"},
                                                {"destination_canonical_revision", "v1"},
                                                {"destination_service_name", "web"},
                                                {"destination_service_namespace", "shop"},
                                                {"destination_cluster", "c1"},
                                                {"request_protocol", "http"},
                                                {"response_code", "200"},
                                                {"grpc_response_status", ""},
                                                {"response_flags", "-"},
                                                {"connection_security_policy", "mutual_tls"},
                                            }));
}

TEST_F(Metrics, AClientReportsTheServerThatItReached) {
  record.upstream_uri_sans = std::make_shared<std::vector<std::string>>(1, "spiffe://td/ns/stock/sa/stock");
  record.upstream_peer = std::make_shared<Peer>(Peer{.workload = "stock", .workload_namespace = "claimed"});
  record.status = 503;
  record.flags.set(Flag::upstream_overflow);
  metrics.count_request(record, false, "14", true);
  const Labels seen = labels("istio_requests_total");
  for (const auto& [name, expected] : Labels{{"reporter", "source"},
                                             {"source_workload", "web"},
                                             {"source_principal", "spiffe://td/ns/shop/sa/web"},
                                             {"destination_workload", "stock"},
                                             {"destination_workload_namespace", "stock"},
                                             {"destination_principal", "spiffe://td/ns/stock/sa/stock"},
                                             {"destination_service", "unknown"},
                                             {"destination_service_name", "unknown"},
                                             {"destination_service_namespace", "stock"},
                                             {"request_protocol", "grpc"},
                                             {"response_code", "503"},
                                             {"grpc_response_status", "14"},
                                             {"response_flags", "UO"},
                                             {"connection_security_policy", "unknown"}})
    EXPECT_EQ(seen.at(name), expected) << name;
}

TEST_F(Metrics, PlainConnectionsProveNobody) {
  metrics.count_request(record, false, "", false);
  EXPECT_EQ(labels("istio_requests_total").at("source_principal"), "unknown") << "no TLS, no identity shown";
  metrics.count_connection(record, true);
  const Labels inbound = labels("istio_tcp_connections_opened_total");
  EXPECT_EQ(inbound.at("source_principal"), "unknown");
  EXPECT_EQ(inbound.at("source_workload"), "unknown");
  EXPECT_EQ(inbound.at("connection_security_policy"), "none");
}

TEST_F(Metrics, TrafficToNoServiceIsNamedAfterItsWay) {
  struct Way {
    const char *route, *cluster, *name;
  };
  for (const Way& way : std::initializer_list<Way>{
           {"block_all", "", "BlackHoleCluster"},
           {"allow_any", "PassthroughCluster", "PassthroughCluster"},
           {"", "PassthroughCluster", "PassthroughCluster"},
           {"", "BlackHoleCluster", "BlackHoleCluster"},
           {"", "InboundPassthroughCluster", "InboundPassthroughCluster"},
           {"default", "outbound|80||web", "unknown"},
       }) {
    metrics::Registry own;
    metrics::Shard one(own, 0);
    IstioMetrics counted(own, one, self);
    record.route_name = way.route;
    record.upstream_cluster = way.cluster;
    counted.count_connection(record, false);
    const auto families = own.scrape().families;
    const auto& names = families.at(0).labels;
    const auto at = std::ranges::find(names, "destination_service_name") - names.begin();
    EXPECT_EQ(families[0].samples.at(0).labels[static_cast<size_t>(at)], way.name) << way.route << " " << way.cluster;
  }
}

TEST_F(Metrics, RequestsAreCountedWithTimeAndSizes) {
  record.finished = 1500us;
  record.bytes_received = 10;
  record.request_head_bytes = 5;
  record.bytes_sent = 100;
  record.response_head_bytes = 50;
  metrics.count_request(record, true, "", false);
  metrics.count_request(record, true, "", false);
  EXPECT_EQ(value("istio_requests_total"), 2);
  EXPECT_EQ(value("istio_request_duration_milliseconds"), 3);
  EXPECT_EQ(value("istio_request_bytes"), 30);
  EXPECT_EQ(value("istio_response_bytes"), 300);
  EXPECT_EQ(labels("istio_requests_total").size(), 25) << "one series";
}

TEST_F(Metrics, ConnectionsHaveSeriesWithoutResponseCodes) {
  connection.peer = std::make_shared<Peer>(Peer{.workload = "cart"});
  record.bytes_received = 10;
  record.bytes_sent = 100;
  metrics.count_connection(record, true);
  EXPECT_EQ(value("istio_tcp_connections_opened_total"), 1);
  EXPECT_EQ(value("istio_tcp_connections_closed_total"), 1);
  EXPECT_EQ(value("istio_tcp_received_bytes_total"), 10);
  EXPECT_EQ(value("istio_tcp_sent_bytes_total"), 100);
  const Labels seen = labels("istio_tcp_sent_bytes_total");
  EXPECT_EQ(seen.at("source_workload"), "cart") << "by TCP metadata exchange";
  EXPECT_EQ(seen.at("request_protocol"), "tcp");
  EXPECT_EQ(seen.at("response_flags"), "-");
  EXPECT_EQ(seen.count("response_code"), 0);
  EXPECT_EQ(seen.count("grpc_response_status"), 0);
}

TEST_F(Metrics, UpstreamsDoNotInventGrpcStatuses) {
  for (const char* status : {"17", "abc", "99999999", "-5"}) metrics.count_request(record, true, status, true);
  EXPECT_EQ(labels("istio_requests_total").at("grpc_response_status"), "-1") << "one series";
}

TEST_F(Metrics, HostilePeersMakeOnlySoManySeries) {
  for (int i = 0; i < 17000; ++i) {
    record.downstream_peer = std::make_shared<Peer>(Peer{.workload = std::to_string(i)});
    metrics.count_connection(record, true);
  }
  for (const auto& family : registry.scrape().families) EXPECT_LE(family.samples.size(), 16385) << family.name;
  EXPECT_EQ(value("istio_tcp_connections_opened_total"), 17000) << "all are counted";
}

}  // namespace
}  // namespace lateen::telemetry
