// AuthorizationPolicy: who may do what to a workload.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "config/networking/selector.h"
#include "lib/base/time.h"
#include "lib/schema/describe.h"

namespace lateen::config {

struct Operation {
  std::vector<std::string> hosts;
  std::vector<std::string> not_hosts;
  std::vector<std::string> ports;
  std::vector<std::string> not_ports;
  std::vector<std::string> methods;
  std::vector<std::string> not_methods;
  std::vector<std::string> paths;
  std::vector<std::string> not_paths;
  bool operator==(const Operation&) const = default;
  static schema::Fields fields();
};

struct Condition {
  std::string key;
  std::vector<std::string> values;
  std::vector<std::string> not_values;
  bool operator==(const Condition&) const = default;
  static schema::Fields fields();
};

struct Source {
  std::vector<std::string> principals;
  std::vector<std::string> not_principals;
  std::vector<std::string> request_principals;
  std::vector<std::string> not_request_principals;
  std::vector<std::string> namespaces;
  std::vector<std::string> not_namespaces;
  std::vector<std::string> service_accounts;
  std::vector<std::string> not_service_accounts;
  std::vector<std::string> ip_blocks;
  std::vector<std::string> not_ip_blocks;
  std::vector<std::string> remote_ip_blocks;
  std::vector<std::string> not_remote_ip_blocks;
  std::vector<std::string> trust_domains;
  std::vector<std::string> not_trust_domains;
  bool operator==(const Source&) const = default;
  static schema::Fields fields();
};

struct Rule {
  struct From {
    std::optional<Source> source;
    bool operator==(const From&) const = default;
    static schema::Fields fields();
  };
  struct To {
    std::optional<Operation> operation;
    bool operator==(const To&) const = default;
    static schema::Fields fields();
  };
  std::vector<From> from;
  std::vector<To> to;
  std::vector<Condition> when;
  bool operator==(const Rule&) const = default;
  static schema::Fields fields();
};

struct AuthorizationPolicy {
  enum class Action { ALLOW, DENY, AUDIT, CUSTOM };
  struct ExtensionProvider {
    std::string name;
    bool operator==(const ExtensionProvider&) const = default;
    static schema::Fields fields();
  };
  std::optional<PolicySelector> selector;
  std::optional<PolicyTargetReference> target_ref;
  std::vector<PolicyTargetReference> target_refs;
  std::vector<Rule> rules;
  Action action = Action::ALLOW;
  std::optional<ExtensionProvider> provider;
  bool operator==(const AuthorizationPolicy&) const = default;
  static schema::Fields fields();
};

schema::Names names(AuthorizationPolicy::Action);

}  // namespace lateen::config
