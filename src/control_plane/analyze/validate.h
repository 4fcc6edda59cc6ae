// The rules that objects must keep beyond their schema: what Istio's admission webhook refuses, refused here with the
// path and the place. References to other objects are not judged. spec/istio.md section 1 lists the sources.
//
// The same functions serve `lateen validate`, the ingest of a running control plane and the admission webhook.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "config/mesh/mesh_config.h"
#include "config/mesh/mesh_networks.h"
#include "config/objects/objects.h"
#include "lib/schema/diagnostics.h"

namespace lateen::analyze {

// What was found in one object; paths begin with "spec" or "metadata".
class Findings {
 public:
  struct Finding {
    schema::Severity severity;
    std::string path;
    std::string text;
  };
  void error(std::string path, std::string text) {
    all_.push_back({schema::Severity::error, std::move(path), std::move(text)});
    ++errors_;
  }
  void warning(std::string path, std::string text) {
    all_.push_back({schema::Severity::warning, std::move(path), std::move(text)});
  }
  bool has_errors() const { return errors_ > 0; }
  const std::vector<Finding>& all() const { return all_; }

 private:
  std::vector<Finding> all_;
  size_t errors_ = 0;
};

void validate(const config::Object<config::Gateway>& object, Findings& findings);
void validate(const config::Object<config::VirtualService>& object, Findings& findings);
void validate(const config::Object<config::DestinationRule>& object, Findings& findings);
void validate(const config::Object<config::ServiceEntry>& object, Findings& findings);
void validate(const config::Object<config::WorkloadEntry>& object, Findings& findings);
void validate(const config::Object<config::WorkloadGroup>& object, Findings& findings);
void validate(const config::Object<config::Sidecar>& object, Findings& findings);
void validate(const config::Object<config::EnvoyFilter>& object, Findings& findings);
void validate(const config::Object<config::ProxyConfigKind>& object, Findings& findings);
void validate(const config::Object<config::PeerAuthentication>& object, Findings& findings);
void validate(const config::Object<config::RequestAuthentication>& object, Findings& findings);
void validate(const config::Object<config::AuthorizationPolicy>& object, Findings& findings);
void validate(const config::Object<config::Telemetry>& object, Findings& findings);
void validate(const config::Object<config::WasmPlugin>& object, Findings& findings);
void validate(const config::Object<config::TrafficExtension>& object, Findings& findings);
void validate(const config::Object<config::GlobalTrafficPolicy>& object, Findings& findings);

// Kinds without rules beyond their schema.
template <class T>
void validate(const T&, Findings&) {}

// The mesh's own files; paths begin at their top.
void validate(const config::MeshConfig& mesh, Findings& findings);
void validate(const config::MeshNetworks& networks, Findings& findings);

// Removes the objects that break a rule and reports all findings. Places are exact for objects that were read with
// ReadOptions::keep_documents, else they are the object's first line.
void drop_invalid(config::Objects& objects, schema::Diagnostics& diagnostics);

// Reads and judges one text; returns the objects that are valid. `file` is its name in messages.
config::Objects validate_text(std::string_view text, std::string_view file, schema::Diagnostics& diagnostics);

}  // namespace lateen::analyze
