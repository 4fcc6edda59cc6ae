#include "control_plane/fleet/addresses.h"

#include <fmt/format.h>

#include "lib/base/ip.h"
#include "lib/schema/document.h"

namespace lateen::fleet {
namespace {

constexpr std::string_view map_name = "se-address-configmap", record_key = "serviceEntryAddressStore";

// FNV-1a with a final mix: fixed for all time, since addresses that are in use follow from it.
uint64_t stable_hash(std::string_view text, uint64_t round) {
  uint64_t hash = 0xcbf29ce484222325ULL ^ round * 0x9e3779b97f4a7c15ULL;
  for (unsigned char c : text) hash = (hash ^ c) * 0x100000001b3ULL;
  hash = (hash ^ (hash >> 30)) * 0xbf58476d1ce4e5b9ULL;
  hash = (hash ^ (hash >> 27)) * 0x94d049bb133111ebULL;
  return hash ^ (hash >> 31);
}

// 240.0.0.1 to 240.127.255.254, without last octets 0 and 255.
std::string candidate(std::string_view name, uint64_t round) {
  const uint64_t hash = stable_hash(name, round);
  return fmt::format("240.{}.{}.{}", hash % 128, hash / 128 % 256, 1 + hash / 32768 % 254);
}

}  // namespace

std::string Addresses::of(const std::string& name) {
  const auto known = by_name_.find(name);
  if (known != by_name_.end()) return known->second;
  std::string address;
  uint64_t round = 0;
  do address = candidate(name, round++);
  while (taken_.contains(address));
  taken_.insert(address);
  return by_name_[name] = address;
}

Result<Addresses> Addresses::from(const config::ConfigMap& map) {
  const auto text = map.data.find(std::string(record_key));
  if (text == map.data.end()) return fail(ErrorKind::invalid, "ConfigMap {}: has no {}", map.metadata.name, record_key);
  schema::Diagnostics diagnostics;
  const auto documents = schema::read_yaml(text->second, record_key, diagnostics);
  if (diagnostics.has_errors()) return fail(ErrorKind::invalid, "{}", diagnostics.first_error());
  Addresses out;
  const schema::Node* entries = documents.empty() ? nullptr : documents[0].find("entry-addresses");
  if (!entries || entries->is_null()) return out;
  if (!entries->as_map()) return fail(ErrorKind::invalid, "{}: entry-addresses is no map", record_key);
  for (const auto& [name, address, position] : *entries->as_map()) {
    if (!Ip::parse(address.text()))
      return fail(ErrorKind::invalid, "{}: {}: \"{}\" is no IP address", record_key, name, address.text());
    if (!out.taken_.insert(std::string(address.text())).second)
      return fail(ErrorKind::invalid, "{}: {}: {} belongs to another host too", record_key, name, address.text());
    out.by_name_[name] = address.text();
  }
  return out;
}

config::ConfigMap Addresses::to_config_map(const std::string& namespace_) const {
  schema::Node entries = schema::Node::map(), list = schema::Node::list(), record = schema::Node::map();
  for (const auto& [name, address] : by_name_) entries.append(name, address);
  for (const std::string& address : taken_) list.push_back(address);
  record.append("entry-addresses", std::move(entries));
  record.append("addresses", std::move(list));
  config::ConfigMap map;
  map.metadata.name = map_name;
  map.metadata.namespace_ = namespace_;
  map.data.emplace(record_key, schema::write_yaml(record));
  return map;
}

}  // namespace lateen::fleet
