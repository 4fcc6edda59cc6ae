// Many sites, one set of names: derives from the Kubernetes objects of all sites what each of them has to know about
// the services of the others. After Admiral: the same inputs (identity and environment labels, GlobalTrafficPolicy,
// Dependency), and ordinary Istio objects as the result, which any control plane of that API understands.
//
// The unit is a pair of identity and environment: `payments` in `stage` is called stage.payments.global, wherever it
// runs and whatever its namespaces are called. Each pair gives one ServiceEntry and one DestinationRule for each site
// that needs them: the sites where it runs, and the sites where one of its callers runs (who calls whom is said by
// Dependency). What they say depends on the site they are for: the local name where the service runs, the ingress of
// the other site and port 15443 (AUTO_PASSTHROUGH, mTLS goes through unbroken) where it does not.
//
// derive() is a pure function: the same objects give the same bytes, in any order of sites and objects. What is not
// wanted any more is simply not in the result. See docs/guides/fleet.md for what a user writes.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "config/objects/objects.h"
#include "control_plane/fleet/addresses.h"
#include "lib/schema/diagnostics.h"

namespace lateen::fleet {

// One Kubernetes or VM installation, under the name that the fleet gives it.
struct Site {
  std::string name;
  config::Objects objects;
};

struct Options {
  std::string hostname_suffix = "global";
  std::string identity_key = "identity";  // label or annotation of pods, label of policies
  std::string env_key = "admiral.io/env";
  std::string priority_key = "priority";             // label of policies
  std::string gateway_app = "istio-ingressgateway";  // the east-west gateway is the Service with this `app` label
  std::string gateway_namespace = "istio-system";
  std::string sync_namespace = "admiral-sync";  // where the derived objects go
};

// The objects derived for one site, in order of their hosts.
struct SiteObjects {
  std::vector<config::Object<config::ServiceEntry>> service_entries;
  std::vector<config::Object<config::DestinationRule>> destination_rules;
};

struct Derived {
  std::map<std::string, SiteObjects> sites;  // every site, also those that need nothing
  Addresses addresses;                       // the known ones and the new ones
  schema::Diagnostics findings;              // what was left out or adjusted, and why, at the place of its cause
};

Derived derive(const std::vector<Site>& sites, const Addresses& known, const Options& options = {});

// The objects of a site as YAML documents: each host's ServiceEntry and DestinationRule together.
std::string to_yaml(const SiteObjects& objects);

}  // namespace lateen::fleet
