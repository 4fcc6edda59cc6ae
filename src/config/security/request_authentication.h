// RequestAuthentication: which JSON Web Tokens a workload accepts.
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

struct JWTHeader {
  std::string name;
  std::string prefix;
  bool operator==(const JWTHeader&) const = default;
  static schema::Fields fields();
};

struct ClaimToHeader {
  std::string header;
  std::string claim;
  bool operator==(const ClaimToHeader&) const = default;
  static schema::Fields fields();
};

struct JWTRule {
  enum class Presence { OPTIONAL, REQUIRED };
  std::string issuer;
  std::vector<std::string> audiences;
  std::string jwks_uri;
  std::string jwks;
  std::vector<JWTHeader> from_headers;
  std::vector<std::string> from_params;
  std::string output_payload_to_header;
  std::vector<std::string> from_cookies;
  bool forward_original_token = false;
  std::vector<ClaimToHeader> output_claim_to_headers;
  std::optional<Duration> timeout;
  std::vector<std::string> space_delimited_claims;
  Presence presence = Presence::OPTIONAL;
  bool operator==(const JWTRule&) const = default;
  static schema::Fields fields();
};

struct RequestAuthentication {
  std::optional<PolicySelector> selector;
  std::optional<PolicyTargetReference> target_ref;
  std::vector<PolicyTargetReference> target_refs;
  std::vector<JWTRule> jwt_rules;
  bool operator==(const RequestAuthentication&) const = default;
  static schema::Fields fields();
};

schema::Names names(JWTRule::Presence);

}  // namespace lateen::config
