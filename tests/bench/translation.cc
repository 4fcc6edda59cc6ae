// What one change costs the control plane: CPU time from a new snapshot to the responses for every sidecar, written.
//
//   lateen_translation [SERVICES SIDECARS CLASSES ROUNDS [scratch]]
//
// `scratch`: each sidecar is translated anew at every change, for comparison. Prints medians of the rounds in
// milliseconds of CPU. Sidecars of one class are replicas of one workload; each has a delta stream with CDS, EDS (all
// clusters), LDS, RDS and NDS. No sockets: what HTTP/2 and TLS cost comes on top.
#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <functional>

#include <fmt/format.h>

#include "config/xds/names.h"
#include "control_plane/translate/name_table.h"
#include "control_plane/translate/translate.h"
#include "control_plane/xds/translated_source.h"
#include "control_plane/xds/wire.h"
#include "istio/networking/nds/v1/nds.pb.h"

namespace lateen {
namespace {

using Snapshots = std::shared_ptr<const snapshot::Snapshot>;

struct Size {
  int services = 1000, sidecars = 200, classes = 10, rounds = 7;
};

config::ObjectMeta meta(std::string name, int number) {
  config::ObjectMeta out;
  out.name = std::move(name);
  out.namespace_ = fmt::format("team-{}", number % 10);
  return out;
}

// Services with three pods each, but the workloads of the sidecars, which have as many pods as sidecars; every tenth
// service speaks TCP, every tenth has a VirtualService.
class Mesh {
 public:
  explicit Mesh(Size size) : size_(size) {}

  bool has_more_endpoints = false;  // one more pod of the last service
  Duration timeout = 3s;            // of the first VirtualService

  Snapshots snapshot() const {
    auto objects = std::make_shared<config::Objects>();
    for (int i = 0; i < size_.services; ++i) add_service(i, *objects);
    for (int i = 0; i < size_.services; i += 10) add_route(i, *objects);
    snapshot::Inputs inputs;
    inputs.clusters.push_back({std::string(snapshot::configuration_cluster), std::move(objects)});
    return snapshot::Snapshot::build(inputs);
  }

  discovery::Node node(int sidecar) const {
    const int service = sidecar % size_.classes;
    discovery::Node out;
    out.type = "sidecar";
    out.ips = {*Ip::parse(address(service, sidecar / size_.classes))};
    out.namespace_ = meta("", service).namespace_;
    out.name = fmt::format("service-{}-{}", service, sidecar / size_.classes);
    out.domain = out.namespace_ + ".svc.cluster.local";
    out.id = fmt::format("sidecar~{}~{}.{}~{}", out.ips[0].text(), out.name, out.namespace_, out.domain);
    out.metadata = schema::Node::map();
    return out;
  }

 private:
  static std::string address(int service, int pod) {
    return fmt::format("10.{}.{}.{}", 1 + service / 250, service % 250, pod + 1);
  }

  void add_service(int i, config::Objects& out) const {
    config::Service service{.metadata = meta(fmt::format("service-{}", i), i)};
    service.spec.cluster_ip = fmt::format("172.16.{}.{}", i / 250, i % 250 + 1);
    service.spec.selector = {{"app", service.metadata.name}};
    config::KubernetesPort port;
    port.name = i % 10 == 9 ? "tcp" : "http";
    port.port = i % 10 == 9 ? 9000 : 80;
    service.spec.ports = {port};
    config::EndpointSlice slice{.metadata = meta(fmt::format("service-{}-1", i), i)};
    slice.metadata.labels = {{"kubernetes.io/service-name", service.metadata.name}};
    slice.address_type = "IPv4";
    config::EndpointPort target;
    target.name = port.name;
    target.port = port.port;
    slice.ports = {target};
    int pods = i < size_.classes ? size_.sidecars / size_.classes : 3;
    if (has_more_endpoints && i == size_.services - 1) ++pods;
    for (int p = 0; p < pods; ++p) {
      config::Pod pod{.metadata = meta(fmt::format("service-{}-{}", i, p), i)};
      pod.metadata.labels = {{"app", service.metadata.name}, {"security.istio.io/tlsMode", "istio"}};
      pod.spec.service_account_name = service.metadata.name;
      pod.status = config::PodStatus{.phase = "Running", .pod_ip = address(i, p)};
      out.pods.push_back(std::move(pod));
      slice.endpoints.push_back({.addresses = {address(i, p)}});
    }
    out.services.push_back(std::move(service));
    out.endpoint_slices.push_back(std::move(slice));
  }

  void add_route(int i, config::Objects& out) const {
    config::Object<config::VirtualService> object{.metadata = meta(fmt::format("service-{}", i), i)};
    object.spec.hosts = {fmt::format("service-{}.{}.svc.cluster.local", i, object.metadata.namespace_)};
    config::HTTPRoute route;
    config::HTTPRouteDestination to;
    to.destination = config::Destination{.host = object.spec.hosts[0]};
    route.route.push_back(to);
    route.timeout = i == 0 ? timeout : 5s;
    object.spec.http.push_back(route);
    out.virtual_services.push_back(std::move(object));
  }

  Size size_;
};

// Remembers nothing: each view translates for itself, whenever it is asked.
class Scratch final : public discovery::Source {
 public:
  Snapshots snapshot;

  Result<std::unique_ptr<discovery::View>> view(const discovery::Node& node) override {
    return std::make_unique<Translating>(*this, *discovery::proxy_of(node));
  }

 private:
  class Translating final : public discovery::View {
   public:
    Translating(Scratch& owner, translate::Proxy proxy) : owner_(owner), proxy_(std::move(proxy)) {}

