#include "data_plane/discovery/tls_contexts.h"

#include <algorithm>

#include "data_plane/discovery/string_match.h"
#include "lib/base/log.h"

namespace lateen::discovery {

namespace tlsv3 = envoy::extensions::transport_sockets::tls::v3;
static log::Component log_("secrets");

struct TlsContexts::Entry : std::enable_shared_from_this<TlsContexts::Entry> {
  bool server = false;
  tls::ContextSettings settings;               // without credentials and trust
  std::vector<std::string> certificate_names;  // of secrets
  std::string validation_name;
  std::vector<std::string> file_names;  // of those secrets: what comes from files with a watched_directory
  std::vector<agent::Secret> inline_certificates;
  std::optional<agent::Secret> inline_roots;
  bool wants_roots = false;
  std::vector<std::pair<std::string, router::StringMatch>> san_matches;  // kind ("" any) and matcher
  Slot slot = std::make_shared<upstream::TlsSlot>();
};

struct TlsContexts::Source {
  std::string name;
  bool from_ads = false;
  agent::SecretPtr secret;
  std::vector<std::weak_ptr<Entry>> users;
  size_t tidy_at = 16;  // so many users, and those that are gone are looked for

  void add(const std::shared_ptr<Entry>& entry) {
    if (users.size() >= tidy_at) {
      std::erase_if(users, [](const auto& user) { return user.expired(); });
      tidy_at = 2 * users.size() + 16;
    }
    users.push_back(entry);
  }
  std::unique_ptr<agent::SecretSource::Watch> watch;
};

Result<TlsContexts::Slot> TlsContexts::downstream(const tlsv3::DownstreamTlsContext& message, Notes& notes) {
  notes.check(message, "downstream_tls_context",
              {"common_tls_context", "require_client_certificate", "disable_stateless_session_resumption"});
  const auto& common = message.common_tls_context();
  const bool validates = common.has_validation_context() || common.has_combined_validation_context() ||
                         common.has_validation_context_sds_secret_config();
  return make(common, true, message.require_client_certificate().value(), validates, "", notes);
}

Result<TlsContexts::Slot> TlsContexts::upstream(const tlsv3::UpstreamTlsContext& message, Notes& notes) {
  notes.check(message, "upstream_tls_context", {"common_tls_context", "sni", "auto_host_sni", "max_session_keys"});
  return make(message.common_tls_context(), false, true, true, message.sni(), notes);
}

Result<TlsContexts::Slot> TlsContexts::make(const tlsv3::CommonTlsContext& common, bool server, bool require_peer,
                                            bool ask_peer, std::string server_name, Notes& notes) {
  notes.check(common, "common_tls_context",
              {"tls_params", "tls_certificates", "tls_certificate_sds_secret_configs", "validation_context",
               "combined_validation_context", "validation_context_sds_secret_config", "alpn_protocols"});
  auto entry = std::make_shared<Entry>();
  entry->server = server;
  tls::ContextSettings& settings = entry->settings;
  settings.server_name = std::move(server_name);
  settings.alpn.assign(common.alpn_protocols().begin(), common.alpn_protocols().end());
  settings.peer_certificate = require_peer ? tls::PeerCertificate::required
                              : ask_peer   ? tls::PeerCertificate::optional
                                           : tls::PeerCertificate::ignored;
  const auto version = [](tlsv3::TlsParameters::TlsProtocol wanted, tls::Version automatic) {
    return wanted == tlsv3::TlsParameters::TLS_AUTO ? automatic : static_cast<tls::Version>(wanted - 1);
  };
  settings.min_version = version(common.tls_params().tls_minimum_protocol_version(), tls::Version::tls1_2);
  // Envoy's client default is TLS 1.2 at most; that is of no use to anybody, so 1.3 it is (see
  // docs/reference/differences).
  settings.max_version = version(common.tls_params().tls_maximum_protocol_version(), tls::Version::tls1_3);
  settings.cipher_suites.assign(common.tls_params().cipher_suites().begin(), common.tls_params().cipher_suites().end());
  settings.curves.assign(common.tls_params().ecdh_curves().begin(), common.tls_params().ecdh_curves().end());
  notes.check(common.tls_params(), "tls_params",
              {"tls_minimum_protocol_version", "tls_maximum_protocol_version", "cipher_suites", "ecdh_curves"});
  if (auto read = read_certificates(common, *entry, notes); !read) return failed(read);
  if (auto read = read_validation(common, *entry, notes); !read) return failed(read);
  if (server && entry->certificate_names.empty() && entry->inline_certificates.empty())
    return fail(ErrorKind::invalid,
                "a downstream TLS context needs a certificate: tls_certificates or tls_certificate_sds_secret_configs");
  if (!entry->wants_roots && !server)
    settings.peer_certificate = tls::PeerCertificate::ignored;  // Envoy: no trusted_ca, no check
  for (const std::string& name : entry->file_names) subscribe(name, from_.files, false, entry);
  for (const auto& config : common.tls_certificate_sds_secret_configs())
    if (auto wanted = want(config, entry, notes); !wanted) return failed(wanted, "tls_certificate_sds_secret_configs");
  if (common.has_combined_validation_context() || common.has_validation_context_sds_secret_config()) {
    const auto& config = common.has_combined_validation_context()
                             ? common.combined_validation_context().validation_context_sds_secret_config()
                             : common.validation_context_sds_secret_config();
    if (auto wanted = want(config, entry, notes); !wanted)
      return failed(wanted, "validation_context_sds_secret_config");
  }
  // The entry lives as long as its slot is used: the slot's deleter holds it.
  Slot slot(entry->slot.get(), [entry](upstream::TlsSlot*) {});
  rebuild(*entry);
  return slot;
}

// What is followed are the folders of the files, whatever the path says.
static void check_watched(const envoy::config::core::v3::WatchedDirectory& watched, const std::string& file,
                          bool are_files, Notes& notes) {
  if (!are_files)
    notes.note("watched_directory is not honoured where the content is not in files");
  else if (file.substr(0, file.rfind('/')) != watched.path())
    notes.note(fmt::format("watched_directory.path {}: the folder of {} is followed instead", watched.path(), file));
}

Result<> TlsContexts::read_certificates(const tlsv3::CommonTlsContext& common, Entry& entry, Notes& notes) {
  for (const auto& certificate : common.tls_certificates()) {
    notes.check(certificate, "tls_certificates", {"certificate_chain", "private_key", "watched_directory"});
    const std::string& chain_file = certificate.certificate_chain().filename();
    const std::string& key_file = certificate.private_key().filename();
    auto chain = content_of(certificate.certificate_chain(), "certificate_chain");
    if (!chain) return failed(chain);
    auto key = content_of(certificate.private_key(), "private_key");
    if (!key) return failed(key);
    if (auto valid = tls::Credentials::parse(*chain, *key); !valid) return failed(valid, "tls_certificates");
    const bool are_files = !chain_file.empty() && !key_file.empty();
    if (certificate.has_watched_directory())
      check_watched(certificate.watched_directory(), chain_file, are_files, notes);
    if (certificate.has_watched_directory() && from_.files && are_files) {
      entry.file_names.push_back(fmt::format("file-cert:{}~{}", chain_file, key_file));
      entry.certificate_names.push_back(entry.file_names.back());
      continue;
    }
    entry.inline_certificates.push_back({.chain = std::move(*chain), .key = std::move(*key)});
  }
  for (const auto& config : common.tls_certificate_sds_secret_configs())
    entry.certificate_names.push_back(config.name());
  return {};
}

Result<> TlsContexts::read_validation(const tlsv3::CommonTlsContext& common, Entry& entry, Notes& notes) {
  if (common.has_validation_context()) return read_validation_fields(common.validation_context(), entry, notes);
  if (common.has_validation_context_sds_secret_config()) {
    entry.validation_name = common.validation_context_sds_secret_config().name();
    entry.wants_roots = true;
  }
  if (common.has_combined_validation_context()) {
    const auto& combined = common.combined_validation_context();
    entry.validation_name = combined.validation_context_sds_secret_config().name();
    entry.wants_roots = true;
    return read_validation_fields(combined.default_validation_context(), entry, notes);
  }
  return {};
}

Result<> TlsContexts::read_validation_fields(const tlsv3::CertificateValidationContext& validation, Entry& entry,
                                             Notes& notes) {
  notes.check(validation, "validation_context",
              {"trusted_ca", "watched_directory", "match_subject_alt_names", "match_typed_subject_alt_names",
               "trust_chain_verification", "crl"});
  if (validation.has_trusted_ca()) {
    auto roots = content_of(validation.trusted_ca(), "trusted_ca");
    if (!roots) return failed(roots);
    agent::Secret secret{.roots = std::move(*roots)};
    if (validation.has_crl()) {
      auto crl = content_of(validation.crl(), "crl");
      if (!crl) return failed(crl);
      secret.crl = std::move(*crl);
    }
    if (auto bundle = tls::TrustBundle::parse(secret.roots, secret.crl); !bundle) return failed(bundle, "trusted_ca");
    entry.wants_roots = true;
    const std::string& file = validation.trusted_ca().filename();
    if (validation.has_watched_directory()) check_watched(validation.watched_directory(), file, !file.empty(), notes);
    if (validation.has_watched_directory() && validation.has_crl())
      notes.note("validation_context.watched_directory is not honoured beside crl");
    if (validation.has_watched_directory() && !validation.has_crl() && from_.files && !file.empty()) {
      entry.file_names.push_back("file-root:" + file);
      entry.validation_name = entry.file_names.back();
    } else {
      entry.inline_roots = std::move(secret);
    }
  }
  entry.settings.accept_untrusted =
      validation.trust_chain_verification() == tlsv3::CertificateValidationContext::ACCEPT_UNTRUSTED;
  for (const auto& matcher : validation.match_subject_alt_names()) {
    auto match = string_match(matcher);
    if (!match) return failed(match, "match_subject_alt_names");
    entry.san_matches.emplace_back("", std::move(*match));
  }
  for (const auto& typed : validation.match_typed_subject_alt_names()) {
    auto match = string_match(typed.matcher());
    if (!match) return failed(match, "match_typed_subject_alt_names");
    static constexpr const char* kinds[] = {"", "email", "dns", "uri", "ip", "other"};
    entry.san_matches.emplace_back(kinds[std::min<size_t>(typed.san_type(), 5)], std::move(*match));
  }
  return {};
}

namespace {

// One of the peer's names must match one of the matchers.
Result<> check_names(const std::vector<std::pair<std::string, router::StringMatch>>& wanted,
                     const std::vector<tls::Certificate>& chain) {
  if (chain.empty()) return fail(ErrorKind::tls, "the peer has no certificate");
  const tls::AlternativeNames& names = chain.front().names();
  const std::pair<const char*, const std::vector<std::string>&> kinds[] = {
      {"uri", names.uris}, {"dns", names.dns}, {"email", names.emails}, {"ip", names.ips}, {"other", names.others}};
  for (const auto& [kind, matcher] : wanted)
    for (const auto& [own_kind, list] : kinds)
      if (kind.empty() || kind == own_kind)
        if (std::ranges::any_of(list, [&](const std::string& name) { return matcher.matches(name); })) return {};
  return fail(ErrorKind::tls, "verify SAN list: the peer's names ({}) match none of those wanted",
              joined(names.uris.empty() ? names.dns : names.uris, ", "));
}

}  // namespace

// Decides where a named secret comes from.
Result<> TlsContexts::want(const tlsv3::SdsSecretConfig& config, const std::shared_ptr<Entry>& entry, Notes& notes) {
  const std::string& name = config.name();
  const bool over_ads = config.sds_config().has_ads();
  const bool is_own = name == "default" || name == "ROOTCA" || (config.has_sds_config() && !over_ads);
  const auto known = sources_.find(name);
  const bool is_here = known != sources_.end() && known->second->secret;
  agent::SecretSource* from = nullptr;
  if (name.starts_with("file-cert:") || name.starts_with("file-root:"))
    from = from_.files;
  else if (is_own)
    from = from_.own;
  if (!from && !over_ads && !is_here) {
    if (!config.has_sds_config())
      return fail(ErrorKind::not_found, "secret {}: static_resources.secrets has none of that name", name);
    // Waiting for it in silence would be worst: whoever reads the log learns why nothing answers.
    notes.note(
        fmt::format("secret {}: nothing brings it, so TLS waits for it for ever; an sds_config can be ads or, in "
                    "a member that has joined, the agent's; files go into tls_certificates and trusted_ca, with "
                    "a watched_directory when they change",
                    name));
  }
  subscribe(name, from, over_ads && !from, entry);
  return {};
}

// From a source of this machine; or (null) by put_secret(), and asked for over ADS.
void TlsContexts::subscribe(const std::string& name, agent::SecretSource* from, bool over_ads,
                            const std::shared_ptr<Entry>& entry) {
  auto& source = sources_[name];
  if (!source) source = std::make_shared<Source>(Source{.name = name});
  source->add(entry);
  if (over_ads && !std::exchange(source->from_ads, true) && when_wanted_) when_wanted_();
  if (from && !source->watch)
    source->watch = from->watch(name, [this, weak = std::weak_ptr(source)](agent::SecretPtr secret) {
      if (const auto source = weak.lock()) arrived(*source, std::move(secret));
    });
}

void TlsContexts::arrived(Source& source, agent::SecretPtr secret) {
  source.secret = std::move(secret);
  for (const auto& user : source.users)
    if (const auto entry = user.lock()) rebuild(*entry);
}

void TlsContexts::rebuild(Entry& entry) {
  tls::ContextSettings settings = entry.settings;
  std::vector<agent::Secret> certificates = entry.inline_certificates;
  for (const std::string& name : entry.certificate_names) {
    const auto source = sources_.find(name);
    if (source == sources_.end() || !source->second->secret) return;  // not all there yet
    certificates.push_back(*source->second->secret);
  }
  std::optional<agent::Secret> roots = entry.inline_roots;
  if (!entry.validation_name.empty()) {
    const auto source = sources_.find(entry.validation_name);
    if (source == sources_.end() || !source->second->secret) return;
    roots = *source->second->secret;
  }
  const auto give_up = [&](const Error& error) {
    log_.error("a TLS context keeps its former secrets: {}", error.message);
  };
  for (const agent::Secret& each : certificates) {
    auto credentials = tls::Credentials::parse(each.chain, each.key);
    if (!credentials) return give_up(credentials.error());
    settings.credentials.push_back(std::move(*credentials));
  }
  if (roots) {
    auto bundle = tls::TrustBundle::parse(roots->roots, roots->crl);
    if (!bundle) return give_up(bundle.error());
    settings.trust = std::move(*bundle);
  }
  if (!entry.san_matches.empty())
    settings.check_peer = [wanted = entry.san_matches](const std::vector<tls::Certificate>& chain) {
      return check_names(wanted, chain);
    };
  auto context = entry.server ? tls::Context::server(std::move(settings)) : tls::Context::client(std::move(settings));
  if (!context) return give_up(context.error());
  entry.slot->set(std::move(*context));
  if (when_ready_) when_ready_();
}

Result<> TlsContexts::put_secret(const tlsv3::Secret& message) {
  agent::Secret secret;
  if (message.has_tls_certificate()) {
    auto chain = content_of(message.tls_certificate().certificate_chain(), message.name());
    if (!chain) return failed(chain);
    auto key = content_of(message.tls_certificate().private_key(), message.name());
    if (!key) return failed(key);
    if (auto valid = tls::Credentials::parse(*chain, *key); !valid) return failed(valid, message.name());
    secret = {.chain = std::move(*chain), .key = std::move(*key)};
  } else if (message.has_validation_context()) {
    auto roots = content_of(message.validation_context().trusted_ca(), message.name());
    if (!roots) return failed(roots);
    if (auto valid = tls::TrustBundle::parse(*roots); !valid) return failed(valid, message.name());
    secret.roots = std::move(*roots);
  } else {
    return fail(ErrorKind::unsupported, "secret {}: only tls_certificate and validation_context are supported",
                message.name());
  }
  auto& source = sources_[message.name()];
  if (!source) source = std::make_shared<Source>(Source{.name = message.name()});
  arrived(*source, std::make_shared<const agent::Secret>(std::move(secret)));
  return {};
}

std::set<std::string> TlsContexts::wanted_from_ads() const {
  std::set<std::string> names;
  for (const auto& [name, source] : sources_)
    if (source->from_ads && std::ranges::any_of(source->users, [](const auto& user) { return !user.expired(); }))
      names.insert(name);
  return names;
}

std::vector<TlsContexts::Known> TlsContexts::known() const {
  std::vector<Known> out;
  for (const auto& [name, source] : sources_)
    if (source->secret) out.push_back({name, source->secret});
  return out;
}

}  // namespace lateen::discovery
