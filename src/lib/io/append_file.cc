#include "lib/io/append_file.h"

#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <fcntl.h>
#include <mutex>
#include <thread>
#include <unistd.h>

#include "lib/base/log.h"

namespace lateen::io {

static log::Component log_("log-file");

namespace {

constexpr size_t flush_size = 64 * 1024, held_limit = 4 * 1024 * 1024;

int open_path(const std::string& path) {
  if (path == "/dev/stdout") return ::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0);
  if (path == "/dev/stderr") return ::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0);
  return ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
}

class FlushedFile final : public AppendFile {
 public:
  FlushedFile(std::string path, int fd) : path_(std::move(path)), fd_(fd), flusher_([this] { run(); }) {}
  ~FlushedFile() override {
    {
      std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    wake_.notify_one();
    flusher_.join();
    ::close(fd_);
  }

  void append(std::string_view lines) override {
    std::lock_guard lock(mutex_);
    if (held_.size() + lines.size() > held_limit) {
      dropped_ += lines.size();
      return;
    }
    const bool was_empty = held_.empty();
    held_ += lines;
    if (was_empty || held_.size() >= flush_size) wake_.notify_one();
  }
  void reopen() override {
    std::lock_guard lock(mutex_);
    reopen_ = true;
    wake_.notify_one();
  }
  uint64_t dropped_bytes() const override { return dropped_; }

 private:
  void run() {
    std::unique_lock lock(mutex_);
    for (;;) {
      wake_.wait(lock, [this] { return stopping_ || reopen_ || !held_.empty(); });
      if (!stopping_)
        wake_.wait_for(lock, std::chrono::seconds(1),
                       [this] { return stopping_ || reopen_ || held_.size() >= flush_size; });
      std::string lines = std::exchange(held_, {});
      const bool reopen = std::exchange(reopen_, false), stopping = stopping_;
      lock.unlock();
      write_out(lines);
      if (reopen) exchange_descriptor();
      lock.lock();
      if (stopping && held_.empty()) return;
    }
  }
  void write_out(std::string_view lines) {
    while (!lines.empty()) {
      const ssize_t n = ::write(fd_, lines.data(), lines.size());
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) return lose(lines.size(), errno);  // disk full, pipe closed
      lines.remove_prefix(static_cast<size_t>(n));
    }
    if (std::exchange(failing_, false)) log_.info("{} is written again; {} bytes were lost", path_, dropped_.load());
  }
  // Said once for each time that it begins.
  void lose(size_t bytes, int error) {
    dropped_ += bytes;
    if (!std::exchange(failing_, true))
      log_.error("{}: {}; what is logged there is lost until it can be written again", path_, std::strerror(error));
  }
  void exchange_descriptor() {
    const int fd = open_path(path_);
    if (fd < 0) return log_.error("cannot open {} again, the old file is used: {}", path_, std::strerror(errno));
    ::close(fd_);
    fd_ = fd;
  }

  std::string path_;
  int fd_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::string held_;
  std::atomic<uint64_t> dropped_ = 0;
  bool stopping_ = false, reopen_ = false;
  bool failing_ = false;  // of the flusher alone
  std::thread flusher_;
};

// What goes to /dev/null costs nothing at all.
class NoFile final : public AppendFile {
 public:
  void append(std::string_view) override {}
  void reopen() override {}
  uint64_t dropped_bytes() const override { return 0; }
};

}  // namespace

Result<std::unique_ptr<AppendFile>> AppendFile::open(const std::string& path) {
  if (path == "/dev/null") return std::make_unique<NoFile>();
  const int fd = open_path(path);
  if (fd < 0) {
    const ErrorKind kind = errno == EACCES   ? ErrorKind::permission
                           : errno == ENOENT ? ErrorKind::not_found
                                             : ErrorKind::unavailable;
    return fail(kind, "cannot open the log file {}: {}", path, std::strerror(errno));
  }
  return std::make_unique<FlushedFile>(path, fd);
}

}  // namespace lateen::io
