// The offline authority for people and pipelines (`lateen ca`): roots, certificates and what is in a file, without a
// control plane. Its folder has the layout of Istio's plugged-in certificates, so a control plane can sign with it too.
#pragma once
#include <string>
#include <vector>

#include "control_plane/ca/certificate_authority.h"

namespace lateen::ca {

struct RootRequest {
  std::string directory;  // receives ca-cert.pem, ca-key.pem (mode 0600) and root-cert.pem
  std::string trust_domain = "cluster.local";
  Duration ttl = 3650 * 24h;
  bool force = false;  // replaces a root that is there; what it issued becomes worthless
};

// Makes a root. Fails with already_exists when the folder holds a key and `force` is not set.
Result<tls::Certificate> make_offline_root(const RootRequest& request, WallTime now);

struct IssueRequest {
  std::string authority;  // the folder of the root or intermediate
  std::string directory;  // receives cert-chain.pem, key.pem (mode 0600; not with a request) and root-cert.pem
  std::string identity;   // spiffe://...; may be empty when the signing request names one
  std::vector<std::string> dns_names;
  std::string key_file, request_file;  // at most one of them; neither: a new key is made
  tls::KeyType key_type = tls::KeyType::ecdsa_p256;
  Duration ttl = 24h;
  bool force = false;  // overwrites another key.pem
};

struct IssuedFiles {
  tls::Certificate leaf;
  std::vector<std::string> files;  // in the order in which they were written
};

// Issues a workload certificate. Whoever holds the authority's key vouches for the identity; it must lie in the
// authority's trust domain when its certificate names one. Errors name the file.
Result<IssuedFiles> issue_offline(const IssueRequest& request, WallTime now);

// What is in a PEM file: certificates, a signing request, a private key (its kind only). For people, or as a JSON list.
Result<std::string> show_file(const std::string& path, WallTime now);
Result<std::string> show_file_as_json(const std::string& path, WallTime now);

}  // namespace lateen::ca
