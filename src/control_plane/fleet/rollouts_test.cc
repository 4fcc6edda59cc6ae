#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "control_plane/fleet/fleet.h"

namespace lateen::fleet {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string rollout(std::string_view strategy) {
  return fmt::format(
      "apiVersion: argoproj.io/v1alpha1\nkind: Rollout\nmetadata: {{name: greeting, namespace: sample}}\n"
      "spec:\n  replicas: 3\n  strategy: {}\n  template:\n"
      "    metadata: {{labels: {{app: greeting, identity: greeting, env: stage}}, annotations: "
      "{{sidecar.istio.io/inject: 'true'}}}}\n",
      strategy);
}

std::string service(std::string_view name) {
  return fmt::format(
      "---\napiVersion: v1\nkind: Service\nmetadata: {{name: {}, namespace: sample}}\n"
      "spec: {{selector: {{app: greeting}}, ports: [{{name: http, port: 80}}]}}\n",
      name);
}

// Each host of the only site with its endpoints: "host: address type weight".
std::vector<std::string> hosts(const std::string& yaml) {
  schema::Diagnostics diagnostics;
  const Site site{"c1", config::read_objects(yaml, "c1.yaml", diagnostics, {.keep_documents = true})};
  for (const auto& diagnostic : diagnostics.all()) ADD_FAILURE() << schema::format(diagnostic);
  const Derived derived = derive({site}, {});
  std::vector<std::string> out;
  for (const auto& entry : derived.sites.at("c1").service_entries) {
    std::string line = entry.spec.hosts[0] + ":";
    for (const auto& endpoint : entry.spec.endpoints)
      line += fmt::format(" {} {} {}", endpoint.address.substr(0, endpoint.address.find('.')),
                          endpoint.labels.at("type"), endpoint.weight);
    out.push_back(line);
  }
  return out;
}

const std::string istio_canary =
    "{canary: {stableService: old, canaryService: new, trafficRouting: {istio: {virtualService: {name: split, routes: "
    "[main]}}}}}";

std::string split(int old_weight, int new_weight) {
  return fmt::format(
      "---\napiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {{name: split, namespace: sample}}\n"
      "spec:\n  hosts: [x]\n  http:\n  - {{name: other, route: [{{destination: {{host: new}}}}]}}\n"
      "  - {{name: main, route: [{{destination: {{host: old}}, weight: {}}}, {{destination: {{host: "
      "new.sample.svc.cluster.local}}, "
      "weight: {}}}]}}\n",
      old_weight, new_weight);
}

TEST(Rollouts, BlueGreenHasAPreviewHost) {
  EXPECT_THAT(
      hosts(rollout("{blueGreen: {activeService: live, previewService: next}}") + service("live") + service("next")),
      ElementsAre("preview.stage.greeting.global: next rollout 0", "stage.greeting.global: live rollout 0"));
  EXPECT_THAT(hosts(rollout("{blueGreen: {previewService: absent}}") + service("a") + service("x-active-service")),
              ElementsAre("stage.greeting.global: x-active-service rollout 0"));
}

TEST(Rollouts, AnIstioCanaryHasWeightsAndAHost) {
  const std::string services = service("old") + service("new");
  EXPECT_THAT(hosts(rollout(istio_canary) + services + split(80, 20)),
              ElementsAre("canary.stage.greeting.global: new rollout 0",
                          "stage.greeting.global: new rollout 20 old rollout 80"));
  EXPECT_THAT(hosts(rollout(istio_canary) + services + split(100, 0)),
              ElementsAre("canary.stage.greeting.global: new rollout 0", "stage.greeting.global: old rollout 100"));
  EXPECT_THAT(hosts(rollout(istio_canary) + services),
              ElementsAre("canary.stage.greeting.global: new rollout 0", "stage.greeting.global: old rollout 1"));
}

TEST(Rollouts, OtherCanariesHaveOneService) {
  EXPECT_THAT(hosts(rollout("{canary: {}}") + service("a") + service("b-stable-service") + service("c-root-service")),
              ElementsAre("stage.greeting.global: c-root-service rollout 0"));
  EXPECT_THAT(hosts(rollout("{canary: {}}") + service("a") + service("b-stable-service")),
              ElementsAre("stage.greeting.global: b-stable-service rollout 0"));
  EXPECT_THAT(hosts(rollout("{canary: {}}") + service("a")), ElementsAre("stage.greeting.global: a rollout 0"));
  EXPECT_THAT(hosts(rollout("{}") + service("a")), ElementsAre()) << "without a strategy it is not published";
}

TEST(Rollouts, ADeploymentMayStandBesideItWhileItMigrates) {
  const std::string deployment =
      "---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: old, namespace: sample}\nspec:\n  template:\n"
      "    metadata: {labels: {app: old, identity: greeting, env: stage}, annotations: {sidecar.istio.io/inject: "
      "'true'}}\n"
      "---\napiVersion: v1\nkind: Service\nmetadata: {name: old, namespace: sample}\n"
      "spec: {selector: {app: old}, ports: [{name: http, port: 80}]}\n";
  EXPECT_THAT(hosts(rollout("{canary: {}}") + service("new") + deployment),
              ElementsAre("stage.greeting.global: new rollout 0 old deployment 0"));
}

TEST(Rollouts, ABrokenOneIsNamed) {
  schema::Diagnostics diagnostics;
  const Site site{"c1",
                  config::read_objects(rollout("5") + service("a"), "c1.yaml", diagnostics, {.keep_documents = true})};
  const Derived derived = derive({site}, {});
  EXPECT_THAT(derived.findings.first_error(), HasSubstr("c1.yaml:6:13: error: spec.strategy"));
}

}  // namespace
}  // namespace lateen::fleet
