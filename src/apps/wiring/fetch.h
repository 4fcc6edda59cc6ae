// One page over plain HTTP, for commands that ask a control plane or a proxy on this machine.
#pragma once
#include <string>

#include "lib/base/time.h"
#include "lib/io/network.h"

namespace lateen::wiring {

struct FetchLimits {
  Duration time = 30s;
  size_t bytes = 512u << 20;
};

// GET of that path. An answer other than 200 is an error whose message is the answer's text.
io::Task<Result<std::string>> fetch(io::Network& network, SocketAddress address, std::string path,
                                    FetchLimits limits = {});

// The same by a loop of its own, for commands that do nothing else meanwhile. `address` is IP:PORT or unix:PATH.
Result<std::string> fetch_now(std::string_view address, std::string path, FetchLimits limits = {});

}  // namespace lateen::wiring
