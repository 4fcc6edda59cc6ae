#include "lib/store/sqlite.h"

#include <algorithm>
#include <set>

#include "lib/base/strings.h"
#include "lib/store/connection.h"

namespace lateen::store {
namespace {

// `entries` is the present, `changes` the history since the last compaction; both are written in the same transaction.
constexpr const char* migrations[] = {
    R"(CREATE TABLE numbers (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
       INSERT INTO numbers VALUES ('revision', 0), ('compacted', 0);
       CREATE TABLE entries (key BLOB PRIMARY KEY, value BLOB NOT NULL, created INTEGER NOT NULL,
                             modified INTEGER NOT NULL, lease INTEGER NOT NULL) WITHOUT ROWID;
       CREATE INDEX entries_by_lease ON entries (lease) WHERE lease != 0;
       CREATE TABLE changes (revision INTEGER NOT NULL, key BLOB NOT NULL, value BLOB, created INTEGER NOT NULL,
                             lease INTEGER NOT NULL, PRIMARY KEY (revision, key)) WITHOUT ROWID;
       CREATE INDEX changes_by_key ON changes (key, revision);
       CREATE TABLE leases (id INTEGER PRIMARY KEY AUTOINCREMENT, life INTEGER NOT NULL, ends INTEGER NOT NULL);)",
};

uint64_t nanoseconds(WallTime time) { return static_cast<uint64_t>(time.time_since_epoch().count()); }

Result<> check(const std::vector<Write>& writes) {
  std::set<std::string_view> keys;
  for (const Write& write : writes) {
    if (write.key.empty()) return fail(ErrorKind::invalid, "a key must not be empty");
    if (write.key.size() > max_key_bytes)
      return fail(ErrorKind::too_large, "a key of {} bytes, the limit is {}", write.key.size(), max_key_bytes);
    if (write.value && write.value->size() > max_value_bytes)
      return fail(ErrorKind::too_large, "{}: a value of {} bytes, the limit is {}", write.key, write.value->size(),
                  max_value_bytes);
    if (!keys.insert(write.key).second) return fail(ErrorKind::invalid, "{}: written twice in one commit", write.key);
  }
  return {};
}

class SqliteStore final : public Store {
 public:
  explicit SqliteStore(std::unique_ptr<Connection> connection) : connection_(std::move(connection)) {}
  Result<> prepare();

  Result<Revision> commit(const std::vector<Write>& writes) override;
  Result<Revision> revision() override { return number("revision"); }
  Result<std::optional<Entry>> get(const std::string& key) override;
  Result<Range> range(const RangeRequest& request) override;
  Result<Changes> changes(const std::string& prefix, Revision after, size_t limit) override;
  Result<> compact(Revision revision) override;
  Result<LeaseId> grant(Duration life, WallTime now) override;
  Result<> keep_alive(LeaseId lease, WallTime now) override;
  Result<> revoke(LeaseId lease) override;
  Result<size_t> expire(WallTime now) override;
  void on_commit(std::function<void(Revision)> told) override { told_.push_back(std::move(told)); }

 private:
  Result<uint64_t> number(std::string_view name);
  Result<> set_number(std::string_view name, uint64_t value);
  Result<bool> write(const Write& write, Revision revision);
  Result<Revision> write_all(const std::vector<Write>& writes);
  Result<uint64_t> life_of(LeaseId lease);
  Result<> check_readable(Revision revision);
  void tell(Revision before, Revision now);

