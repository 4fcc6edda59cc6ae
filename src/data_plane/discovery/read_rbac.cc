#include "data_plane/discovery/read_rbac.h"

#include "data_plane/discovery/string_match.h"

namespace lateen::discovery {

namespace rbacv3 = envoy::config::rbac::v3;
using router::Condition;

namespace {

Result<Condition> read(const rbacv3::Permission& message);
Result<Condition> read(const rbacv3::Principal& message);

template <class List>
Result<Condition> read_children(Condition::Kind kind, const List& list) {
  Condition out{.kind = kind};
  for (const auto& each : list) {
    auto child = read(each);
    if (!child) return child;
    out.children.push_back(std::move(*child));
  }
  return out;
}

template <class Message>
Result<Condition> read_negation(const Message& message) {
  auto child = read(message);
  if (!child) return child;
  Condition out{.kind = Condition::negation};
  out.children.push_back(std::move(*child));
  return out;
}

Result<Condition> read_text(Condition::Kind kind, const envoy::type::matcher::v3::StringMatcher& matcher) {
  auto text = string_match(matcher);
  if (!text) return failed(text);
  return Condition{.kind = kind, .text = std::move(*text)};
}

Result<Condition> read_header(const envoy::config::route::v3::HeaderMatcher& matcher) {
  auto match = header_match(matcher);
  if (!match) return failed(match);
  return Condition{.kind = Condition::header, .header_match = std::move(*match)};
}

Result<Condition> read_range(Condition::Kind kind, const envoy::config::core::v3::CidrRange& message) {
  auto range = cidr_of(message);
  if (!range) return failed(range);
  return Condition{.kind = kind, .range = *range};
}

// Metadata by one key, or a path of keys joined by dots, with a string value.
Result<Condition> read_metadata(const envoy::type::matcher::v3::MetadataMatcher& message) {
  Condition out{.kind = Condition::metadata, .name_space = message.filter()};
  for (const auto& segment : message.path()) out.key += (out.key.empty() ? "" : ".") + segment.key();
  const auto& value = message.value().has_list_match() ? message.value().list_match().one_of() : message.value();
  if (!value.has_string_match()) return fail(ErrorKind::unsupported, "metadata: only string values are supported");
  auto text = string_match(value.string_match());
  if (!text) return failed(text);
  out.text = std::move(*text);
  if (message.invert()) {
    Condition inverted{.kind = Condition::negation};
    inverted.children.push_back(std::move(out));
    return inverted;
  }
  return out;
}

Result<Condition> read(const rbacv3::Permission& message) {
  switch (message.rule_case()) {
    case rbacv3::Permission::kAny:
      return Condition{};
    case rbacv3::Permission::kAndRules:
      return read_children(Condition::all_of, message.and_rules().rules());
    case rbacv3::Permission::kOrRules:
      return read_children(Condition::any_of, message.or_rules().rules());
    case rbacv3::Permission::kNotRule:
      return read_negation(message.not_rule());
    case rbacv3::Permission::kHeader:
      return read_header(message.header());
    case rbacv3::Permission::kUrlPath:
      return read_text(Condition::url_path, message.url_path().path());
    case rbacv3::Permission::kDestinationIp:
      return read_range(Condition::destination_ip, message.destination_ip());
    case rbacv3::Permission::kDestinationPort:
      return Condition{.kind = Condition::destination_port,
                       .from = message.destination_port(),
                       .to = message.destination_port() + 1};
    case rbacv3::Permission::kDestinationPortRange:
      return Condition{.kind = Condition::destination_port,
                       .from = static_cast<uint32_t>(message.destination_port_range().start()),
                       .to = static_cast<uint32_t>(message.destination_port_range().end())};
    case rbacv3::Permission::kRequestedServerName:
      return read_text(Condition::server_name, message.requested_server_name());
    case rbacv3::Permission::kMetadata:
      return read_metadata(message.metadata());
    default:
      return fail(ErrorKind::unsupported, "rbac permission {} is not supported", message.ShortDebugString());
  }
}

// Istio writes the peer's identity as filter state io.istio.peer_principal; it is the certificate's name here.
Result<Condition> read_filter_state(const envoy::type::matcher::v3::FilterStateMatcher& message) {
  if (message.key() != "io.istio.peer_principal" || !message.has_string_match())
    return fail(ErrorKind::unsupported, "filter_state {} is not supported", message.key());
  return read_text(Condition::principal, message.string_match());
}

Result<Condition> read(const rbacv3::Principal& message) {
  switch (message.identifier_case()) {
    case rbacv3::Principal::kAny:
      return Condition{};
    case rbacv3::Principal::kAndIds:
      return read_children(Condition::all_of, message.and_ids().ids());
    case rbacv3::Principal::kOrIds:
      return read_children(Condition::any_of, message.or_ids().ids());
    case rbacv3::Principal::kNotId:
      return read_negation(message.not_id());
    case rbacv3::Principal::kAuthenticated:
      if (!message.authenticated().has_principal_name()) return Condition{.kind = Condition::mutual_tls};
      return read_text(Condition::principal, message.authenticated().principal_name());
    case rbacv3::Principal::kHeader:
      return read_header(message.header());
    case rbacv3::Principal::kUrlPath:
      return read_text(Condition::url_path, message.url_path().path());
    case rbacv3::Principal::kDirectRemoteIp:
      return read_range(Condition::direct_remote_ip, message.direct_remote_ip());
    case rbacv3::Principal::kRemoteIp:
      return read_range(Condition::remote_ip, message.remote_ip());
    case rbacv3::Principal::kSourceIp:
      return read_range(Condition::direct_remote_ip, message.source_ip());
    case rbacv3::Principal::kMetadata:
      return read_metadata(message.metadata());
    case rbacv3::Principal::kFilterState:
      return read_filter_state(message.filter_state());
    default:
      return fail(ErrorKind::unsupported, "rbac principal {} is not supported", message.ShortDebugString());
  }
}

}  // namespace

Result<router::AccessRules> read_rbac(const rbacv3::RBAC& message, Notes& notes) {
  notes.check(message, "rules", {"action", "policies"});
  std::vector<router::AccessPolicy> policies;
  for (const auto& [name, from] : message.policies()) {
    router::AccessPolicy policy{.name = name};
    if (from.has_condition() || from.has_checked_condition())
      return fail(ErrorKind::unsupported, "policy {}: CEL conditions are not supported", name);
    for (const auto& each : from.permissions()) {
      auto condition = read(each);
      if (!condition) return failed(condition, fmt::format("policy {}", name));
      policy.permissions.push_back(std::move(*condition));
    }
    for (const auto& each : from.principals()) {
      auto condition = read(each);
      if (!condition) return failed(condition, fmt::format("policy {}", name));
      policy.principals.push_back(std::move(*condition));
    }
    policies.push_back(std::move(policy));
  }
  const auto action = message.action() == rbacv3::RBAC::DENY  ? router::AccessRules::deny
                      : message.action() == rbacv3::RBAC::LOG ? router::AccessRules::log
                                                              : router::AccessRules::allow;
  return router::AccessRules(action, std::move(policies));
}

}  // namespace lateen::discovery
