#include "apps/wiring/member.h"

#include <csignal>
#include <filesystem>
#include <unistd.h>

#include "data_plane/upstream/dns_resolver.h"
#include "lib/base/strings.h"
#include "lib/schema/document.h"
#include "lib/tls/trust.h"

namespace lateen::wiring {
namespace {

constexpr std::string_view pem_begin = "-----BEGIN";

std::string milliseconds(Duration duration) {
  return fmt::format("{:.1f} ms", static_cast<double>(duration.count()) / 1e6);
}

// What the token says about its owner. Not verified: the control plane does that, and only it decides.
struct TokenWords {
  std::string name_space, service_account;
};
TokenWords words_of(std::string_view token) {
  const auto parts = split(token, '.');
  const auto body = parts.size() == 3 ? base64url_decode(parts[1]) : std::nullopt;
  schema::Diagnostics diagnostics;
  schema::Node claims;
  if (!body || !schema::read_json(*body, "token", diagnostics, claims)) return {};
  const schema::Node* subject = claims.find("sub");
  const auto words = split(subject ? subject->text() : std::string_view(), ':');
  if (words.size() != 4 || words[1] != "serviceaccount") return {};
  return {std::string(words[2]), std::string(words[3])};
}

std::string host_name() {
  char name[256] = "";
  if (::gethostname(name, sizeof name - 1) != 0) return "member";
  return std::string(split(name, '.').front());
}

upstream::DnsSettings dns_settings() {
  return upstream::read_dns_settings(io::read_file("/etc/resolv.conf").value_or(""),
                                     io::read_file("/etc/hosts").value_or(""));
}

void put(google::protobuf::Struct& metadata, const char* key, const std::string& value) {
  if (!value.empty()) (*metadata.mutable_fields())[key].set_string_value(value);
}

}  // namespace

void Steps::done(std::string_view step, std::string_view what) {
  const Time now = loop_.now();
  fmt::print("{:<14} {} ({})\n", step, what, milliseconds(now - last_));
  std::fflush(stdout);
  last_ = now;
}

Member::Member(io::Reactor& reactor, MemberOptions options)
    : reactor_(reactor), network_(reactor), options_(std::move(options)), steps_(reactor), renewing_(reactor) {}

Member::~Member() = default;

Result<> Member::read_inputs() {
  std::string token;
  if (!options_.token_file.empty()) {
    const auto text = io::read_file(options_.token_file, 1 << 20);
    // A member that has a certificate needs no token any more.
    if (!text && options_.directory.empty()) return failed(text, "token");
    token = text.value_or("");
  }
  const size_t pem = token.find(pem_begin);
  if (pem != std::string::npos) control_plane_.roots_pem = token.substr(pem);
  if (!options_.roots_file.empty()) {
    auto roots = io::read_file(options_.roots_file, 1 << 20);
    if (!roots) return failed(roots, "root certificate");
    control_plane_.roots_pem = std::move(*roots);
  }
  std::vector<std::string> places{options_.directory};
  if (!options_.token_file.empty()) places.push_back(std::filesystem::path(options_.token_file).parent_path().string());
  for (const auto& place : places)
    if (control_plane_.roots_pem.empty() && !place.empty())
      control_plane_.roots_pem = io::read_file(place + "/root-cert.pem", 1 << 20).value_or("");

  const TokenWords words = words_of(trimmed(token.substr(0, pem)));
  const auto first = [](const std::string& a, const std::string& b, const std::string& c) {
    return !a.empty() ? a : !b.empty() ? b : c;
  };
  options_.name_space = first(options_.name_space, words.name_space, "default");
  options_.service_account = first(options_.service_account, words.service_account, "default");
  options_.name = first(options_.name, host_name(), "member");
  if (options_.trust_domain.empty() && !control_plane_.roots_pem.empty()) {
    const auto roots = tls::Certificate::parse_chain(control_plane_.roots_pem);
    if (!roots) return failed(roots, "root certificate");
    if (const auto id = roots->front().spiffe_id()) options_.trust_domain = id->trust_domain;
  }
  options_.trust_domain = first(options_.trust_domain, "cluster.local", "");
  auto identity = tls::SpiffeId::workload(options_.trust_domain, options_.name_space, options_.service_account);
  if (!identity) return failed(identity);
  identity_ = std::move(*identity);
  steps_.done("identity", identity_.text());
  return {};
}

io::Task<Result<>> Member::reach() {
  const std::string& text = options_.control_plane;
  const size_t colon = text.rfind(':');
  const bool bare_v6 = text.find(':') != colon && !text.starts_with('[');
  std::string host = text;
  uint16_t port = 15012;
  if (colon != std::string::npos && !bare_v6 && !text.ends_with(']')) {
    const auto number = parse_number<uint16_t>(text.substr(colon + 1));
    if (!number) co_return fail(ErrorKind::invalid, "{}: expected HOST or HOST:PORT", text);
    port = *number;
    host = text.substr(0, colon);
  }
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  upstream::DnsResolver resolver(network_, dns_settings());
  const auto resolved = co_await resolver.resolve(host, upstream::DnsFamily::v4_preferred);
  if (!resolved) co_return failed(resolved, host);
  if (resolved->addresses.empty()) co_return fail(ErrorKind::not_found, "there is no host {}", host);
  control_plane_.address = {resolved->addresses.front(), port, ""};
  control_plane_.server_name = options_.server_name;
  control_plane_.plaintext = port == 15010;
  if (!control_plane_.plaintext && control_plane_.roots_pem.empty())
    co_return fail(ErrorKind::invalid, "no root certificate to verify the control plane with: give --root-cert FILE");
  for (std::string said;;) {
    auto connected = co_await io::within(reactor_, 5s, network_.connect(control_plane_.address, {}));
    if (connected) {
      if (options_.address.empty()) options_.address = (*connected)->local().ip.text();
      break;
    }
    if (said != connected.error().message)
      fmt::print(stderr, "waiting for the control plane: {}\n", connected.error().message);
    said = connected.error().message;
    co_await reactor_.sleep(1s);
  }
  steps_.done("control plane", control_plane_.address.text());
  co_return Result<>();
}

io::Task<Result<>> Member::certify() {
  agent::IstioSignerOptions signer;
  signer.control_plane = control_plane_;
  signer.token_file = options_.token_file;
  signer.cluster_id = options_.cluster_id;
  signer_ = std::make_unique<agent::IstioSigner>(network_, std::move(signer));
  agent::WorkloadOptions workload;
  workload.identity = identity_;
  workload.directory = options_.directory;
  secrets_ = std::make_unique<agent::WorkloadSecrets>(reactor_, *signer_, std::move(workload));
  renewing_.start(secrets_->run());
  while (!secrets_->ready().is_set()) {
    if (const auto& error = secrets_->last_error(); error && error->kind == ErrorKind::permission)
      co_return std::unexpected(*error);
    co_await reactor_.sleep(2ms);
  }
  steps_.done("certificate", "valid until " + format_time(secrets_->certificate()->not_after()));
  co_return Result<>();
}

envoy::config::bootstrap::v3::Bootstrap Member::bootstrap() const {
  envoy::config::bootstrap::v3::Bootstrap out;
  auto& node = *out.mutable_node();
  node.set_id(fmt::format("{}~{}~{}.{}~{}.svc.cluster.local", options_.gateway ? "router" : "sidecar", options_.address,
                          options_.name, options_.name_space, options_.name_space));
  const auto app = options_.labels.find("app");
  node.set_cluster(
      fmt::format("{}.{}", app == options_.labels.end() ? options_.name : app->second, options_.name_space));
  auto& metadata = *node.mutable_metadata();
  put(metadata, "NAME", options_.name);
  put(metadata, "NAMESPACE", options_.name_space);
  put(metadata, "SERVICE_ACCOUNT", options_.service_account);
  put(metadata, "INSTANCE_IPS", options_.address);
  put(metadata, "CLUSTER_ID", options_.cluster_id);
  put(metadata, "NETWORK", options_.network);
  put(metadata, "MESH_ID", options_.trust_domain);
  put(metadata, "WORKLOAD_NAME", options_.name);
  put(metadata, "AUTO_REGISTER_GROUP", options_.group);
  put(metadata, "WORKLOAD_ENTRY", options_.workload_entry);
  if (!options_.gateway) put(metadata, "INTERCEPTION_MODE", options_.capture ? "REDIRECT" : "NONE");
  auto& labels = *(*metadata.mutable_fields())["LABELS"].mutable_struct_value();
  for (const auto& [key, value] : options_.labels) (*labels.mutable_fields())[key].set_string_value(value);
  auto& dynamic = *out.mutable_dynamic_resources();
  dynamic.mutable_ads_config()->set_api_type(envoy::config::core::v3::ApiConfigSource::DELTA_GRPC);
  dynamic.mutable_cds_config()->mutable_ads();
  dynamic.mutable_lds_config()->mutable_ads();
  return out;
}

void Member::open_channel() {
  const auto connect = [this]() {
    return agent::connect_to_control_plane(network_, control_plane_, secrets_->find("default"),
                                           secrets_->find("ROOTCA"));
  };
  const http::ClientOptions http{.version = http::Version::http2, .ping_interval = 30s};
  pool_ = std::make_unique<http::Pool>(reactor_, connect, http, nullptr);
  proxy_->use_channel(
      std::make_unique<grpc::Channel>(reactor_, grpc::over(*pool_),
                                      grpc::ChannelOptions{.authority = control_plane_.server_name,
                                                           .scheme = control_plane_.plaintext ? "http" : "https",
                                                           .message_max = 256 << 20}));
}

io::Task<Result<>> Member::configure() {
  ProxyOptions proxy;
  proxy.secrets = secrets_.get();
  proxy.admin = options_.admin;
  proxy.readiness = options_.readiness;
  proxy.metrics = options_.metrics;
  proxy_ =
      std::make_unique<Proxy>(ProxyPlace::machine(reactor_, network_, options_.workers), bootstrap(), std::move(proxy));
  open_channel();
  if (auto started = proxy_->start(); !started) co_return failed(started);
  while (!proxy_->ready()) co_await reactor_.sleep(2ms);
  steps_.done("configuration", "received, proxy is ready, admin page on " + options_.admin.text());
  co_return Result<>();
}

io::Task<Result<>> Member::join() {
  if (auto r = read_inputs(); !r) co_return failed(r);
  if (auto r = co_await reach(); !r) co_return failed(r);
  if (auto r = co_await certify(); !r) co_return failed(r);
  if (auto r = co_await configure(); !r) co_return failed(r);
  fmt::print("joined as {} in {}\n", identity_.text(), milliseconds(steps_.elapsed()));
  std::fflush(stdout);
  co_return Result<>();
}

namespace {

io::Task<void> await_signal(io::Signals& signals, io::Readiness& ended) {
  while (co_await signals.next() == SIGHUP) {
  }
  ended.set();
}

io::Task<void> keep(io::Task<Result<>> joining, std::optional<Result<>>& result) {
  auto done = co_await joining;
  result.emplace(std::move(done));
}

io::Task<void> serve(io::Reactor& reactor, Member& member, int& status) {
  io::Signals signals(reactor, {SIGTERM, SIGINT, SIGHUP});
  io::Readiness ended(reactor);
  io::Child watching(reactor), joining(reactor);
  watching.start(await_signal(signals, ended));
  std::optional<Result<>> joined;
  joining.start(keep(member.join(), joined));
  co_await io::either(joining.done(), ended);
  if (!joined) co_return;
  if (!*joined) {
    fmt::print(stderr, "lateen join: {}\n", joined->error().message);
    status = joined->error().kind == ErrorKind::invalid ? 2 : 3;
    co_return;
  }
  co_await io::either(ended, member.proxy().quit());
}

}  // namespace

int run_member(io::Reactor& reactor, MemberOptions options) {
  Member member(reactor, std::move(options));
  int status = 0;
  reactor.run_until_done(serve(reactor, member, status));
  return status;
}

}  // namespace lateen::wiring
