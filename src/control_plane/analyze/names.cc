#include "control_plane/analyze/names.h"

#include <set>

#include <fmt/format.h>
#include <re2/re2.h>

#include "lib/base/ip.h"
#include "lib/base/strings.h"

namespace lateen::analyze {
namespace {

bool is_alphanumeric(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

std::string shown(std::string_view text) {
  return text.size() <= 80 ? fmt::format("\"{}\"", text) : fmt::format("\"{}...\"", text.substr(0, 77));
}

bool is_wildcard_label(std::string_view label) {
  if (label == "*") return true;
  if (label.starts_with("*-")) return is_label(label.substr(2));
  if (label.starts_with("*")) return is_label(label.substr(1));
  return is_label(label);
}

}  // namespace

std::string at(const std::string& path, size_t index) { return fmt::format("{}[{}]", path, index); }

bool is_label(std::string_view text) {
  if (text.empty() || text.size() > 63 || !is_alphanumeric(text.front()) || !is_alphanumeric(text.back())) return false;
  return std::ranges::all_of(text, [](char c) { return is_alphanumeric(c) || c == '-'; });
}

bool is_fqdn(std::string_view text) {
  if (text.empty() || text.size() > 255) return false;
  if (text.ends_with('.')) text.remove_suffix(1);
  return std::ranges::all_of(split(text, '.'), is_label);
}

bool is_wildcard_host(std::string_view text) {
  if (text.empty() || text.size() > 255) return false;
  const size_t dot = text.find('.');
  if (!is_wildcard_label(text.substr(0, dot))) return false;
  return dot == std::string_view::npos || is_fqdn(text.substr(dot + 1));
}

bool is_ip(std::string_view text) { return Ip::parse(text).has_value(); }

bool is_subnet(std::string_view text) {
  return text.find('/') == std::string_view::npos ? is_ip(text) : Cidr::parse(text).has_value();
}

bool is_header_name(std::string_view text) {
  constexpr std::string_view marks = "!#$%&'*+-.^_`|~";
  return !text.empty() &&
         std::ranges::all_of(text, [&](char c) { return is_alphanumeric(c) || marks.find(c) != marks.npos; });
}

bool is_strict_header_name(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return is_alphanumeric(c) || c == '-' || c == '_'; });
}

Protocol protocol_of(std::string_view text) {
  static constexpr std::pair<std::string_view, Protocol> all[] = {
      {"http", Protocol::http},      {"https", Protocol::https},       {"http2", Protocol::http2},
      {"grpc", Protocol::grpc},      {"grpc-web", Protocol::grpc_web}, {"tcp", Protocol::tcp},
      {"tls", Protocol::tls},        {"udp", Protocol::udp},           {"mongo", Protocol::mongo},
      {"redis", Protocol::redis},    {"mysql", Protocol::mysql},       {"hbone", Protocol::hbone},
      {"http_proxy", Protocol::http}};
  for (const auto& [name, protocol] : all) {
    if (equal_ignoring_case(text, name)) return protocol;
  }
  return Protocol::unsupported;
}

bool covered_by(std::string_view a, std::string_view b) {
  if (a == b || b == "*") return true;
  if (!b.starts_with('*')) return false;
  const std::string_view suffix = b.substr(1);
  if (a.starts_with('*')) a.remove_prefix(1);
  return a.size() >= suffix.size() && a.ends_with(suffix);
}

void check_wildcard_host(std::string_view host, const std::string& path, Findings& findings) {
  if (!is_wildcard_host(host)) {
    findings.error(path, fmt::format("{} is not a DNS name; only its first label may begin with *", shown(host)));
  }
}

void check_fqdn(std::string_view host, const std::string& path, Findings& findings) {
  if (!is_fqdn(host)) findings.error(path, fmt::format("{} is not a DNS name", shown(host)));
}

void check_ip(std::string_view address, const std::string& path, Findings& findings) {
  if (!is_ip(address)) findings.error(path, fmt::format("{} is not an IP address", shown(address)));
}

