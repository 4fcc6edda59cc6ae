// SQLite's C interface as values and Results; private to lib/store.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "lib/base/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace lateen::store {

// Compiled once, run many times: bind in order, then step until it says false; reset() when done early.
class Statement {
 public:
  Statement() = default;
  Statement(class Connection& connection, sqlite3_stmt* statement) : connection_(&connection), statement_(statement) {}
  Statement(Statement&& other) noexcept
      : connection_(other.connection_), statement_(std::exchange(other.statement_, nullptr)) {}
  Statement& operator=(Statement&& other) noexcept {
    std::swap(connection_, other.connection_);
    std::swap(statement_, other.statement_);
    return *this;
  }
  ~Statement();

  // Starts a run. The texts must live until it ends.
  template <class... Values>
  Statement& with(const Values&... values) {
    reset();
    int index = 0;
    (bind(++index, values), ...);
    return *this;
  }
  Result<bool> step();  // true: there is a row
  Result<> run();       // for statements without rows
  void reset();

  uint64_t integer(int column) const;
  std::string text(int column) const;
  std::optional<std::string> optional_text(int column) const;

 private:
  void bind(int index, uint64_t value);
  void bind(int index, std::string_view value);
  void bind(int index, const std::string& value) { bind(index, std::string_view(value)); }
  void bind(int index, const std::optional<std::string>& value);

  class Connection* connection_ = nullptr;
  sqlite3_stmt* statement_ = nullptr;
};

class Connection {
 public:
  static Result<std::unique_ptr<Connection>> open(const std::string& path);
  ~Connection();
  Connection(const Connection&) = delete;

  Result<> execute(const char* sql);
  Result<Statement> prepare(const char* sql);
  Result<uint64_t> integer(const char* sql);  // the first column of the first row
  Result<std::string> text(const char* sql);
  Error error(int code) const;  // what the last call complained about
  const std::string& path() const { return path_; }

 private:
  Connection(std::string path) : path_(std::move(path)) {}
  std::string path_;
  sqlite3* database_ = nullptr;
};

// Undone at the end of its life unless committed.
class Transaction {
 public:
  static Result<Transaction> write(Connection& connection) { return begin(connection, "BEGIN IMMEDIATE"); }
  static Result<Transaction> read(Connection& connection) { return begin(connection, "BEGIN"); }  // one point in time
  Transaction(Transaction&& other) noexcept : connection_(std::exchange(other.connection_, nullptr)) {}
  ~Transaction();
  Result<> commit();

 private:
  static Result<Transaction> begin(Connection& connection, const char* how);
  explicit Transaction(Connection& connection) : connection_(&connection) {}
  Connection* connection_;
};

// Brings a file that was last written at version n (0: new) to version migrations.size() by running migrations n,
// n+1... in one transaction. Fails with invalid when the file belongs to another program or to a newer version of this
// one.
Result<> migrate(Connection& connection, std::span<const char* const> migrations);

}  // namespace lateen::store
