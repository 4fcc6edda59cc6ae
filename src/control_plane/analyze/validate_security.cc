#include <fmt/format.h>

#include "control_plane/analyze/names.h"
#include "lib/base/strings.h"
#include "lib/schema/document.h"

namespace lateen::analyze {
namespace {

using namespace config;

// Lists of policies: no empty entries.
void check_entries(const std::vector<std::string>& list, const std::string& path, Findings& findings) {
  for (size_t i = 0; i < list.size(); ++i) {
    if (list[i].empty()) findings.error(at(path, i), "must not be empty");
  }
}

void check_service_accounts(const std::vector<std::string>& list, const std::string& path, Findings& findings) {
  for (size_t i = 0; i < list.size(); ++i) {
    const auto parts = split(list[i], '/');
    const bool filled = std::ranges::none_of(parts, [](std::string_view part) { return part.empty(); });
    if (parts.size() > 2 || !filled || list[i].size() > 320) {
      findings.error(at(path, i), "must have the form NAMESPACE/NAME or NAME");
    }
  }
}

void check_source(const Source& source, const std::string& path, Findings& findings) {
  if (source == Source()) {
    findings.error(path, "must not be empty");
    return;
  }
  check_entries(source.principals, path + ".principals", findings);
  check_entries(source.not_principals, path + ".notPrincipals", findings);
  check_entries(source.request_principals, path + ".requestPrincipals", findings);
  check_entries(source.not_request_principals, path + ".notRequestPrincipals", findings);
  check_entries(source.namespaces, path + ".namespaces", findings);
  check_entries(source.not_namespaces, path + ".notNamespaces", findings);
  check_entries(source.trust_domains, path + ".trustDomains", findings);
  check_entries(source.not_trust_domains, path + ".notTrustDomains", findings);
  check_service_accounts(source.service_accounts, path + ".serviceAccounts", findings);
  check_service_accounts(source.not_service_accounts, path + ".notServiceAccounts", findings);
  check_subnets(source.ip_blocks, path + ".ipBlocks", findings);
  check_subnets(source.not_ip_blocks, path + ".notIpBlocks", findings);
  check_subnets(source.remote_ip_blocks, path + ".remoteIpBlocks", findings);
  check_subnets(source.not_remote_ip_blocks, path + ".notRemoteIpBlocks", findings);
  const bool accounts = !source.service_accounts.empty() || !source.not_service_accounts.empty();
  const bool others = !source.principals.empty() || !source.not_principals.empty() || !source.namespaces.empty() ||
                      !source.not_namespaces.empty();
  if (accounts && others) findings.error(path + ".serviceAccounts", "cannot stand beside principals or namespaces");
}

void check_ports(const std::vector<std::string>& ports, const std::string& path, Findings& findings) {
  for (size_t i = 0; i < ports.size(); ++i) {
    const auto port = parse_number<uint32_t>(ports[i]);
    if (!port || *port > 65535) findings.error(at(path, i), fmt::format("\"{}\" is not a port", ports[i]));
  }
}

// Templates such as /a/{*}/b/{**}: an operator fills a whole segment, and only the last may be {**}.
void check_paths(const std::vector<std::string>& paths, const std::string& path, Findings& findings) {
  check_entries(paths, path, findings);
  for (size_t i = 0; i < paths.size(); ++i) {
    if (paths[i].find('{') == std::string::npos || paths[i].find("*}") == std::string::npos) continue;
    bool rest = false;
    for (std::string_view segment : split(paths[i], '/')) {
      const bool one = segment == "{*}";
      const bool all = segment == "{**}";
      const bool literal = segment.find_first_of("{}*") == std::string_view::npos;
      if (!literal && !one && !all) {
        findings.error(
            at(path, i),
            fmt::format("\"{}\": {{*}} and {{**}} stand alone between slashes, and no other * beside them", paths[i]));
        break;
      }
      if (rest && (one || all)) {
        findings.error(at(path, i), fmt::format("\"{}\": {{**}} must be the last operator", paths[i]));
        break;
      }
      rest = rest || all;
    }
  }
}

void check_operation(const Operation& operation, const std::string& path, Findings& findings) {
  if (operation == Operation()) {
    findings.error(path, "must not be empty");
    return;
  }
  check_entries(operation.hosts, path + ".hosts", findings);
  check_entries(operation.not_hosts, path + ".notHosts", findings);
  check_entries(operation.methods, path + ".methods", findings);
  check_entries(operation.not_methods, path + ".notMethods", findings);
  check_ports(operation.ports, path + ".ports", findings);
  check_ports(operation.not_ports, path + ".notPorts", findings);
  check_paths(operation.paths, path + ".paths", findings);
  check_paths(operation.not_paths, path + ".notPaths", findings);
}

bool is_indexed(std::string_view key, std::string_view name) {
  return key.starts_with(name) && key.size() > name.size() + 2 && key[name.size()] == '[' && key.ends_with(']');
}

void check_condition(const Condition& condition, const std::string& path, Findings& findings) {
  const std::string_view key = condition.key;
  if (condition.values.empty() && condition.not_values.empty())
    findings.error(path, "one of values and notValues is required");
  const auto both = [&](auto check) {
    check(condition.values, path + ".values", findings);
    check(condition.not_values, path + ".notValues", findings);
  };
  if (key == "source.ip" || key == "remote.ip" || key == "destination.ip") return both(check_subnets);
  if (key == "destination.port") return both(check_ports);
  static constexpr std::string_view plain[] = {
      "source.namespace",       "source.principal",       "source.serviceAccount",  "source.trustDomain",
      "request.auth.principal", "request.auth.audiences", "request.auth.presenter", "connection.sni"};
  const bool known = std::ranges::find(plain, key) != std::end(plain) || is_indexed(key, "request.headers") ||
                     key.starts_with("request.auth.claims[") || key.starts_with("experimental.envoy.filters.") ||
                     key == "source.labels" || key.starts_with("experimental.");
  if (!known || key == "source.labels")
    findings.error(path + ".key", fmt::format("\"{}\" is not an attribute of a condition", key));
  if (key.starts_with("request.auth.claims[") && !is_indexed(key, "request.auth.claims")) {
    findings.error(path + ".key", "must have the form request.auth.claims[NAME]");
  }
}

// The provider of a CUSTOM policy is asked before identities and tokens are known.
void check_custom(const Rule& rule, const std::string& path, Findings& findings) {
  for (size_t i = 0; i < rule.from.size(); ++i) {
    if (!rule.from[i].source) continue;
    Source addresses_only;
    const Source& source = *rule.from[i].source;
    addresses_only.ip_blocks = source.ip_blocks;
    addresses_only.not_ip_blocks = source.not_ip_blocks;
    addresses_only.remote_ip_blocks = source.remote_ip_blocks;
    addresses_only.not_remote_ip_blocks = source.not_remote_ip_blocks;
    if (source != addresses_only)
      findings.error(at(path + ".from", i) + ".source",
                     "a CUSTOM policy can look at addresses only, not at identities");
  }
  static constexpr std::string_view refused[] = {"source.namespace", "source.serviceAccount", "source.trustDomain",
                                                 "source.principal"};
  for (size_t i = 0; i < rule.when.size(); ++i) {
    const auto& key = rule.when[i].key;
    if (key.starts_with("request.auth.") || std::ranges::find(refused, key) != std::end(refused)) {
      findings.error(at(path + ".when", i) + ".key", fmt::format("{} cannot be used in a CUSTOM policy", key));
    }
  }
}

void check_dry_run(const Object<AuthorizationPolicy>& object, Findings& findings) {
  const std::string path = "metadata.annotations[\"istio.io/dry-run\"]";
  const std::string_view value = object.metadata.annotation("istio.io/dry-run");
  if (value.empty()) return;
  static constexpr std::string_view words[] = {"true", "false", "1",    "0",     "t",    "f",
                                               "T",    "F",     "TRUE", "FALSE", "True", "False"};
  if (std::ranges::find(words, value) == std::end(words)) findings.error(path, "must be \"true\" or \"false\"");
  const auto action = object.spec.action;
  if (action != AuthorizationPolicy::Action::ALLOW && action != AuthorizationPolicy::Action::DENY) {
    findings.error(path, "is for the actions ALLOW and DENY only");
  }
}

void check_rule(const Rule& rule, const std::string& path, Findings& findings) {
  for (size_t i = 0; i < rule.from.size(); ++i) {
    const std::string where = at(path + ".from", i) + ".source";
    if (rule.from[i].source) {
      check_source(*rule.from[i].source, where, findings);
    } else {
      findings.error(where, "required");
    }
  }
  for (size_t i = 0; i < rule.to.size(); ++i) {
    const std::string where = at(path + ".to", i) + ".operation";
    if (rule.to[i].operation) {
      check_operation(*rule.to[i].operation, where, findings);
    } else {
      findings.error(where, "required");
    }
  }
  for (size_t i = 0; i < rule.when.size(); ++i) check_condition(rule.when[i], at(path + ".when", i), findings);
}

void check_jwks_uri(std::string_view uri, const std::string& path, Findings& findings) {
  if (uri.empty()) return;
  const size_t scheme = uri.starts_with("https://") ? 8 : uri.starts_with("http://") ? 7 : 0;
  const std::string_view host = uri.substr(scheme).substr(0, uri.substr(scheme).find_first_of("/?#"));
  const bool clean =
      std::ranges::none_of(uri, [](char c) { return static_cast<unsigned char>(c) <= ' ' || c == '\\' || c == 0x7f; });
  if (scheme == 0 || host.empty() || !clean) findings.error(path, "must be an http:// or https:// address");
}

// RFC 7517: a set of keys, or one key.
void check_jwks(std::string_view text, const std::string& path, Findings& findings) {
  schema::Diagnostics problems;
  schema::Node keys;
  schema::Limits limits;
  limits.bytes = 1 << 20;
  if (!schema::read_json(text, "", problems, keys, limits) || (!keys.find("keys") && !keys.find("kty"))) {
    findings.error(path, "must be a JSON Web Key Set: {\"keys\": [...]}");
    return;
  }
  const schema::Node* list = keys.find("keys");
  for (const auto& key : list && list->as_list() ? *list->as_list() : schema::Node::List{keys}) {
    if (key.find("d") || (key.find("kty") && key.find("kty")->text() == "oct")) {
      findings.warning(path, "holds a private key; only public keys are needed here");
    }
  }
}

void check_jwt(const JWTRule& rule, const std::string& path, Findings& findings) {
  if (rule.issuer.empty() && rule.jwks_uri.empty())
    findings.error(path + ".issuer", "one of issuer and jwksUri is required");
  check_jwks_uri(rule.jwks_uri, path + ".jwksUri", findings);
  if (!rule.jwks.empty()) check_jwks(rule.jwks, path + ".jwks", findings);
  const auto check_header = [&](std::string_view name, const std::string& where) {
    if (!is_strict_header_name(name)) findings.error(where, fmt::format("\"{}\" is not a header name", name));
  };
  if (!rule.output_payload_to_header.empty())
    check_header(rule.output_payload_to_header, path + ".outputPayloadToHeader");
  for (size_t i = 0; i < rule.output_claim_to_headers.size(); ++i) {
    check_header(rule.output_claim_to_headers[i].header, at(path + ".outputClaimToHeaders", i) + ".header");
  }
  for (size_t i = 0; i < rule.from_headers.size(); ++i)
    check_header(rule.from_headers[i].name, at(path + ".fromHeaders", i) + ".name");
}

}  // namespace

void validate(const Object<AuthorizationPolicy>& object, Findings& findings) {
  const AuthorizationPolicy& spec = object.spec;
  using Action = AuthorizationPolicy::Action;
  check_selector(spec.selector, findings);
  check_targets(spec.target_ref, spec.target_refs, object.metadata.namespace_, findings);
  if (spec.action == Action::DENY && spec.rules.empty())
    findings.error("spec.rules", "a DENY policy without rules has no effect");
  if (spec.action == Action::CUSTOM && spec.rules.empty())
    findings.error("spec.rules", "a CUSTOM policy without rules has no effect");
  if (spec.action == Action::CUSTOM && (!spec.provider || spec.provider->name.empty())) {
    findings.error("spec.provider.name", "required for CUSTOM");
  }
  if (spec.action != Action::CUSTOM && spec.provider) findings.error("spec.provider", "is for action CUSTOM only");
  for (size_t i = 0; i < spec.rules.size(); ++i) {
    check_rule(spec.rules[i], at("spec.rules", i), findings);
    if (spec.action == Action::CUSTOM) check_custom(spec.rules[i], at("spec.rules", i), findings);
  }
  check_dry_run(object, findings);
}

void validate(const Object<PeerAuthentication>& object, Findings& findings) {
  const PeerAuthentication& spec = object.spec;
  check_selector(spec.selector, findings);
  const bool selects = spec.selector && !spec.selector->match_labels.empty();
  if (!spec.port_level_mtls.empty() && !selects) findings.error("spec.portLevelMtls", "needs a selector");
  for (const auto& [port, tls] : spec.port_level_mtls) {
    check_port(port, schema::child_path("spec.portLevelMtls", std::to_string(port)), findings);
  }
}

void validate(const Object<RequestAuthentication>& object, Findings& findings) {
  const RequestAuthentication& spec = object.spec;
  check_selector(spec.selector, findings);
  check_targets(spec.target_ref, spec.target_refs, object.metadata.namespace_, findings);
  for (size_t i = 0; i < spec.jwt_rules.size(); ++i) check_jwt(spec.jwt_rules[i], at("spec.jwtRules", i), findings);
}

}  // namespace lateen::analyze