  std::unique_ptr<Connection> connection_;
  Statement get_number_, set_number_, get_, put_, remove_, log_, list_, list_at_, changes_, compact_;
  Statement grant_, life_, keep_, revoke_, held_, ended_;
  std::vector<std::function<void(Revision)>> told_;
};

Result<> SqliteStore::prepare() {
  const std::pair<Statement*, const char*> all[] = {
      {&get_number_, "SELECT value FROM numbers WHERE name = CAST(? AS TEXT)"},
      {&set_number_, "UPDATE numbers SET value = ? WHERE name = CAST(? AS TEXT)"},
      {&get_, "SELECT key, value, created, modified, lease FROM entries WHERE key = ?"},
      {&put_, "REPLACE INTO entries (key, value, created, modified, lease) VALUES (?, ?, ?, ?, ?)"},
      {&remove_, "DELETE FROM entries WHERE key = ?"},
      {&log_, "INSERT INTO changes (revision, key, value, created, lease) VALUES (?, ?, ?, ?, ?)"},
      {&list_, "SELECT key, value, created, modified, lease FROM entries WHERE key >= ? ORDER BY key"},
      {&list_at_,
       "SELECT key, value, created, max(revision), lease FROM changes WHERE key >= ? AND revision <= ? "
       "GROUP BY key ORDER BY key"},
      {&changes_, "SELECT key, value, created, revision, lease FROM changes WHERE revision > ? ORDER BY revision, key"},
      {&compact_,
       "DELETE FROM changes WHERE (revision, key) IN (SELECT revision, key FROM changes old WHERE revision <= ?1 AND "
       "(value IS NULL OR EXISTS (SELECT 1 FROM changes new WHERE new.key = old.key AND new.revision > old.revision "
       "AND new.revision <= ?1)))"},
      {&grant_, "INSERT INTO leases (life, ends) VALUES (?, ?) RETURNING id"},
      {&life_, "SELECT life FROM leases WHERE id = ?"},
      {&keep_, "UPDATE leases SET ends = ? WHERE id = ?"},
      {&revoke_, "DELETE FROM leases WHERE id = ?"},
      {&held_, "SELECT key FROM entries WHERE lease != 0 AND lease = ? ORDER BY key"},
      {&ended_, "SELECT id FROM leases WHERE ends <= ? ORDER BY ends, id"},
  };
  for (const auto& [statement, sql] : all) {
    auto made = connection_->prepare(sql);
    if (!made) return failed(made);
    *statement = std::move(*made);
  }
  return {};
}

Result<uint64_t> SqliteStore::number(std::string_view name) {
  const auto row = get_number_.with(name).step();
  if (!row) return failed(row);
  const uint64_t value = *row ? get_number_.integer(0) : 0;
  get_number_.reset();
  return value;
}

Result<> SqliteStore::set_number(std::string_view name, uint64_t value) { return set_number_.with(value, name).run(); }

Result<std::optional<Entry>> SqliteStore::get(const std::string& key) {
  const auto row = get_.with(key).step();
  if (!row) return failed(row);
  if (!*row) return std::nullopt;
  Entry entry{get_.text(0), get_.text(1), get_.integer(2), get_.integer(3), get_.integer(4)};
  get_.reset();
  return entry;
}

Result<Revision> SqliteStore::commit(const std::vector<Write>& writes) {
  if (auto fine = check(writes); !fine) return failed(fine);
  auto transaction = Transaction::write(*connection_);
  if (!transaction) return failed(transaction);
  const auto before = revision();
  if (!before) return before;
  const auto now = write_all(writes);
  if (!now) return now;
  if (*now == *before) return now;
  if (auto done = transaction->commit(); !done) return failed(done);
  tell(*before, *now);
  return now;
}

Result<Revision> SqliteStore::write_all(const std::vector<Write>& writes) {
  const auto before = revision();
  if (!before) return before;
  bool changed = false;
  for (const Write& one : writes) {
    const auto written = write(one, *before + 1);
    if (!written) return failed(written);
    changed |= *written;
  }
  if (!changed) return before;
  if (auto done = set_number("revision", *before + 1); !done) return failed(done);
  return *before + 1;
}

// False when there was nothing to delete.
Result<bool> SqliteStore::write(const Write& write, Revision revision) {
  const auto held = get(write.key);
  if (!held) return failed(held);
  const Revision modified = *held ? (*held)->modified : 0;
  if (write.expected_revision && *write.expected_revision != modified)
    return fail(ErrorKind::already_exists, "{}: expected at revision {}, it is at {}", write.key,
                *write.expected_revision, modified);
  if (!write.value && !*held) return false;
  if (write.value && write.lease != 0)
    if (auto life = life_of(write.lease); !life) return failed(life);

  const Revision created = *held ? (*held)->created : revision;
  const LeaseId lease = write.value ? write.lease : 0;
  const auto done =
      write.value ? put_.with(write.key, *write.value, created, revision, lease).run() : remove_.with(write.key).run();
  if (!done) return failed(done);
  if (auto logged = log_.with(revision, write.key, write.value, created, lease).run(); !logged) return failed(logged);
  return true;
}

void SqliteStore::tell(Revision before, Revision now) {
  if (now == before) return;
  for (const auto& told : told_) told(now);
}

Result<> SqliteStore::check_readable(Revision wanted) {
  const auto compacted = number("compacted");
  if (!compacted) return failed(compacted);
  const auto now = revision();
  if (!now) return failed(now);
  if (wanted < *compacted)
    return fail(ErrorKind::not_found, "revision {} was compacted, the oldest is {}", wanted, *compacted);
  if (wanted > *now) return fail(ErrorKind::invalid, "revision {} is in the future, the last is {}", wanted, *now);
  return {};
}

Result<Range> SqliteStore::range(const RangeRequest& request) {
  auto transaction = Transaction::read(*connection_);
  if (!transaction) return failed(transaction);
  const auto now = revision();
  if (!now) return failed(now);
  const Revision at = request.revision == 0 ? *now : request.revision;
  if (request.revision != 0)
    if (auto fine = check_readable(at); !fine) return failed(fine);

  Statement& rows = request.revision == 0 ? list_ : list_at_;
  const std::string start = std::max(request.prefix, request.after);
  if (request.revision == 0)
    rows.with(start);
  else
    rows.with(start, at);
  Range range{.entries = {}, .revision = at};
  for (;;) {
    const auto row = rows.step();
    if (!row) return failed(row);
    if (!*row) break;
    std::string key = rows.text(0);
    if (!key.starts_with(request.prefix)) break;
    const auto value = rows.optional_text(1);
    if (!value || (!request.after.empty() && key <= request.after)) continue;
    if ((range.more = range.entries.size() >= request.limit)) break;
    range.entries.push_back({std::move(key), *value, rows.integer(2), rows.integer(3), rows.integer(4)});
  }
  rows.reset();
  return range;
}

Result<Changes> SqliteStore::changes(const std::string& prefix, Revision after, size_t limit) {
  auto transaction = Transaction::read(*connection_);
  if (!transaction) return failed(transaction);
  if (auto fine = check_readable(after); !fine) return failed(fine);
  const auto now = revision();
  if (!now) return failed(now);
  Changes out{.events = {}, .up_to = *now};
  changes_.with(after);
  for (;;) {
    const auto row = changes_.step();
    if (!row) return failed(row);
    if (!*row) break;
    const Revision revision = changes_.integer(3);
    if (out.events.size() >= limit && revision != out.events.back().revision) {
      out.up_to = out.events.back().revision;
      break;
    }
    std::string key = changes_.text(0);
    if (!key.starts_with(prefix)) continue;
    Event event{key, std::nullopt, revision};
    if (auto value = changes_.optional_text(1))
      event.entry = Entry{std::move(key), std::move(*value), changes_.integer(2), revision, changes_.integer(4)};
    out.events.push_back(std::move(event));
  }
  changes_.reset();
  return out;
}

Result<> SqliteStore::compact(Revision revision) {
  auto transaction = Transaction::write(*connection_);
  if (!transaction) return failed(transaction);
  const auto compacted = number("compacted");
  if (!compacted) return failed(compacted);
  if (revision <= *compacted) return {};
  if (auto fine = check_readable(revision); !fine) return fine;
  if (auto done = compact_.with(revision).run(); !done) return done;
  if (auto done = set_number("compacted", revision); !done) return done;
  return transaction->commit();
}

Result<LeaseId> SqliteStore::grant(Duration life, WallTime now) {
  if (life <= Duration::zero()) return fail(ErrorKind::invalid, "a lease must live for more than no time");
  const auto row = grant_.with(static_cast<uint64_t>(life.count()), nanoseconds(now + life)).step();
  if (!row) return failed(row);
  const LeaseId lease = grant_.integer(0);
  const auto done = grant_.step();  // with RETURNING, the row is written for good when the statement ends
  if (!done) return failed(done);
  return lease;
}

Result<uint64_t> SqliteStore::life_of(LeaseId lease) {
  const auto row = life_.with(lease).step();
  if (!row) return failed(row);
  if (!*row) return fail(ErrorKind::not_found, "lease {} has ended", lease);
  const uint64_t life = life_.integer(0);
  life_.reset();
  return life;
}

Result<> SqliteStore::keep_alive(LeaseId lease, WallTime now) {
  const auto life = life_of(lease);
  if (!life) return failed(life);
  return keep_.with(nanoseconds(now) + *life, lease).run();
}

Result<> SqliteStore::revoke(LeaseId lease) {
  auto transaction = Transaction::write(*connection_);
  if (!transaction) return failed(transaction);
  if (auto life = life_of(lease); !life) return failed(life);
  std::vector<Write> writes;
  held_.with(lease);
  for (;;) {
    const auto row = held_.step();
    if (!row) return failed(row);
    if (!*row) break;
    writes.push_back({.key = held_.text(0), .value = std::nullopt, .expected_revision = {}});
  }
  const auto before = revision();
  if (!before) return failed(before);
  const auto now = write_all(writes);
  if (!now) return failed(now);
  if (auto done = revoke_.with(lease).run(); !done) return done;
  if (auto done = transaction->commit(); !done) return done;
  tell(*before, *now);
  return {};
}

Result<size_t> SqliteStore::expire(WallTime now) {
  std::vector<LeaseId> ended;
  ended_.with(nanoseconds(now));
  for (;;) {
    const auto row = ended_.step();
    if (!row) return failed(row);
    if (!*row) break;
    ended.push_back(ended_.integer(0));
  }
  for (LeaseId lease : ended)
    if (auto done = revoke(lease); !done) return failed(done);
  return ended.size();
}

}  // namespace

Result<std::unique_ptr<Store>> open_sqlite(const std::string& path, SqliteOptions options) {
  auto connection = Connection::open(path);
  if (!connection) return failed(connection);
  const auto health = (*connection)->text("PRAGMA quick_check(1)");
  if (!health) return failed(health);
  if (*health != "ok")
    return fail(ErrorKind::invalid,
                "{}: the file is damaged ({}); put a backup in its place, or move it away to start empty", path,
                trimmed(*health));
  for (const char* setting : {"PRAGMA journal_mode = WAL", "PRAGMA foreign_keys = ON",
                              options.durable ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL"})
    if (auto done = (*connection)->execute(setting); !done) return failed(done);
  if (auto done = migrate(**connection, migrations); !done) return failed(done);

  auto store = std::make_unique<SqliteStore>(std::move(*connection));
  if (auto ready = store->prepare(); !ready) return failed(ready);
  return store;
}

Result<std::vector<Event>> Watch::take(size_t limit) {
  auto changes = store_->changes(prefix_, position_, limit);
  if (!changes) return failed(changes);
  position_ = changes->up_to;
  return std::move(changes->events);
}

}  // namespace lateen::store
