#include <algorithm>
#include <set>

#include "control_plane/fleet/policy.h"
#include "lib/base/ip.h"
#include "lib/base/strings.h"

namespace lateen::fleet {
namespace {

constexpr std::string_view created_by_key = "app.kubernetes.io/created-by";
constexpr uint32_t host_port = 80;

// An identity in an environment, and where it runs.
struct Pair {
  std::string identity, env;                               // as the first site writes them
  std::map<size_t, std::vector<const Workload*>> servers;  // by site; those with an endpoint
  std::set<size_t> sites;                                  // that need its objects
  bool keeps_case = false;
};

struct PairKey {
  std::string identity;  // in lower case
  std::string env;
  std::string variant;
  auto operator<=>(const PairKey&) const = default;
};

class Derivation {
 public:
  Derivation(const std::vector<Site>& sites, const Addresses& known, const Options& options) : options_(options) {
    for (const Site& site : sites) sites_.push_back(&site);
    std::ranges::sort(sites_, {}, &Site::name);
    derived_.addresses = known;
  }
  Derived run();

 private:
  void look_at_sites();
  void find_callers();
  void derive_pair(const PairKey& key, const Pair& pair);
  const config::Object<Policy>* policy_of(const PairKey& key, const Pair& pair);
  void write(const Pair& pair, const std::string& host, const RuledHost& ruled, const config::Object<Policy>* policy,
             size_t site);
  std::vector<config::WorkloadEntry> endpoints_for(const Pair& pair, size_t site, const std::string& protocol);
  config::TrafficPolicy traffic_policy(const std::vector<config::WorkloadEntry>& endpoints, const RuledHost& ruled,
                                       const config::Object<Policy>* policy, const SiteView& site);

