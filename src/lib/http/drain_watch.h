// The connection's side of a Drain: the flag it waits for. At most one task waits for one Drain.
#pragma once
#include "lib/http/server.h"

namespace lateen::http {

class DrainWatch {
 public:
  static io::Readiness& started(Drain& drain) { return drain.started_; }
};

}  // namespace lateen::http
