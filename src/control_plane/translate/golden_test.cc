// Files of tests/golden/translate: objects, a document with `proxy` (and `mesh`, `show`), a line of equals signs, and
// what the proxy gets of the resources that `show` names ("clusters/outbound|80||", by the beginning of their names).
// LATEEN_UPDATE_GOLDEN=1 writes the files' lower halves anew; look at the difference before committing it.
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include "config/objects/objects.h"
#include "config/xds/json.h"
#include "control_plane/translate/translate.h"
#include "lib/schema/document.h"
#include "lib/schema/typed.h"

namespace lateen::translate {
namespace {

constexpr std::string_view divider = "\n=====\n";

std::string read_text(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::ostringstream out;
  out << file.rdbuf();
  return out.str();
}

struct Case {
  snapshot::Inputs inputs;
  Proxy proxy;
  std::vector<std::string> show;
};

Case parse(const std::string& text, const std::string& name) {
  Case out;
  schema::Diagnostics diagnostics;
  auto objects = std::make_shared<config::Objects>();
  for (const auto& document : schema::read_yaml(text, name, diagnostics)) {
    const auto* proxy = document.find("proxy");
    if (!proxy) {
      config::read_object(document, name, diagnostics, {}, *objects);
      continue;
    }
    auto read = read_proxy(*proxy);
    EXPECT_TRUE(read) << (read ? "" : read.error().message);
    if (read) out.proxy = *read;
    if (const auto* mesh = document.find("mesh")) schema::read(*mesh, out.inputs.mesh, {name, diagnostics});
    if (const auto* show = document.find("show"); show && show->as_list())
      for (const auto& each : *show->as_list()) out.show.emplace_back(each.text());
  }
  EXPECT_FALSE(diagnostics.has_errors()) << diagnostics.first_error();
  out.inputs.clusters.push_back({std::string(snapshot::configuration_cluster), std::move(objects)});
  return out;
}

template <class Messages>
void show(const Case& in, const std::string& type, const Messages& messages, schema::Node& out) {
  for (const auto& message : messages) {
    std::string name;
    if constexpr (requires { message.name(); }) {
      name = message.name();
    } else {
      name = message.cluster_name();
    }
    const bool wanted =
        std::ranges::any_of(in.show, [&](const auto& each) { return (type + "/" + name).starts_with(each); });
    if (!wanted) continue;
    schema::Node value;
    schema::Diagnostics diagnostics;
    schema::read_json(xds::to_json(message), name, diagnostics, value);
    out[type].push_back(std::move(value));
  }
}

std::string result(const Case& in) {
  const auto world = snapshot::Snapshot::build(in.inputs);
  const Resources resources = translate(*world, in.proxy);
  schema::Node out = schema::Node::map();
  show(in, "listeners", resources.listeners, out);
  show(in, "routes", resources.routes, out);
  show(in, "clusters", resources.clusters, out);
  show(in, "endpoints", resources.endpoints, out);
  for (const auto& warning : resources.warnings) out["warnings"].push_back(warning);
  return schema::write_yaml(out);
}

std::vector<std::filesystem::path> files() {
  std::vector<std::filesystem::path> out;
  for (const auto& entry : std::filesystem::directory_iterator("tests/golden/translate"))
    if (entry.path().extension() == ".yaml") out.push_back(entry.path());
  std::ranges::sort(out);
  return out;
}

class Golden : public testing::TestWithParam<std::filesystem::path> {};

TEST_P(Golden, gives_what_the_file_says) {
  const std::string text = read_text(GetParam());
  const auto at = text.find(divider);
  ASSERT_NE(at, std::string::npos) << GetParam() << " has no divider";
  const std::string got = result(parse(text.substr(0, at + 1), GetParam().filename().string()));
  if (std::getenv("LATEEN_UPDATE_GOLDEN")) {
    std::ofstream(GetParam()) << text.substr(0, at) << divider << got;
    return;
  }
  EXPECT_EQ(got, text.substr(at + divider.size()));
}

INSTANTIATE_TEST_SUITE_P(files, Golden, testing::ValuesIn(files()), [](const auto& info) {
  std::string name = info.param.stem().string();
  std::ranges::replace_if(name, [](char c) { return !std::isalnum(static_cast<unsigned char>(c)); }, '_');
  return name;
});

}  // namespace
}  // namespace lateen::translate
