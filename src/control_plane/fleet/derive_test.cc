// The scenarios of Admiral's own documents, and where this is stricter or more forgiving.
#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "control_plane/fleet/fleet.h"

namespace lateen::fleet {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

std::string node(std::string_view region) {
  return fmt::format(
      "---\napiVersion: v1\nkind: Node\nmetadata: {{name: n, labels: {{topology.kubernetes.io/region: {}}}}}\n",
      region);
}

std::string gateway(std::string_view status) {
  return fmt::format(
      "---\napiVersion: v1\nkind: Service\n"
      "metadata: {{name: gw, namespace: istio-system, labels: {{app: istio-ingressgateway}}}}\n"
      "spec: {{ports: [{{name: tls, port: 15443, nodePort: 31443}}]{}\n",
      status);
}
std::string gateway_at(std::string_view host) {
  return gateway(fmt::format("}}\nstatus: {{loadBalancer: {{ingress: [{{hostname: {}}}]}}}}", host));
}

struct Workload_ {
  std::string name, namespace_ = "sample", pod_labels = "env: stage",
                    pod_annotations = "sidecar.istio.io/inject: 'true'";
};
std::string deployment(const Workload_& w) {
  return fmt::format(
      "---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {0}, namespace: {1}}}\n"
      "spec:\n  selector: {{matchLabels: {{app: {0}}}}}\n  template:\n"
      "    metadata: {{labels: {{app: {0}, identity: {0}, {2}}}, annotations: {{{3}}}}}\n",
      w.name, w.namespace_, w.pod_labels, w.pod_annotations);
}
std::string service(std::string_view name, std::string_view namespace_ = "sample",
                    std::string_view ports = "{name: http, port: 80}") {
  return fmt::format(
      "---\napiVersion: v1\nkind: Service\nmetadata: {{name: {0}, namespace: {1}}}\n"
      "spec: {{selector: {{app: {0}}}, ports: [{2}]}}\n",
      name, namespace_, ports);
}
std::string serves(const Workload_& w) { return deployment(w) + service(w.name, w.namespace_); }
std::string dependency(std::string_view source, std::string_view destinations) {
  return fmt::format(
      "---\napiVersion: admiral.io/v1alpha1\nkind: Dependency\nmetadata: {{name: {0}, namespace: admiral}}\n"
      "spec: {{source: {0}, destinations: [{1}]}}\n",
      source, destinations);
}
std::string policy(std::string_view entries, std::string_view labels = "identity: greeting, env: stage",
                   std::string_view name = "gtp", std::string_view namespace_ = "sample") {
  return fmt::format(
      "---\napiVersion: admiral.io/v1alpha1\nkind: GlobalTrafficPolicy\n"
      "metadata: {{name: {2}, namespace: {3}, labels: {{{1}}}}}\nspec:\n  policy:\n{0}",
      entries, labels, name, namespace_);
}

Site site(std::string name, const std::string& yaml) {
  schema::Diagnostics diagnostics;
  Site site{name, config::read_objects(yaml, name + ".yaml", diagnostics)};
  EXPECT_EQ(diagnostics.first_error(), "");
  return site;
}

// c1 and c2 serve greeting, c3 calls it.
std::vector<Site> three(const std::string& more_in_c1 = "", const std::string& more_in_c2 = "") {
  return {site("c1", node("us-west-2") + gateway_at("c1.example.com") + serves({"greeting"}) + more_in_c1),
          site("c2", node("us-east-2") + gateway_at("c2.example.com") + serves({"greeting"}) + more_in_c2),
          site("c3", node("us-west-2") + gateway_at("c3.example.com") + deployment({"webapp"}) +
                         dependency("webapp", "greeting"))};
}

std::vector<std::string> endpoints(const config::ServiceEntry& entry) {
  std::vector<std::string> out;
  for (const auto& endpoint : entry.endpoints)
    for (const auto& [name, port] : endpoint.ports)
      out.push_back(fmt::format("{} {} {}:{}", endpoint.address, endpoint.locality, name, port));
  return out;
}
std::vector<std::string> names(const SiteObjects& objects) {
  std::vector<std::string> out;
  for (const auto& entry : objects.service_entries) out.push_back(entry.metadata.name);
  for (const auto& rule : objects.destination_rules) out.push_back(rule.metadata.name);
  return out;
}
std::vector<std::string> findings(const Derived& derived) {
  std::vector<std::string> out;
  for (const auto& finding : derived.findings.all()) out.push_back(schema::format(finding));
  return out;
}
const config::TrafficPolicy& rule(const Derived& derived, const std::string& site, std::string_view host) {
  for (const auto& rule : derived.sites.at(site).destination_rules)
    if (rule.spec.host == host) return *rule.spec.traffic_policy;
  static const config::TrafficPolicy none;
  ADD_FAILURE() << "no rule for " << host << " in " << site;
  return none;
}

TEST(Fleet, OneServiceInOneCluster) {
  const Derived derived = derive({site("c1", node("us-west-2") + serves({"greeting"}))}, {});
  const SiteObjects& c1 = derived.sites.at("c1");
  EXPECT_THAT(names(c1), ElementsAre("stage.greeting.global-se", "stage.greeting.global-default-dr"));
  const auto& entry = c1.service_entries[0];
  EXPECT_EQ(entry.metadata.namespace_, "admiral-sync");
  EXPECT_EQ(entry.metadata.label("admiral.io/env"), "stage");
  EXPECT_EQ(entry.metadata.annotation("app.kubernetes.io/created-by"), "admiral");
  EXPECT_EQ(entry.metadata.annotation("identity"), "greeting");
  EXPECT_THAT(entry.spec.hosts, ElementsAre("stage.greeting.global"));
  ASSERT_EQ(entry.spec.ports.size(), 1);
  EXPECT_EQ(entry.spec.ports[0], (config::ServicePort{.number = 80, .protocol = "http", .name = "http"}));
  EXPECT_EQ(entry.spec.location, config::ServiceEntry::Location::MESH_INTERNAL);
  EXPECT_EQ(entry.spec.resolution, config::ServiceEntry::Resolution::DNS);
  EXPECT_THAT(endpoints(entry.spec), ElementsAre("greeting.sample.svc.cluster.local us-west-2 http:80"));
  EXPECT_EQ(entry.spec.endpoints[0].labels.at("security.istio.io/tlsMode"), "istio");
  EXPECT_EQ(entry.spec.endpoints[0].labels.at("type"), "deployment");

  const config::TrafficPolicy& traffic = rule(derived, "c1", "stage.greeting.global");
  EXPECT_EQ(traffic.tls->mode, config::ClientTLSSettings::TLSmode::ISTIO_MUTUAL);
  EXPECT_EQ(traffic.load_balancer->simple, config::LoadBalancerSettings::SimpleLB::LEAST_REQUEST);
  EXPECT_EQ(traffic.load_balancer->warmup_duration_secs, 45s);
  EXPECT_EQ(traffic.load_balancer->locality_lb_setting, std::nullopt);
  EXPECT_EQ(traffic.connection_pool->http->max_requests_per_connection, 100);
  EXPECT_EQ(traffic.outlier_detection, std::nullopt) << "ejecting the only endpoint leaves none";
  EXPECT_THAT(findings(derived), IsEmpty());
}

TEST(Fleet, TwoRegionsAndACaller) {
  const Derived derived = derive(three(), {});
  EXPECT_THAT(
      endpoints(derived.sites.at("c1").service_entries[0].spec),
      ElementsAre("greeting.sample.svc.cluster.local us-west-2 http:80", "c2.example.com. us-east-2 http:15443"));
  EXPECT_THAT(
      endpoints(derived.sites.at("c2").service_entries[0].spec),
      ElementsAre("c1.example.com. us-west-2 http:15443", "greeting.sample.svc.cluster.local us-east-2 http:80"));
  EXPECT_THAT(endpoints(derived.sites.at("c3").service_entries[0].spec),
              ElementsAre("c1.example.com. us-west-2 http:15443", "c2.example.com. us-east-2 http:15443"));
  for (const char* name : {"c1", "c2", "c3"}) {
    EXPECT_EQ(derived.sites.at(name).service_entries.size(), 1) << "webapp has no Service, so it has no host";
    EXPECT_EQ(derived.sites.at(name).service_entries[0].spec.addresses,
              derived.sites.at("c1").service_entries[0].spec.addresses);
    const auto& outliers = rule(derived, name, "stage.greeting.global").outlier_detection;
    EXPECT_EQ(outliers->base_ejection_time, 300s);
    EXPECT_EQ(outliers->interval, 60s);
    EXPECT_EQ(outliers->consecutive_gateway_errors, 50);
    EXPECT_EQ(outliers->consecutive_5xx_errors, 0);
    EXPECT_EQ(outliers->max_ejection_percent, 100);
  }
}

TEST(Fleet, ASiteWithoutCallersGetsNothing) {
  auto sites = three();
  sites.push_back(site("c4", node("eu-west-1") + gateway_at("c4.example.com") + serves({"other"})));
  const Derived derived = derive(sites, {});
  EXPECT_THAT(names(derived.sites.at("c4")), ElementsAre("stage.other.global-se", "stage.other.global-default-dr"));
  sites.pop_back();
  sites.push_back(site("c5", ""));
  EXPECT_THAT(names(derive(sites, {}).sites.at("c5")), IsEmpty());
}

TEST(Fleet, ASingleRemoteNameMayLoseAThird) {
  auto sites = three();
  sites.erase(sites.begin() + 1);
  const Derived derived = derive(sites, {});
  EXPECT_EQ(rule(derived, "c3", "stage.greeting.global").outlier_detection->max_ejection_percent, 33);
  sites[0] = site("c1", node("us-west-2") + serves({"greeting"}) +
                            gateway("}\nstatus: {loadBalancer: {ingress: [{ip: 192.0.2.7}]}}"));
  const Derived by_ip = derive(sites, {});
  EXPECT_THAT(endpoints(by_ip.sites.at("c3").service_entries[0].spec), ElementsAre("192.0.2.7 us-west-2 http:15443"));
  EXPECT_EQ(rule(by_ip, "c3", "stage.greeting.global").outlier_detection, std::nullopt);
}

TEST(Fleet, AnIngressMayBeANodePort) {
  auto sites = three();
  sites[0] = site("c1", node("us-west-2") + serves({"greeting"}) + gateway(", externalIPs: [192.0.2.9]}"));
  sites.erase(sites.begin() + 1);
  EXPECT_THAT(endpoints(derive(sites, {}).sites.at("c3").service_entries[0].spec),
              ElementsAre("192.0.2.9 us-west-2 http:31443"));
}

TEST(Fleet, ASiteThatCannotBeReachedIsLeftOutAloud) {
  auto sites = three();
  sites[0] = site("c1", node("us-west-2") + serves({"greeting"}));
  const Derived derived = derive(sites, {});
  EXPECT_THAT(endpoints(derived.sites.at("c3").service_entries[0].spec),
              ElementsAre("c2.example.com. us-east-2 http:15443"));
  EXPECT_THAT(findings(derived), ElementsAre(HasSubstr("cluster c1: no Service with app=istio-ingressgateway")));
}

TEST(Fleet, WeightsBecomeADistribution) {
  const std::string gtp = policy(
      "  - {dnsPrefix: default, lbType: 1, target: [{region: us-west-2, weight: 10}, {region: us-east-2, weight: "
      "90}]}\n");
  const Derived derived = derive(three(gtp), {});
  const auto& west = rule(derived, "c3", "stage.greeting.global").load_balancer->locality_lb_setting;
  ASSERT_TRUE(west && west->distribute.size() == 1);
  EXPECT_EQ(west->distribute[0].from, "us-west-2/*");
  EXPECT_EQ(west->distribute[0].to, (std::map<std::string, uint32_t>{{"us-west-2", 10}, {"us-east-2", 90}}));
  EXPECT_EQ(rule(derived, "c2", "stage.greeting.global").load_balancer->locality_lb_setting->distribute[0].from,
            "us-east-2/*");
  EXPECT_EQ(derived.sites.at("c3").service_entries[0].metadata.annotation("associated-gtp"), "gtp");
}

TEST(Fleet, PrefixesAreHostsOfTheirOwn) {
  const std::string gtp = policy(
      "  - {dnsPrefix: default, lbType: 0, target: [{region: us-west-2, weight: 1}]}\n"
      "  - {dnsPrefix: West, lbType: 1, target: [{region: us-west-2, weight: 100}, {region: us-east-2, weight: 0}]}\n"
      "  - {dnsPrefix: east, lbType: 1, outlier_detection: {interval: 30}}\n");
  const Derived derived = derive(three(gtp), {});
  const SiteObjects& c3 = derived.sites.at("c3");
  EXPECT_THAT(names(c3), ElementsAre("east.stage.greeting.global-se", "stage.greeting.global-se",
                                     "west.stage.greeting.global-se", "east.stage.greeting.global-dr",
                                     "stage.greeting.global-default-dr", "west.stage.greeting.global-dr"));
  EXPECT_EQ(c3.service_entries[2].metadata.annotation("dns-prefix"), "west");
  EXPECT_NE(c3.service_entries[0].spec.addresses, c3.service_entries[1].spec.addresses);
  EXPECT_EQ(rule(derived, "c3", "stage.greeting.global").load_balancer->locality_lb_setting,
            config::LocalityLoadBalancerSetting{});
  EXPECT_EQ(rule(derived, "c3", "west.stage.greeting.global").load_balancer->locality_lb_setting->distribute[0].to,
            (std::map<std::string, uint32_t>{{"us-west-2", 100}}));
  const auto& east = rule(derived, "c3", "east.stage.greeting.global");
  EXPECT_EQ(east.load_balancer->locality_lb_setting, std::nullopt);
  EXPECT_EQ(east.outlier_detection->interval, 30s);
  EXPECT_EQ(east.outlier_detection->base_ejection_time, 300s);
}

TEST(Fleet, WeightsThatDoNotAddUpAreRefusedAloud) {
  const std::string gtp =
      policy("  - {lbType: 1, target: [{region: us-west-2, weight: 10}, {region: us-east-2, weight: 80}]}\n");
  const Derived derived = derive(three(gtp), {});
  EXPECT_EQ(rule(derived, "c3", "stage.greeting.global").load_balancer->locality_lb_setting, std::nullopt);
  ASSERT_FALSE(findings(derived).empty());
  EXPECT_THAT(findings(derived)[0], HasSubstr("c1.yaml:"));
  EXPECT_THAT(findings(derived)[0], HasSubstr("add up to 90 and must add up to 100"));
}

TEST(Fleet, ThePolicyContestIsATotalOrder) {
  const std::string west = "  - {lbType: 1, target: [{region: us-west-2, weight: 100}]}\n";
  const auto winner = [&](const std::string& one, const std::string& two) {
    const Derived derived = derive(three(one, two), {});
    return std::string(derived.sites.at("c3").service_entries[0].metadata.annotation("associated-gtp"));
  };
  const std::string plain = policy(west, "identity: greeting, env: stage", "plain");
  const std::string urgent = policy(west, "identity: greeting, env: stage, priority: '5'", "urgent");
  EXPECT_EQ(winner(plain, urgent), "urgent");
  EXPECT_EQ(winner(urgent, plain), "urgent");
  const Derived elsewhere = derive(three(policy(west, "identity: greeting, env: stage", "lost", "elsewhere")), {});
  EXPECT_THAT(findings(elsewhere),
              ElementsAre(HasSubstr("GlobalTrafficPolicy lost: has no effect; it must be in a namespace")));
}

TEST(Fleet, TheEnvironmentHasFallbacks) {
  const auto host = [](const Workload_& w) {
    return derive({site("c1", serves(w))}, {}).sites.at("c1").service_entries[0].spec.hosts[0];
  };
  EXPECT_EQ(host({"a", "ns-qa", "env: stage", "sidecar.istio.io/inject: 'true', admiral.io/env: perf"}),
            "perf.a.global");
  EXPECT_EQ(host({"a", "ns-qa", "env: stage, admiral.io/env: e2e"}), "e2e.a.global");
  EXPECT_EQ(host({"a", "ns-qa", "env: stage"}), "stage.a.global");
  EXPECT_EQ(host({"a", "ns-qa", "x: y"}), "qa.a.global");
  EXPECT_EQ(host({"a", "ns", "x: y"}), "default.a.global");
}

TEST(Fleet, NamesAreLowerCaseUnlessTheyAskOtherwise) {
  const auto entry = [](const std::string& annotations) {
    std::string yaml = deployment({"app", "ns", "env: Stage", "sidecar.istio.io/inject: 'true'" + annotations});
    yaml.replace(yaml.find("identity: app"), 13, "identity: Pay.Ments");
    return derive({site("c1", yaml + service("app", "ns"))}, {}).sites.at("c1").service_entries[0];
  };
  EXPECT_EQ(entry("").spec.hosts[0], "stage.pay.ments.global");
  EXPECT_EQ(entry(", admiral.io/cname-case-sensitive: 'true'").spec.hosts[0], "Stage.Pay.Ments.global");
  EXPECT_EQ(entry(", admiral.io/cname-case-sensitive: 'true'").metadata.name, "stage.pay.ments.global-se");
}

TEST(Fleet, WhatIsIgnoredOrOutsideTheMeshIsLeftOut) {
  EXPECT_THAT(names(derive({site("c1", serves({"a", "ns", "admiral-ignore: 'true'"}))}, {}).sites.at("c1")), IsEmpty());
  const Derived outside = derive({site("c1", serves({"a", "ns", "x: y", ""}))}, {});
  EXPECT_THAT(names(outside.sites.at("c1")), IsEmpty());
  EXPECT_THAT(findings(outside), ElementsAre(HasSubstr("Deployment ns/a has the identity a but no sidecar")));
  const std::string injected =
      "---\napiVersion: v1\nkind: Namespace\nmetadata: {name: ns, labels: {istio-injection: enabled}}\n";
  EXPECT_EQ(derive({site("c1", injected + serves({"a", "ns", "x: y", ""}))}, {}).sites.at("c1").service_entries.size(),
            1);
}

TEST(Fleet, ThePortIsTheOneTheSidecarTakes) {
  const auto entry = [](const std::string& annotations, const std::string& ports) {
    return derive({site("c1", deployment({"a", "ns", "x: y", "sidecar.istio.io/inject: 'true'" + annotations}) +
                                  service("a", "ns", ports))},
                  {})
        .sites.at("c1")
        .service_entries.at(0)
        .spec;
  };
  const std::string two = "{name: http, port: 80, targetPort: 8080}, {name: grpc-api, port: 90, targetPort: 9090}";
  EXPECT_THAT(endpoints(entry("", two)), ElementsAre("a.ns.svc.cluster.local  http:80"));
  const auto grpc = entry(", traffic.sidecar.istio.io/includeInboundPorts: 'x,9090'", two);
  EXPECT_THAT(endpoints(grpc), ElementsAre("a.ns.svc.cluster.local  grpc:90"));
  EXPECT_EQ(grpc.ports[0], (config::ServicePort{.number = 80, .protocol = "grpc", .name = "grpc"}));
  EXPECT_THAT(endpoints(entry("", "{name: grpc-web-x, port: 1}")), ElementsAre("a.ns.svc.cluster.local  grpc-web:1"));
  EXPECT_THAT(endpoints(entry("", "{name: tcp-db, port: 2}")), ElementsAre("a.ns.svc.cluster.local  http:2"));
}

TEST(Fleet, DependenciesThatLeadNowhereAreNamed) {
  auto sites = three(dependency("nobody", "greeting"), dependency("webapp", "nothing"));
  EXPECT_THAT(findings(derive(sites, {})),
              UnorderedElementsAre(HasSubstr("Dependency nobody: no workload has the identity nobody"),
                                   HasSubstr("Dependency webapp: no service has the identity nothing")));
}

TEST(Fleet, ItDoesNotMatterInWhichOrderThingsCome) {
  auto sites = three(policy("  - {dnsPrefix: x, lbType: 0}\n"), serves({"zeta", "z"}) + serves({"alpha", "a"}));
  const Derived first = derive(sites, {});
  std::ranges::reverse(sites);
  for (Site& site : sites) {
    std::ranges::reverse(site.objects.services);
    std::ranges::reverse(site.objects.deployments);
  }
  const Derived second = derive(sites, {});
  for (const auto& [name, objects] : first.sites) EXPECT_EQ(to_yaml(objects), to_yaml(second.sites.at(name)));
  EXPECT_EQ(first.addresses, second.addresses);
}

TEST(Fleet, WhatIsWrittenReadsBackEqual) {
  const Derived derived = derive(three(policy("  - {lbType: 1, target: [{region: us-east-2, weight: 100}]}\n")), {});
  for (const auto& [name, objects] : derived.sites) {
    schema::Diagnostics diagnostics;
    const auto back = config::read_objects(to_yaml(objects), name, diagnostics);
    EXPECT_EQ(diagnostics.first_error(), "");
    EXPECT_EQ(back.service_entries, objects.service_entries);
    EXPECT_EQ(back.destination_rules, objects.destination_rules);
  }
}

}  // namespace
}  // namespace lateen::fleet
