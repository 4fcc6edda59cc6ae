// The program's log: one line an event on standard error, "TIME LEVEL COMPONENT TEXT". Levels can be changed while the
// program runs, per component (the admin page does it). Safe from every thread; a suppressed line costs one load.
#pragma once
#include <atomic>
#include <string_view>

#include <fmt/format.h>

namespace lateen::log {

enum class Level : int { trace, debug, info, warning, error, off };

// A named source of lines. Define one per component at namespace scope in its .cc: `static log::Component log("xds");`
class Component {
 public:
  explicit Component(const char* name);
  Component(const Component&) = delete;
  ~Component();

  template <class... Args>
  void trace(fmt::format_string<Args...> text, Args&&... args) {
    write(Level::trace, text, fmt::make_format_args(args...));
  }
  template <class... Args>
  void debug(fmt::format_string<Args...> text, Args&&... args) {
    write(Level::debug, text, fmt::make_format_args(args...));
  }
  template <class... Args>
  void info(fmt::format_string<Args...> text, Args&&... args) {
    write(Level::info, text, fmt::make_format_args(args...));
  }
  template <class... Args>
  void warning(fmt::format_string<Args...> text, Args&&... args) {
    write(Level::warning, text, fmt::make_format_args(args...));
  }
  template <class... Args>
  void error(fmt::format_string<Args...> text, Args&&... args) {
    write(Level::error, text, fmt::make_format_args(args...));
  }

  bool enabled(Level level) const { return level >= level_.load(std::memory_order_relaxed); }
  void set_level(Level level) { level_.store(level, std::memory_order_relaxed); }
  Level level() const { return level_.load(std::memory_order_relaxed); }
  const char* name() const { return name_; }

 private:
  void write(Level level, fmt::string_view text, fmt::format_args args) const {
    if (enabled(level)) emit(level, text, args);
  }
  void emit(Level level, fmt::string_view text, fmt::format_args args) const;

  const char* name_;
  std::atomic<Level> level_;
};

// Sets the level of the component of that name, or of all when name is empty; false when there is none of that name.
bool set_level(std::string_view name, Level level);

// "debug" -> Level::debug; also Envoy's "warn", "critical" (error). False when the word is no level.
bool parse_level(std::string_view word, Level& level);
const char* name_of(Level level);

// Calls visit(component) for each component, in order of their names.
void for_each_component(void (*visit)(const Component&, void*), void* context);

}  // namespace lateen::log
