#include "control_plane/ingest/directory.h"

#include <algorithm>
#include <utility>

#include "lib/base/log.h"
#include "lib/base/memory.h"

namespace lateen::ingest {
namespace {

log::Component log_("ingest");

bool is_configuration(std::string_view path) {
  return path.ends_with(".yaml") || path.ends_with(".yml") || path.ends_with(".json");
}

}  // namespace

Result<std::vector<FoundFile>> read_directory(const std::string& directory, const DirectoryLimits& limits) {
  auto paths = io::list_files(directory);
  if (!paths) return failed(paths);
  std::erase_if(*paths, [](const std::string& path) { return !is_configuration(path); });
  if (paths->size() > limits.files)
    return fail(ErrorKind::too_large, "{}: holds {} files of configuration, the limit is {}", directory, paths->size(),
                limits.files);
  std::vector<FoundFile> files;
  size_t bytes = 0;
  for (std::string& path : *paths) {
    auto text = io::read_file(path, limits.file_bytes);
    // Gone between listing and reading: as if it had not been there; the watch tells of it.
    if (!text && text.error().kind == ErrorKind::not_found) continue;
    bytes += text ? text->size() : 0;
    if (bytes > limits.total_bytes)
      return fail(ErrorKind::too_large, "{}: holds more than {} MB of configuration", directory,
                  limits.total_bytes >> 20);
    files.push_back({std::move(path), std::move(text)});
  }
  return files;
}

Result<std::unique_ptr<DirectorySource>> DirectorySource::open(io::Reactor& reactor, std::string directory,
                                                               DirectoryOptions options) {
  std::unique_ptr<DirectorySource> source(new DirectorySource(reactor, std::move(directory), std::move(options)));
  auto watch = io::DirectoryWatch::make(reactor, source->directory_);  // before reading: nothing falls in between
  if (!watch) return failed(watch);
  source->watch_ = std::move(*watch);
  auto files = read_directory(source->directory_, source->options_.limits);
  if (!files) return failed(files);
  source->take(std::move(*files));
  return source;
}

bool DirectorySource::look() {
  auto files = read_directory(directory_, options_.limits);
  lost_ = !files;
  return files ? take(std::move(*files)) : intent_.take_failure(files.error());
}

bool DirectorySource::take(std::vector<FoundFile> files) {
  // Reading takes some fifteen times a text's size, and letting go of many objects leaves as much behind.
  constexpr size_t large = 8 << 20;
  size_t bytes = 0;
  for (const FoundFile& file : files) bytes += file.text ? file.text->size() : 0;
  const size_t before = std::exchange(bytes_, bytes);
  const bool changed = intent_.take(std::move(files));
  if (std::max(bytes, before) >= large) return_free_memory();
  return changed;
}

io::Task<void> DirectorySource::next() {
  for (;;) {
    if (lost_)
      co_await reactor_.sleep(options_.patience);
    else
      co_await watch_->changed();
    const Time latest = reactor_.now() + options_.patience;
    do {
      watch_->clear();
      co_await reactor_.sleep(options_.quiet);
    } while (watch_->changed().is_set() && reactor_.now() < latest);
    if (!look()) continue;
    log_.info("{}: version {}, {} objects, {} errors", directory_, intent_.version(), intent_.objects().size(),
              intent_.diagnostics().errors());
    co_return;
  }
}

}  // namespace lateen::ingest