void check_subnets(const std::vector<std::string>& subnets, const std::string& path, Findings& findings) {
  for (size_t i = 0; i < subnets.size(); ++i) {
    if (!is_subnet(subnets[i])) {
      findings.error(at(path, i), fmt::format("{} is not an IP address or CIDR range", shown(subnets[i])));
    }
  }
}

void check_port(uint32_t port, const std::string& path, Findings& findings) {
  if (port < 1 || port > 65535) findings.error(path, "must be between 1 and 65535");
}

void check_protocol(std::string_view protocol, const std::string& path, Findings& findings) {
  if (protocol.empty() || protocol_of(protocol) != Protocol::unsupported) return;
  findings.error(path, fmt::format("{} is not a protocol; use HTTP, HTTPS, HTTP2, GRPC, GRPC-WEB, MONGO, MYSQL, REDIS, "
                                   "TCP, TLS or UDP",
                                   shown(protocol)));
}

void check_port_name(std::string_view name, const std::string& path, Findings& findings) {
  if (!is_label(name)) findings.error(path, fmt::format("{} is not a port name: letters, digits and -", shown(name)));
}

void check_regex(std::string_view regex, const std::string& path, Findings& findings) {
  if (regex.size() > 1024) {
    findings.error(path, "a regular expression may have at most 1024 characters");
    return;
  }
  const RE2 compiled(re2::StringPiece(regex.data(), regex.size()), RE2::Quiet);
  if (!compiled.ok()) findings.error(path, fmt::format("not an RE2 expression: {}", compiled.error()));
}

void check_unix_path(std::string_view address, const std::string& path, Findings& findings) {
  const std::string_view rest = address.substr(std::string_view("unix://").size());
  if (rest.starts_with('@')) return;
  if (!rest.starts_with('/') || rest.ends_with('/')) {
    findings.error(path, fmt::format("{} is not unix:///PATH of a socket, nor unix://@NAME", shown(address)));
  }
}

void check_labels(const std::map<std::string, std::string>& labels, const std::string& path, Findings& findings) {
  const auto is_part = [](std::string_view text) {
    return text.size() <= 63 && is_alphanumeric(text.front()) && is_alphanumeric(text.back()) &&
           std::ranges::all_of(text, [](char c) { return is_alphanumeric(c) || c == '-' || c == '_' || c == '.'; });
  };
  for (const auto& [key, value] : labels) {
    const std::string where = schema::child_path(path, key);
    const size_t slash = key.find('/');
    const std::string_view name =
        slash == std::string::npos ? std::string_view(key) : std::string_view(key).substr(slash + 1);
    if (name.empty() || !is_part(name) || (slash != std::string::npos && !is_fqdn(key.substr(0, slash)))) {
      findings.error(where, fmt::format("{} is not a label key", shown(key)));
    }
    if (!value.empty() && !is_part(value)) findings.error(where, fmt::format("{} is not a label value", shown(value)));
  }
}

void check_export_to(const std::vector<std::string>& export_to, std::string_view own_namespace, bool allow_none,
                     Findings& findings) {
  std::set<std::string_view> seen;
  for (size_t i = 0; i < export_to.size(); ++i) {
    const std::string path = at("spec.exportTo", i);
    const std::string_view entry = export_to[i];
    if (!seen.insert(entry == "." ? own_namespace : entry).second) {
      findings.error(path, fmt::format("{} is repeated", shown(entry)));
    }
    const bool alone = entry == "*" || entry == "~";
    if (alone && export_to.size() > 1) findings.error(path, fmt::format("{} cannot stand beside others", entry));
    if (entry == "*" || entry == "." || (entry == "~" && allow_none)) continue;
    if (!is_label(entry)) findings.error(path, fmt::format("{} is not a namespace, `.` or `*`", shown(entry)));
  }
}

