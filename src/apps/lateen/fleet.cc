#include "control_plane/fleet/fleet.h"

#include <algorithm>
#include <filesystem>

#include <fmt/format.h>

#include "apps/lateen/commands.h"
#include "control_plane/ingest/directory.h"
#include "lib/io/files.h"

namespace lateen::commands {
namespace {

struct Request {
  std::map<std::string, std::string> clusters;  // name -> folder
  std::string output;
  fleet::Options options;
};

bool is_cluster_name(std::string_view name) {
  return !name.empty() && name[0] != '.' &&
         std::ranges::all_of(name, [](unsigned char c) { return std::isalnum(c) || c == '-' || c == '_' || c == '.'; });
}

Result<Request> request_of(const wiring::Arguments& arguments) {
  Request out;
  for (const std::string& value : arguments.values("cluster")) {
    const size_t equals = value.find('=');
    const std::string name = value.substr(0, equals);
    if (equals == value.npos || !is_cluster_name(name) || equals + 1 == value.size())
      return fail(ErrorKind::invalid, "--cluster {}: write it as NAME=DIR", value);
    if (!out.clusters.emplace(name, value.substr(equals + 1)).second)
      return fail(ErrorKind::invalid, "--cluster {}: named twice", name);
  }
  if (out.clusters.empty()) return fail(ErrorKind::invalid, "name each cluster: --cluster NAME=DIR");
  if (!arguments.operands().empty())
    return fail(ErrorKind::invalid, "{} is one word too many", arguments.operands()[0]);
  out.output = arguments.value_or("output", "");
  if (out.output.empty()) return fail(ErrorKind::invalid, "name the folder for the result: -o DIR");
  fleet::Options& options = out.options;
  const std::pair<std::string_view, std::string*> texts[] = {
      {"hostname-suffix", &options.hostname_suffix}, {"sync-namespace", &options.sync_namespace},
      {"identity-key", &options.identity_key},       {"env-key", &options.env_key},
      {"gateway-app", &options.gateway_app},
  };
  for (const auto& [flag, text] : texts) *text = arguments.value_or(flag, *text);
  return out;
}

void print(const schema::Diagnostics& diagnostics) {
  for (const auto& diagnostic : diagnostics.all()) fmt::print(stderr, "{}\n", schema::format(diagnostic));
  if (diagnostics.dropped() > 0) fmt::print(stderr, "... and {} more\n", diagnostics.dropped());
}

Result<fleet::Addresses> known_addresses(const std::string& path) {
  auto text = io::read_file(path);
  if (!text && text.error().kind == ErrorKind::not_found) return fleet::Addresses();
  if (!text) return failed(text);
  schema::Diagnostics diagnostics;
  const config::Objects objects = config::read_objects(*text, path, diagnostics);
  if (diagnostics.has_errors()) return fail(ErrorKind::invalid, "{}", diagnostics.first_error());
  if (objects.config_maps.size() != 1)
    return fail(ErrorKind::invalid, "{}: holds no ConfigMap of addresses; remove it to begin a new one", path);
  auto addresses = fleet::Addresses::from(objects.config_maps[0]);
  if (!addresses) return failed(addresses, path);
  return addresses;
}

// Files that are as they should be are left alone, times and all.
Result<> write_if_different(const std::string& path, const std::string& text) {
  const auto now = io::read_file(path);
  if (now && *now == text) return {};
  return io::write_file(path, text);
}

Result<> write_all(const fleet::Derived& derived, const Request& request) {
  for (const auto& [name, objects] : derived.sites) {
    const std::string folder = request.output + "/" + name;
    if (auto made = io::make_directories(folder); !made) return made;
    const std::string head =
        fmt::format("# Written by `lateen fleet render` for cluster {}. Change its inputs, not this file.\n", name);
    if (auto done = write_if_different(folder + "/fleet.yaml", head + fleet::to_yaml(objects)); !done) return done;
  }
  const std::string head =
      "# The addresses of the fleet's names. Keep this file: names keep the addresses that are in it.\n";
  const auto map = derived.addresses.to_config_map(request.options.sync_namespace);
  return write_if_different(request.output + "/addresses.yaml", head + schema::write_yaml(config::document_of(map)));
}

void warn_of_leftovers(const fleet::Derived& derived, const std::string& output) {
  const auto files = io::list_files(output);
  if (!files) return;
  for (const std::string& file : *files) {
    const std::filesystem::path path(file);
    if (path.filename() == "fleet.yaml" && !derived.sites.contains(path.parent_path().filename().string()))
      fmt::print(stderr, "{}: warning: is of a cluster that is not named here; remove it when the cluster has left\n",
                 file);
  }
}

int render(const Request& request) {
  std::vector<fleet::Site> sites;
  bool broken = false;
  for (const auto& [name, folder] : request.clusters) {
    auto files = ingest::read_directory(folder);
    if (!files) {
      fmt::print(stderr, "{}\n", files.error().message);
      return wiring::exit_environment;
    }
    ingest::Intent intent({.keep_documents = true});  // Rollouts are taken from them
    intent.take(std::move(*files));
    print(intent.diagnostics());
    broken |= intent.diagnostics().has_errors();
    sites.push_back({name, intent.objects()});
  }
  if (broken) {
    fmt::print(stderr, "nothing was written: with errors in the input, services could go missing\n");
    return wiring::exit_findings;
  }
  const auto known = known_addresses(request.output + "/addresses.yaml");
  if (!known) {
    fmt::print(stderr, "{}\n", known.error().message);
    return known.error().kind == ErrorKind::invalid ? wiring::exit_findings : wiring::exit_environment;
  }
  const fleet::Derived derived = fleet::derive(sites, *known, request.options);
  print(derived.findings);
  if (auto done = write_all(derived, request); !done) {
    fmt::print(stderr, "{}\n", done.error().message);
    return wiring::exit_environment;
  }
  warn_of_leftovers(derived, request.output);
  for (const auto& [name, objects] : derived.sites)
    fmt::print(stderr, "{}/{}/fleet.yaml: {} hosts\n", request.output, name, objects.service_entries.size());
  return wiring::exit_fine;
}

}  // namespace

int fleet_render(const wiring::Arguments& arguments) {
  const auto request = request_of(arguments);
  if (!request) {
    fmt::print(stderr, "lateen fleet render: {}\n", request.error().message);
    return wiring::exit_usage;
  }
  return render(*request);
}

}  // namespace lateen::commands
