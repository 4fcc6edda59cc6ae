// Files, directories that change, signals and child processes, for one reactor. File calls block: they are for
// start-up, configuration and certificates, never for the path of a request.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "lib/io/reactor.h"

namespace lateen::io {

// The whole content. Fails with not_found, permission, too_large (above limit); the message names the path.
Result<std::string> read_file(const std::string& path, size_t limit = 64 << 20);

// Replaces the file as a whole: a reader sees the old content or the new one, also after a crash (temporary file,
// fsync, rename). Fails with unavailable when the disk is full; then the old content stands and nothing is left behind.
Result<> write_file(const std::string& path, std::string_view content, int mode = 0644);

// Makes the folder and its parents; fine when it exists.
Result<> make_directories(const std::string& path, int mode = 0755);

// The paths of all regular files below the folder (symlinks followed, "." entries such as ..data skipped), sorted.
Result<std::vector<std::string>> list_files(const std::string& directory);

// Tells that something below a directory (and its sub-directories) changed: written, made, removed, renamed, or a
// symlink was exchanged. It says only *that*; look again at what you care about. changed() stays set until cleared.
class DirectoryWatch {
 public:
  static Result<std::unique_ptr<DirectoryWatch>> make(Reactor& reactor, const std::string& directory);
  // Await it, clear() it, then look at the files: what happens after the clear sets it again.
  Readiness& changed() { return source_.readable; }
  void clear();

 private:
  DirectoryWatch(Reactor& reactor, int descriptor, std::string directory);
  void watch_tree(const std::string& directory);
  const int descriptor_;  // of the source
  Reactor::Source source_;
  std::string directory_;
};

// SIGTERM, SIGINT, SIGHUP...: blocked for the process by the first watch (make it before starting threads).
class Signals {
 public:
  Signals(Reactor& reactor, std::vector<int> numbers);
  // The next signal's number.
  Task<int> next();

 private:
  int descriptor_;  // of the source
  std::unique_ptr<Reactor::Source> source_;
};

// Runs a program to its end with that standard input: its exit status, standard output and error. Blocks; for set-up
// steps such as nft. Fails with not_found when there is no such program.
struct Finished {
  int status = 0;
  std::string output, errors;
};
Result<Finished> run_program(const std::vector<std::string>& command, std::string_view input = {});

}  // namespace lateen::io
