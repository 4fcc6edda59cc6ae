// The conditions of AuthorizationPolicy rules as RBAC permissions and principals.
#pragma once
#include <envoy/config/rbac/v3/rbac.pb.h>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/security/authorization_policy.h"

namespace lateen::translate {

using envoy::config::rbac::v3::Permission;
using envoy::config::rbac::v3::Principal;

struct RuleOptions {
  std::string policy_namespace;
  std::string trust_domain;
  bool tcp = false;      // HTTP conditions cannot hold here
  bool lenient = false;  // they are left out (DENY, AUDIT) instead of making the rule void (ALLOW)
};

// One rule; nothing when it cannot hold on such a chain.
std::optional<envoy::config::rbac::v3::Policy> rbac_policy(const config::Rule& rule, const RuleOptions& options);

// "a", "a*", "*a", "*" as the policy API writes texts; `prefix` is put before. No text becomes a regular expression
// unless its characters were made harmless first.
envoy::type::matcher::v3::StringMatcher text_matcher(std::string_view text, std::string_view prefix = "");

}  // namespace lateen::translate
