// A small world of authorities and members for tests: made from one call, valid around a given time.
#pragma once
#include "lib/tls/issue.h"
#include "lib/tls/trust.h"

namespace lateen::tls {

struct TestPki {
  explicit TestPki(WallTime now, const std::string& name = "test root") : now(now), root_key(*PrivateKey::generate()) {
    CertificatePlan plan;
    plan.common_name = name;
    plan.authority = true;
    plan.not_before = now - 1h;
    plan.not_after = now + 1000h;
    root.push_back(*make_self_signed(root_key, plan));
    trust = *TrustBundle::parse(root.front().pem());
  }

  CertificatePlan leaf_plan(std::string_view spiffe_id, Duration life = 24h) const {
    CertificatePlan plan;
    plan.names.uris = {std::string(spiffe_id)};
    plan.not_before = now - 2min;
    plan.not_after = now + life;
    return plan;
  }
  Credentials member(const CertificatePlan& plan, KeyType type = KeyType::ecdsa_p256) const {
    const PrivateKey key = *PrivateKey::generate(type);
    std::vector<Certificate> chain{*issue(key.public_key(), plan, root.front(), root_key)};
    return Credentials{std::move(chain), key};
  }
  Credentials member(std::string_view spiffe_id, Duration life = 24h) const {
    return member(leaf_plan(spiffe_id, life));
  }

  WallTime now;
  PrivateKey root_key;
  std::vector<Certificate> root;
  std::shared_ptr<const TrustBundle> trust;
};

}  // namespace lateen::tls