void check_namespaced_host(std::string_view text, bool gateway, const std::string& path, Findings& findings) {
  const size_t slash = text.find('/');
  std::string_view host = text;
  if (slash != std::string_view::npos) {
    std::string_view space = text.substr(0, slash);
    host = text.substr(slash + 1);
    if (!gateway && space.size() > 1 && space.starts_with('~')) space.remove_prefix(1);
    const bool special = space == "*" || space == "." || (space == "~" && !gateway);
    if (!special && !is_label(space)) findings.error(path, fmt::format("{} is not a namespace", shown(space)));
  } else if (!gateway) {
    findings.error(path, fmt::format("{} must have the form NAMESPACE/HOST", shown(text)));
    return;
  }
  if (gateway && is_ip(host)) return;
  if (host != "*" && host.find('.') == std::string_view::npos) {
    findings.error(path, fmt::format("{} is a short name; write the full DNS name", shown(host)));
    return;
  }
  check_wildcard_host(host, path, findings);
}

void check_milliseconds(const std::optional<Duration>& duration, const std::string& path, Findings& findings) {
  if (!duration) return;
  if (*duration < 1ms) findings.error(path, "must be 1ms or longer");
  if (*duration % Duration(1ms) != Duration(0)) findings.error(path, "must be whole milliseconds");
}

void check_selector(const std::map<std::string, std::string>& labels, const std::string& path, Findings& findings) {
  for (const auto& [key, value] : labels) {
    const std::string where = schema::child_path(path, key);
    if (key.empty()) findings.error(where, "a label key must not be empty");
    if (key.find('*') != std::string::npos || value.find('*') != std::string::npos) {
      findings.error(where, "a selector compares labels as they are; * is not allowed");
    }
    if (value.size() > 63) findings.error(where, "a label value has at most 63 characters");
  }
}

void check_selector(const std::optional<config::PolicySelector>& selector, Findings& findings) {
  if (selector) check_selector(selector->match_labels, "spec.selector.matchLabels", findings);
}

void check_selector(const std::optional<config::WorkloadSelector>& selector, Findings& findings) {
  if (!selector) return;
  check_selector(selector->labels, "spec.workloadSelector.labels", findings);
}

namespace {

void check_target(const config::PolicyTargetReference& target, std::string_view own_namespace, const std::string& path,
                  Findings& findings) {
  if (!target.namespace_.empty() && target.namespace_ != own_namespace) {
    findings.error(path + ".namespace", "must be empty: a policy is attached to objects of its own namespace");
  } else if (!target.namespace_.empty()) {
    findings.error(path + ".namespace", "must be empty");
  }
  const std::string canonical = target.group == "core" ? "" : target.group;
  if (!canonical.empty() && (!is_fqdn(canonical) || canonical != lowered(canonical))) {
    findings.error(path + ".group", fmt::format("{} is not an API group", shown(target.group)));
    return;
  }
  static constexpr std::pair<std::string_view, std::string_view> known[] = {
      {"gateway.networking.k8s.io", "Gateway"},
      {"gateway.networking.k8s.io", "GatewayClass"},
      {"", "Service"},
      {"networking.istio.io", "ServiceEntry"}};
  const bool fits =
      std::ranges::any_of(known, [&](const auto& k) { return k.first == canonical && k.second == target.kind; });
  if (!fits) {
    findings.error(path + ".kind",
                   fmt::format("{} of group \"{}\" is nothing a policy can be attached to; use Gateway or "
                               "GatewayClass of gateway.networking.k8s.io, Service of \"\" or ServiceEntry "
                               "of networking.istio.io",
                               shown(target.kind), target.group));
  }
}

}  // namespace

void check_targets(const std::optional<config::PolicyTargetReference>& one,
                   const std::vector<config::PolicyTargetReference>& several, std::string_view own_namespace,
                   Findings& findings) {
  if (one) check_target(*one, own_namespace, "spec.targetRef", findings);
  for (size_t i = 0; i < several.size(); ++i)
    check_target(several[i], own_namespace, at("spec.targetRefs", i), findings);
}

}  // namespace lateen::analyze
