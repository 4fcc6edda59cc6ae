// SPIFFE identities: "spiffe://TRUST-DOMAIN/PATH" (SPIFFE-ID specification, sections 2.1 to 2.3), parsed strictly.
//
// Accepted: scheme in lower case; trust domain of [a-z0-9.-_], 1 to 255 bytes; path segments of [A-Za-z0-9.-_], none of
// them empty, "." or ".."; no port, user, query, fragment, percent sign or trailing slash; at most 2048 bytes in all.
// Everything else, NUL included, is refused, so two identities are equal exactly when their texts are.
#pragma once
#include <string>
#include <string_view>

#include "lib/base/result.h"

namespace lateen::tls {

struct SpiffeId {
  std::string trust_domain;
  std::string path;  // with its leading slash, or empty: the identity of the trust domain itself

  static Result<SpiffeId> parse(std::string_view text);
  // spiffe://TRUST-DOMAIN/ns/NAMESPACE/sa/ACCOUNT, Istio's form. '@' in the trust domain becomes '.', as Istio does.
  static Result<SpiffeId> workload(std::string_view trust_domain, std::string_view name_space,
                                   std::string_view service_account);

  std::string text() const { return "spiffe://" + trust_domain + path; }
  // The parts of Istio's form; empty for identities of another form.
  std::string_view name_space() const;
  std::string_view service_account() const;
  bool is_workload() const { return !name_space().empty(); }

  auto operator<=>(const SpiffeId&) const = default;
};

// The trust domain by itself, under the same rules.
Result<> check_trust_domain(std::string_view name);

}  // namespace lateen::tls
