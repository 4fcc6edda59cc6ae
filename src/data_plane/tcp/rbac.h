// envoy.filters.network.rbac: lets a connection pass or closes it, by policies.
#pragma once
#include "data_plane/router/access_policy.h"
#include "data_plane/tcp/network_filter.h"

namespace lateen::tcp {

class Rbac final : public NetworkFilter {
 public:
  explicit Rbac(std::shared_ptr<const router::AccessRules> rules) : rules_(std::move(rules)) {}

  io::Task<bool> open(Connection& connection) override {
    const auto verdict = rules_->judge(
        {.connection = connection.about, .record = &connection.record(), .client = connection.about.remote.ip});
    if (!verdict.allowed) connection.about.termination_details = router::denial_details(verdict);
    co_return verdict.allowed;
  }

 private:
  std::shared_ptr<const router::AccessRules> rules_;
};

}  // namespace lateen::tcp
