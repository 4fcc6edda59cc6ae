#include "control_plane/translate/gateways.h"

#include <algorithm>
#include <set>

#include "control_plane/snapshot/hosts.h"

namespace lateen::translate {
namespace {

using config::ServerTLSSettings;
using Mode = ServerTLSSettings::TLSmode;

uint32_t target_of(const std::vector<ServedPort>& served, uint32_t number) {
  for (const auto& each : served)
    if (each.port->number == number) return each.target;
  return number;
}

std::string route_name_of(const GatewayServer& server) {
  const auto& bind = server.server->bind;
  const std::string suffix = bind.empty() ? "" : "." + bind;
  if (!server.terminates_tls()) return fmt::format("http.{}{}", server.target, suffix);
  return fmt::format("https.{}.{}.{}.{}{}", server.number(), server.server->port->name, server.gateway->metadata.name,
                     server.gateway->metadata.namespace_, suffix);
}

struct HostPattern {
  std::string namespace_;  // "*" for all
  std::string host;
};

HostPattern pattern_of(const std::string& text, const std::string& own) {
  const auto slash = text.find('/');
  if (slash == std::string::npos) return {"*", text};
  std::string ns = text.substr(0, slash);
  return {ns == "." ? own : ns, text.substr(slash + 1)};
}

}  // namespace

bool GatewayServer::terminates_tls() const {
  if (!server->tls || !(registry::is_tls(protocol))) return false;
  const auto mode = server->tls->mode;
  return mode != Mode::PASSTHROUGH && mode != Mode::AUTO_PASSTHROUGH;
}

bool GatewayServer::passes_tls() const {
  return registry::is_tls(protocol) && (!server->tls || server->tls->mode == Mode::PASSTHROUGH);
}

bool GatewayServer::passes_by_sni() const {
  return registry::is_tls(protocol) && server->tls && server->tls->mode == Mode::AUTO_PASSTHROUGH;
}

bool GatewayServer::serves_http() const {
  return registry::is_http(protocol) || (protocol == registry::Protocol::https && terminates_tls());
}

bool GatewayServer::redirects() const { return serves_http() && server->tls && server->tls->https_redirect; }

std::vector<std::string> GatewayServer::hosts() const {
  std::vector<std::string> out;
  for (const auto& host : server->hosts) out.push_back(pattern_of(host, "").host);
  return out;
}

std::vector<GatewayServer> gateway_servers(const Context& in) {
  std::vector<GatewayServer> out;
  if (!in.proxy.is_router()) return out;
  for (const auto& gateway : in.snapshot.gateways) {
    if (!registry::contains(in.proxy.labels, gateway.spec.selector)) continue;
    for (const auto& server : gateway.spec.servers) {
      if (!server.port) continue;
      GatewayServer each{&gateway, &server, registry::protocol_named(server.port->protocol), 0, ""};
      each.target = target_of(in.served, server.port->number);
      if (each.serves_http()) each.route_name = route_name_of(each);
      out.push_back(std::move(each));
    }
  }
  return out;
}

bool needs_sni_clusters(const Context& in) {
  return std::ranges::any_of(gateway_servers(in), &GatewayServer::passes_by_sni);
}

std::vector<std::string> hosts_served(const GatewayServer& server, const snapshot::VirtualServiceObject& object) {
  if (!snapshot::is_bound_to(object, server.name())) return {};
  std::set<std::string> out;
  for (const auto& text : server.server->hosts) {
    const auto pattern = pattern_of(text, server.gateway->metadata.namespace_);
    if (pattern.namespace_ != "*" && pattern.namespace_ != object.metadata.namespace_) continue;
    for (const auto& host : object.spec.hosts) {
      if (snapshot::covers(pattern.host, host)) {
        out.insert(host);
      } else if (snapshot::covers(host, pattern.host)) {
        out.insert(pattern.host);
      }
    }
  }
  return {out.begin(), out.end()};
}

}  // namespace lateen::translate
