// A small store of keys with revisions: what the control plane has to remember (certificate authority, join grants,
// registrations, objects that were applied) and what several of its parts want to follow. Its shape is etcd's, so that
// etcd or Kubernetes can stand behind it where several control planes share one state; embedded, it is SQLite
// (sqlite.h).
//
// Every commit gets the next revision: 1, 2, 3... An entry knows the revision that made it and the one that last
// changed it. Old revisions can be read and followed until they are compacted.
//
// Calls are synchronous and for one thread at a time. They fail with
//   already_exists  expected_revision did not hold: somebody else changed the key; read it again (nothing was written)
//   not_found       no such lease, or a revision that was compacted (read the present state with range() and go on
//   there) unavailable     the disk is full or the store is locked by another program; nothing was written invalid the
//   file is damaged or is none of ours; an empty key; a revision of the future too_large       a key above
//   max_key_bytes or a value above max_value_bytes permission      the file cannot be opened or written
#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "lib/base/result.h"
#include "lib/base/time.h"

namespace lateen::store {

inline constexpr size_t max_key_bytes = 4096;
inline constexpr size_t max_value_bytes = 16 << 20;

using Revision = uint64_t;
using LeaseId = uint64_t;  // 0: none

struct Entry {
  std::string key;
  std::string value;
  Revision created = 0;   // of the put that made the key (again, if it was deleted in between)
  Revision modified = 0;  // of the put that gave it this value
  LeaseId lease = 0;
  bool operator==(const Entry&) const = default;
};

// One write of a commit.
struct Write {
  std::string key;
  std::optional<std::string> value;  // nothing: delete
  // The revision in which the key must have been modified last; 0: the key must not exist; nothing: whatever it is.
  std::optional<Revision> expected_revision;
  LeaseId lease = 0;  // the key is deleted when this lease ends
};

struct RangeRequest {
  std::string prefix;       // keys that start with it; "" is every key
  std::string after;        // only keys greater than this one: the last key of the page before
  size_t limit = SIZE_MAX;  // at most so many
  Revision revision = 0;    // as of that revision; 0: now
};

struct Range {
  std::vector<Entry> entries;  // in order of their bytes
  Revision revision = 0;       // as of which this is true: go on with a Watch after it
  bool more = false;           // the limit cut it
};

struct Event {
  std::string key;
  std::optional<Entry> entry;  // nothing: deleted
  Revision revision = 0;
  bool operator==(const Event&) const = default;
};

struct Changes {
  std::vector<Event> events;
  Revision up_to = 0;  // nothing of up to this revision is missing: ask for what comes after it next
};

class Store {
 public:
  virtual ~Store() = default;

  // All of it or nothing, as one revision, which is returned. A key may be written once in a commit. A commit that only
  // deletes keys that are not there changes nothing and returns the present revision.
  virtual Result<Revision> commit(const std::vector<Write>& writes) = 0;

  Result<Revision> put(std::string key, std::string value, std::optional<Revision> expected_revision = {}) {
    return commit({{std::move(key), std::move(value), expected_revision}});
  }
  Result<Revision> remove(std::string key, std::optional<Revision> expected_revision = {}) {
    return commit({{std::move(key), std::nullopt, expected_revision}});
  }

  virtual Result<Revision> revision() = 0;  // of the last commit, 0 in a new store
  virtual Result<std::optional<Entry>> get(const std::string& key) = 0;
  virtual Result<Range> range(const RangeRequest& request) = 0;

  // The changes of keys with that prefix in revisions > after, oldest first, at most `limit` of them (a few more where
  // a revision would be torn apart). This is what a Watch reads.
  virtual Result<Changes> changes(const std::string& prefix, Revision after, size_t limit) = 0;

  // Forgets what was overwritten or deleted up to and including that revision. Reading at it and watching after it go
  // on working; below it, they fail with not_found.
  virtual Result<> compact(Revision revision) = 0;

  // Leases end when nobody keeps them alive; their keys are then deleted, as one commit a lease. Time is given by the
  // caller, who calls expire() every now and then; it returns how many ended. Leases survive a restart.
  virtual Result<LeaseId> grant(Duration life, WallTime now) = 0;
  virtual Result<> keep_alive(LeaseId lease, WallTime now) = 0;
  virtual Result<> revoke(LeaseId lease) = 0;
  virtual Result<size_t> expire(WallTime now) = 0;

  // Called after each commit that changed something, when everything is in place; may read, must not write.
  virtual void on_commit(std::function<void(Revision)> told) = 0;
};

// A place in the history of some keys. Holds no queue: it reads on from the store, as far behind as it may be. Waiting
// is the caller's: see Store::on_commit.
class Watch {
 public:
  // Everything after that revision: take it from a Range to miss nothing and see nothing twice.
  Watch(Store& store, std::string prefix, Revision after)
      : store_(&store), prefix_(std::move(prefix)), position_(after) {}

  // The next events, none when there is nothing new. Fails with not_found when they were compacted.
  Result<std::vector<Event>> take(size_t limit = 1000);

  Revision position() const { return position_; }

 private:
  Store* store_;
  std::string prefix_;
  Revision position_;
};

}  // namespace lateen::store
