// Other people's programs in tests.
#pragma once
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <unistd.h>

#include <fmt/format.h>

namespace lateen::http {

// The output (both streams) of a shell command.
inline std::string output_of(const std::string& command) {
  FILE* pipe = popen((command + " 2>&1").c_str(), "r");
  if (!pipe) return "popen failed";
  std::string out;
  char block[4096];
  for (size_t size; (size = fread(block, 1, sizeof block, pipe)) > 0;) out.append(block, size);
  pclose(pipe);
  return out;
}

// A file to upload; the caller removes it.
inline std::string temporary_file(size_t size) {
  const std::string path =
      (std::filesystem::temp_directory_path() / fmt::format("lateen-upload-{}", getpid())).string();
  std::ofstream(path) << std::string(size, 'u');
  return path;
}

}  // namespace lateen::http
