// A folder of YAML and JSON files as a source of intent, followed while it changes.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "control_plane/ingest/intent.h"
#include "lib/io/files.h"
#include "lib/io/task.h"

namespace lateen::ingest {

struct DirectoryLimits {
  size_t files = 10'000;
  size_t file_bytes = 50u << 20;
  size_t total_bytes = 256u << 20;
};

// All *.yaml, *.yml and *.json below the folder, in order of their paths; names that begin with a dot are not looked at
// (editors' swap files, the ..data of a mounted ConfigMap, whose files are seen through their links). A file that
// cannot be read or is too large is among them with its error. Fails when the folder cannot be listed or is beyond a
// limit. Offline commands read folders with this, the control plane with DirectorySource: they see the same.
Result<std::vector<FoundFile>> read_directory(const std::string& directory, const DirectoryLimits& limits = {});

struct DirectoryOptions {
  // A change is read when the folder has been quiet for so long, and at the latest so long after it began: editors and
  // tools that write a file in steps, or many files in a row, are seen when they are done.
  Duration quiet = 60ms;
  Duration patience = 1s;
  DirectoryLimits limits;
  config::ReadOptions read;
};

// Reading blocks the reactor for as long as the disk takes; it is meant for the thread that serves configuration.
class DirectorySource {
 public:
  // Reads the folder. Fails when there is none; errors in files are findings of intent().
  static Result<std::unique_ptr<DirectorySource>> open(io::Reactor& reactor, std::string directory,
                                                       DirectoryOptions options = {});

  // As of the last next().
  const Intent& intent() const { return intent_; }

  // Waits for a change of the folder that changes objects or findings. One task may wait at a time; a change that
  // happens while nobody waits is seen by the next call.
  io::Task<void> next();

 private:
  DirectorySource(io::Reactor& reactor, std::string directory, DirectoryOptions options)
      : reactor_(reactor), directory_(std::move(directory)), options_(options), intent_(options_.read) {}
  bool look();
  bool take(std::vector<FoundFile> files);

  io::Reactor& reactor_;
  std::string directory_;
  DirectoryOptions options_;
  std::unique_ptr<io::DirectoryWatch> watch_;
  bool lost_ = false;  // the folder could not be read: nothing would tell that it is back
  size_t bytes_ = 0;   // of all files, when they were read last
  Intent intent_;
};

}  // namespace lateen::ingest
