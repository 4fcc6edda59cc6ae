// The embedded store: one SQLite file in WAL mode (beside it live PATH-wal and PATH-shm while it is open).
#pragma once
#include <memory>
#include <string>

#include "lib/store/store.h"

namespace lateen::store {

struct SqliteOptions {
  // true: a commit is on the disk when it returns. false: a power failure may take the last commits, but never tears
  // one; a crash of the program loses nothing either way.
  bool durable = true;
};

// Opens the file, making it if it is missing, and brings its schema up to date. The whole file is checked: a damaged
// one fails with invalid, as do files of other programs and of newer versions of this one.
Result<std::unique_ptr<Store>> open_sqlite(const std::string& path, SqliteOptions options = {});

}  // namespace lateen::store
