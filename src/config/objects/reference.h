// What people and tools read about all kinds, made from their fields: Markdown pages and OpenAPI schemas.
#pragma once
#include <string>
#include <vector>

#include "lib/schema/node.h"

namespace lateen::config {

struct Page {
  std::string file;  // name within docs/reference
  std::string text;
};

// One page a kind, one each for MeshConfig and MeshNetworks, and README.md with the list of all.
std::vector<Page> reference_pages();

// An OpenAPI v3 document whose components.schemas hold one schema a kind.
schema::Node open_api_document();

}  // namespace lateen::config
