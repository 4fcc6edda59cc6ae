// TLS contexts of clusters and filter chains: read from their messages, filled with secrets as they come and change.
#pragma once
#include <map>
#include <set>

#include "data_plane/agent/secret_source.h"
#include "data_plane/discovery/reading.h"
#include "data_plane/upstream/tls_socket.h"

namespace lateen::discovery {

// Main thread. Each context watches the secrets that it names; when all are there a tls::Context is made and put into
// the slot, from which workers take it for new handshakes.
class TlsContexts {
 public:
  // Where secrets come from that are neither in the message nor sent over ADS. Both may be null; both outlive this.
  struct Sources {
    // This member's certificate and roots: "default", "ROOTCA".
    agent::SecretSource* own = nullptr;
    // PEM files that are followed: "file-cert:CERTIFICATE~KEY", "file-root:ROOTS".
    agent::SecretSource* files = nullptr;
  };
  explicit TlsContexts(Sources from) : from_(from) {}

  using Slot = std::shared_ptr<upstream::TlsSlot>;
  Result<Slot> downstream(const envoy::extensions::transport_sockets::tls::v3::DownstreamTlsContext& message,
                          Notes& notes);
  Result<Slot> upstream(const envoy::extensions::transport_sockets::tls::v3::UpstreamTlsContext& message, Notes& notes);

  // A secret delivered over xDS or listed in the bootstrap. Contexts that wait for that name get it.
  Result<> put_secret(const envoy::extensions::transport_sockets::tls::v3::Secret& secret);
  // Names wanted by contexts which are not of the member's own source: to be subscribed over ADS.
  std::set<std::string> wanted_from_ads() const;
  void when_wanted(std::function<void()> function) { when_wanted_ = std::move(function); }
  // Called when any slot changed: listeners and clusters that wait for secrets look again.
  void when_ready(std::function<void()> function) { when_ready_ = std::move(function); }

  // For the admin page /certs: name and certificates of every known secret.
  struct Known {
    std::string name;
    agent::SecretPtr secret;
  };
  std::vector<Known> known() const;

 private:
  struct Entry;   // one context
  struct Source;  // one named secret with the entries that use it
  Result<Slot> make(const envoy::extensions::transport_sockets::tls::v3::CommonTlsContext& common, bool server,
                    bool require_peer, bool ask_peer, std::string server_name, Notes& notes);
  Result<> read_certificates(const envoy::extensions::transport_sockets::tls::v3::CommonTlsContext& common,
                             Entry& entry, Notes& notes);
  Result<> read_validation(const envoy::extensions::transport_sockets::tls::v3::CommonTlsContext& common, Entry& entry,
                           Notes& notes);
  Result<> read_validation_fields(
      const envoy::extensions::transport_sockets::tls::v3::CertificateValidationContext& validation, Entry& entry,
      Notes& notes);
  Result<> want(const envoy::extensions::transport_sockets::tls::v3::SdsSecretConfig& config,
                const std::shared_ptr<Entry>& entry, Notes& notes);
  void subscribe(const std::string& name, agent::SecretSource* from, bool over_ads,
                 const std::shared_ptr<Entry>& entry);
  void arrived(Source& source, agent::SecretPtr secret);
  void rebuild(Entry& entry);

  Sources from_;
  std::map<std::string, std::shared_ptr<Source>> sources_;
  std::function<void()> when_wanted_, when_ready_;
};

}  // namespace lateen::discovery
