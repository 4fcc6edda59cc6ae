#include "simulated_mesh.h"

#include <algorithm>
#include <filesystem>
#include <set>
#include <unistd.h>

#include <gtest/gtest.h>

#include "config/objects/objects.h"
#include "lib/base/strings.h"
#include "lib/http/client.h"
#include "lib/http/server.h"
#include "lib/io/files.h"

namespace lateen::simulation {
namespace {

constexpr const char* services = R"(
apiVersion: v1
kind: Service
metadata: {name: catalog, namespace: shop}
spec: {clusterIP: 10.96.0.7, selector: {app: catalog}, ports: [{name: http, port: 80, targetPort: 8080}]}
---
apiVersion: networking.istio.io/v1
kind: WorkloadEntry
metadata: {name: catalog-v1, namespace: shop}
spec:
  address: 10.0.0.11
  serviceAccount: catalog
  labels: {app: catalog, version: v1, security.istio.io/tlsMode: istio}
---
apiVersion: networking.istio.io/v1
kind: WorkloadEntry
metadata: {name: catalog-v2, namespace: shop}
spec:
  address: 10.0.0.12
  serviceAccount: catalog
  labels: {app: catalog, version: v2, security.istio.io/tlsMode: istio}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: catalog, namespace: shop}
spec:
  host: catalog
  subsets: [{name: v1, labels: {version: v1}}, {name: v2, labels: {version: v2}}]
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: default, namespace: shop}
spec: {mtls: {mode: STRICT}}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: catalog, namespace: shop}
spec:
  hosts: [catalog]
  http:
)";

// As pilot-agent writes it for a sidecar: one static cluster leads to the control plane, all else comes over xDS.
constexpr const char* bootstrap_text = R"(
node:
  id: sidecar~{ip}~{app}-{version}.shop~shop.svc.cluster.local
  cluster: {app}.shop
  metadata:
    NAME: {app}-{version}
    NAMESPACE: shop
    SERVICE_ACCOUNT: {app}
    CLUSTER_ID: Kubernetes
    WORKLOAD_NAME: {app}-{version}
    INTERCEPTION_MODE: REDIRECT
    LABELS: {{app: {app}, version: {version}}}
dynamic_resources:
  ads_config:
    api_type: DELTA_GRPC
    transport_api_version: V3
    grpc_services: [{{envoy_grpc: {{cluster_name: xds}}}}]
  cds_config: {{ads: {{}}, resource_api_version: V3}}
  lds_config: {{ads: {{}}, resource_api_version: V3}}
static_resources:
  clusters:
  - name: xds
    type: STATIC
    connect_timeout: 1s
    load_assignment:
      cluster_name: xds
      endpoints:
      - lb_endpoints:
        - endpoint: {{address: {{socket_address: {{address: {control}, port_value: 15012}}}}}}
    typed_extension_protocol_options:
      envoy.extensions.upstreams.http.v3.HttpProtocolOptions:
        "@type": type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions
        explicit_http_config:
          http2_protocol_options: {{connection_keepalive: {{interval: 30s, timeout: 10s}}}}
    transport_socket:
      name: envoy.transport_sockets.tls
      typed_config:
        "@type": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext
        sni: istiod.istio-system.svc
        common_tls_context:
          alpn_protocols: [h2]
          tls_certificate_sds_secret_configs: [{{name: default}}]
          combined_validation_context:
            default_validation_context:
              match_typed_subject_alt_names: [{{san_type: DNS, matcher: {{exact: istiod.istio-system.svc}}}}]
            validation_context_sds_secret_config: {{name: ROOTCA}}
)";

std::string new_folder() {
  std::string pattern = std::filesystem::temp_directory_path() / "lateen-simulation.XXXXXX";
  return ::mkdtemp(pattern.data());
}

SocketAddress address(std::string_view ip, uint16_t port) { return {Ip::parse(ip).value(), port, {}}; }

// An access log that stays in memory and joins the trace.
class NotedLog final : public telemetry::LogFile {
 public:
  NotedLog(SimulatedMesh& mesh, Pod& pod) : mesh_(mesh), pod_(pod) {}
  void write(std::string_view lines) override {
    pod_.access_log.emplace_back(trimmed(lines));
    mesh_.note(fmt::format("{} logs {}", pod_.ip, trimmed(lines)));
  }

 private:
  SimulatedMesh& mesh_;
  Pod& pod_;
};

