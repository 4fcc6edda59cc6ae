// Intent: the objects that a set of files stands for, at this moment, and everything that is wrong with them.
//
// Bad input stays at its own door. While a file cannot be read or has an error, its objects from before stand where the
// file no longer says otherwise: what it still says well takes effect, what it says badly or no longer says keeps its
// last good form (whether something was deleted or is merely broken cannot be known until the file is whole again). A
// file without errors counts exactly as it is. A file that is gone takes its objects along.
//
// An object that is defined twice counts as its first definition, in order of paths and then of lines; each further one
// is reported as an error. So the result depends on the files alone, not on the order in which they came, but for what
// an erroneous file keeps from its past.
#pragma once
#include <compare>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "config/objects/objects.h"
#include "lib/base/result.h"
#include "lib/schema/diagnostics.h"

namespace lateen::ingest {

struct ObjectKey {
  std::string kind;
  std::string namespace_;  // empty for kinds without namespace
  std::string name;
  auto operator<=>(const ObjectKey&) const = default;
};

// "VirtualService default/reviews", "Namespace prod".
std::string to_string(const ObjectKey& key);

// What became different from one set of objects to the next.
struct Delta {
  uint64_t version = 0;     // of the intent after it
  config::Objects changed;  // new ones and those with another content
  std::vector<ObjectKey> removed;
  bool empty() const { return changed.size() == 0 && removed.empty(); }
};

// Where an object was read is not part of its content: moving it to another file or line is no difference.
Delta difference(const config::Objects& before, const config::Objects& after);

// A file as it was found: its text, or why it could not be read.
struct FoundFile {
  std::string path;  // as messages name it
  Result<std::string> text;
};

class Intent {
 public:
  explicit Intent(config::ReadOptions options = {}) : options_(std::move(options)) {}

  // Takes all files as they are now; those that are not among them are gone. Only files with another text are read.
  // True when objects or findings are different from before.
  bool take(std::vector<FoundFile> files);

  // The files could not even be listed: everything stays as it was, and the findings say so. True when that is new.
  bool take_failure(const Error& error);

  const config::Objects& objects() const { return objects_; }
  const schema::Diagnostics& diagnostics() const { return diagnostics_; }
  const Delta& last_delta() const { return delta_; }   // what the last take() that changed objects did
  uint64_t version() const { return delta_.version; }  // of objects(): 0 before the first, then rising

 private:
  struct File {
    Result<std::string> text;
    config::Objects objects;
    schema::Diagnostics diagnostics;
  };
  void read(File& file, const std::string& path);
  config::Objects merge(schema::Diagnostics& diagnostics) const;
  bool settle();

  config::ReadOptions options_;
  std::map<std::string, File> files_;
  std::optional<Error> failure_;
  config::Objects objects_;
  schema::Diagnostics diagnostics_;
  Delta delta_;
};

}  // namespace lateen::ingest
