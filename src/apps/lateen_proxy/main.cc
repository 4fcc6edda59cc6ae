// lateen-proxy: the data plane alone, started as Envoy is.
#include <csignal>
#include <cstdio>
#include <cstdlib>

#include "apps/wiring/proxy.h"
#include "lib/base/log.h"
#include "lib/base/strings.h"

namespace {

using namespace lateen;

constexpr const char* usage =
    "usage: lateen-proxy -c BOOTSTRAP [options]\n"
    "  -c, --config-path FILE         the bootstrap (envoy.config.bootstrap.v3.Bootstrap), YAML or JSON\n"
    "      --config-yaml TEXT         merged over it\n"
    "      --mode serve|validate      validate: check the bootstrap and end (0 fine, 1 not)\n"
    "      --concurrency N            worker threads (default: one for each core)\n"
    "      --drain-time-s N           how long connections of a removed listener may live (default 600)\n"
    "      --allow-unknown-static-fields\n"
    "  -l, --log-level LEVEL          trace, debug, info, warning, error, off\n"
    "      --component-log-level C:LEVEL,...\n"
    "      --version\n";

struct CommandLine {
  std::string config, overlay, mode = "serve";
  unsigned workers = 0;
  Duration drain_time = 600s;
  bool allow_unknown = false;
};

[[noreturn]] void refuse(const std::string& why) {
  fmt::print(stderr, "lateen-proxy: {}\n{}", why, usage);
  std::exit(2);
}

void set_levels(std::string_view list) {
  for (std::string_view each : split(list, ',')) {
    log::Level level{};
    const size_t colon = each.find(':');
    if (colon == each.npos || !log::parse_level(each.substr(colon + 1), level))
      refuse(fmt::format("--component-log-level {}: expected COMPONENT:LEVEL", each));
    (void)log::set_level(each.substr(0, colon), level);  // Envoy's component names need not exist here
  }
}

// Envoy's options that change nothing here: hot restart and log formats are not offered, buffers flush by themselves.
bool is_ignored_with_value(std::string_view name) {
  for (const char* each : {"--local-address-ip-version", "--file-flush-interval-msec", "--file-flush-min-size-kb",
                           "--drain-strategy", "--base-id", "--restart-epoch", "--parent-shutdown-time-s",
                           "--service-cluster", "--service-node", "--service-zone", "--log-format", "--log-path"})
    if (name == each) return true;
  return false;
}

CommandLine parse(int argc, char** argv) {
  CommandLine out;
  for (int i = 1; i < argc; ++i) {
    std::string_view name = argv[i];
    std::optional<std::string> attached;
    if (const size_t equals = name.find('='); name.starts_with("--") && equals != name.npos) {
      attached = name.substr(equals + 1);
      name = name.substr(0, equals);
    }
    const auto value = [&]() -> std::string {
      if (attached) return *attached;
      if (++i == argc) refuse(fmt::format("{} needs a value", name));
      return argv[i];
    };
    const auto number = [&] {
      const std::string text = value();
      const auto parsed = parse_number<uint32_t>(text);
      if (!parsed) refuse(fmt::format("{} {}: expected a number", name, text));
      return *parsed;
    };
    log::Level level{};
    if (name == "-c" || name == "--config-path")
      out.config = value();
    else if (name == "--config-yaml")
      out.overlay = value();
    else if (name == "--mode")
      out.mode = value();
    else if (name == "--concurrency")
      out.workers = std::max(1U, number());
    else if (name == "--drain-time-s")
      out.drain_time = std::chrono::seconds(number());
    else if (name == "--allow-unknown-static-fields")
      out.allow_unknown = true;
    else if (name == "-l" || name == "--log-level") {
      const std::string word = value();
      if (!log::parse_level(word, level)) refuse(fmt::format("{} is no log level", word));
      (void)log::set_level("", level);
    } else if (name == "--component-log-level")
      set_levels(value());
    else if (name == "--version")
      fmt::print("lateen-proxy 0.1.0\n"), std::exit(0);
    else if (name == "-h" || name == "--help")
      fmt::print("{}", usage), std::exit(0);
    else if (is_ignored_with_value(name))
      (void)value();
    else if (name != "--disable-hot-restart" && name != "--skip-deprecated-logs" && name != "--enable-core-dump" &&
             name != "--use-dynamic-base-id")
      refuse(fmt::format("unknown option {}", name));
  }
  if (out.config.empty() && out.overlay.empty()) refuse("at least one of --config-path and --config-yaml is needed");
  if (out.mode != "serve" && out.mode != "validate")
    refuse(fmt::format("--mode {}: expected serve or validate", out.mode));
  return out;
}

}  // namespace

int main(int argc, char** argv) {
  const CommandLine command = parse(argc, argv);
  ::signal(SIGPIPE, SIG_IGN);
  std::vector<std::string> warnings;
  auto bootstrap = discovery::read_bootstrap(
      command.config, {.allow_unknown_fields = command.allow_unknown, .overlay = command.overlay}, warnings);
  for (const std::string& warning : warnings) fmt::print(stderr, "{}\n", warning);
  if (!bootstrap) {
    fmt::print(stderr, "{}\n", bootstrap.error().message);
    return 1;
  }
  // Signals are blocked before the first thread starts, so that only the main loop takes them.
  sigset_t set;
  sigemptyset(&set);
  for (const int number : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&set, number);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  io::Reactor reactor;
  if (command.mode == "validate") {
    if (auto valid = wiring::Proxy::validate(reactor, *bootstrap); !valid) {
      fmt::print(stderr, "{}: {}\n", command.config, valid.error().message);
      return 1;
    }
    fmt::print("configuration '{}' OK\n", command.config);
    return 0;
  }
  io::RealNetwork network(reactor);
  wiring::Proxy proxy(wiring::ProxyPlace::machine(reactor, network, command.workers), std::move(*bootstrap),
                      {.drain_time = command.drain_time});
  if (auto started = proxy.start(); !started) {
    fmt::print(stderr, "{}: {}\n", command.config, started.error().message);
    return 1;
  }
  return wiring::run_until_signal(reactor, proxy);
}
