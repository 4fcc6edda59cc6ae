#include "config/security/request_authentication.h"

#include "lib/schema/field.h"

namespace lateen::config {

using namespace schema;  // field(), record() and the attributes

Fields ClaimToHeader::fields() {
  return record("ClaimToHeader", "A claim that is copied to a header.",
                {
                    field("header", &ClaimToHeader::header, "Name of the header.", required),
                    field("claim", &ClaimToHeader::claim, "Name of the claim.", required),
                });
}

Fields JWTHeader::fields() {
  return record("JWTHeader", "A header that carries a token.",
                {
                    field("name", &JWTHeader::name, "Its name.", required),
                    field("prefix", &JWTHeader::prefix, "What stands before the token, such as `Bearer `."),
                });
}

Names names(JWTRule::Presence) {
  static constexpr Name all[] = {{"OPTIONAL", 0}, {"REQUIRED", 1}};
  return all;
}

Fields JWTRule::fields() {
  return record(
      "JWTRule", "Tokens of one issuer.",
      {
          field("issuer", &JWTRule::issuer, "The iss claim.", fewest(1)),
          field("audiences", &JWTRule::audiences, "The aud claims of which a token must have one.", no_empty_elements,
                otherwise("the service's name")),
          field("jwksUri", &JWTRule::jwks_uri, "Where its keys are fetched.", alias("jwks_uri"), fewest(1), most(2048),
                one_of("keys"), otherwise("found by OpenID discovery of the issuer")),
          field("jwks", &JWTRule::jwks, "Its keys, inline.", one_of("keys")),
          field("fromHeaders", &JWTRule::from_headers, "Headers that carry tokens.",
                otherwise("Authorization: Bearer")),
          field("fromParams", &JWTRule::from_params, "Query parameters that carry tokens.", no_empty_elements,
                otherwise("access_token")),
          field("outputPayloadToHeader", &JWTRule::output_payload_to_header,
                "Header that gets the payload in base64url."),
          field("fromCookies", &JWTRule::from_cookies, "Cookies that carry tokens.", no_empty_elements),
          field("forwardOriginalToken", &JWTRule::forward_original_token, "Whether the token is sent on."),
          field("outputClaimToHeaders", &JWTRule::output_claim_to_headers, "Claims that are copied to headers."),
          field("timeout", &JWTRule::timeout, "Limit for fetching keys.", at_least_long(1ms), otherwise("5s")),
          field("spaceDelimitedClaims", &JWTRule::space_delimited_claims, "Claims that are lists in one text.",
                no_empty_elements, most(64)),
          field("presence", &JWTRule::presence, "Whether a request must have a token of this issuer.", not_honoured()),
      });
}

Fields RequestAuthentication::fields() {
  return record(
      "RequestAuthentication", "Which JSON Web Tokens a workload accepts.",
      {
          field("selector", &RequestAuthentication::selector, "Workloads it is for.", otherwise("all of the namespace"),
                one_of("target")),
          field("targetRef", &RequestAuthentication::target_ref, "Object it is attached to.", one_of("target")),
          field("targetRefs", &RequestAuthentication::target_refs, "Objects it is attached to.", most(16),
                one_of("target")),
          field("jwtRules", &RequestAuthentication::jwt_rules, "Issuers.", most(4096)),
      });
}

}  // namespace lateen::config
