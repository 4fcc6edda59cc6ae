#include "control_plane/xds/translated_source.h"

#include "config/xds/names.h"
#include "config/xds/protos.h"
#include "control_plane/translate/translate.h"
#include "control_plane/xds/name_table.h"
#include "istio/networking/nds/v1/nds.pb.h"

namespace lateen::discovery {
namespace {

void add_labels(const schema::Node* labels, registry::Labels& out) {
  if (!labels || !labels->as_map()) return;
  for (const auto& entry : *labels->as_map()) out[entry.key] = entry.value.text();
}

const std::string& name_in(const envoy::config::cluster::v3::Cluster& cluster) { return cluster.name(); }
const std::string& name_in(const envoy::config::listener::v3::Listener& listener) { return listener.name(); }
const std::string& name_in(const envoy::config::route::v3::RouteConfiguration& routes) { return routes.name(); }
const std::string& name_in(const envoy::config::endpoint::v3::ClusterLoadAssignment& endpoints) {
  return endpoints.cluster_name();
}

}  // namespace

Result<translate::Proxy> proxy_of(const Node& node) {
  if (node.type != "sidecar" && node.type != "router")
    return fail(ErrorKind::unsupported, "proxies of type {} are not served by this control plane", node.type);
  translate::Proxy out;
  out.type = node.type == "router" ? translate::Proxy::Type::router : translate::Proxy::Type::sidecar;
  out.id = node.id;
  for (const auto& ip : node.ips) out.ips.push_back(ip.text());
  out.namespace_ = node.namespace_;
  if (const auto svc = node.domain.find(".svc."); svc != std::string::npos) out.domain = node.domain.substr(svc + 5);
  out.metadata = node.metadata;
  out.cluster = node.text("CLUSTER_ID");
  if (out.cluster.empty()) out.cluster = snapshot::configuration_cluster;
  out.network = node.text("NETWORK");
  add_labels(node.metadata.find("STATIC_LABELS"), out.labels);
  add_labels(node.metadata.find("LABELS"), out.labels);
  out.locality = {node.region, node.zone, node.sub_zone};
  return out;
}

// One proxy's resources of one snapshot, type by type, and those of the snapshot before for as long as they are equal.
class TranslatedSource::Translation {
 public:
  Translation(TranslatedSource& owner, translate::Proxy proxy) : owner_(owner), proxy_(std::move(proxy)) {}

  const translate::Proxy& proxy() const { return proxy_; }
  ResourceSetPointer resources(const Subscription& subscription);

 private:
  struct Type {
    ResourceSetPointer set;
    uint64_t version = 0;            // of the snapshot it is of
    std::vector<std::string> names;  // those it was made for; empty for types that come whole
  };
  void look_at_snapshot();
  template <class Messages>
  ResourceSetPointer shared(const Messages& messages, const ResourceSetPointer& before) const;
  ResourceSetPointer whole(std::string_view type, const ResourceSetPointer& before);
  ResourceSetPointer named(std::string_view type, const std::vector<std::string>& names,
                           const ResourceSetPointer& before);
  std::vector<std::string> wanted_names(const Subscription& subscription);

