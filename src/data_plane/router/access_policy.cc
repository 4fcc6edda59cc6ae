#include "data_plane/router/access_policy.h"

#include <algorithm>

namespace lateen::router {
namespace {

bool principal_matches(const StringMatch& match, const telemetry::ConnectionRecord& connection) {
  if (!connection.mutual_tls || !connection.peer_certificate) return false;
  const telemetry::PeerCertificate& peer = *connection.peer_certificate;
  const auto any = [&](const std::vector<std::string>& names) {
    return std::ranges::any_of(names, [&](const std::string& name) { return match.matches(name); });
  };
  return any(peer.uri_sans) || any(peer.dns_sans) || match.matches(peer.subject);
}

bool metadata_matches(const Condition& condition, const AccessFacts& facts) {
  if (!facts.record) return false;
  const auto& metadata = facts.record->extra->dynamic_metadata;
  const auto group = metadata.find(condition.name_space);
  if (group == metadata.end()) return false;
  const auto value = group->second.find(condition.key);
  return value != group->second.end() && condition.text.matches(value->second);
}

}  // namespace

bool Condition::holds(const AccessFacts& facts) const {
  const auto child_holds = [&](const Condition& child) { return child.holds(facts); };
  switch (kind) {
    case always:
      return true;
    case all_of:
      return std::ranges::all_of(children, child_holds);
    case any_of:
      return std::ranges::any_of(children, child_holds);
    case negation:
      return !children[0].holds(facts);
    case header:
      return facts.request && header_match.matches(*facts.request);
    case url_path:
      return facts.request && text.matches(path_without_query(facts.request->path()));
    case destination_ip:
      return range.contains(facts.connection.local.ip);
    case destination_port:
      return facts.connection.local.port >= from && facts.connection.local.port < to;
    case server_name:
      return text.matches(facts.connection.requested_server_name);
    case mutual_tls:
      return facts.connection.mutual_tls;
    case principal:
      return principal_matches(text, facts.connection);
    case direct_remote_ip:
      return range.contains(facts.connection.direct_remote.ip);
    case remote_ip:
      return range.contains(facts.client);
    case metadata:
      return metadata_matches(*this, facts);
  }
  return false;
}

bool AccessPolicy::holds(const AccessFacts& facts) const {
  const auto matches = [&](const Condition& condition) { return condition.holds(facts); };
  return std::ranges::any_of(permissions, matches) && std::ranges::any_of(principals, matches);
}

AccessRules::AccessRules(Action action, std::vector<AccessPolicy> policies)
    : action_(action), policies_(std::move(policies)) {
  std::ranges::sort(policies_, {}, &AccessPolicy::name);
}

AccessRules::Verdict AccessRules::judge(const AccessFacts& facts) const {
  const auto found = std::ranges::find_if(policies_, [&](const AccessPolicy& policy) { return policy.holds(facts); });
  const bool matched = found != policies_.end();
  const std::string_view name = matched ? std::string_view(found->name) : std::string_view();
  switch (action_) {
    case allow:
      return {matched, name};
    case deny:
      return {!matched, name};
    case log:
      break;
  }
  return {true, name};
}

std::string denial_details(const AccessRules::Verdict& verdict) {
  std::string details =
      fmt::format("rbac_access_denied_matched_policy[{}]", verdict.policy.empty() ? "none" : verdict.policy);
  std::ranges::replace(details, ' ', '_');
  return details;
}

}  // namespace lateen::router
