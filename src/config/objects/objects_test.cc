#include "config/objects/objects.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lateen::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

struct Outcome {
  Objects objects;
  std::vector<std::string> messages;
};

Outcome reads(std::string_view text, ReadOptions options = {}, std::string_view file = "f.yaml") {
  schema::Diagnostics diagnostics;
  Outcome out;
  out.objects = read_objects(text, file, diagnostics, options);
  for (const auto& diagnostic : diagnostics.all()) out.messages.push_back(format(diagnostic));
  return out;
}

TEST(Objects, ReadsEveryServedVersion) {
  for (const Kind& kind : kinds()) {
    if (kind.group != "networking.istio.io" || kind.kind != "VirtualService") continue;
    for (std::string_view version : kind.versions) {
      const auto out =
          reads(fmt::format("apiVersion: {}/{}\nkind: VirtualService\nmetadata: {{name: a}}\n", kind.group, version));
      EXPECT_THAT(out.messages, ElementsAre());
      ASSERT_EQ(out.objects.virtual_services.size(), 1u);
      EXPECT_EQ(out.objects.virtual_services[0].metadata.namespace_, "default");
    }
  }
  EXPECT_THAT(
      reads("apiVersion: networking.istio.io/v2\nkind: Gateway\nmetadata: {name: a}\n").messages,
      ElementsAre("f.yaml:1:13: error: apiVersion: Gateway has no version \"v2\"; it has v1, v1beta1, v1alpha3"));
}

TEST(Objects, KindsAndListsAgree) {
  Objects none;
  std::vector<std::string_view> lists;
  for_each_kind(none, [&](std::string_view name, auto&) { lists.push_back(name); });
  std::vector<std::string_view> known;
  for (const Kind& kind : kinds()) known.push_back(kind.kind);
  EXPECT_EQ(lists, known);
}

TEST(Objects, TakesListsApartAndKeepsTheGoodOnes) {
  const auto out = reads(R"(apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: Service, metadata: {name: a, namespace: n}, spec: {ports: [{port: 80, targetPort: web}], extra: 1}}
- {apiVersion: v1, kind: Service, metadata: {name: b}, spec: {ports: [{port: x}]}}
- {apiVersion: v1, kind: Namespace, metadata: {name: n, namespace: odd}}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: other}
)");
  EXPECT_THAT(
      out.messages,
      ElementsAre("f.yaml:5:78: error: spec.ports[0].port: expected an integer, found \"x\"",
                  HasSubstr("f.yaml:8:1: warning: kind: Gateway of gateway.networking.k8s.io/v1 is not a kind")));
  ASSERT_EQ(out.objects.services.size(), 1u);
  EXPECT_EQ(out.objects.services[0].spec.ports[0].target_port, (schema::IntegerOrString{false, 0, "web"}));
  EXPECT_EQ(out.objects.services[0].origin.position, (schema::Position{4, 3}));
  EXPECT_EQ(out.objects.namespaces[0].metadata.namespace_, "");
  EXPECT_EQ(out.objects.others.size(), 1u);
  EXPECT_EQ(out.objects.size(), 2u);
}

TEST(Objects, SaysWhatIsMissing) {
  EXPECT_THAT(reads("a: 1\n").messages, ElementsAre("f.yaml:1:1: error: kind: required"));
  EXPECT_THAT(reads("- 1\n").messages, ElementsAre(HasSubstr("f.yaml:1:1: error: expected an object")));
  EXPECT_THAT(reads("apiVersion: v1\nkind: Pod\nspecs: {}\n").messages,
              ElementsAre("f.yaml:1:1: error: metadata.name: required"));
  EXPECT_THAT(reads("apiVersion: networking.istio.io/v1\nkind: Sidecar\nmetadata: {name: a}\nspecs: {}\n").messages,
              ElementsAre("f.yaml:4:1: error: specs: unknown field, did you mean \"spec\"?"));
  EXPECT_THAT(
      reads("kind: WorkloadGroup\nmetadata: {name: a}\nspec: {template: {}}\n", {.allow_missing_api_version = true})
          .messages,
      ElementsAre(HasSubstr("no machine is registered by it yet")));
}

TEST(Objects, WhatIsWrittenReadsBackEqual) {
  const auto out = reads(R"(apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: a, namespace: n, labels: {x: "1"}, creationTimestamp: "2026-11-25T12:00:00Z"}
spec:
  hosts: [h]
  http:
  - match: [{uri: {prefix: /a}, headers: {x: {exact: "1"}}}]
    route: [{destination: {host: h, port: {number: 80}}, weight: 10}]
    timeout: 1.5s
    retries: {attempts: 0, retryRemoteLocalities: false}
    fault: {delay: {fixedDelay: 5s, percentage: {value: 0.1}}}
---
apiVersion: v1
kind: Secret
metadata: {name: s}
type: kubernetes.io/tls
data: {tls.crt: aGVsbG8=}
stringData: {x: y}
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: p}
spec: {selector: {matchLabels: {a: b}}, portLevelMtls: {80: {mode: STRICT}}}
)");
  EXPECT_THAT(out.messages, ElementsAre());
  std::string text;
  for_each_kind(out.objects, [&](std::string_view, const auto& list) {
    for (const auto& object : list) text += "---\n" + schema::write_yaml(document_of(object));
  });
  const auto again = reads(text);
  EXPECT_THAT(again.messages, ElementsAre()) << text;
  EXPECT_TRUE(again.objects == out.objects) << text;
  EXPECT_EQ(out.objects.secrets[0].entry("tls.crt"), "hello");
  EXPECT_EQ(out.objects.peer_authentications[0].spec.port_level_mtls.at(80).mode,
            PeerAuthentication::MutualTLS::Mode::STRICT);
}

TEST(Objects, DidYouMean) {
  EXPECT_THAT(reads("apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: a}\nspec:\n  hosts: "
                    "[h]\n  https: []\n")
                  .messages,
              ElementsAre("f.yaml:6:3: error: spec.https: unknown field, did you mean \"http\"?"));
}

TEST(Objects, KeepsDocumentsWhenAsked) {
  const auto out =
      reads("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: c\ndata:\n  a: b\n", {.keep_documents = true});
  EXPECT_EQ(out.objects.config_maps[0].origin.at("data.a"), (schema::Position{6, 6}));
  EXPECT_EQ(out.objects.config_maps[0].origin.at("data.zzz"), (schema::Position{6, 3}));
}

TEST(Objects, AppendKeepsOrder) {
  auto one = reads("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n").objects;
  one.append(reads("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: b}\n").objects);
  ASSERT_EQ(one.config_maps.size(), 2u);
  EXPECT_EQ(one.config_maps[1].metadata.name, "b");
}

}  // namespace
}  // namespace lateen::config
