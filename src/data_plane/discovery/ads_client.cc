#include "data_plane/discovery/ads_client.h"

#include <algorithm>

#include "config/xds/names.h"
#include "config/xds/typed_struct.h"
#include "lib/base/log.h"

namespace lateen::discovery {

static log::Component log_("xds");

AdsClient::AdsClient(io::Loop& loop, Runtime& runtime, TlsContexts& tls, grpc::Channel& channel,
                     envoy::config::core::v3::Node node)
    : loop_(loop), runtime_(runtime), tls_(tls), channel_(channel), node_(std::move(node)) {
  tls_.when_wanted([this] { follow_all(); });
}

io::Task<void> AdsClient::run() {
  Duration pause = 500ms;
  for (;;) {
    const Time began = loop_.now();
    const grpc::Status status = co_await run_stream();
    const bool was_connected = std::exchange(connected_, false);
    call_.reset();
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
  opened_.clear();
  first_request_ = true;
  call_ = channel_.open(xds::method::ads_delta);
  for (auto& [type, state] : types_) state.subscribed.clear();
  subscribe_wildcard(xds::type::cluster);
  follow_all();
  for (;;) {
    Response response;
    const auto more = co_await call_->read(response);
    if (!more) co_return more.error();
    if (!*more) co_return grpc::Status{grpc::Code::unavailable, "the stream was ended in order"};
    if (!connected_) log_.info("connected to the control plane");
    connected_ = true;
    apply(response);
  }
}

void AdsClient::send(Request request) {
  if (!call_) return;
  if (std::exchange(first_request_, false)) *request.mutable_node() = node_;
  call_->write(request);
}

void AdsClient::subscribe_wildcard(std::string_view type) {
  opened_.emplace(type);
  Request request;
  request.set_type_url(std::string(type));
  for (const auto& [name, version] : types_[std::string(type)].versions)
    (*request.mutable_initial_resource_versions())[name] = version;
  send(std::move(request));
}

void AdsClient::follow(std::string_view type, const std::set<std::string>& wanted) {
  TypeState& state = types_[std::string(type)];
  Request request;
  request.set_type_url(std::string(type));
  for (const std::string& name : wanted)
    if (!state.subscribed.contains(name)) request.add_resource_names_subscribe(name);
  for (const std::string& name : state.subscribed)
    if (!wanted.contains(name)) request.add_resource_names_unsubscribe(name);
  if (request.resource_names_subscribe().empty() && request.resource_names_unsubscribe().empty()) return;
  if (opened_.emplace(type).second)
    for (const auto& [name, version] : state.versions)
      if (wanted.contains(name)) (*request.mutable_initial_resource_versions())[name] = version;
  state.subscribed = wanted;
  send(std::move(request));
}

void AdsClient::follow_all() {
  if (!call_ || std::exchange(following_, true)) return;
  follow(xds::type::endpoint, runtime_.wanted_endpoints());
  // Listeners are asked for once clusters and endpoints are there, so that the first request finds somewhere to go.
  const auto held = [this](std::string_view type, const std::set<std::string>& names) {
    const TypeState& state = types_[std::string(type)];
    return std::ranges::all_of(names, [&](const std::string& name) {
      return state.versions.contains(name) || runtime_.endpoints().contains(name);
    });
  };
  if (types_[std::string(xds::type::cluster)].answered && !opened_.contains(xds::type::listener) &&
      held(xds::type::endpoint, runtime_.wanted_endpoints()))
    subscribe_wildcard(xds::type::listener);
  follow(xds::type::route, runtime_.wanted_routes());
  follow(xds::type::secret, tls_.wanted_from_ads());
  following_ = false;
}

bool AdsClient::initialised() const {
  const auto it = types_.find(xds::type::listener);
  return it != types_.end() && it->second.answered && runtime_.all_listeners_serve();
}

Result<> AdsClient::apply_resource(std::string_view type, const envoy::service::discovery::v3::Resource& resource) {
  const auto with = [&]<class Message>(Message message, auto put) -> Result<> {
    if (auto read = xds::unpack(resource.resource(), message); !read) return read;
    return put(message);
  };
  const std::string& version = resource.version();
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
  return fail(ErrorKind::unsupported, "resource type {} is not supported", type);
}

void AdsClient::remove(std::string_view type, const std::string& name) {
  if (type == xds::type::cluster) runtime_.remove_cluster(name);
  if (type == xds::type::listener) runtime_.remove_listener(name);
}

void AdsClient::apply(const Response& response) {
  const std::string& type = response.type_url();
  TypeState& state = types_[type];
  std::vector<std::string> errors;
  for (const std::string& name : response.removed_resources()) {
    state.versions.erase(name);
    remove(type, name);
  }
  for (const auto& resource : response.resources()) {
    if (auto applied = apply_resource(type, resource); !applied) {
      errors.push_back(fmt::format("{}: {}", resource.name(), applied.error().message));
      continue;
    }
    state.versions[resource.name()] = resource.version();
  }
  state.answered = true;
  Request answer;
  answer.set_type_url(type);
  answer.set_response_nonce(response.nonce());
  if (errors.empty()) {
    ++state.updates;
    state.last_error.clear();
  } else {
    ++state.rejections;
    const char* what = type == xds::type::cluster    ? "cluster(s)"
                       : type == xds::type::listener ? "listener(s)"
                                                     : "resource(s)";
    state.last_error = fmt::format("Error adding/updating {} {}", what, joined(errors, ", "));
    log_.error("{}", state.last_error);
    answer.mutable_error_detail()->set_code(13);
    answer.mutable_error_detail()->set_message(state.last_error);
  }
  send(std::move(answer));
  log_.debug("{}: {} resources, {} removed, {} refused", xds::short_name_of(type), response.resources_size(),
             response.removed_resources_size(), errors.size());
  follow_all();
}

}  // namespace lateen::discovery
