#include "lib/base/log.h"

#include <algorithm>
#include <chrono>
#include <mutex>
#include <unistd.h>
#include <vector>

#include "lib/base/time.h"

namespace lateen::log {
namespace {

// The registry outlives every component, whatever the order in which static objects end.
struct Registry {
  std::mutex mutex;
  std::vector<Component*> components;
  Level initial = Level::info;
};
Registry& registry() {
  static auto* one = new Registry;
  return *one;
}

}  // namespace

Component::Component(const char* name) : name_(name), level_(registry().initial) {
  std::lock_guard lock(registry().mutex);
  registry().components.push_back(this);
}

Component::~Component() {
  std::lock_guard lock(registry().mutex);
  std::erase(registry().components, this);
}

void Component::emit(Level level, fmt::string_view text, fmt::format_args args) const {
  fmt::memory_buffer line;
  // Logs are read by people beside other logs: always the real wall clock, also in a simulation.
  const WallTime now = std::chrono::system_clock::now();  // tidy: clock
  fmt::format_to(std::back_inserter(line), "{} {} {} ", format_time(now), log::name_of(level), name_);
  fmt::vformat_to(std::back_inserter(line), text, args);
  line.push_back('\n');
  // One write a line keeps lines whole when several threads or processes share the terminal.
  [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, line.data(), line.size());
}

bool set_level(std::string_view name, Level level) {
  std::lock_guard lock(registry().mutex);
  if (name.empty()) registry().initial = level;
  bool found = name.empty();
  for (Component* component : registry().components)
    if (name.empty() || name == component->name()) {
      component->set_level(level);
      found = true;
    }
  return found;
}

bool parse_level(std::string_view word, Level& level) {
  for (Level each : {Level::trace, Level::debug, Level::info, Level::warning, Level::error, Level::off})
    if (word == name_of(each)) return level = each, true;
  if (word == "warn") return level = Level::warning, true;
  if (word == "critical") return level = Level::error, true;
  return false;
}

const char* name_of(Level level) {
  switch (level) {
    case Level::trace:
      return "trace";
    case Level::debug:
      return "debug";
    case Level::info:
      return "info";
    case Level::warning:
      return "warning";
    case Level::error:
      return "error";
    case Level::off:
      return "off";
  }
  return "unknown";
}

void for_each_component(void (*visit)(const Component&, void*), void* context) {
  std::lock_guard lock(registry().mutex);
  auto sorted = registry().components;
  std::ranges::sort(sorted, [](auto* a, auto* b) { return std::string_view(a->name()) < b->name(); });
  for (const Component* component : sorted) visit(*component, context);
}

}  // namespace lateen::log