    discovery::ResourceSetPointer resources(const discovery::Subscription& asked) override {
      const auto& world = *owner_.snapshot;
      const auto proxy = translate::completed(proxy_, world);
      const std::vector<std::string> names(asked.names().begin(), asked.names().end());
      if (asked.type() == xds::type::cluster) return set_of(translate::clusters(world, proxy));
      if (asked.type() == xds::type::listener) return set_of(translate::listeners(world, proxy));
      if (asked.type() == xds::type::endpoint) return set_of(translate::endpoints(world, proxy, names));
      if (asked.type() == xds::type::route) return set_of(translate::routes(world, proxy, names));
      return set_of(std::vector{translate::name_table(translate::Context(world, proxy))});
    }

   private:
    template <class Messages>
    static discovery::ResourceSetPointer set_of(const Messages& messages) {
      std::vector<discovery::ResourcePointer> out;
      for (const auto& each : messages) {
        if constexpr (requires { each.name(); })
          out.push_back(discovery::Resource::of(each.name(), each));
        else if constexpr (requires { each.cluster_name(); })
          out.push_back(discovery::Resource::of(each.cluster_name(), each));
        else
          out.push_back(discovery::Resource::of(std::string(translate::name_table_name), each));
      }
      return std::make_shared<const discovery::ResourceSet>(std::move(out));
    }

    Scratch& owner_;
    translate::Proxy proxy_;
  };
};

double cpu_now() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

// One sidecar's stream without its sockets.
class Stream {
 public:
  Stream(discovery::Source& source, const discovery::Node& node) : view_(std::move(*source.view(node))) {
    subscribe(xds::type::cluster, {});
    subscribe(xds::type::listener, {});
    subscribe(xds::type::name_table, {});
    (void)push();
    subscribe(xds::type::endpoint, names<envoy::config::cluster::v3::Cluster>(0, translate::endpoint_names));
    subscribe(xds::type::route, names<envoy::config::listener::v3::Listener>(1, translate::route_names));
  }

  // Bytes written.
  size_t push() {
    size_t bytes = 0;
    for (auto& each : subscriptions_)
      if (const auto push = each.push(view_->resources(each)))
        bytes += write_response(*push, discovery::Mode::delta, "bench").size();
    return bytes;
  }

 private:
  void subscribe(std::string_view type, std::vector<std::string> names) {
    discovery::Request request;
    request.subscribe = std::move(names);
    subscriptions_.emplace_back(discovery::Mode::delta, std::string(type), "n-").take(request);
  }

  template <class Message, class NamesIn>
  std::vector<std::string> names(size_t subscription, NamesIn names_in) const {
    std::vector<Message> messages;
    for (const auto& each : subscriptions_[subscription].sent()->all()) {
      const auto bytes = each->message();
      messages.emplace_back().ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
    }
    return names_in(messages);
  }

  std::unique_ptr<discovery::View> view_;
  std::vector<discovery::Subscription> subscriptions_;
};

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

using SetSnapshot = std::function<void(const Snapshots&)>;

// CPU milliseconds until every stream's responses to that snapshot are written.
double time_change(const SetSnapshot& set_snapshot, std::vector<Stream>& streams, const Snapshots& next) {
  const double before = cpu_now();
  set_snapshot(next);
  size_t bytes = 0;
  for (auto& each : streams) bytes += each.push();
  const double after = cpu_now();
  if (bytes == 0) fmt::print(stderr, "nothing was pushed: this measures nothing\n");
  return after - before;
}

void measure(const Size& size, Mesh& mesh, discovery::Source& source, const SetSnapshot& set_snapshot) {
  std::vector<Stream> streams;
  streams.reserve(static_cast<size_t>(size.sidecars));
  for (int i = 0; i < size.sidecars; ++i) {
    streams.emplace_back(source, mesh.node(i));
    (void)streams.back().push();
  }
  fmt::print("{} services, {} sidecars in {} classes\n", size.services, size.sidecars, size.classes);
  std::vector<double> building, endpoint, route;
  for (int i = 0; i < size.rounds; ++i) {
    mesh.has_more_endpoints = !mesh.has_more_endpoints;
    const double before = cpu_now();
    const auto next = mesh.snapshot();
    building.push_back(cpu_now() - before);
    endpoint.push_back(time_change(set_snapshot, streams, next));
    mesh.timeout += 1s;
    route.push_back(time_change(set_snapshot, streams, mesh.snapshot()));
  }
  fmt::print("one endpoint more or less: {:9.1f} ms\n", median(endpoint));
  fmt::print("one VirtualService edited: {:9.1f} ms\n", median(route));
  fmt::print("(objects and snapshot, before either: {:.1f} ms)\n", median(building));
}

int run(int argc, char** argv) {
  Size size;
  int* const numbers[] = {&size.services, &size.sidecars, &size.classes, &size.rounds};
  for (int i = 1; i < argc && i <= 4; ++i) *numbers[i - 1] = std::max(1, std::atoi(argv[i]));
  size.classes = std::min({size.classes, size.services, size.sidecars});
  Mesh mesh(size);
  if (argc > 5 && std::string_view(argv[5]) == "scratch") {
    Scratch source;
    source.snapshot = mesh.snapshot();
    measure(size, mesh, source, [&](const Snapshots& next) { source.snapshot = next; });
  } else {
    discovery::TranslatedSource source(mesh.snapshot());
    measure(size, mesh, source, [&](const Snapshots& next) { source.set_snapshot(next); });
  }
  return 0;
}

}  // namespace
}  // namespace lateen

int main(int argc, char** argv) { return lateen::run(argc, argv); }
