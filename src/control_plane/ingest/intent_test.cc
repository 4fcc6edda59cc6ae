#include "control_plane/ingest/intent.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lateen::ingest {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string service(std::string_view name, int port = 80) {
  return fmt::format(
      "apiVersion: v1\nkind: Service\nmetadata: {{name: {}}}\nspec: {{ports: [{{name: http, port: {}}}]}}\n---\n", name,
      port);
}

struct Folder {
  std::map<std::string, Result<std::string>> files;
  Intent intent;

  bool take() {
    std::vector<FoundFile> found;
    for (const auto& [path, text] : files) found.push_back({path, text});
    return intent.take(found);
  }
  std::vector<std::string> services() const {
    std::vector<std::string> out;
    for (const auto& service : intent.objects().services)
      out.push_back(fmt::format("{}:{}", service.metadata.name, service.spec.ports.at(0).port));
    return out;
  }
  std::vector<std::string> findings() const {
    std::vector<std::string> out;
    for (const auto& diagnostic : intent.diagnostics().all()) out.push_back(schema::format(diagnostic));
    return out;
  }
};

TEST(Intent, FollowsItsFiles) {
  Folder folder;
  folder.files = {{"a.yaml", service("a")}, {"b.yaml", service("b")}};
  EXPECT_TRUE(folder.take());
  EXPECT_EQ(folder.intent.version(), 1);
  EXPECT_THAT(folder.services(), ElementsAre("a:80", "b:80"));
  EXPECT_FALSE(folder.take());

  folder.files.insert_or_assign("a.yaml", service("a", 81) + service("c"));
  EXPECT_TRUE(folder.take());
  EXPECT_THAT(folder.services(), ElementsAre("a:81", "c:80", "b:80"));
  EXPECT_EQ(folder.intent.last_delta().changed.services.size(), 2);
  EXPECT_THAT(folder.intent.last_delta().removed, IsEmpty());

  folder.files.erase("a.yaml");
  EXPECT_TRUE(folder.take());
  EXPECT_THAT(folder.services(), ElementsAre("b:80"));
  EXPECT_THAT(folder.intent.last_delta().removed,
              ElementsAre(ObjectKey{"Service", "default", "a"}, ObjectKey{"Service", "default", "c"}));
  EXPECT_EQ(folder.intent.version(), 3);
}

TEST(Intent, MovingAnObjectIsNoChange) {
  Folder folder;
  folder.files = {{"a.yaml", service("a")}};
  folder.take();
  folder.files = {{"b.yaml", "# moved\n" + service("a")}};
  EXPECT_FALSE(folder.take());
  EXPECT_EQ(folder.intent.version(), 1);
  EXPECT_EQ(folder.intent.objects().services[0].origin.file, "b.yaml");
}

TEST(Intent, ABrokenFileKeepsItsLastGoodObjects) {
  Folder folder;
  folder.files = {{"a.yaml", service("a") + service("b")}, {"z.yaml", service("z")}};
  folder.take();
  folder.files.insert_or_assign("a.yaml", service("a", 81) + "kind: [unclosed\n");
  folder.files.insert_or_assign("z.yaml", service("z", 90));
  EXPECT_TRUE(folder.take());
  EXPECT_THAT(folder.services(), ElementsAre("a:81", "b:80", "z:90")) << "the rest goes on";
  ASSERT_EQ(folder.findings().size(), 1);
  EXPECT_THAT(folder.findings()[0], HasSubstr("a.yaml:"));
  EXPECT_THAT(folder.findings()[0], HasSubstr(": error: "));

  folder.files.insert_or_assign("a.yaml", service("a", 82));
  EXPECT_TRUE(folder.take());
  EXPECT_THAT(folder.services(), ElementsAre("a:82", "z:90")) << "whole again, it counts as it is";
  EXPECT_THAT(folder.findings(), IsEmpty());
}