  std::vector<const Site*> sites_;  // by name
  const Options& options_;
  std::vector<SiteView> views_;
  std::map<PairKey, Pair> pairs_;
  std::map<std::string, std::set<size_t>> callers_;  // identity -> sites where it runs
  std::vector<Candidate> policies_;
  std::set<std::string> said_;  // findings about sites that would repeat for each pair
  Derived derived_;
};

std::string host_of(const PairKey& key, const Pair& pair, const std::string& suffix) {
  const std::string prefix = key.variant.empty() ? "" : key.variant + ".";
  const std::string host = fmt::format("{}{}.{}.{}", prefix, pair.env, pair.identity, suffix);
  return pair.keeps_case ? host : lowered(host);
}

config::OutlierDetection outlier_detection(const Policy::OutlierDetection& said, int32_t max_ejection_percent) {
  config::OutlierDetection out;
  out.base_ejection_time = std::chrono::seconds(said.base_ejection_time ? said.base_ejection_time : 300);
  out.consecutive_gateway_errors = said.consecutive_gateway_errors ? said.consecutive_gateway_errors : 50;
  out.consecutive_5xx_errors = 0;
  out.interval = std::chrono::seconds(said.interval ? said.interval : 60);
  out.max_ejection_percent = max_ejection_percent;
  return out;
}

void Derivation::look_at_sites() {
  for (const Site* site : sites_) views_.push_back(view_of(*site, options_, derived_.findings));
  for (size_t site = 0; site < views_.size(); ++site) {
    for (const Workload& workload : views_[site].workloads) {
      const std::string identity = lowered(workload.identity);
      callers_[identity].insert(site);
      if (!workload.endpoint) continue;
      Pair& pair = pairs_[{identity, workload.env, workload.variant}];
      if (pair.identity.empty()) {
        pair.identity = workload.identity;
        pair.env = workload.env;
        pair.keeps_case = workload.keeps_case;
      }
      pair.servers[site].push_back(&workload);
      pair.sites.insert(site);
    }
  }
}

// Adds to each pair the sites where a caller of its identity runs. A caller gets every environment of what it calls.
void Derivation::find_callers() {
  for (const Site* site : sites_) {
    for (const auto& dependency : site->objects.dependencies) {
      if (is_ignored(dependency.metadata)) continue;
      const auto note = [&](const std::string& path, std::string text) {
        derived_.findings.warning(dependency.origin.file, dependency.origin.position, path,
                                  fmt::format("Dependency {}: {}", dependency.metadata.name, text));
      };
      const auto caller = callers_.find(lowered(dependency.spec.source));
      if (caller == callers_.end()) {
        note("spec.source", fmt::format("no workload has the identity {}", dependency.spec.source));
        continue;
      }
      for (const std::string& destination : dependency.spec.destinations) {
        bool found = false;
        for (auto& [key, pair] : pairs_) {
          if (key.identity != lowered(destination)) continue;
          pair.sites.insert(caller->second.begin(), caller->second.end());
          found = true;
        }
        if (!found) note("spec.destinations", fmt::format("no service has the identity {}", destination));
      }
    }
  }
}

const config::Object<Policy>* Derivation::policy_of(const PairKey& key, const Pair& pair) {
  std::vector<const Candidate*> allowed;
  for (const Candidate& candidate : policies_) {
    if (candidate.identity != key.identity || candidate.env != key.env) continue;
    const bool beside = std::ranges::any_of(pair.servers, [&](const auto& item) {
      return views_[item.first].name == candidate.site &&
             std::ranges::any_of(item.second, [&](const Workload* workload) {
               return workload->namespace_ == candidate.object->metadata.namespace_;
             });
    });
    if (beside) {
      allowed.push_back(&candidate);
    } else {
      derived_.findings.warning(
          candidate.object->origin.file, candidate.object->origin.position, "metadata.namespace",
          fmt::format(
              "GlobalTrafficPolicy {}: has no effect; it must be in a namespace and cluster where {} runs in {}",
              candidate.object->metadata.name, pair.identity, pair.env));
    }
  }
  return winner_of(allowed, options_);
}

std::vector<config::WorkloadEntry> Derivation::endpoints_for(const Pair& pair, size_t site,
                                                             const std::string& protocol) {
  std::vector<config::WorkloadEntry> endpoints;
  std::set<std::string> addresses;
  for (const auto& [server, workloads] : pair.servers) {
    const SiteView& view = views_[server];
    for (const Workload* workload : workloads) {
      config::WorkloadEntry endpoint;
      if (server == site) {
        endpoint.address = workload->endpoint->address;
        endpoint.ports[protocol] = workload->endpoint->port;
        endpoint.weight = workload->endpoint->weight;
      } else if (view.ingress) {
        endpoint.address = view.ingress->address;
        endpoint.ports[protocol] = view.ingress->port;
      } else {
        const std::string text = fmt::format(
            "cluster {}: no Service with app={} in {} has an address, so the other clusters cannot reach it", view.name,
            options_.gateway_app, options_.gateway_namespace);
        if (said_.insert(text).second) derived_.findings.warning("", {}, "", text);
        continue;
      }
      if (!addresses.insert(endpoint.address).second) continue;
      endpoint.locality = view.region;
      endpoint.labels = {{"security.istio.io/tlsMode", "istio"}, {"type", workload->type}};
      endpoints.push_back(std::move(endpoint));
    }
  }
  return endpoints;
}

config::TrafficPolicy Derivation::traffic_policy(const std::vector<config::WorkloadEntry>& endpoints,
                                                 const RuledHost& ruled, const config::Object<Policy>* policy,
                                                 const SiteView& site) {
  config::TrafficPolicy out;
  out.tls.emplace().mode = config::ClientTLSSettings::TLSmode::ISTIO_MUTUAL;
  auto& balancer = out.load_balancer.emplace();
  balancer.simple = config::LoadBalancerSettings::SimpleLB::LEAST_REQUEST;
  balancer.warmup_duration_secs = 45s;
  if (ruled.entry) balancer.locality_lb_setting = localities_of(*policy, *ruled.entry, site, derived_.findings);
  config::ConnectionPoolSettings::HTTPSettings http;
  http.max_requests_per_connection = 100;
  out.connection_pool.emplace().http = http;

  // Ejecting the only endpoint would leave none; a name that stands for several may lose a third of them.
  const bool single = endpoints.size() == 1;
  const std::string& first = endpoints[0].address;
  const auto ip = Ip::parse(first);
  if (single && (first.ends_with(".svc.cluster.local") || (ip && ip->is_v4()))) return out;
  const Policy::OutlierDetection said =
      ruled.entry && ruled.entry->outlier_detection ? *ruled.entry->outlier_detection : Policy::OutlierDetection{};
  out.outlier_detection = outlier_detection(said, single ? 33 : 100);
  return out;
}

void Derivation::write(const Pair& pair, const std::string& host, const RuledHost& ruled,
                       const config::Object<Policy>* policy, size_t site) {
  const std::string protocol = pair.servers.begin()->second[0]->endpoint->protocol;
  const auto endpoints = endpoints_for(pair, site, protocol);
  if (endpoints.empty()) return;
  const std::string name = lowered(host);

  config::Object<config::ServiceEntry> entry;
  entry.metadata.name = name + "-se";
  entry.metadata.namespace_ = options_.sync_namespace;
  entry.metadata.labels[options_.env_key] = pair.env;
  entry.metadata.annotations = {{std::string(created_by_key), "admiral"}, {options_.identity_key, pair.identity}};
  if (policy) entry.metadata.annotations["associated-gtp"] = policy->metadata.name;
  if (!ruled.prefix.empty()) entry.metadata.annotations["dns-prefix"] = ruled.prefix;
  entry.spec.hosts = {host};
  entry.spec.addresses = {derived_.addresses.of(entry.metadata.name)};
  entry.spec.ports = {{.number = host_port, .protocol = protocol, .name = protocol}};
  entry.spec.location = config::ServiceEntry::Location::MESH_INTERNAL;
  entry.spec.resolution = config::ServiceEntry::Resolution::DNS;
  entry.spec.endpoints = endpoints;

  config::Object<config::DestinationRule> rule;
  rule.metadata.name = name + (ruled.prefix.empty() ? "-default-dr" : "-dr");
  rule.metadata.namespace_ = options_.sync_namespace;
  rule.metadata.annotations = {{std::string(created_by_key), "admiral"}};
  rule.spec.host = host;
  rule.spec.traffic_policy = traffic_policy(endpoints, ruled, policy, views_[site]);

  SiteObjects& out = derived_.sites[views_[site].name];
  out.service_entries.push_back(std::move(entry));
  out.destination_rules.push_back(std::move(rule));
}

void Derivation::derive_pair(const PairKey& key, const Pair& pair) {
  std::set<std::string> protocols;
  for (const auto& [site, workloads] : pair.servers) {
    for (const Workload* workload : workloads) protocols.insert(workload->endpoint->protocol);
    if (views_[site].region.empty() && said_.insert("region " + views_[site].name).second)
      derived_.findings.warning("", {}, "",
                                fmt::format("cluster {}: no Node has a region label, so its endpoints have no "
                                            "locality and weights by region leave them out",
                                            views_[site].name));
  }
  const std::string own = host_of(key, pair, options_.hostname_suffix);
  if (protocols.size() > 1)
    derived_.findings.warning(
        "", {}, "",
        fmt::format("{}: its Services name several protocols ({}); {} is taken", own, joined(protocols, ", "),
                    pair.servers.begin()->second[0]->endpoint->protocol));
  const config::Object<Policy>* policy = policy_of(key, pair);
  for (const RuledHost& ruled : hosts_of(policy, pair.env, own)) {
    const std::string host = ruled.prefix.empty() ? own : ruled.prefix + "." + own;
    for (size_t site : pair.sites) write(pair, host, ruled, policy, site);
  }
}

Derived Derivation::run() {
  for (const Site* site : sites_) derived_.sites[site->name];
  look_at_sites();
  find_callers();
  policies_ = candidates_of(sites_, options_, derived_.findings);
  for (const auto& [key, pair] : pairs_) derive_pair(key, pair);
  for (auto& [name, objects] : derived_.sites) {
    std::ranges::sort(objects.service_entries, {}, [](const auto& entry) { return entry.metadata.name; });
    std::ranges::sort(objects.destination_rules, {}, [](const auto& rule) { return rule.spec.host; });
  }
  return std::move(derived_);
}

}  // namespace

Derived derive(const std::vector<Site>& sites, const Addresses& known, const Options& options) {
  return Derivation(sites, known, options).run();
}

std::string to_yaml(const SiteObjects& objects) {
  std::string out;
  for (size_t i = 0; i < objects.service_entries.size(); ++i) {
    out += "---\n" + schema::write_yaml(config::document_of(objects.service_entries[i]));
    out += "---\n" + schema::write_yaml(config::document_of(objects.destination_rules[i]));
  }
  return out;
}

}  // namespace lateen::fleet
