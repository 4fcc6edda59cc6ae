// lateen control --config DIR: the control plane as a service.
#include "apps/wiring/control.h"

#include <csignal>

#include "apps/lateen/commands.h"

namespace lateen::commands {
namespace {

// "off" closes a door.
Result<std::optional<SocketAddress>> door(const wiring::Arguments& arguments, std::string_view flag,
                                          std::string_view otherwise) {
  const auto text = arguments.value_or(flag, otherwise);
  if (text == "off") return std::nullopt;
  auto address = SocketAddress::parse(text);
  if (!address) return failed(address, fmt::format("--{}", flag));
  return std::optional(*address);
}

Result<wiring::ControlOptions> options_of(const wiring::Arguments& arguments) {
  wiring::ControlOptions out;
  if (!arguments.has("config")) return fail(ErrorKind::invalid, "--config DIR is needed: the folder with the objects");
  out.config = *arguments.value("config");
  out.mesh_config = arguments.value_or("mesh-config", "");
  out.mesh_networks = arguments.value_or("mesh-networks", "");
  out.state = arguments.value_or("state", "lateen-state");
  out.dns_names = arguments.values("dns-name");
  for (const auto& each : arguments.values("cluster")) {
    const auto equals = each.find('=');
    if (equals == std::string::npos) return fail(ErrorKind::invalid, "--cluster {}: expected NAME=DIR", each);
    out.clusters.emplace_back(each.substr(0, equals), each.substr(equals + 1));
  }
  auto secure = door(arguments, "listen", "0.0.0.0:15012"), plain = door(arguments, "listen-plain", "off"),
       pages = door(arguments, "pages", "127.0.0.1:15014");
  for (const auto* each : {&secure, &plain, &pages})
    if (!*each) return failed(*each);
  out.secure = *secure;
  out.plain = *plain;
  out.pages = *pages;
  return out;
}

io::Task<void> stop_on_signal(io::Reactor& reactor, wiring::Control& control) {
  io::Signals signals(reactor, {SIGTERM, SIGINT});
  co_await signals.next();
  control.stop();
  co_await signals.next();  // a second one does not wait for anybody
  reactor.stop();
}

io::Task<void> serve(io::Reactor& reactor, wiring::Control& control) {
  io::Child stopping(reactor);
  stopping.start(stop_on_signal(reactor, control));
  co_await control.run();
}

}  // namespace

int control(const wiring::Arguments& arguments) {
  auto options = options_of(arguments);
  if (!options) {
    fmt::print(stderr, "lateen: {}\n", options.error().message);
    return wiring::exit_usage;
  }
  io::Reactor reactor;
  auto opened = wiring::Control::open(reactor, std::move(*options));
  if (!opened) {
    fmt::print(stderr, "lateen: {}\n", opened.error().message);
    return wiring::exit_environment;
  }
  reactor.run_until_done(serve(reactor, **opened));
  return wiring::exit_fine;
}

}  // namespace lateen::commands
