#include "config/objects/reference.h"

#include <fmt/format.h>

#include "config/mesh/mesh_config.h"
#include "config/mesh/mesh_networks.h"
#include "config/objects/objects.h"
#include "lib/base/strings.h"
#include "lib/schema/typed.h"

namespace lateen::config {
namespace {

// What the page of a kind describes: its spec, or the whole object of Kubernetes' kinds.
template <class Spec>
const schema::Type& described(const std::vector<Object<Spec>>&) {
  return schema::type_of<Spec>();
}
template <class T>
const schema::Type& described(const std::vector<T>&) {
  return schema::type_of<T>();
}

template <class Spec>
constexpr bool has_spec(const std::vector<Object<Spec>>&) {
  return true;
}
template <class T>
constexpr bool has_spec(const std::vector<T>&) {
  return false;
}

std::string file_of(std::string_view kind) { return lowered(kind) + ".md"; }

std::string introduction(const Kind& kind, bool spec) {
  std::string out = fmt::format(
      "\n{} of `{}`, {}.", kind.kind, kind.group.empty() ? "v1" : kind.group,
      kind.group.empty() ? "as far as it is read" : fmt::format("versions {}", joined(kind.versions, ", ")));
  if (spec) out += " The tables describe `spec`.";
  if (!kind.not_honoured.empty()) out += fmt::format("\n\n**{}**", kind.not_honoured);
  return out + "\n";
}

std::string with_introduction(std::string page, const std::string& text) {
  page.insert(page.find('\n') + 1, text);
  return page;
}

}  // namespace

std::vector<Page> reference_pages() {
  std::vector<Page> pages;
  std::string index =
      "# Reference\n\nMade by `lateen reference -o docs/reference` from the fields of the configuration types; do not "
      "edit.\n\n"
      "| Kind | Group |\n|---|---|\n";
  Objects none;
  for_each_kind(none, [&](std::string_view name, const auto& list) {
    const Kind& kind = *find_kind(name);
    pages.push_back({file_of(name), with_introduction(schema::reference_page(name, described(list)),
                                                      introduction(kind, has_spec(list)))});
    index += fmt::format("| [{}]({}) | {} |\n", name, file_of(name), kind.group.empty() ? "core" : kind.group);
  });
  pages.push_back({"meshconfig.md", schema::reference_page("MeshConfig", schema::type_of<MeshConfig>())});
  pages.push_back({"meshnetworks.md", schema::reference_page("MeshNetworks", schema::type_of<MeshNetworks>())});
  index +=
      "| [MeshConfig](meshconfig.md) | `--mesh-config` |\n| [MeshNetworks](meshnetworks.md) | `--mesh-networks` |\n";
  pages.push_back({"README.md", index});
  return pages;
}

schema::Node open_api_document() {
  schema::Node out = schema::Node::map();
  out["openapi"] = "3.0.0";
  out["info"]["title"] = "Configuration kinds";
  out["info"]["version"] = "v1";
  out["paths"] = schema::Node::map();
  schema::Node& schemas = out["components"]["schemas"];
  Objects none;
  for_each_kind(none, [&](std::string_view name, const auto& list) {
    schema::Node body = schema::open_api(described(list));
    if (has_spec(list)) {
      schema::Node object = schema::Node::map();
      object["type"] = "object";
      object["properties"]["spec"] = std::move(body);
      body = std::move(object);
    }
    schemas[name] = std::move(body);
  });
  schemas["MeshConfig"] = schema::open_api(schema::type_of<MeshConfig>());
  schemas["MeshNetworks"] = schema::open_api(schema::type_of<MeshNetworks>());
  return out;
}

}  // namespace lateen::config
