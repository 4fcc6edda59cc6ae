// The loops that a program spreads its work over, each with a network of its own. On this machine they are threads
// (`ThreadWorkers`, reactor.h); on a host of a SimulatedWorld its one loop plays all of them.
#pragma once
#include <functional>

#include "lib/io/network.h"

namespace lateen::io {

class Workers {
 public:
  // Ends and joins the threads. What belongs to a worker's loop must be gone by then: see on_each().
  virtual ~Workers() = default;

  virtual size_t size() const = 0;
  // To be used on its own loop only, except for loop().post().
  virtual Network& network(size_t index) = 0;
  // Calls function(index) once on every worker's loop, behind all that was posted there before, and returns when the
  // last call has. Not to be called on a worker, nor from inside a task of a SimulatedWorld.
  virtual void on_each(const std::function<void(size_t)>& function) = 0;
};

}  // namespace lateen::io
