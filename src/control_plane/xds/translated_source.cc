#include "control_plane/xds/translated_source.h"

#include "config/xds/names.h"
#include "control_plane/translate/unsupported.h"
#include "lib/base/log.h"

namespace lateen::discovery {

static log::Component log_("translate");

namespace {

constexpr size_t findings_max = 10'000;  // that are remembered, so that each is logged once

void add_labels(const schema::Node* labels, registry::Labels& out) {
  if (!labels || !labels->as_map()) return;
  for (const auto& entry : *labels->as_map()) out[entry.key] = entry.value.text();
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

// A proxy's place in the world, and the names its stream asked for last.
class TranslatedSource::ProxyView final : public View {
 public:
  ProxyView(TranslatedSource& owner, translate::Proxy proxy)
      : owner_(owner), member_(std::in_place, owner.world_, std::move(proxy)) {}
  ~ProxyView() override {
    member_.reset();
    owner_.world_.tidy();
  }
  ResourceSetPointer resources(const Subscription& subscription) override;

 private:
  struct Asked {
    const Subscription* by = nullptr;
    uint64_t edition = 0;
    translate::World::Names names;
  };
  const translate::World::Names& names(const Subscription& subscription, Asked& last);

  TranslatedSource& owner_;
  std::optional<translate::World::Member> member_;  // always there
  translate::World::Names findings_;                // those that were told
  Asked routes_, endpoints_;
};

// A list is made only when it is another: it has thousands of names, and every change asks for it.
const translate::World::Names& TranslatedSource::ProxyView::names(const Subscription& subscription, Asked& last) {
  if (last.names && last.by == &subscription && last.edition == subscription.names_edition()) return last.names;
  last = {&subscription, subscription.names_edition(),
          owner_.world_.names({subscription.names().begin(), subscription.names().end()})};
  return last.names;
}

ResourceSetPointer TranslatedSource::ProxyView::resources(const Subscription& subscription) {
  const std::string_view type = subscription.type();
  const bool all = subscription.is_wildcard();
  if (type == xds::type::cluster) {
    if (auto found = member_->findings(); found != findings_) owner_.tell(*(findings_ = std::move(found)));
    return member_->clusters();
  }
  if (type == xds::type::listener) return member_->listeners();
  if (type == xds::type::name_table) return member_->name_table();
  if (type == xds::type::endpoint)
    return member_->endpoints(all ? member_->endpoint_names() : names(subscription, endpoints_));
  if (type == xds::type::route) return member_->routes(all ? member_->route_names() : names(subscription, routes_));
  return nullptr;
}

void TranslatedSource::tell(const std::vector<std::string>& findings) {
  for (const auto& each : findings)
    if (told_.size() < findings_max && told_.insert(each).second) log_.warning("{}", each);
}

void TranslatedSource::set_snapshot(std::shared_ptr<const snapshot::Snapshot> snapshot) {
  world_.set(std::move(snapshot));
  world_.tidy();
}

Result<std::unique_ptr<View>> TranslatedSource::view(const Node& node) {
  auto proxy = proxy_of(node);
  if (!proxy) return failed(proxy);
  tell(translate::unsupported(*proxy));
  return std::make_unique<ProxyView>(*this, std::move(*proxy));
}

}  // namespace lateen::discovery
