// The command line of all programs: words into flags and operands, with a "did you mean" for what is unknown.
//
// `--flag VALUE`, `--flag=VALUE`, repeated flags, switches without a value, `-x VALUE` for flags with a letter, and
// flags that take every word up to the next option (`--config FILE...`). `--` ends options. Wrong usage is exit
// status 2.
#pragma once
#include <initializer_list>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"
#include "lib/base/time.h"

namespace lateen::wiring {

// Exit statuses of every command.
inline constexpr int exit_fine = 0;
inline constexpr int exit_findings = 1;
inline constexpr int exit_usage = 2;
inline constexpr int exit_environment = 3;

struct Flag {
  std::string_view name;        // "mesh-config", without dashes
  std::string_view value = {};  // what it takes, for the help: "FILE"; empty: a switch
  std::string_view help = {};
  char letter = 0;         // "-f"
  bool takes_all = false;  // "FILE...": every word up to the next option
};

class Arguments {
 public:
  // An error of kind `invalid` names the word, and the flag that was probably meant.
  static Result<Arguments> parse(std::span<const std::string_view> words, std::span<const Flag> flags);

  bool has(std::string_view flag) const;
  // The last value given, or nothing.
  std::optional<std::string> value(std::string_view flag) const;
  std::string value_or(std::string_view flag, std::string_view otherwise) const;
  // All values in the order given.
  std::vector<std::string> values(std::string_view flag) const;
  // How long something is valid: "24h", more than nothing and at most longest_duration. An error names the flag.
  Result<Duration> life(std::string_view flag, Duration otherwise) const;
  const std::vector<std::string>& operands() const { return operands_; }

 private:
  std::map<std::string, std::vector<std::string>, std::less<>> values_;
  std::vector<std::string> operands_;
};

// A subcommand of a program. Its name may have two words ("xds dump").
struct Command {
  std::string_view name;
  std::string_view help;   // one line
  std::string_view usage;  // what stands behind the name: "-f FILE..."
  std::vector<Flag> flags;
  int (*run)(const Arguments&) = nullptr;  // exit status
};

// Finds the command that the words name, parses the rest and runs it; prints help and usage errors. Returns the exit
// status.
int run_command(std::string_view program, std::span<const Command> commands, std::span<const std::string_view> words);

}  // namespace lateen::wiring
