#include "lib/io/files.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <filesystem>
#include <poll.h>
#include <set>
#include <spawn.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;

namespace lateen::io {
namespace {

Error file_error(int code, std::string_view what, const std::string& path) {
  ErrorKind kind = ErrorKind::internal;
  if (code == ENOENT || code == ENOTDIR) kind = ErrorKind::not_found;
  if (code == EACCES || code == EPERM || code == EROFS) kind = ErrorKind::permission;
  if (code == ENOSPC || code == EDQUOT || code == EMFILE || code == EFBIG || code == EIO) kind = ErrorKind::unavailable;
  if (code == EISDIR) kind = ErrorKind::invalid;
  return {kind, fmt::format("cannot {} {}: {}", what, path, std::strerror(code))};
}

bool write_fully(int fd, std::string_view content) {
  while (!content.empty()) {
    const ssize_t n = ::write(fd, content.data(), content.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    content.remove_prefix(static_cast<size_t>(n));
  }
  return true;
}

}  // namespace

Result<std::string> read_file(const std::string& path, size_t limit) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return std::unexpected(file_error(errno, "read", path));
  std::string content;
  char block[65536];
  for (;;) {
    const ssize_t n = ::read(fd, block, sizeof block);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) {
      const int code = errno;
      ::close(fd);
      return std::unexpected(file_error(code, "read", path));
    }
    if (n == 0) break;
    content.append(block, static_cast<size_t>(n));
    if (content.size() > limit) {
      ::close(fd);
      return fail(ErrorKind::too_large, "{} is larger than {} bytes", path, limit);
    }
  }
  ::close(fd);
  return content;
}

Result<> write_file(const std::string& path, std::string_view content, int mode) {
  std::string temporary = path + ".XXXXXX";
  const int fd = ::mkostemp(temporary.data(), O_CLOEXEC);
  if (fd < 0) return std::unexpected(file_error(errno, "write", path));
  bool fine = write_fully(fd, content) && ::fchmod(fd, mode) == 0 && ::fsync(fd) == 0;
  int code = errno;
  ::close(fd);
  if (fine && ::rename(temporary.c_str(), path.c_str()) != 0) {
    fine = false;
    code = errno;
  }
  if (fine) return {};
  ::unlink(temporary.c_str());
  return std::unexpected(file_error(code, "write", path));
}

Result<> make_directories(const std::string& path, int mode) {
  std::error_code code;
  const bool made = std::filesystem::create_directories(path, code);
  if (code) return std::unexpected(file_error(code.value(), "make the folder", path));
  if (made) ::chmod(path.c_str(), mode);
  return {};
}

namespace {

// The tree below a folder in order of names, each folder once: symlinks are followed, but neither in circles nor over
// and over to the same place.
class Walk {
 public:
  explicit Walk(bool hidden_too) : hidden_too_(hidden_too) {}
  std::vector<std::string> files, folders;
  std::error_code error;  // why the topmost folder could not be listed

  void add(const std::string& folder, int depth = 0) {
    namespace fs = std::filesystem;
    struct stat about{};
    if (depth > depth_max || ::stat(folder.c_str(), &about) != 0 ||
        !seen_.insert({about.st_dev, about.st_ino}).second) {
      if (depth == 0) error = std::error_code(errno, std::generic_category());
      return;
    }
    std::error_code code;
    std::set<fs::path> entries;
    for (fs::directory_iterator each(folder, code), end; !code && each != end; each.increment(code))
      if (hidden_too_ || !each->path().filename().string().starts_with(".")) entries.insert(each->path());
    if (depth == 0) error = code;
    folders.push_back(folder);
    for (const auto& path : entries) {
      std::error_code ignored;
      const auto status = fs::status(path, ignored);
      if (fs::is_directory(status)) add(path.string(), depth + 1);
      if (fs::is_regular_file(status)) files.push_back(path.string());
    }
  }

 private:
  static constexpr int depth_max = 64;
  bool hidden_too_;
  std::set<std::pair<dev_t, ino_t>> seen_;
};

}  // namespace

Result<std::vector<std::string>> list_files(const std::string& directory) {
  Walk walk(false);
  walk.add(directory);
  if (walk.error) return std::unexpected(file_error(walk.error.value(), "list", directory));
  std::ranges::sort(walk.files);
  return std::move(walk.files);
}

