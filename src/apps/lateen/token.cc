// lateen token NAMESPACE/ACCOUNT: a token with which a machine becomes a member under that identity.
#include "control_plane/onboard/token.h"

#include "apps/lateen/commands.h"
#include "lib/base/strings.h"
#include "lib/io/reactor.h"

namespace lateen::commands {

int token(const wiring::Arguments& arguments) {
  const auto names =
      arguments.operands().size() == 1 ? split(arguments.operands()[0], '/') : std::vector<std::string_view>();
  if (names.size() != 2 || names[0].empty() || names[1].empty()) {
    fmt::print(stderr, "lateen: say for whom: NAMESPACE/SERVICE-ACCOUNT\n");
    return wiring::exit_usage;
  }
  const auto life = arguments.life("ttl", 1h);
  if (!life) {
    fmt::print(stderr, "lateen: {}\n", life.error().message);
    return wiring::exit_usage;
  }
  const auto key = onboard::TokenKey::open(arguments.value_or("state", "lateen-state"));
  if (!key) {
    fmt::print(stderr, "lateen: {}\n", key.error().message);
    return wiring::exit_environment;
  }
  io::Reactor reactor;
  const auto now = reactor.wall_now();
  fmt::print("{}\n", key->issue({.name_space = std::string(names[0]),
                                 .service_account = std::string(names[1]),
                                 .not_before = now,
                                 .expires = now + *life,
                                 .id = {}},
                                now));
  return wiring::exit_fine;
}

}  // namespace lateen::commands
