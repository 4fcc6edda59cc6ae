// envoy.filters.http.rbac: lets a request pass or answers 403, by policies.
#pragma once
#include "data_plane/http/filter.h"
#include "data_plane/router/access_policy.h"
#include "lib/base/strings.h"

namespace lateen::filters {

struct RbacSettings final : router::FilterSettings {
  std::optional<router::AccessRules> rules;   // none: everything passes
  std::optional<router::AccessRules> shadow;  // judged, noted in the metadata, never enforced
  std::string shadow_prefix;
};

class Rbac final : public proxy::Filter {
 public:
  explicit Rbac(std::shared_ptr<const RbacSettings> settings) : settings_(std::move(settings)) {}

  std::optional<http::Response> on_request(proxy::Exchange& exchange) override {
    const auto* settings = route_settings<RbacSettings>(exchange);
    if (!settings) settings = settings_.get();
    const telemetry::ConnectionRecord& connection = *exchange.record.connection;
    const router::AccessFacts facts{.connection = connection,
                                    .record = &exchange.record,
                                    .request = &exchange.headers(),
                                    .client = exchange.client()};
    if (settings->shadow) {
      const auto verdict = settings->shadow->judge(facts);
      auto& metadata = exchange.record.extra.make().dynamic_metadata["envoy.filters.http.rbac"];
      metadata[settings->shadow_prefix + "shadow_engine_result"] = verdict.allowed ? "allowed" : "denied";
      if (!verdict.policy.empty()) metadata[settings->shadow_prefix + "shadow_effective_policy_id"] = verdict.policy;
    }
    if (!settings->rules) return std::nullopt;
    const auto verdict = settings->rules->judge(facts);
    if (verdict.allowed) return std::nullopt;
    return exchange.reply(403, "RBAC: access denied", router::denial_details(verdict));
  }

 private:
  std::shared_ptr<const RbacSettings> settings_;
};

}  // namespace lateen::filters
