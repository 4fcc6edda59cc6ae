#include "control_plane/xds/node.h"

#include "config/xds/protos.h"
#include "config/xds/read.h"
#include "lib/base/strings.h"

namespace lateen::discovery {
namespace {

constexpr std::string_view types[] = {"sidecar", "router", "waypoint", "ztunnel", "agentgateway"};

// "10.0.0.1,fe80::1" -> addresses; nothing when one of them is none.
std::vector<Ip> ips_of(std::string_view list) {
  std::vector<Ip> out;
  for (const auto part : split(list, ',')) {
    const auto ip = Ip::parse(trimmed(part));
    if (!ip) return {};
    out.push_back(*ip);
  }
  return out;
}

}  // namespace

std::string_view Node::text(std::string_view key) const {
  const auto* value = metadata.find(key);
  return value ? value->text() : std::string_view();
}

Result<Node> read_node(const envoy::config::core::v3::Node& node) {
  if (node.id().empty()) return fail(ErrorKind::invalid, "the first request carries no node.id");
  const auto parts = split(node.id(), '~');
  if (parts.size() != 4)
    return fail(ErrorKind::invalid, "node.id \"{}\" is not TYPE~IP~NAME.NAMESPACE~DOMAIN", node.id());
  Node out;
  out.id = node.id();
  out.type = parts[0];
  if (std::find(std::begin(types), std::end(types), parts[0]) == std::end(types))
    return fail(ErrorKind::invalid, "node.id: \"{}\" is none of {}", parts[0], joined(types, ", "));
  out.domain = parts[3];
  out.cluster = node.cluster();
  out.region = node.locality().region();
  out.zone = node.locality().zone();
  out.sub_zone = node.locality().sub_zone();
  out.metadata = xds::to_node(node.metadata());
  const size_t dot = parts[2].rfind('.');
  out.name = parts[2].substr(0, dot);
  out.namespace_ = out.text("NAMESPACE");
  if (out.namespace_.empty() && dot != std::string_view::npos) out.namespace_ = parts[2].substr(dot + 1);
  if (out.namespace_.empty()) return fail(ErrorKind::invalid, "node.id \"{}\" names no namespace", node.id());
  out.ips = ips_of(out.text("INSTANCE_IPS"));
  if (out.ips.empty()) out.ips = ips_of(parts[1]);
  if (out.ips.empty()) return fail(ErrorKind::invalid, "node.id: \"{}\" is no IP address", parts[1]);
  return out;
}

}  // namespace lateen::discovery