io::Task<void> fetch(io::Network& network, std::string path, Answer& answer) {
  auto transport = co_await network.connect(address("10.96.0.7", 80), {});
  if (!transport) {
    answer.error = transport.error().message;
    co_return;
  }
  const auto client = http::make_client(std::move(*transport), {});
  http::Request request;
  request.headers.add(":method", "GET");
  request.headers.add(":scheme", "http");
  request.headers.add(":authority", "catalog.shop");
  request.headers.add(":path", path);
  auto response = co_await client->send(std::move(request), nullptr);
  if (!response) {
    answer.error = response.error().error.message;
    co_return;
  }
  answer.status = response->status();
  if (response->body) answer.body = (co_await http::read_all(*response->body, 1 << 20)).value_or("cut off");
}

}  // namespace

// --- an application --------------------------------------------------------------------------------------------------

io::Task<void> Application::serve(http::ServerStream& stream) {
  ++requests;
  const http::Headers& head = stream.request().headers;
  last_caller = head.value("x-forwarded-client-cert");
  most_attempts = std::max(most_attempts, parse_number<int>(head.value("x-envoy-attempt-count")).value_or(0));
  http::Response response;
  response.headers.set_status(200);
  response.body = http::text_body(loop_, name_);
  (void)co_await stream.respond(std::move(response));
}

io::Task<void> Application::listen(io::Network& network, std::string ip) {
  auto acceptor = network.listen(address(ip, 8080), {});
  io::Scope connections(loop_);
  const io::CancelOnExit end(connections);
  const auto serve_one = [](std::unique_ptr<io::Transport> transport, http::Service& service) -> io::Task<void> {
    const http::ServerOptions options;
    co_await http::serve_connection(*transport, service, options, http::Protocol::detect);
  };
  for (;;) {
    auto transport = co_await (*acceptor)->accept();
    if (!transport) co_return;
    connections.start(serve_one(std::move(*transport), *this));
  }
}

// --- a pod -----------------------------------------------------------------------------------------------------------

Pod::Pod(SimulatedMesh& mesh, std::string ip, std::string app, std::string version)
    : ip(std::move(ip)),
      app(std::move(app)),
      version(std::move(version)),
      application(mesh.world, this->version),
      network(mesh.world.redirect(this->ip, 15001, 15006)),
      mesh_(mesh),
      tasks_(mesh.world) {}

Pod::~Pod() {
  proxy_.reset();
  tasks_.cancel();
}

void Pod::certify() {
  const std::string token_file = fmt::format("{}/{}-{}", mesh_.token_folder, app, version);
  const onboard::TokenClaims claims{.name_space = "shop",
                                    .service_account = app,
                                    .not_before = mesh_.world.wall_now(),
                                    .expires = mesh_.world.wall_now() + 1h};
  ASSERT_TRUE(io::write_file(token_file, mesh_.token_key.issue(claims, mesh_.world.wall_now()), 0600));
  agent::IstioSignerOptions signer;
  signer.control_plane = {.address = address(SimulatedMesh::control_ip, 15012),
                          .roots_pem = mesh_.authority->root_pem()};
  signer.token_file = token_file;
  signer_ = std::make_unique<agent::IstioSigner>(mesh_.world.host(ip), std::move(signer));
  agent::WorkloadOptions options;
  options.identity = tls::SpiffeId::workload("cluster.local", "shop", app).value();
  secrets_ = std::make_unique<agent::WorkloadSecrets>(mesh_.world, *signer_, std::move(options));
  tasks_.start(secrets_->run());
  ASSERT_TRUE(mesh_.world.run_until([this] { return secrets_->ready().is_set(); })) << secrets_->last_error()->message;
}

envoy::config::bootstrap::v3::Bootstrap Pod::bootstrap() const {
  const std::string text = fmt::format(fmt::runtime(bootstrap_text), fmt::arg("ip", ip), fmt::arg("app", app),
                                       fmt::arg("version", version), fmt::arg("control", SimulatedMesh::control_ip));
  std::vector<std::string> warnings;
  auto read = discovery::read_bootstrap("", {.overlay = text}, warnings);
  EXPECT_TRUE(read) << read.error().message;
  EXPECT_TRUE(warnings.empty()) << warnings.front();
  return std::move(*read);
}

