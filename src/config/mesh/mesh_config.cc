#include "config/mesh/mesh_config.h"

#include "lib/schema/field.h"

namespace lateen::config {

using namespace schema;  // field(), record() and the attributes

Names names(Resource) {
  static constexpr Name all[] = {{"SERVICE_REGISTRY", 0}};
  return all;
}

Fields ConfigSource::fields() {
  return record("ConfigSource", "A source of configuration.",
                {
                    field("address", &ConfigSource::address, "fs:///path, xds://host:port or k8s://."),
                    field("tlsSettings", &ConfigSource::tls_settings, "TLS towards it."),
                    field("subscribedResources", &ConfigSource::subscribed_resources, "What is read from it."),
                });
}

Names names(ServiceEntryVisibility::Visibility) {
  static constexpr Name all[] = {{"VISIBILITY_UNSPECIFIED", 0}, {"NONE", 1}, {"NAMESPACE", 2}, {"PUBLIC", 3}};
  return all;
}

Fields ServiceEntryVisibility::MatchRule::fields() {
  return record("ServiceEntryVisibility.MatchRule", "Whose ServiceEntries.",
                {
                    field("namespaceSelector", &ServiceEntryVisibility::MatchRule::namespace_selector,
                          "Those of namespaces with these labels.", one_of("matcher")),
                });
}

Fields ServiceEntryVisibility::Policy::fields() {
  return record("ServiceEntryVisibility.Policy", "A visibility and for whom.",
                {
                    field("visibility", &ServiceEntryVisibility::Policy::visibility, "Who may see them."),
                    field("matchingRules", &ServiceEntryVisibility::Policy::matching_rules, "Whose."),
                });
}

Fields ServiceEntryVisibility::fields() {
  return record("ServiceEntryVisibility", "Who sees ServiceEntries that do not say it.",
                {
                    field("defaultVisibility", &ServiceEntryVisibility::default_visibility, "When no policy matches.",
                          otherwise("PUBLIC")),
                    field("applyToSidecars", &ServiceEntryVisibility::apply_to_sidecars, "Whether sidecars follow it."),
                    field("policies", &ServiceEntryVisibility::policies, "Policies; the first that matches is taken."),
                });
}

Fields Certificate::fields() {
  return record("Certificate", "Unused.",
                {
                    field("secretName", &Certificate::secret_name, "Name of the secret."),
                    field("dnsNames", &Certificate::dns_names, "Names in the certificate."),
                });
}

Names names(MeshConfig::IngressControllerMode) {
  static constexpr Name all[] = {{"UNSPECIFIED", 0}, {"OFF", 1}, {"DEFAULT", 2}, {"STRICT", 3}};
  return all;
}

Names names(MeshConfig::AuthPolicy) {
  static constexpr Name all[] = {{"NONE", 0}, {"MUTUAL_TLS", 1}};
  return all;
}

Names names(MeshConfig::AccessLogEncoding) {
  static constexpr Name all[] = {{"TEXT", 0}, {"JSON", 1}};
  return all;
}

Names names(MeshConfig::H2UpgradePolicy) {
  static constexpr Name all[] = {{"DO_NOT_UPGRADE", 0}, {"UPGRADE", 1}};
  return all;
}

Names names(MeshConfig::OutboundTrafficPolicy::Mode) {
  static constexpr Name all[] = {{"REGISTRY_ONLY", 0}, {"ALLOW_ANY", 1}, {"ALLOW_ANY_DYNAMIC_DNS", 3}};
  return all;
}

Fields MeshConfig::OutboundTrafficPolicy::fields() {
  return record("MeshConfig.OutboundTrafficPolicy", "What happens to calls to hosts nobody declared.",
                {
                    field("mode", &MeshConfig::OutboundTrafficPolicy::mode,
                          "Refused, passed through, or passed with names resolved by the proxy."),
                    field("tls", &MeshConfig::OutboundTrafficPolicy::tls, "TLS for the last.", not_honoured()),
                });
}

Names names(MeshConfig::InboundTrafficPolicy::Mode) {
  static constexpr Name all[] = {{"PASSTHROUGH", 0}, {"LOCALHOST", 1}};
  return all;
}

Fields MeshConfig::InboundTrafficPolicy::fields() {
  return record("MeshConfig.InboundTrafficPolicy", "Where calls to ports without a service go.",
                {
                    field("mode", &MeshConfig::InboundTrafficPolicy::mode, "To the address called, or to 127.0.0.1."),
                });
}

Fields MeshConfig::CertificateData::fields() {
  return record("MeshConfig.CertificateData", "More certificates to trust.",
                {
                    field("pem", &MeshConfig::CertificateData::pem, "The certificates.", one_of("certificateData")),
                    field("spiffeBundleUrl", &MeshConfig::CertificateData::spiffe_bundle_url,
                          "Where a SPIFFE bundle is fetched.", one_of("certificateData"), not_honoured()),
                    field("certSigners", &MeshConfig::CertificateData::cert_signers, "Kubernetes signers they are for.",
                          not_honoured()),
                    field("trustDomains", &MeshConfig::CertificateData::trust_domains, "Trust domains they are for."),
                });
}

Fields MeshConfig::ServiceSettings::Settings::fields() {
  return record("MeshConfig.ServiceSettings.Settings", "Settings of services.",
                {
                    field("clusterLocal", &MeshConfig::ServiceSettings::Settings::cluster_local,
                          "Calls stay in the caller's cluster."),
                });
}

Fields MeshConfig::ServiceSettings::fields() {
  return record("MeshConfig.ServiceSettings", "Settings of services by host.",
                {
                    field("settings", &MeshConfig::ServiceSettings::settings, "The settings."),
                    field("hosts", &MeshConfig::ServiceSettings::hosts, "Hosts; `*.` prefixes are allowed."),
                });
}

Names names(MeshConfig::ServiceScopeConfigs::Scope) {
  static constexpr Name all[] = {{"LOCAL", 0}, {"GLOBAL", 1}};
  return all;
}

Fields MeshConfig::ServiceScopeConfigs::fields() {
  return record(
      "MeshConfig.ServiceScopeConfigs", "Which services other clusters may use, in ambient mode.",
      {
          field("namespaceSelector", &MeshConfig::ServiceScopeConfigs::namespace_selector,
                "Services in these namespaces."),
          field("servicesSelector", &MeshConfig::ServiceScopeConfigs::services_selector, "Services with these labels."),
          field("scope", &MeshConfig::ServiceScopeConfigs::scope, "Local or global."),
      });
}

Fields MeshConfig::CA::fields() {
  return record("MeshConfig.CA", "A certificate authority with Istio's gRPC interface.",
                {
                    field("address", &MeshConfig::CA::address, "host:port."),
                    field("tlsSettings", &MeshConfig::CA::tls_settings, "TLS towards it.", not_honoured()),
                    field("requestTimeout", &MeshConfig::CA::request_timeout, "Limit of a request.", otherwise("10s"),
                          not_honoured()),
                    field("istiodSide", &MeshConfig::CA::istiod_side,
                          "Whether the control plane, not the agents, calls it.", not_honoured()),
                });
}

Fields MeshConfig::DefaultProviders::fields() {
  return record(
      "MeshConfig.DefaultProviders", "Providers for policies that name none.",
      {
          field("tracing", &MeshConfig::DefaultProviders::tracing, "Of traces.", not_honoured()),
          field("metrics", &MeshConfig::DefaultProviders::metrics, "Of metrics."),
          field("accessLogging", &MeshConfig::DefaultProviders::access_logging, "Of access logs.", not_honoured()),
      });
}

Names names(MeshConfig::ProxyPathNormalization::NormalizationType) {
  static constexpr Name all[] = {
      {"DEFAULT", 0}, {"NONE", 1}, {"BASE", 2}, {"MERGE_SLASHES", 3}, {"DECODE_AND_MERGE_SLASHES", 4}};
  return all;
}

Fields MeshConfig::ProxyPathNormalization::fields() {
  return record("MeshConfig.ProxyPathNormalization", "How paths are made comparable.",
                {
                    field("normalization", &MeshConfig::ProxyPathNormalization::normalization, "How far.",
                          otherwise("DEFAULT: BASE")),
                });
}

Names names(MeshConfig::TLSConfig::TLSProtocol) {
  static constexpr Name all[] = {{"TLS_AUTO", 0}, {"TLSV1_2", 1}, {"TLSV1_3", 2}};
  return all;
}

Fields MeshConfig::TLSConfig::fields() {
  return record("MeshConfig.TLSConfig", "TLS versions and algorithms.",
                {
                    field("minProtocolVersion", &MeshConfig::TLSConfig::min_protocol_version, "Lowest version.",
                          otherwise("TLSV1_2")),
                    field("ecdhCurves", &MeshConfig::TLSConfig::ecdh_curves, "Curves."),
                    field("cipherSuites", &MeshConfig::TLSConfig::cipher_suites, "Cipher suites for TLS 1.2."),
                });
}

Fields MeshConfig::DefaultTrafficPolicy::fields() {
  return record(
      "MeshConfig.DefaultTrafficPolicy", "The policy of destinations that no rule covers.",
      {
          field("connectionPool", &MeshConfig::DefaultTrafficPolicy::connection_pool, "Limits."),
          field("outlierDetection", &MeshConfig::DefaultTrafficPolicy::outlier_detection, "Failing endpoints."),
      });
}

Fields MeshConfig::fields() {
  return record(
      "MeshConfig", "Settings of the whole mesh.",
      {
          field("proxyListenPort", &MeshConfig::proxy_listen_port,
                "Port for captured outbound traffic; 0 or less: no sidecar listeners."),
          field("proxyInboundListenPort", &MeshConfig::proxy_inbound_listen_port, "Port for captured inbound traffic."),
          field("proxyHttpPort", &MeshConfig::proxy_http_port, "Port of an explicit HTTP proxy on localhost; 0: none.",
                at_most(65535), not_honoured()),
          field("connectTimeout", &MeshConfig::connect_timeout, "Limit for connects of all clusters.",
                at_least_long(1ms)),
          field("hboneIdleTimeout", &MeshConfig::hbone_idle_timeout, "Idle HBONE tunnels are closed after it.",
                not_honoured()),
          field("protocolDetectionTimeout", &MeshConfig::protocol_detection_timeout,
                "Limit for finding out the protocol; 0s: none."),
          field("tcpKeepalive", &MeshConfig::tcp_keepalive, "Keepalive probes of all clusters."),
          field("ingressClass", &MeshConfig::ingress_class, "Class of Kubernetes Ingress objects.", not_honoured()),
          field("ingressService", &MeshConfig::ingress_service, "Service of the ingress gateway.", not_honoured()),
          field("ingressControllerMode", &MeshConfig::ingress_controller_mode, "Which Ingress objects are read.",
                not_honoured()),
          field("ingressSelector", &MeshConfig::ingress_selector, "The istio label of ingress gateways.",
                not_honoured()),
          field("enableTracing", &MeshConfig::enable_tracing, "Whether traces are made."),
          field("accessLogFile", &MeshConfig::access_log_file, "File of access logs.", otherwise("none")),
          field("accessLogFormat", &MeshConfig::access_log_format, "Format of access logs.", otherwise("Istio's")),
          field("accessLogEncoding", &MeshConfig::access_log_encoding, "Text or JSON."),
          field("enableEnvoyAccessLogService", &MeshConfig::enable_envoy_access_log_service,
                "Streams access logs to defaultConfig.envoyAccessLogService.", not_honoured()),
          field("disableEnvoyListenerLog", &MeshConfig::disable_envoy_listener_log,
                "No access logs for connections that no chain takes."),
          field("defaultConfig", &MeshConfig::default_config, "What proxies need to start."),
          field("outboundTrafficPolicy", &MeshConfig::outbound_traffic_policy, "Calls to hosts nobody declared."),
          field("inboundTrafficPolicy", &MeshConfig::inbound_traffic_policy, "Calls to ports without a service."),
          field("configSources", &MeshConfig::config_sources, "Where configuration is read.", not_honoured()),
          field("enableAutoMtls", &MeshConfig::enable_auto_mtls, "Uses mTLS where the other side has it."),
          field("trustDomain", &MeshConfig::trust_domain, "Trust domain of identities."),
          field("trustDomainAliases", &MeshConfig::trust_domain_aliases, "Other trust domains that count as the same."),
          field("caCertificates", &MeshConfig::ca_certificates, "More certificates to trust.", not_honoured()),
          field("defaultServiceExportTo", &MeshConfig::default_service_export_to,
                "Who sees services that do not say it."),
          field("defaultVirtualServiceExportTo", &MeshConfig::default_virtual_service_export_to,
                "Who sees VirtualServices that do not say it."),
          field("defaultDestinationRuleExportTo", &MeshConfig::default_destination_rule_export_to,
                "Who sees DestinationRules that do not say it."),
          field("rootNamespace", &MeshConfig::root_namespace, "Namespace whose policies are for the whole mesh."),
          field("localityLbSetting", &MeshConfig::locality_lb_setting, "Sharing load among places."),
          field("zoneAwareLbSetting", &MeshConfig::zone_aware_lb_setting, "Sharing load among zones.", otherwise("off"),
                not_honoured()),
          field("dnsRefreshRate", &MeshConfig::dns_refresh_rate, "Time between attempts to resolve names that failed."),
          field("h2UpgradePolicy", &MeshConfig::h2_upgrade_policy, "Whether HTTP/1.1 requests are sent as HTTP/2."),
          field("inboundClusterStatName", &MeshConfig::inbound_cluster_stat_name,
                "Pattern of metric names of inbound clusters.", not_honoured()),
          field("outboundClusterStatName", &MeshConfig::outbound_cluster_stat_name,
                "Pattern of metric names of outbound clusters.", not_honoured()),
          field("certificates", &MeshConfig::certificates, "Unused.", deprecated("it has no effect")),
          field("serviceSettings", &MeshConfig::service_settings, "Settings of services by host."),
          field("serviceScopeConfigs", &MeshConfig::service_scope_configs,
                "Which services other clusters may use, in ambient mode.", not_honoured()),
          field("enablePrometheusMerge", &MeshConfig::enable_prometheus_merge,
                "Joins the application's metrics to the proxy's.", not_honoured()),
          field("verifyCertificateAtClient", &MeshConfig::verify_certificate_at_client, "Unused.",
                deprecated("it has no effect")),
          field("ca", &MeshConfig::ca, "A certificate authority outside.", not_honoured()),
          field("extensionProviders", &MeshConfig::extension_providers, "Things outside that policies can name.",
                not_honoured()),
          field("defaultProviders", &MeshConfig::default_providers, "Providers for policies that name none."),
          field("discoverySelectors", &MeshConfig::discovery_selectors, "Namespaces that are read.", otherwise("all"),
                not_honoured()),
          field("pathNormalization", &MeshConfig::path_normalization, "How paths are made comparable."),
          field("defaultHttpRetryPolicy", &MeshConfig::default_http_retry_policy,
                "Retries of routes that say nothing."),
          field("meshMTLS", &MeshConfig::mesh_mtls, "TLS inside of the mesh."),
          field("tlsDefaults", &MeshConfig::tls_defaults, "TLS elsewhere.", not_honoured()),
          field("defaultTrafficPolicy", &MeshConfig::default_traffic_policy,
                "Policy of destinations that no rule covers."),
          field("serviceEntryVisibility", &MeshConfig::service_entry_visibility,
                "Who sees ServiceEntries that do not say it.", not_honoured()),
      });
}

}  // namespace lateen::config
