// What one stream wants of one resource type, and what it has: the protocol as a state machine without I/O
// (spec/envoy.md section 2, spec/istio.md section 3.14). Requests go in, pushes come out; the stream does the rest.
//
// A push carries what the client lacks and nothing else:
// - state of the world, types whose absence means removal (CDS, LDS): all, when anything changed;
// - state of the world, other types: the resources asked for that changed or were newly asked for;
// - delta: those that changed, and the names of those that are gone.
//
// ACK and NACK are told apart by error_detail; a NACK is recorded and nothing is sent again until something changes.
// What was sent counts as had, refused or not. A request whose nonce is not that of the latest push is no answer to it;
// in delta its changes of names count all the same.
#pragma once
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "control_plane/translate/resource_set.h"

namespace lateen::discovery {

using translate::Difference;
using translate::Resource;
using translate::ResourcePointer;
using translate::ResourceSet;
using translate::ResourceSetPointer;

enum class Mode : uint8_t { state_of_the_world, delta };

// A request of either form, without the node.
struct Request {
  std::string type;
  std::string nonce;                                              // empty in a spontaneous one
  std::optional<std::string> refusal;                             // error_detail.message: this is a NACK
  std::string version;                                            // state of the world: the version the client has
  std::vector<std::string> names;                                 // state of the world: all it wants now
  std::vector<std::string> subscribe, unsubscribe;                // delta
  std::vector<std::pair<std::string, std::string>> has_versions;  // delta, first request: name -> version
};

// A response to be sent. The pointers live in `set`.
struct Push {
  std::string type;
  std::string version, nonce;
  std::vector<const Resource*> resources;
  std::vector<std::string> removed;
  ResourceSetPointer set;
};

// True when an empty list of names means "all of that type".
bool is_wildcard_type(std::string_view type);
// True when a state-of-the-world response lists everything there is, so that absence means removal.
bool is_whole_type(std::string_view type);
// Where a type stands in the order of a push (CDS, EDS, LDS, RDS, SDS, the rest); lower goes first.
int push_rank(std::string_view type);

class Subscription {
 public:
  // `nonce_prefix` makes nonces of different streams different.
  Subscription(Mode mode, std::string type, std::string nonce_prefix)
      : mode_(mode), type_(std::move(type)), nonce_prefix_(std::move(nonce_prefix)) {}

  // Takes a request. Afterwards is_due() tells whether it must be answered.
  void take(const Request& request);

  // The next request is answered even if nothing changed: a client warms clusters after CDS until it hears EDS again.
  void answer_next() { answer_next_ = true; }

  // An answer is owed, whatever the resources are.
  bool is_due() const { return due_; }
  // False when the client has unsubscribed from everything.
  bool is_active() const { return wildcard_ || !names_.empty(); }
  bool is_wildcard() const { return wildcard_; }
  bool wants(std::string_view name) const { return wildcard_ || names_.contains(name); }
  const std::set<std::string, std::less<>>& names() const { return names_; }
  // Rises whenever names() may be different.
  uint64_t names_edition() const { return names_edition_; }

  // What to send so that the client has `now`, or nothing. The push counts as sent.
  std::optional<Push> push(ResourceSetPointer now);

  // For status pages.
  struct Status {
    std::string nonce_sent, nonce_acked, version_sent, version_acked;
    std::string refusal;  // of the last push; empty once something was accepted again
    uint64_t pushes = 0, refusals = 0;
  };
  const Status& status() const { return status_; }
  // How many resources of `sent` the client asked for.
  size_t count() const;
  const std::string& type() const { return type_; }
  // The set as of the last push: what this client has. Null before the first.
  const ResourceSetPointer& sent() const { return sent_; }

 private:
  void take_names_whole(const Request& request);
  void take_names_delta(const Request& request, bool first);
  bool take_answer(const Request& request);
  // False when nothing that the client wants is different.
  bool choose_whole(const ResourceSet& now, const Difference& changes, Push& push) const;
  void choose_changed(const ResourceSet& now, const Difference& changes, Push& push) const;
  void choose_first_delta(const ResourceSet& now, Push& push) const;
  void choose_removed(const ResourceSet& now, const Difference& changes, Push& push) const;

  Mode mode_;
  std::string type_, nonce_prefix_;
  uint64_t pushes_ = 0;
  bool wildcard_ = false;
  bool named_ever_ = false;  // state of the world: a name was given; from then on an empty list means "nothing"
  bool requested_ = false;   // a first request was taken
  bool due_ = false, answer_next_ = false;
  bool fresh_all_ = false;  // as fresh_, for everything there is
  std::set<std::string, std::less<>> names_;
  uint64_t names_edition_ = 0;
  std::set<std::string, std::less<>> fresh_;              // names to be answered though their resource did not change
  std::vector<std::pair<std::string, std::string>> had_;  // what a client brought along from an earlier stream
  ResourceSetPointer sent_;
  Status status_;
};

}  // namespace lateen::discovery