TEST(Intent, ABadObjectKeepsItsLastGoodForm) {
  Folder folder;
  folder.files = {{"a.yaml", service("a") + service("b")}};
  folder.take();
  folder.files.insert_or_assign(
      "a.yaml", service("b", 81) + "apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {ports: 5}\n");
  folder.take();
  EXPECT_THAT(folder.services(), ElementsAre("b:81", "a:80"));
  ASSERT_EQ(folder.findings().size(), 1);
  EXPECT_THAT(folder.findings()[0], HasSubstr("a.yaml:9:"));
}

TEST(Intent, AFileThatCannotBeReadKeepsItsObjects) {
  Folder folder;
  folder.files = {{"a.yaml", service("a")}};
  folder.take();
  folder.files.insert_or_assign("a.yaml", fail(ErrorKind::permission, "cannot read a.yaml: Permission denied"));
  EXPECT_TRUE(folder.take());
  EXPECT_THAT(folder.services(), ElementsAre("a:80"));
  EXPECT_THAT(folder.findings(), ElementsAre("a.yaml: error: cannot read a.yaml: Permission denied"));
  EXPECT_FALSE(folder.take()) << "the same finding is no news";
  EXPECT_EQ(folder.intent.version(), 1);
}

TEST(Intent, AFolderThatCannotBeListedChangesNothing) {
  Folder folder;
  folder.files = {{"a.yaml", service("a")}};
  folder.take();
  EXPECT_TRUE(folder.intent.take_failure({ErrorKind::not_found, "cannot list etc"}));
  EXPECT_FALSE(folder.intent.take_failure({ErrorKind::not_found, "cannot list etc"}));
  EXPECT_THAT(folder.services(), ElementsAre("a:80"));
  EXPECT_THAT(folder.findings(), ElementsAre("error: cannot list etc; the objects read before stay"));
  EXPECT_TRUE(folder.take());
  EXPECT_THAT(folder.findings(), IsEmpty());
}

TEST(Intent, TheFirstDefinitionCountsAndTheOthersAreReported) {
  Folder folder;
  folder.files = {{"b.yaml", service("x", 1) + service("x", 2)}, {"c.yaml", service("x", 3)}};
  folder.take();
  EXPECT_THAT(folder.services(), ElementsAre("x:1"));
  EXPECT_THAT(folder.findings(),
              ElementsAre(HasSubstr("b.yaml:6:1: error: Service default/x is defined in b.yaml:1 already"),
                          HasSubstr("c.yaml:1:1: error: Service default/x is defined in b.yaml:1 already")));
  folder.files.insert_or_assign("a.yaml", service("x", 4));
  folder.take();
  EXPECT_THAT(folder.services(), ElementsAre("x:4"));
  folder.files.erase("a.yaml");
  folder.files.erase("b.yaml");
  folder.take();
  EXPECT_THAT(folder.services(), ElementsAre("x:3"));
  EXPECT_THAT(folder.findings(), IsEmpty());
}

TEST(Intent, AnEmptyFolderIsAnAnswer) {
  Intent intent;
  EXPECT_TRUE(intent.take({}));
  EXPECT_EQ(intent.version(), 1);
  EXPECT_EQ(intent.objects().size(), 0);
}

TEST(Difference, NamesWhatChanged) {
  schema::Diagnostics none;
  const auto before = config::read_objects(service("same") + service("other", 1) + service("gone"), "x", none);
  const auto after = config::read_objects(service("other", 2) + service("same") + service("new"), "y", none);
  const Delta delta = difference(before, after);
  ASSERT_EQ(delta.changed.services.size(), 2);
  EXPECT_EQ(delta.changed.services[0].metadata.name, "other");
  EXPECT_EQ(delta.changed.services[1].metadata.name, "new");
  EXPECT_THAT(delta.removed, ElementsAre(ObjectKey{"Service", "default", "gone"}));
  EXPECT_TRUE(difference(after, after).empty());
  EXPECT_EQ(to_string(delta.removed[0]), "Service default/gone");
}

}  // namespace
}  // namespace lateen::ingest
