#include "control_plane/analyze/validate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lib/schema/typed.h"

namespace lateen::analyze {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// The messages about one object, given as kind and the lines of its spec.
std::vector<std::string> judge(std::string_view kind, std::string_view spec) {
  const config::Kind& known = *config::find_kind(kind);
  const std::string text =
      fmt::format("apiVersion: {}/{}\nkind: {}\nmetadata: {{name: a, namespace: web}}\nspec:\n{}\n", known.group,
                  known.versions.front(), kind, spec);
  schema::Diagnostics diagnostics;
  validate_text(text, "f", diagnostics);
  std::vector<std::string> out;
  for (const auto& diagnostic : diagnostics.all()) out.push_back(format(diagnostic));
  return out;
}

TEST(Validate, ExampleOfTheConformanceReadme) {
  EXPECT_THAT(judge("Gateway",
                    "  servers:\n  - hosts: [\"shop.example.com\"]\n    port: {number: 0, name: http, protocol: HTTP}"),
              ElementsAre("f:7:20: error: spec.servers[0].port.number: must be between 1 and 65535"));
}

TEST(Validate, Gateway) {
  EXPECT_THAT(judge("Gateway", "  servers: [{hosts: [a], port: {number: 80, name: x, protocol: HTTPX}}]"),
              ElementsAre(HasSubstr("spec.servers[0].hosts[0]: \"a\" is a short name"),
                          HasSubstr("\"HTTPX\" is not a protocol")));
  EXPECT_THAT(judge("Gateway", "  servers: [{hosts: ['*'], port: {number: 443, name: x, protocol: HTTPS}}]"),
              ElementsAre(HasSubstr("spec.servers[0].tls: required for HTTPS")));
  EXPECT_THAT(judge("Gateway",
                    "  servers: [{hosts: ['*'], port: {number: 443, name: x, protocol: HTTPS}, tls: {mode: SIMPLE}}]"),
              ElementsAre(HasSubstr("serverCertificate: required"), HasSubstr("privateKey: required")));
  EXPECT_THAT(judge("Gateway",
                    "  servers: [{hosts: ['*'], port: {number: 443, name: x, protocol: HTTPS}, tls: {mode: SIMPLE, "
                    "credentialName: c}}]"),
              IsEmpty());
  EXPECT_THAT(
      judge(
          "Gateway",
          "  servers: [{hosts: ['*'], port: {number: 15443, name: x, protocol: TLS}, tls: {mode: AUTO_PASSTHROUGH}}]"),
      IsEmpty());
}

TEST(Validate, VirtualService) {
  const auto http = [](std::string_view route) {
    return judge("VirtualService", fmt::format("  hosts: [h]\n  http:\n  - {}", route));
  };
  EXPECT_THAT(http("{route: [{destination: {host: h}}]}"), IsEmpty());
  EXPECT_THAT(http("{match: [{uri: {prefix: /}}]}"),
              ElementsAre(HasSubstr("one of route, redirect, directResponse and delegate is required")));
  EXPECT_THAT(http("{route: [{destination: {host: h}}], redirect: {uri: /}}"),
              ElementsAre(HasSubstr("spec.http[0].route: cannot stand beside redirect")));
  EXPECT_THAT(http("{match: [{uri: {regex: '('}}], route: [{destination: {host: h}}]}"),
              ElementsAre(HasSubstr("spec.http[0].match[0].uri.regex: not an RE2")));
  EXPECT_THAT(http("{route: [{destination: {host: h}}, {destination: {host: i}}]}"),
              ElementsAre(HasSubstr("one must have a weight above 0")));
  EXPECT_THAT(http("{route: [{destination: {host: '*'}}], retries: {attempts: 1, retryOn: 'gateway-error,5xy'}}"),
              ElementsAre(HasSubstr("retries.retryOn: \"5xy\""), HasSubstr("destination.host: *")));
  EXPECT_THAT(http("{route: [{destination: {host: h}}], fault: {abort: {grpcStatus: NOPE}}}"),
              ElementsAre(HasSubstr("fault.abort.grpcStatus")));
  EXPECT_THAT(http("{route: [{destination: {host: h}}], headers: {request: {set: {x: '%A'}}}}"),
              ElementsAre(HasSubstr("headers.request.set.x")));
  EXPECT_THAT(judge("VirtualService", "  hosts: ['*']\n  http: [{route: [{destination: {host: h}}]}]"),
              ElementsAre(HasSubstr("spec.hosts[0]: * is for gateways")));
  EXPECT_THAT(judge("VirtualService",
                    "  hosts: [a.com]\n  tls: [{match: [{sniHosts: [b.com]}], route: [{destination: {host: h}}]}]"),
              ElementsAre(HasSubstr("is not covered by spec.hosts")));
  EXPECT_THAT(judge("VirtualService", "  hosts: [h]"), ElementsAre(HasSubstr("one of http, tls and tcp")));
}

TEST(Validate, DestinationRule) {
  const auto policy = [](std::string_view text) {
    return judge("DestinationRule", fmt::format("  host: h\n  trafficPolicy: {}", text));
  };
  EXPECT_THAT(policy("{}"), ElementsAre(HasSubstr("must have at least one field")));
  EXPECT_THAT(policy("{tls: {mode: MUTUAL}}"), ElementsAre(HasSubstr("clientCertificate"), HasSubstr("privateKey")));
  EXPECT_THAT(policy("{tls: {mode: ISTIO_MUTUAL}}"), IsEmpty());
  EXPECT_THAT(policy("{loadBalancer: {localityLbSetting: {distribute: [{from: a/*, to: {b: 60}}]}}}"),
              ElementsAre(HasSubstr("add up to 60")));
  EXPECT_THAT(policy("{loadBalancer: {consistentHash: {useSourceIp: true, maglev: {tableSize: 100}}}}"),
              ElementsAre(HasSubstr("must be a prime")));
  EXPECT_THAT(judge("DestinationRule", "  host: h\n  exportTo: ['*', web]"),
              ElementsAre(HasSubstr("* cannot stand beside others")));
}

TEST(Validate, Sidecar) {
  EXPECT_THAT(judge("Sidecar", "  egress: [{hosts: ['./*', 'bad']}]"),
              ElementsAre(HasSubstr("spec.egress[0].hosts[1]: \"bad\" must have the form")));
  EXPECT_THAT(judge("Sidecar", "  egress: [{hosts: ['./*']}, {hosts: ['./*']}]"),
              ElementsAre(HasSubstr("must be the last")));
  EXPECT_THAT(judge("Sidecar", "  ingress: [{port: {number: 80, protocol: HTTP}, defaultEndpoint: '1.2.3.4:80'}]"),
              ElementsAre(HasSubstr("defaultEndpoint")));
  EXPECT_THAT(judge("Sidecar", "  {}"), ElementsAre(HasSubstr("one of ingress, egress")));
}

TEST(Validate, Policies) {
  EXPECT_THAT(judge("AuthorizationPolicy",
                    "  action: CUSTOM\n  provider: {name: p}\n  rules: [{from: [{source: {principals: [a]}}]}]"),
              ElementsAre(HasSubstr("can look at addresses only")));
  EXPECT_THAT(
      judge("AuthorizationPolicy",
            "  rules: [{to: [{operation: {ports: ['x'], paths: ['/a/{*}b']}}], when: [{key: nope, values: [a]}]}]"),
      ElementsAre(HasSubstr("ports[0]"), HasSubstr("paths[0]"), HasSubstr("when[0].key")));
  EXPECT_THAT(judge("RequestAuthentication", "  jwtRules: [{issuer: i, jwks: '{}'}]"),
              ElementsAre(HasSubstr("no token is verified yet"), HasSubstr("spec.jwtRules[0].jwks")));
  EXPECT_THAT(judge("PeerAuthentication", "  portLevelMtls: {80: {mode: STRICT}}"),
              ElementsAre(HasSubstr("needs a selector")));
}

TEST(Validate, BadObjectsAreDroppedAndTheRestKept) {
  schema::Diagnostics diagnostics;
  const auto objects = validate_text(R"(apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: bad}
spec: {hosts: ["*"]}
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: good}
spec: {hosts: [a.com], ports: [{number: 80, name: http, protocol: HTTP}], resolution: DNS}
)",
                                     "f", diagnostics);
  ASSERT_EQ(objects.service_entries.size(), 1u);
  EXPECT_EQ(objects.service_entries[0].metadata.name, "good");
  EXPECT_EQ(diagnostics.errors(), 1u);
}

