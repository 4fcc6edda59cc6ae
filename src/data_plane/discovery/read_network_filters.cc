#include <envoy/config/listener/v3/listener_components.pb.h>
#include <envoy/extensions/filters/network/rbac/v3/rbac.pb.h>

#include "config/xds/names.h"
#include "config/xds/typed_struct.h"
#include "data_plane/discovery/read_listener.h"
#include "data_plane/discovery/read_rbac.h"
#include "data_plane/tcp/istio_filters.h"
#include "data_plane/tcp/rbac.h"

namespace lateen::discovery {

namespace {

using downstream::Worker;
using TcpProxyMessage = envoy::extensions::filters::network::tcp_proxy::v3::TcpProxy;
using ManagerMessage = envoy::extensions::filters::network::http_connection_manager::v3::HttpConnectionManager;
using MakeTerminal = std::function<std::unique_ptr<tcp::TerminalFilter>(Worker&)>;
using MakeFilter = std::function<std::unique_ptr<tcp::NetworkFilter>(Worker&)>;

Result<MakeTerminal> read_tcp_proxy(const TcpProxyMessage& message, const ListenerSurroundings& around, Notes& notes) {
  notes.check(message, "tcp_proxy",
              {"stat_prefix", "cluster", "weighted_clusters", "idle_timeout", "access_log", "max_connect_attempts"});
  auto out = std::make_shared<tcp::TcpProxySettings>();
  out->stat_prefix = message.stat_prefix();
  if (message.has_weighted_clusters())
    for (const auto& each : message.weighted_clusters().clusters()) {
      notes.check(each, "weighted_clusters", {"name", "weight"});
      out->targets.push_back({each.name(), each.weight()});
    }
  else
    out->targets.push_back({message.cluster(), 1});
  out->own_metadata = telemetry::encode_exchange(around.self, around.node_id);
  if (message.has_idle_timeout()) out->idle_timeout = duration_of(message.idle_timeout());
  if (message.has_max_connect_attempts()) out->max_connect_attempts = message.max_connect_attempts().value();
  auto logs = read_access_logs(message.access_log(), around, notes);
  if (!logs) return failed(logs, "access_log");
  out->access_logs = std::move(*logs);
  return MakeTerminal([settings = std::shared_ptr<const tcp::TcpProxySettings>(std::move(out))](Worker& worker) {
    return std::make_unique<tcp::TcpProxy>(settings, worker.clusters, worker.shard, worker.families.tcp);
  });
}

using RbacMessage = envoy::extensions::filters::network::rbac::v3::RBAC;

Result<MakeFilter> read_rbac_filter(const RbacMessage& message, Notes& notes) {
  notes.check(message, "rbac", {"rules", "stat_prefix"});
  if (!message.has_rules()) return fail(ErrorKind::unsupported, "a network rbac filter needs rules");
  auto rules = read_rbac(message.rules(), notes);
  if (!rules) return failed(rules);
  return MakeFilter([rules = std::make_shared<const router::AccessRules>(std::move(*rules))](Worker&) {
    return std::make_unique<tcp::Rbac>(rules);
  });
}

Result<MakeFilter> read_istio_filter(const xds::TypedConfig& config, const ListenerSurroundings& around, bool inbound,
                                     Notes& notes) {
  if (config.value.as_map())
    for (const auto& entry : *config.value.as_map())
      if (entry.key != "protocol" && entry.key != "disable_host_header_fallback")
        notes.not_honoured(fmt::format("{}.{}", xds::type_name_of(config.type_url), entry.key));
  if (config.type_url == xds::istio_filter::metadata_exchange) {
    const schema::Node* protocol = config.value.find("protocol");
    const std::string wanted(protocol ? protocol->text() : "istio-peer-exchange");
    return MakeFilter([wanted, own = telemetry::encode_exchange(around.self, around.node_id)](Worker&) {
      return std::make_unique<tcp::MetadataExchange>(wanted, own);
    });
  }
  if (config.type_url == xds::istio_filter::stats)
    return MakeFilter([&registry = around.registry, &self = around.self, inbound](Worker& worker) {
      return std::make_unique<tcp::TcpStats>(registry, worker.shard, self, inbound);
    });
  return fail(ErrorKind::unsupported, "network filter type {} is not supported", xds::type_name_of(config.type_url));
}

}  // namespace

Result<> read_network_filters(const google::protobuf::RepeatedPtrField<envoy::config::listener::v3::Filter>& filters,
                              const ListenerSurroundings& around, telemetry::Direction direction,
                              downstream::FilterChainSettings& chain, ReadListener& out, Notes& notes) {
  for (const auto& filter : filters) {
    if (chain.terminal)
      return fail(ErrorKind::invalid, "network filter {} comes after the terminal filter", filter.name());
    if (filter.has_config_discovery())
      return fail(ErrorKind::unsupported, "{}: config_discovery is not supported", filter.name());
    auto opened = xds::open_any(filter.typed_config());
    if (!opened) return failed(opened, filter.name());
    const std::string_view type = xds::type_name_of(opened->type_url);
    if (type == TcpProxyMessage::descriptor()->full_name()) {
      auto terminal = read_tcp_proxy(static_cast<const TcpProxyMessage&>(*opened->message), around, notes);
      if (!terminal) return failed(terminal, filter.name());
      chain.terminal = std::move(*terminal);
    } else if (type == ManagerMessage::descriptor()->full_name()) {
      const std::string place = fmt::format("{}/{}", static_cast<const void*>(&chain), chain.name);
      auto terminal =
          read_manager(static_cast<const ManagerMessage&>(*opened->message), place, around, direction, out, notes);
      if (!terminal) return failed(terminal, filter.name());
      chain.terminal = std::move(*terminal);
    } else {
      auto made = type == RbacMessage::descriptor()->full_name()
                      ? read_rbac_filter(static_cast<const RbacMessage&>(*opened->message), notes)
                      : read_istio_filter(*opened, around, direction == telemetry::Direction::inbound, notes);
      if (!made) return failed(made, filter.name());
      chain.filters.push_back(std::move(*made));
    }
  }
  if (!chain.terminal && !filters.empty())
    return fail(ErrorKind::invalid, "the last network filter must be terminal (tcp_proxy or http_connection_manager)");
  return {};
}

}  // namespace lateen::discovery
