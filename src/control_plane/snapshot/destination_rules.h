// DestinationRules by namespace and host, those for the same host merged (spec/istio.md section 3.6).
#pragma once
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "config/kubernetes/meta.h"
#include "config/networking/destination_rule.h"
#include "control_plane/registry/service.h"

namespace lateen::snapshot {

using DestinationRuleObject = config::Object<config::DestinationRule>;

class DestinationRules {
 public:
  DestinationRules() = default;
  bool operator==(const DestinationRules&) const = default;
  DestinationRules(const std::vector<DestinationRuleObject>& objects, std::string_view domain,
                   std::vector<std::string> default_export_to, std::string root_namespace);

  // The rule that a client of that namespace and with those labels follows for a service of `service_namespace`: one
  // of its own namespace, else one the service's namespace exports, else one the root namespace exports; in each the
  // most specific host. null when there is none. The host of the rule is complete.
  const DestinationRuleObject* find(std::string_view host, const std::string& service_namespace,
                                    const std::string& client_namespace, const registry::Labels& client_labels) const;

 private:
  using Hosts = std::map<std::string, std::vector<DestinationRuleObject>>;  // host -> merged, with selectors first
  const DestinationRuleObject* in(const std::string& namespace_, std::string_view host,
                                  const std::string& client_namespace, const registry::Labels& labels,
                                  bool only_private) const;
  void add(DestinationRuleObject object);

  std::map<std::string, Hosts> namespaces_;
  std::vector<std::string> default_export_to_;
  std::string root_namespace_;
};

}  // namespace lateen::snapshot
