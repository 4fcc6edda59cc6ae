#include "data_plane/discovery/ads_client.h"

#include <algorithm>

#include "config/xds/names.h"
#include "config/xds/typed_struct.h"
#include "lib/base/log.h"

namespace lateen::discovery {

static log::Component log_("xds");

AdsClient::AdsClient(io::Loop& loop, Runtime& runtime, TlsContexts& tls, grpc::Channel& channel,
                     envoy::config::core::v3::Node node, Variant variant)
    : loop_(loop), runtime_(runtime), tls_(tls), channel_(channel), node_(std::move(node)), variant_(variant) {
  tls_.when_wanted([this] { follow_all(); });
}

io::Task<void> AdsClient::run() {
  Duration pause = 500ms;
  for (;;) {
    const Time began = loop_.now();
    const grpc::Status status = co_await run_stream();
    const bool was_connected = std::exchange(connected_, false);
    stream_.reset();
    log_.warning("{} the control plane: {}", was_connected ? "lost" : "cannot reach", grpc::text_of(status));
    if (loop_.now() - began > 30s) pause = 500ms;
    // Full jitter: a control plane that comes back must not meet all of its proxies in the same moment.
    co_await loop_.sleep(
        pause / 2 + Duration(static_cast<int64_t>(loop_.random().below(static_cast<uint64_t>(pause.count() / 2)))));
    pause = std::min<Duration>(pause * 2, 30s);
  }
}

io::Task<grpc::Status> AdsClient::run_stream() {
  ++streams_;
  stream_ = open_stream(variant_, channel_, node_);
  listeners_asked_ = false;
  for (auto& [type, state] : types_) state.subscribed.clear();
  subscribe_all(xds::type::cluster);
  follow_all();
  for (;;) {
    const auto update = co_await stream_->next();
    if (!update) co_return update.error();
    if (!connected_) log_.info("connected to the control plane");
    connected_ = true;
    apply(*update);
  }
}

void AdsClient::subscribe_all(std::string_view type) { stream_->subscribe_all(type, types_[std::string(type)]); }

void AdsClient::follow(std::string_view type, const std::set<std::string>& wanted) {
  TypeState& state = types_[std::string(type)];
  if (wanted == state.subscribed) return;
  stream_->subscribe(type, state, wanted);
  // What nobody wants any more is not kept: a proxy outlives many services.
  for (const std::string& name : state.subscribed) {
    if (wanted.contains(name)) continue;
    state.versions.erase(name);
    if (type == xds::type::endpoint) runtime_.forget_endpoints(name);
    if (type == xds::type::route) runtime_.forget_routes(name);
  }
  state.subscribed = wanted;
  std::erase_if(state.absent, [&](const std::string& name) { return !wanted.contains(name); });
}

bool AdsClient::endpoints_held() {
  const TypeState& state = types_[std::string(xds::type::endpoint)];
  return std::ranges::all_of(runtime_.wanted_endpoints(), [&](const std::string& name) {
    return state.versions.contains(name) || state.absent.contains(name) || runtime_.endpoints().contains(name);
  });
}

void AdsClient::follow_all() {
  if (!stream_ || std::exchange(following_, true)) return;
  follow(xds::type::endpoint, runtime_.wanted_endpoints());
  // Listeners are asked for once clusters and endpoints are there, so that the first request finds somewhere to go.
  if (types_[std::string(xds::type::cluster)].answered && !listeners_asked_ && endpoints_held()) {
    listeners_asked_ = true;
    subscribe_all(xds::type::listener);
  }
  follow(xds::type::route, runtime_.wanted_routes());
  runtime_.set_absent_routes(types_[std::string(xds::type::route)].absent);
  follow(xds::type::secret, tls_.wanted_from_ads());
  following_ = false;
}

bool AdsClient::initialised() const {
  const auto it = types_.find(xds::type::listener);
  return it != types_.end() && it->second.answered && runtime_.all_listeners_serve();
}

static const std::string& name_of(const envoy::config::endpoint::v3::ClusterLoadAssignment& message) {
  return message.cluster_name();
}
static const std::string& name_of(const auto& message) { return message.name(); }

std::pair<std::string, Result<>> AdsClient::apply_item(std::string_view type, const Update::Item& item) {
  const auto with = [&]<class Message>(Message message, auto put) -> std::pair<std::string, Result<>> {
    if (auto read = xds::unpack(*item.resource, message); !read) return {item.name, std::move(read)};
    return {item.name.empty() ? name_of(message) : item.name, put(message)};
  };
  const std::string& version = item.version;
  if (type == xds::type::cluster)
    return with(envoy::config::cluster::v3::Cluster(),
                [&](const auto& message) { return runtime_.put_cluster(message, version); });
  if (type == xds::type::endpoint)
    return with(envoy::config::endpoint::v3::ClusterLoadAssignment(),
                [&](const auto& message) { return runtime_.put_endpoints(message); });
  if (type == xds::type::listener)
    return with(envoy::config::listener::v3::Listener(),
                [&](const auto& message) { return runtime_.put_listener(message, version); });
  if (type == xds::type::route)
    return with(envoy::config::route::v3::RouteConfiguration(),
                [&](const auto& message) { return runtime_.put_routes(message, version); });
  if (type == xds::type::secret)
    return with(envoy::extensions::transport_sockets::tls::v3::Secret(),
                [&](const auto& message) { return runtime_.put_secret(message); });
  return {item.name, fail(ErrorKind::unsupported, "resource type {} is not supported", type)};
}

void AdsClient::remove(std::string_view type, const std::string& name) {
  if (type == xds::type::cluster) runtime_.remove_cluster(name);
  if (type == xds::type::listener) runtime_.remove_listener(name);
}

static std::string refusal(std::string_view type, const std::vector<std::string>& errors) {
  if (errors.empty()) return {};
  const char* what = type == xds::type::cluster    ? "cluster(s)"
                     : type == xds::type::listener ? "listener(s)"
                                                   : "resource(s)";
  return fmt::format("Error adding/updating {} {}", what, joined(errors, ", "));
}

void AdsClient::apply(const Update& update) {
  TypeState& state = types_[update.type];
  std::vector<std::string> errors;
  std::set<std::string> gone(update.removed.begin(), update.removed.end());
  if (update.is_whole)
    for (const auto& [name, version] : state.versions) gone.insert(name);
  std::set<std::string> seen;
  for (const auto& item : update.items) {
    auto [name, applied] = apply_item(update.type, item);
    gone.erase(name);
    state.absent.erase(name);
    if (!name.empty() && !seen.insert(name).second) applied = fail(ErrorKind::invalid, "duplicate resource found");
    if (applied) {
      state.versions[name] = item.version;
      continue;
    }
    errors.push_back(fmt::format("{}: {}", name, applied.error().message));
    if (name.empty()) gone.clear();  // it may be one of those
  }
  for (const std::string& name : gone) {
    state.versions.erase(name);
    if (state.subscribed.contains(name)) state.absent.insert(name);
    remove(update.type, name);
  }
  state.answered = true;
  state.last_error = refusal(update.type, errors);
  if (errors.empty()) {
    ++state.updates;
    state.version = update.version;
  } else {
    ++state.rejections;
    log_.error("{}", state.last_error);
  }
  stream_->answer(update, state, state.last_error);
  log_.debug("{}: {} resources, {} removed, {} refused", xds::short_name_of(update.type), update.items.size(),
             gone.size(), errors.size());
  follow_all();
}

}  // namespace lateen::discovery
