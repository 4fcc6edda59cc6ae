#include "control_plane/translate/rbac.h"

#include <envoy/extensions/filters/http/rbac/v3/rbac.pb.h>
#include <envoy/extensions/filters/network/rbac/v3/rbac.pb.h>

#include "control_plane/translate/http_connection_manager.h"
#include "control_plane/translate/rbac_match.h"

namespace lateen::translate {
namespace {

using config::AuthorizationPolicy;
using Action = AuthorizationPolicy::Action;
using Object = config::Object<AuthorizationPolicy>;
using Rules = envoy::config::rbac::v3::RBAC;

bool selects(const Context& in, const Object& policy) {
  const auto& spec = policy.spec;
  if (policy.metadata.namespace_ != in.proxy.namespace_ && policy.metadata.namespace_ != in.mesh.root_namespace)
    return false;
  if (spec.target_ref || !spec.target_refs.empty()) return false;
  return !spec.selector || registry::contains(in.proxy.labels, spec.selector->match_labels);
}

std::vector<const Object*> policies_of(const Context& in, Action action) {
  std::vector<const Object*> out;
  for (const auto& each : in.snapshot.authorization_policies)
    if (each.spec.action == action && selects(in, each)) out.push_back(&each);
  return out;
}

bool is_dry_run(const Object& policy) { return policy.metadata.annotation("istio.io/dry-run") == "true"; }

envoy::config::rbac::v3::Policy never() {
  envoy::config::rbac::v3::Policy out;
  out.add_permissions()->mutable_not_rule()->set_any(true);
  out.add_principals()->mutable_not_id()->set_any(true);
  return out;
}

void add_rules(const Context& in, const Object& policy, bool tcp, std::string_view suffix, Rules& out) {
  RuleOptions options{policy.metadata.namespace_, in.mesh.trust_domain, tcp, policy.spec.action != Action::ALLOW};
  const auto name = [&](size_t i) {
    return fmt::format("ns[{}]-policy[{}]-rule[{}]{}", policy.metadata.namespace_, policy.metadata.name, i, suffix);
  };
  if (policy.spec.rules.empty()) (*out.mutable_policies())[name(0)] = never();
  for (size_t i = 0; i < policy.spec.rules.size(); ++i) {
    auto made = rbac_policy(policy.spec.rules[i], options);
    if (made) (*out.mutable_policies())[name(i)] = std::move(*made);
  }
}

struct FilterRules {
  bool has_rules = false;
  bool has_shadow = false;
  Rules rules, shadow;
  std::string prefix;
};

FilterRules rules_of(const Context& in, const std::vector<const Object*>& policies, Action action, bool tcp,
                     std::string_view suffix = "") {
  FilterRules out;
  out.prefix = action == Action::ALLOW ? "istio_dry_run_allow_" : "istio_dry_run_deny_";
  const auto rbac_action = action == Action::ALLOW ? Rules::ALLOW : action == Action::AUDIT ? Rules::LOG : Rules::DENY;
  out.rules.set_action(rbac_action);
  out.shadow.set_action(rbac_action);
  for (const auto* policy : policies) {
    const bool dry = is_dry_run(*policy);
    (dry ? out.has_shadow : out.has_rules) = true;
    add_rules(in, *policy, tcp, suffix, dry ? out.shadow : out.rules);
  }
  return out;
}

template <class Filter>
Filter filter_of(const FilterRules& from) {
  Filter out;
  if (from.has_rules) *out.mutable_rules() = from.rules;
  if (from.has_shadow) *out.mutable_shadow_rules() = from.shadow;
  out.set_shadow_rules_stat_prefix(from.prefix);
  return out;
}

// In the order in which they are asked. A CUSTOM policy needs an external authorizer, which is not translated yet: what
// its rules match is denied, as istiod does when the provider is missing.
std::vector<FilterRules> all_rules(const Context& in, bool tcp) {
  std::vector<FilterRules> out;
  const auto add = [&](Action action, Action as, std::string_view suffix) {
    const auto policies = policies_of(in, action);
    if (!policies.empty()) out.push_back(rules_of(in, policies, as, tcp, suffix));
  };
  add(Action::CUSTOM, Action::DENY, "-deny-due-to-bad-CUSTOM-action");
  add(Action::AUDIT, Action::AUDIT, "");
  add(Action::DENY, Action::DENY, "");
  add(Action::ALLOW, Action::ALLOW, "");
  return out;
}

}  // namespace

std::vector<HttpFilter> http_policy_filters(const Context& in, uint32_t) {
  std::vector<HttpFilter> out;
  for (const auto& rules : all_rules(in, false))
    out.push_back(
        http_filter("envoy.filters.http.rbac", filter_of<envoy::extensions::filters::http::rbac::v3::RBAC>(rules)));
  return out;
}

std::vector<NetworkFilter> tcp_policy_filters(const Context& in, uint32_t) {
  std::vector<NetworkFilter> out;
  for (const auto& rules : all_rules(in, true)) {
    auto filter = filter_of<envoy::extensions::filters::network::rbac::v3::RBAC>(rules);
    filter.set_stat_prefix("tcp.");
    out.push_back(network_filter("envoy.filters.network.rbac", filter));
  }
  return out;
}

}  // namespace lateen::translate
