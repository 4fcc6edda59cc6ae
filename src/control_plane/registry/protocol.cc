#include "control_plane/registry/protocol.h"

#include <array>
#include <string>
#include <utility>

#include "lib/base/strings.h"

namespace lateen::registry {
namespace {

constexpr std::array<std::pair<std::string_view, Protocol>, 13> names{{{"tcp", Protocol::tcp},
                                                                       {"udp", Protocol::udp},
                                                                       {"http", Protocol::http},
                                                                       {"http_proxy", Protocol::http},
                                                                       {"http2", Protocol::http2},
                                                                       {"grpc", Protocol::grpc},
                                                                       {"grpc-web", Protocol::grpc_web},
                                                                       {"grpc_web", Protocol::grpc_web},
                                                                       {"https", Protocol::https},
                                                                       {"tls", Protocol::tls},
                                                                       {"mongo", Protocol::mongo},
                                                                       {"redis", Protocol::redis},
                                                                       {"mysql", Protocol::mysql}}};

Protocol protocol_of_port_name(std::string_view name) {
  const std::string lower = lowered(name);
  if (lower == "grpc-web" || lower.starts_with("grpc-web-")) return Protocol::grpc_web;
  return protocol_named(std::string_view(lower).substr(0, lower.find('-')));
}

bool server_speaks_first(uint32_t port) { return port == 25 || port == 53 || port == 3306 || port == 27017; }

}  // namespace

Protocol protocol_named(std::string_view name) {
  const std::string lower = lowered(name);
  for (const auto& [text, protocol] : names)
    if (lower == text) return protocol;
  return Protocol::automatic;
}

Protocol protocol_of_port(uint32_t number, std::string_view name, std::string_view app_protocol,
                          std::string_view transport) {
  if (transport == "UDP") return Protocol::udp;
  Protocol protocol = Protocol::automatic;
  if (app_protocol == "kubernetes.io/h2c") {
    protocol = Protocol::http2;
  } else if (app_protocol == "kubernetes.io/ws") {
    protocol = Protocol::http;
  } else if (app_protocol == "kubernetes.io/wss") {
    protocol = Protocol::https;
  } else if (!app_protocol.empty()) {
    protocol = protocol_named(app_protocol);
  } else {
    protocol = protocol_of_port_name(name);
  }
  if (protocol == Protocol::automatic && server_speaks_first(number)) return Protocol::tcp;
  return protocol;
}

bool is_http(Protocol p) { return p == Protocol::http || is_http2(p); }

bool is_http2(Protocol p) { return p == Protocol::http2 || is_grpc(p); }

bool is_grpc(Protocol p) { return p == Protocol::grpc || p == Protocol::grpc_web; }

bool is_tls(Protocol p) { return p == Protocol::https || p == Protocol::tls; }

bool is_tcp(Protocol p) { return !is_http(p) && p != Protocol::automatic && p != Protocol::udp; }

}  // namespace lateen::registry
