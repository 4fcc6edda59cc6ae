#include "config/security/authorization_policy.h"

#include "lib/schema/field.h"

namespace lateen::config {

using namespace schema;  // field(), record() and the attributes

Fields Condition::fields() {
  return record("Condition", "A further condition on an attribute.",
                {
                    field("key", &Condition::key, "The attribute, such as request.headers[x-id].", required),
                    field("values", &Condition::values, "Values of which one must match."),
                    field("notValues", &Condition::not_values, "Values that must not match."),
                });
}

Fields Source::fields() {
  return record(
      "Source", "Who asks; all given conditions must hold.",
      {
          field("principals", &Source::principals, "Identities of peers, without spiffe://."),
          field("notPrincipals", &Source::not_principals, "Identities that must not match."),
          field("requestPrincipals", &Source::request_principals, "issuer/subject of tokens."),
          field("notRequestPrincipals", &Source::not_request_principals, "issuer/subject that must not match."),
          field("namespaces", &Source::namespaces, "Namespaces of peers."),
          field("notNamespaces", &Source::not_namespaces, "Namespaces that must not match."),
          field("serviceAccounts", &Source::service_accounts, "Service accounts of peers, `namespace/name` or `name`.",
                most(16)),
          field("notServiceAccounts", &Source::not_service_accounts, "Service accounts that must not match.", most(16)),
          field("ipBlocks", &Source::ip_blocks, "Addresses of peers, IP or CIDR."),
          field("notIpBlocks", &Source::not_ip_blocks, "Addresses that must not match."),
          field("remoteIpBlocks", &Source::remote_ip_blocks,
                "Addresses of clients after X-Forwarded-For or the PROXY protocol."),
          field("notRemoteIpBlocks", &Source::not_remote_ip_blocks, "Client addresses that must not match."),
          field("trustDomains", &Source::trust_domains, "Trust domains of peers."),
          field("notTrustDomains", &Source::not_trust_domains, "Trust domains that must not match."),
      });
}

Fields Operation::fields() {
  return record("Operation", "What is asked for; all given conditions must hold.",
                {
                    field("hosts", &Operation::hosts, "Host headers."),
                    field("notHosts", &Operation::not_hosts, "Host headers that must not match."),
                    field("ports", &Operation::ports, "Ports."),
                    field("notPorts", &Operation::not_ports, "Ports that must not match."),
                    field("methods", &Operation::methods, "Methods; for gRPC POST."),
                    field("notMethods", &Operation::not_methods, "Methods that must not match."),
                    field("paths", &Operation::paths, "Paths; templates such as /a/{*}/b are allowed."),
                    field("notPaths", &Operation::not_paths, "Paths that must not match."),
                });
}

Fields Rule::From::fields() {
  return record("Rule.From", "One sort of callers.",
                {
                    field("source", &Rule::From::source, "Who."),
                });
}

Fields Rule::To::fields() {
  return record("Rule.To", "One sort of requests.",
                {
                    field("operation", &Rule::To::operation, "What."),
                });
}

Fields Rule::fields() {
  return record("Rule", "Holds when one source, one operation and all conditions hold.",
                {
                    field("from", &Rule::from, "Callers, of which one must match.", most(512), otherwise("anybody")),
                    field("to", &Rule::to, "Requests, of which one must match.", otherwise("anything")),
                    field("when", &Rule::when, "Further conditions."),
                });
}

Names names(AuthorizationPolicy::Action) {
  static constexpr Name all[] = {{"ALLOW", 0}, {"DENY", 1}, {"AUDIT", 2}, {"CUSTOM", 3}};
  return all;
}

Fields AuthorizationPolicy::ExtensionProvider::fields() {
  return record("AuthorizationPolicy.ExtensionProvider", "Who decides for CUSTOM.",
                {
                    field("name", &AuthorizationPolicy::ExtensionProvider::name,
                          "Name of an extension provider of the mesh configuration."),
                });
}

Fields AuthorizationPolicy::fields() {
  return record(
      "AuthorizationPolicy", "Who may do what to a workload.",
      {
          field("selector", &AuthorizationPolicy::selector, "Workloads it is for.", otherwise("all of the namespace"),
                one_of("target")),
          field("targetRef", &AuthorizationPolicy::target_ref, "Object it is attached to.", one_of("target"),
                not_honoured("not honoured yet: the policy has no effect")),
          field("targetRefs", &AuthorizationPolicy::target_refs, "Objects it is attached to.", most(16),
                one_of("target"), not_honoured("not honoured yet: the policy has no effect")),
          field("rules", &AuthorizationPolicy::rules, "Rules, of which one must hold; none: nothing matches.",
                most(512)),
          field("action", &AuthorizationPolicy::action, "What happens on a match."),
          field("provider", &AuthorizationPolicy::provider, "Who decides for CUSTOM.", one_of("actionDetail")),
      });
}

}  // namespace lateen::config
