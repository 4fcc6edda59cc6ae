// tests/golden/fleet/CASE: clusters/NAME/objects.yaml in, expected/NAME/fleet.yaml out, byte for byte. To renew a case:
// lateen fleet render --cluster NAME=tests/golden/fleet/CASE/clusters/NAME ... -o tests/golden/fleet/CASE/expected
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "control_plane/fleet/fleet.h"

namespace lateen::fleet {
namespace {

std::string content(const std::filesystem::path& path) {
  std::ifstream file(path);
  EXPECT_TRUE(file) << path;
  return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<Site> sites_of(const std::filesystem::path& folder) {
  std::vector<Site> sites;
  for (const auto& cluster : std::filesystem::directory_iterator(folder / "clusters")) {
    schema::Diagnostics diagnostics;
    const std::string path = cluster.path() / "objects.yaml";
    sites.push_back({cluster.path().filename(), config::read_objects(content(path), path, diagnostics)});
    EXPECT_EQ(diagnostics.first_error(), "");
  }
  return sites;
}

std::string without_comments(std::string text) {
  while (text.starts_with('#')) text.erase(0, text.find('\n') + 1);
  return text;
}

TEST(FleetGolden, EveryCaseGivesWhatLiesBesideIt) {
  int cases = 0;
  for (const auto& folder : std::filesystem::directory_iterator("tests/golden/fleet")) {
    const Derived derived = derive(sites_of(folder.path()), {});
    for (const auto& finding : derived.findings.all()) ADD_FAILURE() << schema::format(finding);
    for (const auto& [name, objects] : derived.sites)
      EXPECT_EQ(to_yaml(objects), without_comments(content(folder.path() / "expected" / name / "fleet.yaml")));
    ++cases;
  }
  EXPECT_GT(cases, 0);
}

// A new service beside the others changes nothing of theirs, with the record of addresses or without it.
TEST(FleetGolden, ANewServiceLeavesTheOthersAsTheyAre) {
  std::vector<Site> sites = sites_of("tests/golden/fleet/payments");
  const Derived before = derive(sites, {});
  for (Site& site : sites) {
    config::Deployment deployment = site.objects.deployments.at(0);
    deployment.metadata.name = "added";
    deployment.spec.template_.metadata.labels["identity"] = "added";
    site.objects.deployments.push_back(deployment);
  }
  for (const Addresses& known : {Addresses(), before.addresses}) {
    const Derived after = derive(sites, known);
    for (const auto& [name, objects] : before.sites) {
      SiteObjects same = after.sites.at(name);
      std::erase_if(same.service_entries,
                    [](const auto& entry) { return entry.metadata.name == "prod.added.global-se"; });
      std::erase_if(same.destination_rules, [](const auto& rule) { return rule.spec.host == "prod.added.global"; });
      EXPECT_LT(same.service_entries.size(), after.sites.at(name).service_entries.size());
      EXPECT_EQ(to_yaml(same), to_yaml(objects));
    }
  }
}

}  // namespace
}  // namespace lateen::fleet
