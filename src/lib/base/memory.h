// What the allocator keeps after a large piece of work.
#pragma once
#ifdef __GLIBC__
#include <malloc.h>
#endif

namespace lateen {

// Gives free memory back to the system. Takes milliseconds: for after the reading of large files, not for requests.
inline void return_free_memory() {
#ifdef __GLIBC__
  malloc_trim(0);
#endif
}

}  // namespace lateen