  TranslatedSource& owner_;
  translate::Proxy proxy_;      // as it described itself
  translate::Proxy completed_;  // with what the snapshot knows
  uint64_t version_ = 0;        // of the snapshot that completed_ is of
  std::map<std::string, Type, std::less<>> types_;
};

void TranslatedSource::Translation::look_at_snapshot() {
  if (version_ == owner_.version_) return;
  version_ = owner_.version_;
  completed_ = translate::completed(proxy_, *owner_.snapshot_);
}

// The resources of these messages, where an equal one was there before: that one.
template <class Messages>
ResourceSetPointer TranslatedSource::Translation::shared(const Messages& messages,
                                                         const ResourceSetPointer& before) const {
  std::vector<ResourcePointer> resources;
  resources.reserve(messages.size());
  bool same = before && before->all().size() == messages.size();
  for (const auto& message : messages) {
    auto resource = Resource::of(name_in(message), message);
    if (const auto old = before ? before->pointer(resource->name) : nullptr; old && old->any == resource->any)
      resource = old;
    else
      same = false;
    resources.push_back(std::move(resource));
  }
  return same ? before : std::make_shared<const ResourceSet>(std::move(resources));
}

ResourceSetPointer TranslatedSource::Translation::whole(std::string_view type, const ResourceSetPointer& before) {
  const auto& snapshot = *owner_.snapshot_;
  if (type == xds::type::cluster) return shared(translate::clusters(snapshot, completed_), before);
  if (type == xds::type::listener) return shared(translate::listeners(snapshot, completed_), before);
  auto resource = Resource::of(std::string(name_table_name), name_table(snapshot, completed_));
  if (before && before->all().size() == 1 && before->all()[0]->any == resource->any) return before;
  return std::make_shared<const ResourceSet>(std::vector{std::move(resource)});
}

ResourceSetPointer TranslatedSource::Translation::named(std::string_view type, const std::vector<std::string>& names,
                                                        const ResourceSetPointer& before) {
  const auto& snapshot = *owner_.snapshot_;
  if (type == xds::type::endpoint) return shared(translate::endpoints(snapshot, completed_, names), before);
  return shared(translate::routes(snapshot, completed_, names), before);
}

std::vector<std::string> TranslatedSource::Translation::wanted_names(const Subscription& subscription) {
  if (!subscription.is_wildcard()) return {subscription.names().begin(), subscription.names().end()};
  const auto& snapshot = *owner_.snapshot_;
  auto names = subscription.type() == xds::type::endpoint
                   ? translate::endpoint_names(translate::clusters(snapshot, completed_))
                   : translate::route_names(translate::listeners(snapshot, completed_));
  std::sort(names.begin(), names.end());
  return names;
}

ResourceSetPointer TranslatedSource::Translation::resources(const Subscription& subscription) {
  const std::string_view type = subscription.type();
  const bool is_whole = type == xds::type::cluster || type == xds::type::listener || type == xds::type::name_table;
  if (!is_whole && type != xds::type::endpoint && type != xds::type::route) return nullptr;
  look_at_snapshot();
  auto& known = types_[std::string(type)];
  if (is_whole) {
    if (known.version != version_) known.set = whole(type, known.set);
  } else {
    auto names = wanted_names(subscription);
    if (known.version != version_ || known.names != names) {
      known.set = named(type, names, known.set);
      known.names = std::move(names);
    }
  }
  known.version = version_;
  return known.set;
}

class TranslatedSource::ProxyView final : public View {
 public:
  explicit ProxyView(std::shared_ptr<Translation> translation) : translation_(std::move(translation)) {}
  ResourceSetPointer resources(const Subscription& subscription) override {
    return translation_->resources(subscription);
  }

 private:
  std::shared_ptr<Translation> translation_;
};

TranslatedSource::~TranslatedSource() = default;

void TranslatedSource::set_snapshot(std::shared_ptr<const snapshot::Snapshot> snapshot) {
  snapshot_ = std::move(snapshot);
  ++version_;
}

std::shared_ptr<TranslatedSource::Translation> TranslatedSource::translation_for(translate::Proxy proxy) {
  std::erase_if(translations_, [](const auto& each) { return each.expired(); });
  for (const auto& each : translations_)
    if (const auto alive = each.lock(); alive && alive->proxy() == proxy) return alive;
  auto made = std::make_shared<Translation>(*this, std::move(proxy));
  translations_.push_back(made);
  return made;
}

Result<std::unique_ptr<View>> TranslatedSource::view(const Node& node) {
  auto proxy = proxy_of(node);
  if (!proxy) return failed(proxy);
  return std::make_unique<ProxyView>(translation_for(std::move(*proxy)));
}

}  // namespace lateen::discovery
