#include "control_plane/translate/inbound.h"

#include <algorithm>

#include "lib/base/strings.h"

namespace lateen::translate {
namespace {

// defaultEndpoint: 127.0.0.1:P, 0.0.0.0:P (the proxy's own address), [::1]:P, unix:///path.
void read_endpoint(const std::string& text, const Proxy& proxy, InboundPort& out) {
  if (text.empty()) return;
  if (text.starts_with("unix://")) {
    out.endpoint_address = text;
    return;
  }
  const auto colon = text.rfind(':');
  if (colon == std::string::npos) return;
  std::string address = text.substr(0, colon);
  if (address.starts_with('[') && address.ends_with(']')) address = address.substr(1, address.size() - 2);
  if (address == "0.0.0.0" || address == "::") address = proxy.ips.front();
  out.endpoint_address = address;
  out.endpoint_port = parse_number<uint32_t>(std::string_view(text).substr(colon + 1)).value_or(0);
}

InboundPort port_of(const ServedPort& served) {
  InboundPort out;
  out.cluster = fmt::format("inbound|{}||", served.target);
  out.target = served.target;
  out.service_port = served.port->number;
  out.protocol = served.port->protocol;
  out.service = served.service;
  return out;
}

InboundPort port_of(const Context& in, const config::IstioIngressListener& ingress,
                    const std::vector<ServedPort>& served) {
  InboundPort out;
  out.ingress = &ingress;
  out.target = ingress.port ? ingress.port->number : 0;
  out.service_port = out.target;
  out.cluster = fmt::format("inbound|{}||", out.target);
  out.bind = ingress.bind;
  out.captured = ingress.capture_mode != config::CaptureMode::NONE && !in.proxy.captures_nothing();
  if (ingress.port) out.protocol = registry::protocol_named(ingress.port->protocol);
  const auto found = std::ranges::find_if(
      served, [&](const ServedPort& each) { return each.target == out.target || each.port->number == out.target; });
  if (found != served.end()) {
    out.service = found->service;
    out.service_port = found->port->number;
  }
  read_endpoint(ingress.default_endpoint, in.proxy, out);
  return out;
}

}  // namespace

std::vector<InboundPort> inbound_ports(const Context& in) {
  std::vector<InboundPort> out;
  if (in.proxy.is_router()) return out;
  if (in.scope.sidecar && !in.scope.sidecar->spec.ingress.empty()) {
    for (const auto& ingress : in.scope.sidecar->spec.ingress) out.push_back(port_of(in, ingress, in.served));
    std::ranges::stable_sort(out, {}, &InboundPort::target);
    return out;
  }
  if (in.proxy.captures_nothing()) return out;
  for (const auto& each : in.served) out.push_back(port_of(each));
  return out;
}

}  // namespace lateen::translate
