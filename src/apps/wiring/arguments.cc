#include "apps/wiring/arguments.h"

#include <cstdio>

#include <fmt/format.h>

#include "lib/base/strings.h"

namespace lateen::wiring {
namespace {

constexpr Flag help_flag = {"help", "", "prints this", 'h'};

const Flag* find(std::span<const Flag> flags, std::string_view name) {
  for (const Flag& flag : flags) {
    if (flag.name == name || (name.size() == 1 && flag.letter == name[0])) return &flag;
  }
  return name == help_flag.name || name == "h" ? &help_flag : nullptr;
}

std::string unknown(std::string_view word, std::string_view name, std::span<const Flag> flags) {
  std::vector<std::string_view> names = {help_flag.name};
  for (const Flag& flag : flags) names.push_back(flag.name);
  const auto near = name.size() <= 100 ? nearest(name, names) : "";
  return near.empty() ? fmt::format("unknown option {}", word)
                      : fmt::format("unknown option {}, did you mean --{}?", word, near);
}

bool is_option(std::string_view word) { return word.size() > 1 && word[0] == '-'; }

std::string how_to_write(const Flag& flag) {
  std::string out = flag.letter ? fmt::format("-{}, --{}", flag.letter, flag.name) : fmt::format("--{}", flag.name);
  if (!flag.value.empty()) out += fmt::format(" {}{}", flag.value, flag.takes_all ? "..." : "");
  return out;
}

void print_help(std::string_view program, const Command& command) {
  fmt::print("usage: {} {} {}\n\n{}\n", program, command.name, command.usage, command.help);
  for (const Flag& flag : command.flags) fmt::print("  {:<28} {}\n", how_to_write(flag), flag.help);
}

void print_commands(std::FILE* out, std::string_view program, std::span<const Command> commands) {
  fmt::print(out, "usage: {} COMMAND [OPTION...]\n\ncommands:\n", program);
  for (const Command& command : commands) fmt::print(out, "  {:<16} {}\n", command.name, command.help);
  fmt::print(out, "\n`{} COMMAND --help` says more.\n", program);
}

// How many of the words the command's name takes; 0 when they are not its name.
size_t words_of(const Command& command, std::span<const std::string_view> words) {
  const auto parts = split(command.name, ' ');
  if (parts.size() > words.size()) return 0;
  return std::equal(parts.begin(), parts.end(), words.begin()) ? parts.size() : 0;
}

int unknown_command(std::string_view program, std::span<const Command> commands,
                    std::span<const std::string_view> words) {
  std::vector<std::string_view> names;
  for (const Command& command : commands) names.push_back(command.name);
  const auto near = words[0].size() <= 100 ? nearest(words[0], names) : "";
  fmt::print(stderr, "{}: unknown command {}{}\n", program, words[0],
             near.empty() ? std::string() : fmt::format(", did you mean {}?", near));
  print_commands(stderr, program, commands);
  return exit_usage;
}

}  // namespace

Result<Arguments> Arguments::parse(std::span<const std::string_view> words, std::span<const Flag> flags) {
  Arguments out;
  for (size_t i = 0; i < words.size(); ++i) {
    const std::string_view word = words[i];
    if (word == "--") {
      for (++i; i < words.size(); ++i) out.operands_.emplace_back(words[i]);
      break;
    }
    if (!is_option(word)) {
      out.operands_.emplace_back(word);
      continue;
    }
    const std::string_view bare = word.substr(word.starts_with("--") ? 2 : 1);
    const size_t equals = bare.find('=');
    const std::string_view name = bare.substr(0, equals);
    const Flag* flag = find(flags, name);
    if (!flag) return fail(ErrorKind::invalid, "{}", unknown(word, name, flags));
    auto& values = out.values_[std::string(flag->name)];
    if (flag->value.empty()) {
      if (equals != std::string_view::npos) return fail(ErrorKind::invalid, "option --{} takes no value", flag->name);
      continue;
    }
    if (equals != std::string_view::npos) {
      values.emplace_back(bare.substr(equals + 1));
      continue;
    }
    if (i + 1 >= words.size())
      return fail(ErrorKind::invalid, "option --{} needs a value: {}", flag->name, flag->value);
    values.emplace_back(words[++i]);
    while (flag->takes_all && i + 1 < words.size() && !is_option(words[i + 1])) values.emplace_back(words[++i]);
  }
  return out;
}

bool Arguments::has(std::string_view flag) const { return values_.contains(flag); }

std::optional<std::string> Arguments::value(std::string_view flag) const {
  const auto found = values_.find(flag);
  if (found == values_.end() || found->second.empty()) return std::nullopt;
  return found->second.back();
}

std::string Arguments::value_or(std::string_view flag, std::string_view otherwise) const {
  return value(flag).value_or(std::string(otherwise));
}

std::vector<std::string> Arguments::values(std::string_view flag) const {
  const auto found = values_.find(flag);
  return found == values_.end() ? std::vector<std::string>() : found->second;
}

Result<Duration> Arguments::life(std::string_view flag, Duration otherwise) const {
  const auto text = value(flag);
  if (!text) return otherwise;
  const auto parsed = parse_duration(*text);
  if (!parsed) return failed(parsed, fmt::format("--{}", flag));
  if (*parsed <= 0s || *parsed > longest_duration)
    return fail(ErrorKind::invalid, "--{} {}: a life is longer than nothing and at most {}", flag, *text,
                format_duration(longest_duration));
  return parsed;
}

int run_command(std::string_view program, std::span<const Command> commands, std::span<const std::string_view> words) {
  if (words.empty() || words[0] == "--help" || words[0] == "-h" || words[0] == "help") {
    print_commands(words.empty() ? stderr : stdout, program, commands);
    return words.empty() ? exit_usage : exit_fine;
  }
  const Command* chosen = nullptr;
  size_t taken = 0;
  for (const Command& command : commands) {
    const size_t count = words_of(command, words);
    if (count > taken) {
      chosen = &command;
      taken = count;
    }
  }
  if (!chosen) return unknown_command(program, commands, words);
  const auto arguments = Arguments::parse(words.subspan(taken), chosen->flags);
  if (!arguments) {
    fmt::print(stderr, "{} {}: {}\nusage: {} {} {}\n", program, chosen->name, arguments.error().message, program,
               chosen->name, chosen->usage);
    return exit_usage;
  }
  if (arguments->has("help")) {
    print_help(program, *chosen);
    return exit_fine;
  }
  return chosen->run(*arguments);
}

}  // namespace lateen::wiring
