#include "data_plane/discovery/read_listener.h"

#include <algorithm>
#include <envoy/config/listener/v3/listener_components.pb.h>

#include "config/xds/names.h"
#include "config/xds/typed_struct.h"

namespace lateen::discovery {

namespace listenerv3 = envoy::config::listener::v3;
using downstream::FilterChainSettings;
using downstream::ListenerSettings;

namespace {

Result<downstream::FilterChainMatch> read_chain_match(const listenerv3::FilterChainMatch& message, Notes& notes) {
  notes.check(message, "filter_chain_match",
              {"destination_port", "prefix_ranges", "server_names", "transport_protocol", "application_protocols",
               "direct_source_prefix_ranges", "source_type", "source_prefix_ranges", "source_ports"});
  downstream::FilterChainMatch out;
  if (message.has_destination_port()) out.destination_port = static_cast<uint16_t>(message.destination_port().value());
  const auto prefixes = [](const auto& ranges, std::vector<Cidr>& to) -> Result<> {
    for (const auto& range : ranges) {
      auto cidr = cidr_of(range);
      if (!cidr) return failed(cidr);
      to.push_back(*cidr);
    }
    return {};
  };
  if (auto read = prefixes(message.prefix_ranges(), out.destination_prefixes); !read) return failed(read);
  if (auto read = prefixes(message.direct_source_prefix_ranges(), out.direct_source_prefixes); !read)
    return failed(read);
  if (auto read = prefixes(message.source_prefix_ranges(), out.source_prefixes); !read) return failed(read);
  for (const std::string& name : message.server_names()) {
    if (name.find('*') != std::string::npos && !(name.starts_with("*.") && name.find('*', 1) == std::string::npos))
      return fail(ErrorKind::invalid, "partial wildcards are not supported in \"server_names\": {}", name);
    out.server_names.push_back(lowered(name));
  }
  out.transport_protocol = message.transport_protocol();
  out.application_protocols.assign(message.application_protocols().begin(), message.application_protocols().end());
  out.source_type = static_cast<downstream::SourceType>(message.source_type());
  for (const uint32_t port : message.source_ports()) out.source_ports.push_back(static_cast<uint16_t>(port));
  return out;
}

Result<std::shared_ptr<FilterChainSettings>> read_chain(const listenerv3::FilterChain& message,
                                                        const ListenerSurroundings& around,
                                                        telemetry::Direction direction, ReadListener& out,
                                                        Notes& notes) {
  notes.check(
      message, "filter_chains",
      {"filter_chain_match", "filters", "transport_socket", "name", "transport_socket_connect_timeout", "metadata"});
  auto chain = std::make_shared<FilterChainSettings>();
  chain->name = message.name();
  auto match = read_chain_match(message.filter_chain_match(), notes);
  if (!match) return failed(match);
  chain->match = std::move(*match);
  if (message.has_transport_socket_connect_timeout())
    chain->transport_timeout = duration_of(message.transport_socket_connect_timeout());
  if (message.has_transport_socket()) {
    const auto& any = message.transport_socket().typed_config();
    const auto type = xds::type_name_of(any.type_url());
    envoy::extensions::transport_sockets::tls::v3::DownstreamTlsContext context;
    if (type == context.GetDescriptor()->full_name()) {
      if (auto read = xds::unpack(any, context); !read) return failed(read);
      auto slot = around.tls.downstream(context, notes);
      if (!slot) return failed(slot);
      chain->tls = *slot;
      out.tls.push_back(*slot);
    } else if (type != "envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer") {
      return fail(ErrorKind::unsupported, "transport socket {} is not supported", type);
    }
  }
  if (auto read = read_network_filters(message.filters(), around, direction, *chain, out, notes); !read)
    return failed(read);
  return chain;
}

// filter_disabled: one port range, or any of several; nothing else is sent by control planes.
Result<> read_disabled(const listenerv3::ListenerFilterChainMatchPredicate& predicate, downstream::Inspector& out) {
  using Predicate = listenerv3::ListenerFilterChainMatchPredicate;
  switch (predicate.rule_case()) {
    case Predicate::RULE_NOT_SET:
      return {};
    case Predicate::kDestinationPortRange:
      out.disabled_ports.emplace_back(static_cast<uint16_t>(predicate.destination_port_range().start()),
                                      static_cast<uint16_t>(predicate.destination_port_range().end()));
      return {};
    case Predicate::kOrMatch:
      for (const auto& rule : predicate.or_match().rules())
        if (auto read = read_disabled(rule, out); !read) return read;
      return {};
    default:
      return fail(ErrorKind::unsupported, "filter_disabled: only destination_port_range and or_match are supported");
  }
}

Result<> read_listener_filters(const listenerv3::Listener& message, ListenerSettings& out, Notes& notes) {
  for (const auto& filter : message.listener_filters()) {
    const auto type = xds::type_name_of(filter.typed_config().type_url());
    downstream::Inspector* inspector = nullptr;
    if (type == "envoy.extensions.filters.listener.original_dst.v3.OriginalDst")
      out.restore_destination = true;
    else if (type == "envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector")
      inspector = &out.tls_inspector;
    else if (type == "envoy.extensions.filters.listener.http_inspector.v3.HttpInspector")
      inspector = &out.http_inspector;
    else
      return fail(ErrorKind::unsupported, "listener filter {} ({}) is not supported", filter.name(), type);
    if (const auto opened = xds::open_any(filter.typed_config()); opened && opened->message)
      notes.check(*opened->message, filter.name(), {"initial_read_buffer_size"});  // which is no more than a hint
    if (!inspector && filter.has_filter_disabled()) notes.not_honoured(filter.name() + ".filter_disabled");
    if (!inspector) continue;
    inspector->enabled = true;
    if (auto read = read_disabled(filter.filter_disabled(), *inspector); !read) return failed(read, filter.name());
  }
  return {};
}

Result<> read_addresses(const listenerv3::Listener& message, ListenerSettings& out) {
  auto first = address_of(message.address());
  if (!first) return failed(first, "address");
  out.stat_name =
      first->is_unix()
          ? first->path
          : fmt::format("{}_{}", first->ip.is_v6() ? "[" + first->ip.text() + "]" : first->ip.text(), first->port);
  out.addresses.push_back(std::move(*first));
  for (const auto& more : message.additional_addresses()) {
    auto address = address_of(more.address());
    if (!address) return failed(address, "additional_addresses");
    out.addresses.push_back(std::move(*address));
  }
  if (!message.stat_prefix().empty()) out.stat_name = message.stat_prefix();
  return {};
}

Result<> check_unique(const ListenerSettings& settings) {
  for (size_t i = 0; i < settings.chains.size(); ++i)
    for (size_t k = 0; k < i; ++k)
      if (settings.chains[i]->match == settings.chains[k]->match)
        return fail(ErrorKind::invalid,
                    "error adding listener '{}': filter chain '{}' has the same matching rules defined as '{}'",
                    settings.name, settings.chains[i]->name, settings.chains[k]->name);
      else if (overlap(settings.chains[i]->match, settings.chains[k]->match))
        return fail(ErrorKind::invalid,
                    "error adding listener '{}': multiple filter chains with overlapping matching rules are defined: "
                    "'{}' and '{}'",
                    settings.name, settings.chains[k]->name, settings.chains[i]->name);
  return {};
}

}  // namespace

Result<ReadListener> read_listener(const listenerv3::Listener& message, const ListenerSurroundings& around,
                                   Notes& notes) {
  notes.check(
      message, "",
      {"name", "address", "filter_chains", "default_filter_chain", "use_original_dst", "bind_to_port",
       "listener_filters", "listener_filters_timeout", "continue_on_listener_filters_timeout", "transparent",
       "traffic_direction", "access_log", "additional_addresses", "stat_prefix", "metadata", "enable_reuse_port",
       "ignore_global_conn_limit", "bypass_overload_manager", "max_connections_to_accept_per_socket_event"});
  if (message.has_internal_listener()) return fail(ErrorKind::unsupported, "internal_listener is not supported");
  if (message.has_api_listener()) return fail(ErrorKind::unsupported, "api_listener is not supported");
  if (message.has_filter_chain_matcher()) return fail(ErrorKind::unsupported, "filter_chain_matcher is not supported");
  if (message.has_udp_listener_config()) return fail(ErrorKind::unsupported, "udp_listener_config is not supported");
  if (message.has_enable_reuse_port() && !message.enable_reuse_port().value())
    notes.not_honoured("enable_reuse_port false");
  ReadListener out;
  auto settings = std::make_shared<ListenerSettings>();
  settings->name = message.name();
  if (auto read = read_addresses(message, *settings); !read) return failed(read);
  settings->bind_to_port = !message.has_bind_to_port() || message.bind_to_port().value();
  // Envoy adds the original_dst filter by itself where the listener hands connections over by it.
  settings->use_original_destination = settings->restore_destination = message.use_original_dst().value();
  settings->transparent = message.transparent().value();
  if (message.has_listener_filters_timeout())
    settings->inspection_timeout = duration_of(message.listener_filters_timeout());
  settings->continue_after_timeout = message.continue_on_listener_filters_timeout();
  settings->direction = static_cast<telemetry::Direction>(message.traffic_direction());
  if (auto read = read_listener_filters(message, *settings, notes); !read) return failed(read);
  for (const auto& each : message.filter_chains()) {
    auto chain = read_chain(each, around, settings->direction, out, notes);
    if (!chain) return failed(chain, fmt::format("filter chain {}", each.name()));
    settings->chains.push_back(std::move(*chain));
  }
  if (auto unique = check_unique(*settings); !unique) return failed(unique);
  if (message.has_default_filter_chain()) {
    auto chain = read_chain(message.default_filter_chain(), around, settings->direction, out, notes);
    if (!chain) return failed(chain, "default_filter_chain");
    settings->default_chain = std::move(*chain);
  }
  // Envoy adds the TLS inspector by itself when a chain asks for what only it can know.
  const bool needs_hello = std::ranges::any_of(settings->chains, [](const auto& chain) {
    const downstream::FilterChainMatch& match = chain->match;
    return match.transport_protocol == "tls" ||
           (match.transport_protocol.empty() && !(match.server_names.empty() && match.application_protocols.empty()));
  });
  if (needs_hello && !settings->tls_inspector.enabled) {
    settings->tls_inspector.enabled = true;
    notes.note("filter chains match on TLS: tls_inspector is added");
  }
  auto logs = read_access_logs(message.access_log(), around, notes);
  if (!logs) return failed(logs, "access_log");
  settings->access_logs = std::move(*logs);
  out.settings = std::move(settings);
  return out;
}

}  // namespace lateen::discovery
