#include "apps/wiring/proxy.h"

#include <csignal>
#include <thread>

#include "data_plane/agent/file_secrets.h"
#include "lib/base/log.h"

namespace lateen::wiring {

static log::Component log_("proxy");

ProxyPlace ProxyPlace::machine(io::Reactor& reactor, io::Network& network, unsigned threads) {
  const unsigned count = threads ? threads : std::max(1U, std::thread::hardware_concurrency());
  return {.network = network,
          .workers = std::make_unique<io::ThreadWorkers>(count),
          .dns = upstream::read_dns_settings(io::read_file("/etc/resolv.conf").value_or(""),
                                             io::read_file("/etc/hosts").value_or("")),
          .files = std::make_unique<agent::FileSecrets>(reactor)};
}

Proxy::Proxy(ProxyPlace place, envoy::config::bootstrap::v3::Bootstrap bootstrap, ProxyOptions options)
    : place_(std::move(place)),
      network_(place_.network),
      loop_(network_.loop()),
      bootstrap_(std::move(bootstrap)),
      options_(std::move(options)),
      families_(registry_),
      tls_({.own = options_.secrets, .files = place_.files.get()}),
      runtime_(loop_, registry_, tls_, discovery::self_of(bootstrap_.node()), bootstrap_.node().id()),
      ads_task_(loop_),
      quit_(loop_),
      started_(loop_.now()) {
  main_shard_ = std::make_unique<metrics::Shard>(registry_, 1000);
  resolver_ = std::make_unique<upstream::DnsResolver>(network_, place_.dns);
  dns_ = std::make_unique<discovery::DnsRefresh>(loop_, *resolver_);
  runtime_.open_log = place_.open_log;
  runtime_.resolve = [this](const std::string& cluster, auto settings, auto changed) {
    dns_->start(cluster, std::move(settings), std::move(changed));
  };
}

Proxy::~Proxy() {
  ads_task_.cancel();
  tls_.when_wanted(nullptr);
  ads_.reset();
  admins_.clear();
  channel_.reset();
  ads_pool_.reset();
  ads_cluster_.reset();
  if (!workers_.empty()) place_.workers->on_each([this](size_t i) { workers_[i].reset(); });
  place_.workers.reset();
}

void Proxy::start_workers() {
  workers_.resize(place_.workers->size());
  place_.workers->on_each([this](size_t i) {
    workers_[i] = std::make_unique<downstream::Worker>(place_.workers->network(i), registry_, families_,
                                                       static_cast<unsigned>(i));
    workers_[i]->drain_time = options_.drain_time;
  });
  for (const auto& worker : workers_) runtime_.add_worker({worker->loop, *worker});
}

namespace {

Result<> apply_resources(discovery::Runtime& runtime, const envoy::config::bootstrap::v3::Bootstrap& bootstrap) {
  discovery::Notes notes("bootstrap");
  discovery::check_bootstrap(bootstrap, notes);
  for (const std::string& text : notes.texts()) log_.warning("{}", text);
  const auto& resources = bootstrap.static_resources();
  for (const auto& secret : resources.secrets())
    if (auto put = runtime.put_secret(secret); !put)
      return failed(put, fmt::format("static_resources.secrets {}", secret.name()));
  for (const auto& cluster : resources.clusters())
    if (auto put = runtime.put_cluster(cluster, "", true); !put)
      return failed(put, fmt::format("static_resources.clusters {}", cluster.name()));
  for (const auto& listener : resources.listeners())
    if (auto put = runtime.put_listener(listener, "", true); !put)
      return failed(put, fmt::format("static_resources.listeners {}", listener.name()));
  return {};
}

}  // namespace

Result<> Proxy::validate(io::Reactor& reactor, const envoy::config::bootstrap::v3::Bootstrap& bootstrap) {
  metrics::Registry registry;
  agent::FileSecrets files(reactor);
  discovery::TlsContexts tls({.files = &files});
  discovery::Runtime runtime(reactor, registry, tls, discovery::self_of(bootstrap.node()), bootstrap.node().id());
  runtime.resolve = [](const std::string&, auto, auto) {};
  return apply_resources(runtime, bootstrap);
}

Result<> Proxy::start_ads() {
  const auto& ads = bootstrap_.dynamic_resources().ads_config();
  if (!channel_) {
    if (ads.grpc_services().empty()) return {};
    if (!ads.grpc_services(0).has_envoy_grpc())
      return fail(ErrorKind::unsupported, "dynamic_resources.ads_config: only envoy_grpc is supported");
    const std::string& name = ads.grpc_services(0).envoy_grpc().cluster_name();
    const auto it = runtime_.clusters().find(name);
    if (it == runtime_.clusters().end())
      return fail(ErrorKind::invalid, "dynamic_resources.ads_config: there is no static cluster {}", name);
    discovery::Notes notes(name);
    auto settings = discovery::read_cluster(it->second.message, tls_, notes);
    if (!settings) return failed(settings);
    ads_cluster_ = std::make_shared<upstream::Cluster>(network_, *settings, *main_shard_, families_.cluster);
    if ((*settings)->discovery == upstream::Discovery::strict_dns ||
        (*settings)->discovery == upstream::Discovery::logical_dns)
      dns_->start(name + " (xds)", *settings, [this](auto set) { ads_cluster_->set_endpoints(set); });
    const auto connect = [this]() -> io::Task<Result<std::unique_ptr<io::Transport>>> {
      auto host = ads_cluster_->pick();
      if (!host)
        co_return fail(ErrorKind::unavailable, "no endpoint of cluster {} is known", ads_cluster_->settings().name);
      co_return co_await ads_cluster_->connect(host, {});
    };
    http::ClientOptions http = (*settings)->http;
    http.version = http::Version::http2;
    ads_pool_ = std::make_unique<http::Pool>(loop_, connect, http, nullptr);
    const std::string& authority = ads.grpc_services(0).envoy_grpc().authority();
    channel_ = std::make_unique<grpc::Channel>(
        loop_, grpc::over(*ads_pool_),
        grpc::ChannelOptions{.authority = authority.empty() ? name : authority, .message_max = 256 << 20});
  }
  using Source = envoy::config::core::v3::ApiConfigSource;
  const bool is_delta = ads.api_type() == Source::DELTA_GRPC || ads.api_type() == Source::AGGREGATED_DELTA_GRPC;
  ads_ = std::make_unique<discovery::AdsClient>(
      loop_, runtime_, tls_, *channel_, bootstrap_.node(),
      is_delta ? discovery::Variant::delta : discovery::Variant::state_of_the_world);
  ads_task_.start(ads_->run());
  return {};
}

Result<> Proxy::listen_admin(admin::Pages pages, const SocketAddress& on) {
  admin::Subject subject{.runtime = runtime_,
                         .registry = registry_,
                         .bootstrap = bootstrap_,
                         .ready = [this] { return ready(); },
                         .state = [this] { return state(); },
                         .quit = [this] { quit_.set(); },
                         .started = started_,
                         .workers = static_cast<unsigned>(workers_.size())};
  auto one = std::make_unique<admin::Admin>(std::move(subject), pages, loop_);
  if (auto listening = one->listen(network_, on); !listening) return listening;
  admins_.push_back(std::move(one));
  return {};
}

Result<> Proxy::start_admin() {
  if (bootstrap_.has_admin() && bootstrap_.admin().has_address()) {
    auto on = discovery::address_of(bootstrap_.admin().address());
    if (!on) return failed(on, "admin.address");
    if (auto listening = listen_admin(admin::Pages::all, *on); !listening) return listening;
  }
  const std::pair<admin::Pages, const std::optional<SocketAddress>&> more[] = {
      {admin::Pages::all, options_.admin},
      {admin::Pages::readiness, options_.readiness},
      {admin::Pages::metrics, options_.metrics}};
  for (const auto& [pages, on] : more)
    if (on)
      if (auto listening = listen_admin(pages, *on); !listening) return listening;
  return {};
}

Result<> Proxy::start() {
  start_workers();
  if (auto started = start_admin(); !started) return started;
  if (auto applied = apply_resources(runtime_, bootstrap_); !applied) return applied;
  return start_ads();
}

bool Proxy::ready() const { return !ads_ ? runtime_.all_listeners_serve() : ads_->initialised(); }

std::string Proxy::state() const { return ready() ? "LIVE" : "INITIALIZING"; }

namespace {

io::Task<void> wait_for_end(io::Reactor& reactor, Proxy& proxy, int& signal) {
  io::Signals signals(reactor, {SIGTERM, SIGINT, SIGHUP});
  io::Readiness ended(reactor);
  io::Child watch(reactor);
  const auto next = [](io::Signals& signals, int& signal, io::Readiness& ended) -> io::Task<void> {
    do signal = co_await signals.next();
    while (signal == SIGHUP);
    ended.set();
  };
  watch.start(next(signals, signal, ended));
  co_await io::either(ended, proxy.quit());
}

}  // namespace

int run_until_signal(io::Reactor& reactor, Proxy& proxy) {
  int signal = 0;
  reactor.run_until_done(wait_for_end(reactor, proxy, signal));
  log_.info("ending{}", signal ? fmt::format(" on signal {}", signal) : "");
  return 0;
}

}  // namespace lateen::wiring