void Pod::start() {
  tasks_.start(application.listen(network, ip));
  certify();
  wiring::ProxyPlace place{.network = mesh_.world.host(ip),
                           .workers = mesh_.world.workers(ip, 1),
                           .dns = {},
                           .open_log = [this](const std::string&) { return std::make_shared<NotedLog>(mesh_, *this); }};
  proxy_ =
      std::make_unique<wiring::Proxy>(std::move(place), bootstrap(), wiring::ProxyOptions{.secrets = secrets_.get()});
  const auto started = proxy_->start();
  ASSERT_TRUE(started) << started.error().message;
  ASSERT_TRUE(mesh_.world.run_until([this] { return proxy_->ready(); })) << "the sidecar of " << app;
}

void Pod::die() {
  mesh_.world.crash(ip);
  proxy_.reset();
  tasks_.cancel();
  secrets_.reset();
  signer_.reset();
}

// --- the mesh --------------------------------------------------------------------------------------------------------

SimulatedMesh::SimulatedMesh(uint64_t seed, std::string_view routing)
    : world(seed),
      token_folder(new_folder()),
      authority(*ca::CertificateAuthority::in_memory(world.wall_now())),
      began_(world.now()),
      source_(snapshot_with(routing)),
      tasks_(world),
      client(*this, "10.0.0.1", "client", "v1"),
      catalog_v1(*this, "10.0.0.11", "catalog", "v1"),
      catalog_v2(*this, "10.0.0.12", "catalog", "v2") {
  world.on_delivery = [this](const io::SimulatedWorld::Delivery& delivery) {
    note(fmt::format("{} > {} {}", delivery.from.text(), delivery.to.text(), delivery.what));
  };
  start_control_plane();
  for (Pod* pod : {&catalog_v1, &catalog_v2, &client}) pod->start();
}

SimulatedMesh::~SimulatedMesh() {
  tasks_.cancel();
  std::filesystem::remove_all(token_folder);
}

void SimulatedMesh::start_control_plane() {
  discovery::ControlServerOptions doors;
  doors.secure = address(control_ip, 15012);
  discovery::ControlServerParts parts;
  parts.source = &source_;
  parts.authority = authority.get();
  parts.authenticator = &authenticator_;
  auto server = discovery::ControlServer::open(world.host(control_ip), parts, doors);
  ASSERT_TRUE(server) << server.error().message;
  server_ = std::move(*server);
  tasks_.start(server_->run());
}

std::shared_ptr<const snapshot::Snapshot> SimulatedMesh::snapshot_with(std::string_view routing) const {
  schema::Diagnostics diagnostics;
  auto objects = config::read_objects(services + std::string(routing), "mesh.yaml", diagnostics);
  EXPECT_EQ(diagnostics.first_error(), "");
  snapshot::Inputs inputs;
  inputs.clusters.push_back(
      {std::string(snapshot::configuration_cluster), std::make_shared<const config::Objects>(std::move(objects))});
  inputs.mesh.access_log_file = "in memory";
  return snapshot::Snapshot::build(inputs);
}

void SimulatedMesh::configure(std::string_view routing) {
  source_.set_snapshot(snapshot_with(routing));
  server_->discovery().changed();
}

Answer SimulatedMesh::ask(std::string_view path) {
  Answer answer;
  io::Child asking(world);
  asking.start(fetch(client.network, std::string(path), answer));
  if (!world.run_until([&] { return !asking.running(); })) answer.error = "no answer within a minute";
  note(fmt::format("client asked {}: {} {}{}", path, answer.status, answer.body, answer.error));
  return answer;
}

std::vector<std::string> SimulatedMesh::answers(int requests) {
  std::set<std::string> seen;
  for (int i = 0; i < requests; ++i) {
    const Answer answer = ask();
    seen.insert(answer.status == 200 ? answer.body : fmt::format("{} {}{}", answer.status, answer.body, answer.error));
    world.run_for(1s);
  }
  return {seen.begin(), seen.end()};
}

bool SimulatedMesh::becomes(std::string_view body, Duration within) {
  for (const Time end = world.now() + within; world.now() < end; world.run_for(1s))
    if (ask().body == body) return true;
  return false;
}

void SimulatedMesh::cut_control_plane_off() {
  for (const Pod* pod : {&client, &catalog_v1, &catalog_v2}) world.partition(control_ip, pod->ip);
}

void SimulatedMesh::heal_control_plane() {
  for (const Pod* pod : {&client, &catalog_v1, &catalog_v2}) world.heal(control_ip, pod->ip);
}

void SimulatedMesh::note(std::string_view what) {
  trace_.push_back(fmt::format("{} {}", (world.now() - began_) / 1us, what));
}

}  // namespace lateen::simulation
