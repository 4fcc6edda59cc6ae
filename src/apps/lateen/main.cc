// `lateen`: the operator's command line and the control plane. A table of commands; each is one function in its own
// file.
#include "apps/lateen/commands.h"

using namespace lateen;

namespace {

const std::vector<wiring::Flag> control_flags = {
    {"config", "DIR", "the folder with the objects"},
    {"cluster", "NAME=DIR", "a further cluster's folder; may be repeated"},
    {"mesh-config", "FILE", "a MeshConfig"},
    {"mesh-networks", "FILE", "a MeshNetworks"},
    {"state", "DIR", "keys and roots (lateen-state)"},
    {"listen", "ADDRESS", "xDS and certificates with TLS (0.0.0.0:15012), or off"},
    {"listen-plain", "ADDRESS", "xDS in plain text for everybody (off)"},
    {"pages", "ADDRESS", "status pages (127.0.0.1:15014), or off"},
    {"dns-name", "NAME", "a name for the TLS port's certificate; may be repeated"},
};
const std::vector<wiring::Flag> status_flags = {
    {"control", "ADDRESS", "the control plane's pages (127.0.0.1:15014)"},
    {"output", "table|json|yaml", "how to print", 'o'},
};
const std::vector<wiring::Flag> config_flags = {
    {"control", "ADDRESS", "the control plane's pages (127.0.0.1:15014)"},
    {"admin", "ADDRESS", "a proxy's own admin page instead"},
    {"file", "DUMP", "a file with a config dump instead", 'f'},
    {"name", "NAME", "only the resource of that name"},
    {"fqdn", "HOST", "clusters and endpoints: only of that service"},
    {"port", "PORT", "only of that port"},
    {"output", "table|json|yaml", "how to print", 'o'},
};
const std::vector<wiring::Flag> fleet_flags = {
    {"cluster", "NAME=DIR", "a cluster and the folder of its Kubernetes objects"},
    {"output", "DIR", "folder to write into: NAME/fleet.yaml, addresses.yaml", 'o'},
    {"hostname-suffix", "NAME", "last part of the names (global)"},
    {"sync-namespace", "NAME", "namespace of what is written (admiral-sync)"},
    {"identity-key", "KEY", "label or annotation that names the identity (identity)"},
    {"env-key", "KEY", "label or annotation that names the environment (admiral.io/env)"},
    {"gateway-app", "NAME", "`app` label of the gateway's Service (istio-ingressgateway)"},
};

const std::vector<wiring::Flag> dump_flags = {
    {"config", "FILE", "objects of the configuration cluster", 0, true},
    {"mesh-config", "FILE", "MeshConfig"},
    {"mesh-networks", "FILE", "MeshNetworks"},
    {"cluster", "NAME=DIR", "Kubernetes objects of a cluster; may be repeated"},
    {"proxy", "FILE", "the proxy, as JSON"},
    {"output", "json", "how to print", 'o'},
};

const std::vector<wiring::Flag> join_flags = {
    {"token", "FILE", "says who this workload is; `lateen token` makes one"},
    {"root-cert", "FILE", "by which the control plane is verified (root-cert.pem beside the token)"},
    {"name", "NAME", "of this workload (the host's name)"},
    {"namespace", "NAME", "of this workload (the token's)"},
    {"service-account", "NAME", "of this workload (the token's)"},
    {"label", "KEY=VALUE", "of this workload; may be repeated"},
    {"address", "IP", "where others reach it (the one that reaches the control plane)"},
    {"group", "NAME", "the WorkloadGroup to register with"},
    {"workload-entry", "NAME", "the WorkloadEntry that describes it"},
    {"network", "NAME", "the network it is in"},
    {"cluster", "NAME", "the cluster it belongs to (Kubernetes)"},
    {"capture", {}, "redirects this machine's traffic through the proxy; needs root"},
    {"exclude-port", "PORT", "not captured in either direction; may be repeated"},
    {"exclude-cidr", "CIDR", "destinations not captured; may be repeated"},
    {"gateway", {}, "a gateway, not the proxy of a workload"},
    {"pages", "IP", "where the proxy's own pages are (admin 127.0.0.1, the others everywhere)"},
    {"state", "DIR", "keeps the certificate there for the next start"},
    {"trust-domain", "NAME", "of the identity (the root certificate's, else cluster.local)"},
    {"server-name", "NAME", "in the control plane's certificate (istiod.istio-system.svc)"},
    {"concurrency", "N", "worker threads (1)"},
};

}  // namespace

