// The tables of `lateen proxy-status` and `lateen proxy-config`, from the pages of a control plane or a proxy (the JSON
// of /debug/syncz and of config dumps, Envoy's form, either field names). Pure: text in a tree, text out.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"
#include "lib/schema/node.h"

namespace lateen::wiring {

// Columns as wide as they need, two blanks between; no trailing blanks.
std::string table_of(const std::vector<std::vector<std::string>>& rows);

// NAME CLUSTER CDS LDS EDS RDS SDS PEER VERSION, a line a proxy; below, the reason of each refusal.
std::string proxy_status_table(const schema::Node& syncz);
// True when some proxy refuses something or lags behind.
bool proxy_status_has_problems(const schema::Node& syncz);

enum class ConfigKind { all, clusters, listeners, routes, endpoints, secrets };
// "clusters", "cluster", "c" and so on, as istioctl takes them.
Result<ConfigKind> parse_config_kind(std::string_view word);

// What to show of a kind; empty texts show everything.
struct ConfigFilter {
  std::string name;  // exact name of the resource
  std::string fqdn;  // clusters and endpoints: the service's host
  int port = 0;
};

// The resources of a kind in a dump, static ones too; a list. Kind `all` gives the dump itself.
schema::Node resources_in_dump(const schema::Node& dump, ConfigKind kind, const ConfigFilter& filter = {});
// The table for that kind (not `all`), of what resources_in_dump() gave.
std::string config_table(const schema::Node& resources, ConfigKind kind);

}  // namespace lateen::wiring
