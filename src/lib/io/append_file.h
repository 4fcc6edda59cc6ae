// A file that lines are appended to by several threads: access logs. Lines are collected and written together when
// 64 KiB are full or a second has passed since the first of them (a flusher thread sees to it), so a request costs a
// copy and no system call. What cannot be written is dropped and counted, never waited for.
#pragma once
#include <memory>
#include <string>
#include <string_view>

#include "lib/base/result.h"

namespace lateen::io {

class AppendFile {
 public:
  // "/dev/stdout" and "/dev/stderr" mean the standard streams, whatever they are connected to.
  static Result<std::unique_ptr<AppendFile>> open(const std::string& path);
  virtual ~AppendFile() = default;  // writes what is left
  virtual void append(std::string_view lines) = 0;
  virtual void reopen() = 0;  // after rotation: the old file is closed, the path opened anew
  virtual uint64_t dropped_bytes() const = 0;
};

}  // namespace lateen::io
