#include "apps/wiring/control.h"

#include <algorithm>

#include "apps/wiring/settings.h"
#include "lib/base/log.h"
#include "lib/schema/document.h"
#include "lib/schema/typed.h"

namespace lateen::wiring {

static log::Component log_("control");

namespace {

void log_diagnostics(const schema::Diagnostics& diagnostics) {
  for (const auto& each : diagnostics.all()) {
    if (each.severity == schema::Severity::error)
      log_.error("{}", schema::format(each));
    else
      log_.warning("{}", schema::format(each));
  }
}

}  // namespace

Control::Control(io::Reactor& reactor, ControlOptions options, onboard::TokenKey tokens)
    : reactor_(reactor), network_(reactor), options_(std::move(options)), tokens_(std::move(tokens)), tasks_(reactor) {}

Control::~Control() { tasks_.cancel(); }

Result<std::unique_ptr<Control>> Control::open(io::Reactor& reactor, ControlOptions options) {
  if (auto made = io::make_directories(options.state, 0700); !made) return failed(made);
  auto tokens = onboard::TokenKey::open(options.state);
  if (!tokens) return failed(tokens);
  std::unique_ptr<Control> control(new Control(reactor, std::move(options), std::move(*tokens)));
  if (auto opened = control->open_parts(); !opened) return failed(opened);
  return control;
}

Result<> Control::open_parts() {
  if (auto read = read_mesh_files(); !read) return read;
  if (auto first = follow(std::string(snapshot::configuration_cluster), options_.config); !first) return first;
  for (const auto& [name, folder] : options_.clusters)
    if (auto next = follow(name, folder); !next) return next;
  source_ = std::make_unique<discovery::TranslatedSource>(build());

  ca::AuthorityOptions authority;
  authority.trust_domain = trust_domain_ = source_->snapshot()->mesh.trust_domain;
  auto opened = ca::CertificateAuthority::open(options_.state, reactor_.wall_now(), authority);
  if (!opened) return failed(opened);
  authority_ = std::move(*opened);
  authenticator_ = std::make_unique<onboard::Authenticator>(tokens_, authority.trust_domain);

  discovery::ControlServerOptions doors;
  doors.secure = options_.secure;
  doors.plain = options_.plain;
  doors.pages = options_.pages;
  if (!options_.dns_names.empty()) doors.dns_names = options_.dns_names;
  discovery::ControlServerParts parts;
  parts.source = source_.get();
  parts.authority = authority_.get();
  parts.authenticator = authenticator_.get();
  auto server = discovery::ControlServer::open(network_, std::move(parts), std::move(doors));
  if (!server) return failed(server);
  server_ = std::move(*server);
  return {};
}

std::string Control::mesh_texts() const {
  std::string both;
  for (const std::string& path : {options_.mesh_config, options_.mesh_networks})
    if (!path.empty()) both += io::read_file(path).value_or("") + '\n';
  return both;
}

Result<> Control::read_mesh_files() {
  // As Istio's install profiles have it: a mesh without a configuration of its own still has its standard metrics.
  mesh_texts_ = mesh_texts();  // before they are read: a change meanwhile is seen afterwards
  config::MeshConfig mesh;
  mesh.default_providers.emplace().metrics = {"prometheus"};
  config::MeshNetworks networks;
  schema::Diagnostics diagnostics;
  if (!options_.mesh_config.empty())
    if (auto read = read_settings(options_.mesh_config, diagnostics, mesh); !read) return read;
  if (!options_.mesh_networks.empty())
    if (auto read = read_settings(options_.mesh_networks, diagnostics, networks); !read) return read;
  log_diagnostics(diagnostics);
  mesh_ = std::move(mesh);
  networks_ = std::move(networks);
  return {};
}

Result<> Control::follow(const std::string& cluster, const std::string& folder) {
  auto source = ingest::DirectorySource::open(reactor_, folder);
  if (!source) return failed(source);
  followed_.push_back(std::make_unique<Followed>(Followed{cluster, std::move(*source)}));
  report(*followed_.back());
  return {};
}

void Control::report(const Followed& followed) const {
  log_diagnostics(followed.source->intent().diagnostics());
  log_.info("{}: {} objects", followed.cluster, followed.source->intent().objects().size());
}

// The file named on the command line, else the key "mesh" of the ConfigMap "istio", as istiod reads it. One that cannot
// be read leaves the last good one in effect.
const config::MeshConfig& Control::mesh_of(const config::Objects& objects) {
  const auto& maps = objects.config_maps;
  const auto map = std::ranges::find_if(
      maps, [](const auto& each) { return each.metadata.name == "istio" && each.data.contains("mesh"); });
  if (!options_.mesh_config.empty() || map == maps.end()) {
    map_text_.clear();
    return mesh_;
  }
  if (const std::string& text = map->data.at("mesh"); text != map_text_) {
    if (map_text_.empty()) mesh_of_map_ = mesh_;
    map_text_ = text;
    schema::Diagnostics diagnostics;
    auto mesh = mesh_;
    const auto documents = schema::read_yaml(text, "ConfigMap istio", diagnostics);
    if (!documents.empty()) schema::read(documents[0], mesh, {"ConfigMap istio", diagnostics});
    log_diagnostics(diagnostics);
    if (!diagnostics.has_errors()) mesh_of_map_ = std::move(mesh);
  }
  return mesh_of_map_;
}

std::shared_ptr<const snapshot::Snapshot> Control::build() {
  snapshot::Inputs inputs;
  for (const auto& each : followed_)
    inputs.clusters.push_back(
        {each->cluster, std::make_shared<const config::Objects>(each->source->intent().objects())});
  inputs.mesh = mesh_of(*inputs.clusters[0].objects);
  inputs.networks = networks_;
  return snapshot::Snapshot::build(inputs);
}

void Control::publish() {
  source_->set_snapshot(build());
  const std::string& wanted = source_->snapshot()->mesh.trust_domain;
  if (wanted != trust_domain_)
    log_.warning("trustDomain is {} now, but certificates are issued for {} until the control plane starts again",
                 wanted, trust_domain_);
  server_->discovery().changed();
}

io::Task<void> Control::follow_changes(Followed& followed) {
  for (;;) {
    co_await followed.source->next();
    report(followed);
    publish();
  }
}

// Two small files are looked at now and then: a watch would be on all that happens to lie in their folders.
io::Task<void> Control::follow_mesh_files() {
  for (;;) {
    co_await reactor_.sleep(2s);
    if (mesh_texts() == mesh_texts_) continue;
    if (const auto read = read_mesh_files(); !read) {
      log_.error("{}; the last good settings stay in effect", read.error().message);
      continue;
    }
    log_.info("the mesh's settings have changed");
    publish();
  }
}

io::Task<void> Control::keep_authority() {
  for (;;) {
    co_await reactor_.sleep(1h);
    const auto now = reactor_.wall_now();
    const auto renewed = authority_->renew_root(now);
    const auto reloaded = authority_->reload(now);
    for (const auto* result : {&renewed, &reloaded})
      if (!*result) log_.error("{}", result->error().message);
    if (!renewed.value_or(false) && !reloaded.value_or(false)) continue;
    if (const auto door = server_->renew_certificate(); !door) log_.error("{}", door.error().message);
  }
}

io::Task<void> Control::run() {
  const auto say = [](std::string_view what, const std::optional<SocketAddress>& address) {
    if (address) log_.info("{} on {}", what, address->text());
  };
  say("xDS and certificates (TLS)", server_->secure_address());
  say("xDS (plain text)", server_->plain_address());
  say("pages", server_->pages_address());
  for (const auto& each : followed_) tasks_.start(follow_changes(*each));
  if (!options_.mesh_config.empty() || !options_.mesh_networks.empty()) tasks_.start(follow_mesh_files());
  tasks_.start(keep_authority());
  co_await server_->run();
  tasks_.cancel();
}

void Control::stop() { server_->drain(); }

}  // namespace lateen::wiring
