#include "data_plane/telemetry/istio_metrics.h"

#include "lib/base/strings.h"

namespace lateen::telemetry {
namespace {

// HTTP series have all labels; TCP series lack response_code and grpc_response_status.
const std::vector<std::string> label_names = {"reporter",
                                              "source_workload",
                                              "source_canonical_service",
                                              "source_canonical_revision",
                                              "source_workload_namespace",
                                              "source_principal",
                                              "source_app",
                                              "source_version",
                                              "source_cluster",
                                              "destination_workload",
                                              "destination_workload_namespace",
                                              "destination_principal",
                                              "destination_app",
                                              "destination_version",
                                              "destination_service",
                                              "destination_canonical_service",
                                              "destination_canonical_revision",
                                              "destination_service_name",
                                              "destination_service_namespace",
                                              "destination_cluster",
                                              "request_protocol",
                                              "response_code",
                                              "grpc_response_status",
                                              "response_flags",
                                              "connection_security_policy"};

enum Label {
  reporter,
  source_workload,
  source_canonical_service,
  source_canonical_revision,
  source_namespace,
  source_principal,
  source_app,
  source_version,
  source_cluster,
  destination_workload,
  destination_namespace,
  destination_principal,
  destination_app,
  destination_version,
  destination_service,
  destination_canonical_service,
  destination_canonical_revision,
  destination_service_name,
  destination_service_namespace,
  destination_cluster,
  request_protocol,
  response_code,
  response_flags,
  security_policy
};
static_assert(security_policy + 1 == istio_label_count);

std::string_view known(std::string_view text, std::string_view otherwise = "unknown") {
  return text.empty() ? otherwise : text;
}

void put_side(IstioLabels& labels, const Peer* peer, bool source) {
  static const Peer nobody;
  if (!peer) peer = &nobody;
  labels[source ? source_workload : destination_workload] = known(peer->workload);
  labels[source ? source_canonical_service : destination_canonical_service] = known(peer->canonical_service);
  labels[source ? source_canonical_revision : destination_canonical_revision] =
      known(peer->canonical_revision, "latest");
  labels[source ? source_namespace : destination_namespace] = known(peer->workload_namespace);
  labels[source ? source_app : destination_app] = known(peer->app);
  labels[source ? source_version : destination_version] = known(peer->version);
  labels[source ? source_cluster : destination_cluster] = known(peer->cluster);
}

// "spiffe://td/ns/NAMESPACE/sa/..." -> NAMESPACE
std::string_view namespace_of(std::string_view principal) {
  const size_t at = principal.find("/ns/");
  if (at == principal.npos) return {};
  principal.remove_prefix(at + 4);
  return principal.substr(0, principal.find('/'));
}

// Istio names an identity by its first URI.
std::string_view first(const std::vector<std::string>& uris) {
  return uris.empty() ? std::string_view() : std::string_view(uris.front());
}

// Traffic to no known service is named after the route or the cluster that it took.
std::string_view service_name_of(const Record& record) {
  if (record.route_name == "block_all") return "BlackHoleCluster";
  if (record.route_name == "allow_any") return "PassthroughCluster";
  for (std::string_view name : {"BlackHoleCluster", "PassthroughCluster", "InboundPassthroughCluster",
                                "InboundPassthroughClusterIpv4", "InboundPassthroughClusterIpv6"})
    if (record.upstream_cluster == name) return name;
  return record.service_name;
}

std::vector<std::string> tcp_label_names() {
  auto names = label_names;
  std::erase(names, "response_code");
  std::erase(names, "grpc_response_status");
  return names;
}

}  // namespace

IstioMetrics::IstioMetrics(metrics::Registry& registry, metrics::Shard& shard, const Peer& self)
    : shard_(shard), self_(self) {
  const auto define = [](const char* name, const char* help, std::vector<std::string> labels) {
    return metrics::Definition{.name = name, .help = help, .labels = std::move(labels), .limit = 16384};
  };
  requests_ = registry.counter(define("istio_requests_total", "Requests handled by the proxy.", label_names));
  duration_ = registry.histogram(define("istio_request_duration_milliseconds", "How long requests took.", label_names));
  request_bytes_ = registry.histogram(define("istio_request_bytes", "Sizes of request bodies.", label_names));
  response_bytes_ = registry.histogram(define("istio_response_bytes", "Sizes of response bodies.", label_names));
  opened_ =
      registry.counter(define("istio_tcp_connections_opened_total", "TCP connections opened.", tcp_label_names()));
  closed_ =
      registry.counter(define("istio_tcp_connections_closed_total", "TCP connections closed.", tcp_label_names()));
  sent_ = registry.counter(define("istio_tcp_sent_bytes_total", "Bytes sent to clients.", tcp_label_names()));
  received_ =
      registry.counter(define("istio_tcp_received_bytes_total", "Bytes received from clients.", tcp_label_names()));
}

IstioLabels IstioMetrics::labels_of(const Record& record, bool inbound) {
  IstioLabels labels{};
  const ConnectionRecord& connection = *record.connection;
  const Peer* peer = inbound ? (record.downstream_peer ? record.downstream_peer.get() : connection.peer.get())
                             : record.upstream_peer.get();
  put_side(labels, inbound ? peer : &self_, true);
  put_side(labels, inbound ? &self_ : peer, false);
  labels[reporter] = inbound ? "destination" : "source";
  // Towards a server, identities are those of the upstream connection: without mutual TLS there are none.
  const std::vector<std::string>* peer_uris = inbound ? nullptr : record.upstream_uri_sans.get();
  if (inbound && connection.peer_certificate) peer_uris = &connection.peer_certificate->uri_sans;
  const std::string_view peer_principal = peer_uris ? first(*peer_uris) : std::string_view();
  const std::string_view own_principal = inbound                  ? first(connection.local_uri_sans)
                                         : peer_principal.empty() ? std::string_view()
                                                                  : std::string_view(self_.identity);
  labels[source_principal] = known(inbound ? peer_principal : own_principal);
  labels[destination_principal] = known(inbound ? own_principal : peer_principal);
  if (const auto proven = namespace_of(peer_principal); !proven.empty())
    labels[inbound ? source_namespace : destination_namespace] = proven;
  labels[security_policy] = !inbound ? "unknown" : connection.mutual_tls ? "mutual_tls" : "none";
  labels[destination_service] = known(record.service_host);
  labels[destination_service_name] = known(service_name_of(record));
  labels[destination_service_namespace] = known(record.service_namespace, labels[destination_namespace]);
  code_ = std::to_string(record.status);
  labels[response_code] = code_;
  flags_ = record.flags.text();
  labels[response_flags] = flags_;
  return labels;
}

std::string IstioMetrics::key_of(const IstioLabels& labels) const {
  std::string key;
  for (std::string_view label : labels) {
    key += label;
    key += '\0';
  }
  return key;
}

void IstioMetrics::count_request(const Record& record, bool inbound, std::string_view grpc_status, bool is_grpc) {
  IstioLabels labels = labels_of(record, inbound);
  labels[request_protocol] = is_grpc ? "grpc" : "http";
  // Upstreams choose the status, but not how many series there are.
  if (!grpc_status.empty() && parse_number<uint16_t>(grpc_status).value_or(UINT16_MAX) > 16) grpc_status = "-1";
  std::string key = key_of(labels);
  key += grpc_status;
  const auto [it, fresh] = series_.try_emplace(std::move(key));
  Series& series = it->second;
  if (fresh) {
    std::vector<std::string_view> values(labels.begin(), labels.end());
    values.insert(values.begin() + response_code + 1, grpc_status);
    series = {shard_.counter(requests_, values), shard_.histogram(duration_, values),
              shard_.histogram(request_bytes_, values), shard_.histogram(response_bytes_, values)};
  }
  series.requests.add();
  series.duration.record(static_cast<double>(record.finished.value_or(0s) / 1us) / 1000.0);
  series.request_bytes.record(static_cast<double>(record.bytes_received + record.request_head_bytes));
  series.response_bytes.record(static_cast<double>(record.bytes_sent + record.response_head_bytes));
  // The registry bounds its series; this index over them must not outgrow it.
  if (series_.size() > 20000) series_.clear();
}

void IstioMetrics::count_connection(const Record& record, bool inbound) {
  IstioLabels labels = labels_of(record, inbound);
  labels[request_protocol] = "tcp";
  labels[response_code] = "";
  const auto [it, fresh] = tcp_series_.try_emplace(key_of(labels));
  TcpSeries& series = it->second;
  if (fresh) {
    std::vector<std::string_view> values(labels.begin(), labels.end());
    values.erase(values.begin() + response_code);
    series = {shard_.counter(opened_, values), shard_.counter(closed_, values), shard_.counter(sent_, values),
              shard_.counter(received_, values)};
  }
  series.opened.add();
  series.closed.add();
  series.sent.add(record.bytes_sent);
  series.received.add(record.bytes_received);
  if (tcp_series_.size() > 20000) tcp_series_.clear();
}

}  // namespace lateen::telemetry
