#include "lib/store/connection.h"

#include <cerrno>
#include <cstring>

#include <sqlite3.h>

namespace lateen::store {
namespace {

constexpr uint64_t application_id = 0x6c74656e;  // "lten"
constexpr int busy_milliseconds = 2000;

}  // namespace

Statement::~Statement() { sqlite3_finalize(statement_); }

void Statement::reset() {
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
}

Result<bool> Statement::step() {
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) {
    sqlite3_reset(statement_);
    return false;
  }
  std::unexpected<Error> error(connection_->error(code));
  sqlite3_reset(statement_);
  return error;
}

Result<> Statement::run() {
  const auto row = step();
  if (!row) return failed(row);
  reset();
  return {};
}

uint64_t Statement::integer(int column) const {
  return static_cast<uint64_t>(sqlite3_column_int64(statement_, column));
}

std::string Statement::text(int column) const {
  const auto* bytes = static_cast<const char*>(sqlite3_column_blob(statement_, column));
  return bytes ? std::string(bytes, static_cast<size_t>(sqlite3_column_bytes(statement_, column))) : std::string();
}

std::optional<std::string> Statement::optional_text(int column) const {
  if (sqlite3_column_type(statement_, column) == SQLITE_NULL) return std::nullopt;
  return text(column);
}

void Statement::bind(int index, uint64_t value) {
  sqlite3_bind_int64(statement_, index, static_cast<sqlite3_int64>(value));
}

// As blobs: keys and values are bytes, and blobs compare by bytes. An empty blob needs an address.
void Statement::bind(int index, std::string_view value) {
  sqlite3_bind_blob(statement_, index, value.empty() ? "" : value.data(), static_cast<int>(value.size()),
                    SQLITE_STATIC);
}

void Statement::bind(int index, const std::optional<std::string>& value) {
  if (value)
    bind(index, std::string_view(*value));
  else
    sqlite3_bind_null(statement_, index);
}

Result<std::unique_ptr<Connection>> Connection::open(const std::string& path) {
  std::unique_ptr<Connection> connection(new Connection(path));
  const int code = sqlite3_open_v2(path.c_str(), &connection->database_,
                                   SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, nullptr);
  if (!connection->database_) return fail(ErrorKind::unavailable, "{}: no memory to open the store", path);
  if (code != SQLITE_OK) return std::unexpected(connection->error(code));
  sqlite3_extended_result_codes(connection->database_, 1);
  sqlite3_busy_timeout(connection->database_, busy_milliseconds);
  return connection;
}

Connection::~Connection() { sqlite3_close_v2(database_); }

Result<> Connection::execute(const char* sql) {
  const int code = sqlite3_exec(database_, sql, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return std::unexpected(error(code));
  return {};
}

Result<Statement> Connection::prepare(const char* sql) {
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v2(database_, sql, -1, &statement, nullptr);
  if (code != SQLITE_OK) return std::unexpected(error(code));
  return Statement(*this, statement);
}

Result<uint64_t> Connection::integer(const char* sql) {
  auto statement = prepare(sql);
  if (!statement) return failed(statement);
  const auto row = statement->step();
  if (!row) return failed(row);
  return *row ? statement->integer(0) : 0;
}

Result<std::string> Connection::text(const char* sql) {
  auto statement = prepare(sql);
  if (!statement) return failed(statement);
  const auto row = statement->step();
  if (!row) return failed(row);
  return *row ? statement->text(0) : "";
}

Error Connection::error(int code) const {
  const int system = sqlite3_system_errno(database_);
  const std::string reason = sqlite3_errmsg(database_);
  switch (code & 0xff) {
    case SQLITE_FULL:
      return {ErrorKind::unavailable, fmt::format("{}: the disk is full; nothing was written; free some space", path_)};
    case SQLITE_IOERR:
      if (code == SQLITE_IOERR_WRITE)  // of these, SQLite does not hand on the reason reliably
        return {
            ErrorKind::unavailable,
            fmt::format("{}: could not be written: the disk or a size limit is full, or the device fails; nothing was "
                        "written; free some space",
                        path_)};
      return {ErrorKind::unavailable,
              fmt::format("{}: {}{}{}", path_, reason, system ? ": " : "", system ? strerror(system) : "")};
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return {ErrorKind::invalid,
              fmt::format("{}: the file is damaged or is no store ({}); put a backup in its place, or move it away to "
                          "start empty",
                          path_, reason)};
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return {ErrorKind::unavailable,
              fmt::format("{}: another program holds the store; end it or choose another file", path_)};
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return {ErrorKind::permission,
              fmt::format("{}: may not be written; check who owns the file and its folder", path_)};
    case SQLITE_CANTOPEN:
      return {system == EACCES ? ErrorKind::permission : ErrorKind::not_found,
              fmt::format("{}: cannot be opened: {}", path_, system ? strerror(system) : reason)};
    case SQLITE_TOOBIG:
      return {ErrorKind::too_large, fmt::format("{}: {}", path_, reason)};
    default:
      return {ErrorKind::internal, fmt::format("{}: {}", path_, reason)};
  }
}

Result<Transaction> Transaction::begin(Connection& connection, const char* how) {
  if (auto begun = connection.execute(how); !begun) return failed(begun);
  return Transaction(connection);
}

Transaction::~Transaction() {
  // Some errors roll back by themselves; then this one says that there is nothing to do.
  if (connection_) (void)connection_->execute("ROLLBACK");
}

Result<> Transaction::commit() {
  if (auto done = connection_->execute("COMMIT"); !done) return done;
  connection_ = nullptr;
  return {};
}

Result<> migrate(Connection& connection, std::span<const char* const> migrations) {
  const auto owner = connection.integer("PRAGMA application_id");
  if (!owner) return failed(owner);
  const auto tables = connection.integer("SELECT count(*) FROM sqlite_master");
  if (!tables) return failed(tables);
  const auto version = connection.integer("PRAGMA user_version");
  if (!version) return failed(version);
  if (*owner != application_id && (*owner != 0 || *tables != 0))
    return fail(ErrorKind::invalid, "{}: is the database of another program; choose another file", connection.path());
  if (*version > migrations.size())
    return fail(ErrorKind::invalid,
                "{}: was written by a newer version (schema {}, this one knows up to {}); update the "
                "program",
                connection.path(), *version, migrations.size());
  if (*version == migrations.size()) return {};

  auto transaction = Transaction::write(connection);
  if (!transaction) return failed(transaction);
  for (size_t i = *version; i < migrations.size(); ++i)
    if (auto done = connection.execute(migrations[i]); !done) return failed(done, fmt::format("migration {}", i + 1));
  const std::string marks =
      fmt::format("PRAGMA application_id = {}; PRAGMA user_version = {}", application_id, migrations.size());
  if (auto done = connection.execute(marks.c_str()); !done) return done;
  return transaction->commit();
}

}  // namespace lateen::store