TEST(Validate, DefaultMeshIsValid) {
  Findings findings;
  validate(config::MeshConfig(), findings);
  EXPECT_FALSE(findings.has_errors());
  config::MeshConfig mesh;
  mesh.default_config.discovery_address = "nowhere";
  validate(mesh, findings);
  EXPECT_TRUE(findings.has_errors());
}

TEST(Validate, MeshConfigOverlaysDefaults) {
  schema::Diagnostics diagnostics;
  config::MeshConfig mesh;
  const auto documents = schema::read_yaml(
      "trustDomain: td\ndefaultConfig: {proxyMetadata: {A: b}, tracingServiceName: CANONICAL_NAME_ONLY}\n", "m",
      diagnostics);
  EXPECT_TRUE(schema::read(documents.at(0), mesh, {"m", diagnostics}));
  EXPECT_EQ(mesh.trust_domain, "td");
  EXPECT_EQ(mesh.root_namespace, "istio-system");
  EXPECT_EQ(mesh.default_config.discovery_address, "istiod.istio-system.svc:15012");
  EXPECT_EQ(mesh.default_config.service_cluster, std::nullopt);
  EXPECT_EQ(schema::write_json(schema::write(config::MeshConfig())), "{}");
}

}  // namespace
}  // namespace lateen::analyze