Result<std::unique_ptr<DirectoryWatch>> DirectoryWatch::make(Reactor& reactor, const std::string& directory) {
  const int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
  if (fd < 0) return std::unexpected(file_error(errno, "watch", directory));
  std::unique_ptr<DirectoryWatch> watch(new DirectoryWatch(reactor, fd, directory));
  if (!std::filesystem::is_directory(directory)) return std::unexpected(file_error(ENOENT, "watch", directory));
  watch->watch_tree(directory);
  return watch;
}

DirectoryWatch::DirectoryWatch(Reactor& reactor, int descriptor, std::string directory)
    : descriptor_(descriptor), source_(reactor, descriptor), directory_(std::move(directory)) {}

void DirectoryWatch::watch_tree(const std::string& directory) {
  constexpr uint32_t what = IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_MOVE_SELF |
                            IN_DELETE_SELF | IN_ATTRIB | IN_ONLYDIR;
  Walk walk(true);
  walk.add(directory);
  for (const auto& folder : walk.folders) inotify_add_watch(descriptor_, folder.c_str(), what);
}

void DirectoryWatch::clear() {
  char events[16384];
  while (::read(descriptor_, events, sizeof events) > 0) {
  }
  source_.readable.clear();
  watch_tree(directory_);  // folders that are new since; adding a known one changes nothing
}

Signals::Signals(Reactor& reactor, std::vector<int> numbers) {
  sigset_t set;
  sigemptyset(&set);
  for (int number : numbers) sigaddset(&set, number);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  descriptor_ = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
  source_ = std::make_unique<Reactor::Source>(reactor, descriptor_);
}

Task<int> Signals::next() {
  for (;;) {
    signalfd_siginfo info{};
    if (::read(descriptor_, &info, sizeof info) == sizeof info) co_return static_cast<int>(info.ssi_signo);
    source_->readable.clear();
    co_await source_->readable;
  }
}

namespace {

struct Pipe {
  int ends[2] = {-1, -1};
  Pipe() { [[maybe_unused]] const int made = pipe2(ends, O_CLOEXEC); }
  ~Pipe() { close_end(0), close_end(1); }
  void close_end(int which) {
    if (ends[which] >= 0) ::close(std::exchange(ends[which], -1));
  }
};

// Feeds the input and collects both outputs until the child has closed them.
void exchange_with_child(Pipe& in, Pipe& out, Pipe& err, std::string_view input, Finished& finished) {
  ::fcntl(in.ends[1], F_SETFL, O_NONBLOCK);
  while (out.ends[0] >= 0 || err.ends[0] >= 0) {
    if (input.empty()) in.close_end(1);
    pollfd polled[3] = {{in.ends[1], POLLOUT, 0}, {out.ends[0], POLLIN, 0}, {err.ends[0], POLLIN, 0}};
    if (::poll(polled, 3, -1) < 0 && errno != EINTR) return;
    if (polled[0].revents) {
      const ssize_t n = ::write(in.ends[1], input.data(), input.size());
      if (n > 0)
        input.remove_prefix(static_cast<size_t>(n));
      else if (errno != EAGAIN)
        input = {};  // the child does not want to read the rest
    }
    for (int i : {1, 2}) {
      if (!polled[i].revents) continue;
      char block[4096];
      const ssize_t n = ::read(polled[i].fd, block, sizeof block);
      if (n > 0)
        (i == 1 ? finished.output : finished.errors).append(block, static_cast<size_t>(n));
      else
        (i == 1 ? out : err).close_end(0);
    }
  }
}

}  // namespace

Result<Finished> run_program(const std::vector<std::string>& command, std::string_view input) {
  Pipe in, out, err;
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, in.ends[0], 0);
  posix_spawn_file_actions_adddup2(&actions, out.ends[1], 1);
  posix_spawn_file_actions_adddup2(&actions, err.ends[1], 2);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none;
  sigemptyset(&none);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
  std::vector<char*> arguments;
  for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  pid_t child = 0;
  const int code = posix_spawnp(&child, arguments[0], &actions, &attributes, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  if (code != 0) return std::unexpected(file_error(code, "run", command[0]));
  in.close_end(0), out.close_end(1), err.close_end(1);
  Finished finished;
  exchange_with_child(in, out, err, input, finished);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  finished.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return finished;
}

}  // namespace lateen::io
