// A response body that must be complete by a deadline: after it, pulling fails with timed_out.
#pragma once
#include <memory>

#include "lib/http/message.h"

namespace lateen::router {

std::unique_ptr<http::Body> timed_body(io::Loop& loop, std::unique_ptr<http::Body> body, Time deadline);

}  // namespace lateen::router
