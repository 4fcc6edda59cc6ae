// What names, hosts, addresses and protocols look like, and rules that several kinds share. Private to analyze.
//
// check_ functions report at the given path; is_ functions answer.
#pragma once
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "control_plane/analyze/validate.h"

namespace lateen::analyze {

// RFC 1123 label: up to 63 letters, digits and '-', not at the ends. Upper case is fine, as in Istio.
bool is_label(std::string_view text);
// Labels with dots between them, up to 255 characters; a dot may end it.
bool is_fqdn(std::string_view text);
// The same with `*` alone or at the beginning of the first label (`*.a`, `*-x.a`).
bool is_wildcard_host(std::string_view text);
bool is_ip(std::string_view text);
bool is_subnet(std::string_view text);  // an address, or one with a prefix length
// A header name: an RFC 9110 token. The strict form has letters, digits, '-' and '_' only.
bool is_header_name(std::string_view text);
bool is_strict_header_name(std::string_view text);

enum class Protocol { unsupported, http, https, http2, grpc, grpc_web, tcp, tls, udp, mongo, redis, mysql, hbone };
Protocol protocol_of(std::string_view text);  // case does not matter
inline bool is_http(Protocol p) {
  return p == Protocol::http || p == Protocol::http2 || p == Protocol::grpc || p == Protocol::grpc_web;
}
inline bool is_tls(Protocol p) { return p == Protocol::https || p == Protocol::tls; }

// Whether host a is covered by host b: equal, or b is a wildcard that a falls under.
bool covered_by(std::string_view a, std::string_view b);

void check_wildcard_host(std::string_view host, const std::string& path, Findings& findings);
void check_fqdn(std::string_view host, const std::string& path, Findings& findings);
void check_ip(std::string_view address, const std::string& path, Findings& findings);
void check_subnets(const std::vector<std::string>& subnets, const std::string& path, Findings& findings);
void check_port(uint32_t port, const std::string& path, Findings& findings);
void check_protocol(std::string_view protocol, const std::string& path, Findings& findings);  // "" is fine
void check_port_name(std::string_view name, const std::string& path, Findings& findings);
void check_regex(std::string_view regex, const std::string& path, Findings& findings);
void check_unix_path(std::string_view address, const std::string& path, Findings& findings);  // behind unix://
void check_labels(const std::map<std::string, std::string>& labels, const std::string& path, Findings& findings);
void check_export_to(const std::vector<std::string>& export_to, std::string_view own_namespace, bool allow_none,
                     Findings& findings);
// `namespace/host` of gateways and sidecars.
void check_namespaced_host(std::string_view text, bool gateway, const std::string& path, Findings& findings);
void check_milliseconds(const std::optional<Duration>& duration, const std::string& path, Findings& findings);

// Selectors: no empty keys, no wildcards, values up to 63 characters.
void check_selector(const std::map<std::string, std::string>& labels, const std::string& path, Findings& findings);
void check_selector(const std::optional<config::PolicySelector>& selector, Findings& findings);
void check_selector(const std::optional<config::WorkloadSelector>& selector, Findings& findings);
// A policy's targetRef and targetRefs.
void check_targets(const std::optional<config::PolicyTargetReference>& one,
                   const std::vector<config::PolicyTargetReference>& several, std::string_view own_namespace,
                   Findings& findings);

// Shared by VirtualService and Sidecar, DestinationRule, Gateway and MeshConfig.
void check_destination(const config::Destination& destination, const std::string& path, Findings& findings);
void check_client_tls(const config::ClientTLSSettings& tls, const std::string& path, Findings& findings);
void check_connection_pool(const config::ConnectionPoolSettings& pool, const std::string& path, Findings& findings);
void check_locality(const config::LocalityLoadBalancerSetting& setting, const std::string& path, Findings& findings);
void check_server_tls(const config::ServerTLSSettings& tls, const std::string& path, Findings& findings);
void check_retry(const config::HTTPRetry& retry, const std::string& path, Findings& findings);

std::string at(const std::string& path, size_t index);

}  // namespace lateen::analyze
