// Role-based access control as Envoy's rbac filters have it: named policies of permissions and principals, evaluated on
// typed facts of a connection and, for HTTP, a request. No text of a user becomes code; identities are compared whole.
#pragma once
#include <memory>

#include "data_plane/router/match.h"
#include "data_plane/telemetry/record.h"

namespace lateen::router {

// What a policy may look at. `request` is null for TCP: conditions on headers and paths do not hold then.
struct AccessFacts {
  const telemetry::ConnectionRecord& connection;
  const telemetry::Record* record = nullptr;  // dynamic metadata
  const Headers* request = nullptr;
  Ip client;  // after x-forwarded-for, else the peer
};

// A node of a permission or principal tree.
struct Condition {
  enum Kind : uint8_t {
    always,
    all_of,
    any_of,
    negation,  // of children[0]
    header,
    url_path,  // the path without query
    destination_ip,
    destination_port,  // from <= port < to
    server_name,
    mutual_tls,  // the peer showed a certificate that verified
    principal,   // one of its names matches: URI SANs, DNS SANs, the subject
    direct_remote_ip,
    remote_ip,
    metadata,  // dynamic metadata "namespace" / "key"
  };
  Kind kind = always;
  std::vector<Condition> children;
  HeaderMatch header_match;
  StringMatch text;
  Cidr range;
  uint32_t from = 0, to = 0;
  std::string name_space, key;

  bool holds(const AccessFacts& facts) const;
};

struct AccessPolicy {
  std::string name;
  std::vector<Condition> permissions, principals;  // any of each
  bool holds(const AccessFacts& facts) const;
};

class AccessRules {
 public:
  enum Action : uint8_t { allow, deny, log };
  AccessRules(Action action, std::vector<AccessPolicy> policies);  // evaluated in the order of their names

  struct Verdict {
    bool allowed = true;
    std::string_view policy;  // the one that matched; empty: none
  };
  Verdict judge(const AccessFacts& facts) const;

 private:
  Action action_;
  std::vector<AccessPolicy> policies_;
};

// "rbac_access_denied_matched_policy[NAME]", with blanks made underscores, for logs.
std::string denial_details(const AccessRules::Verdict& verdict);

}  // namespace lateen::router