int main(int count, char** words) {
  const std::vector<wiring::Command> commands = {
      {"ca root",
       "makes a root certificate and its key",
       "-o DIR",
       {{"output", "DIR", "folder to write into", 'o'},
        {"trust-domain", "NAME", "of the identities it signs (cluster.local)"},
        {"ttl", "TIME", "its life (87600h)"},
        {"force", {}, "replaces a root that is there"}},
       commands::ca_root},
      {"ca issue",
       "issues a workload certificate for an identity",
       "--ca DIR -o DIR --identity spiffe://...",
       {{"ca", "DIR", "folder of the root, or a control plane's state folder"},
        {"output", "DIR", "folder to write cert-chain.pem, key.pem and root-cert.pem into", 'o'},
        {"identity", "URI", "spiffe://TRUST-DOMAIN/ns/NAMESPACE/sa/ACCOUNT"},
        {"dns-name", "NAME", "a host name beside the identity; may be repeated"},
        {"key", "FILE", "the key to certify; without it a new one is made"},
        {"csr", "FILE", "a signing request to answer instead"},
        {"key-type", "TYPE", "of a new key (ecdsa-p256)"},
        {"ttl", "TIME", "its life (24h)"},
        {"force", {}, "replaces a key that is there"}},
       commands::ca_issue},
      {"ca show",
       "says what is in a file: certificates, a request, a key",
       "FILE",
       {{"format", "text|json", "how to print"}},
       commands::ca_show},
      {"join", "makes this machine a member: certificate, proxy, configuration", "HOST[:PORT] --token FILE", join_flags,
       commands::join},
      {"token",
       "makes a token with which a machine joins under an identity",
       "NAMESPACE/SERVICE-ACCOUNT",
       {{"state", "DIR", "the control plane's state folder (lateen-state)"}, {"ttl", "TIME", "its life (1h)"}},
       commands::token},
      {"control", "the control plane as a service: objects in a folder to proxies over xDS", "--config DIR",
       control_flags, commands::control},
      {"fleet render",
       "gives services that run in many clusters one name: writes each cluster's ServiceEntries and DestinationRules",
       "--cluster NAME=DIR... -o DIR", fleet_flags, commands::fleet_render},
      {"proxy-status", "who is connected to the control plane, and whether each has what it should have",
       "[NAME.NAMESPACE]", status_flags, commands::proxy_status},
      {"ps", "the same as proxy-status", "[NAME.NAMESPACE]", status_flags, commands::proxy_status},
      {"proxy-config", "what a proxy has: all, clusters, listeners, routes, endpoints or secrets",
       "KIND [NAME.NAMESPACE]", config_flags, commands::proxy_config},
      {"pc", "the same as proxy-config", "KIND [NAME.NAMESPACE]", config_flags, commands::proxy_config},
      {"xds dump", "prints what a proxy would receive over xDS", "--config FILE... --proxy FILE", dump_flags,
       commands::xds_dump},
      {"validate",
       "checks objects in files as the admission webhook does",
       "-f FILE...",
       {{"file", "FILE", "YAML or JSON files", 'f', true}},
       commands::validate},
      {"reference",
       "writes the reference pages of all kinds, and their OpenAPI schemas",
       "-o DIR [--openapi]",
       {{"output", "DIR", "folder to write into", 'o'}, {"openapi", "", "writes openapi.json as well"}},
       commands::reference},
  };
  const std::vector<std::string_view> arguments(words + std::min(count, 1), words + count);
  return wiring::run_command("lateen", commands, arguments);
}
