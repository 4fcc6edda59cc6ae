#include "apps/wiring/offline.h"

#include <map>

#include "apps/wiring/settings.h"
#include "control_plane/ingest/directory.h"
#include "lib/io/files.h"
#include "lib/schema/document.h"
#include "lib/schema/typed.h"

namespace lateen::wiring {
namespace {

using Clusters = std::map<std::string, config::Objects>;

Result<> add_file(const std::string& path, const std::string& cluster, schema::Diagnostics& diagnostics,
                  Clusters& out) {
  const auto text = io::read_file(path);
  if (!text) return failed(text);
  out[cluster].append(config::read_objects(*text, path, diagnostics));
  return {};
}

Result<> add_directory(const std::string& option, schema::Diagnostics& diagnostics, Clusters& out) {
  const auto equals = option.find('=');
  if (equals == std::string::npos || equals == 0 || equals + 1 == option.size())
    return fail(ErrorKind::invalid, "--cluster {}: write it as NAME=DIR", option);
  const auto files = ingest::read_directory(option.substr(equals + 1));
  if (!files) return failed(files);
  auto& objects = out[option.substr(0, equals)];
  for (const auto& file : *files) {
    if (!file.text) return failed(file.text);
    objects.append(config::read_objects(*file.text, file.path, diagnostics));
  }
  return {};
}

}  // namespace

Result<snapshot::Inputs> read_inputs(const Arguments& arguments, schema::Diagnostics& diagnostics) {
  Clusters clusters;
  clusters[std::string(snapshot::configuration_cluster)];
  for (const auto& path : arguments.values("config"))
    if (auto done = add_file(path, std::string(snapshot::configuration_cluster), diagnostics, clusters); !done)
      return failed(done);
  for (const auto& option : arguments.values("cluster"))
    if (auto done = add_directory(option, diagnostics, clusters); !done) return failed(done);
  snapshot::Inputs out;
  if (const auto path = arguments.value("mesh-config"))
    if (auto done = read_settings(*path, diagnostics, out.mesh); !done) return failed(done);
  if (const auto path = arguments.value("mesh-networks"))
    if (auto done = read_settings(*path, diagnostics, out.networks); !done) return failed(done);
  for (auto& [id, objects] : clusters)
    out.clusters.push_back({id, std::make_shared<const config::Objects>(std::move(objects))});
  return out;
}

Result<translate::Proxy> read_proxy_file(const std::string& path) {
  const auto text = io::read_file(path);
  if (!text) return failed(text);
  schema::Diagnostics diagnostics;
  const auto documents = schema::read_documents(*text, path, diagnostics);
  if (diagnostics.has_errors()) return fail(ErrorKind::invalid, "{}", diagnostics.first_error());
  if (documents.empty()) return fail(ErrorKind::invalid, "{}: is empty", path);
  auto proxy = translate::read_proxy(documents.front());
  if (!proxy) return failed(proxy, path);
  return proxy;
}

}  // namespace lateen::wiring
