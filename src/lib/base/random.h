// A small fast generator (xoshiro256**), one per worker, seeded at the door: from the system in production, from the
// one seed in a simulation. Not for secrets: keys and nonces come from lib/tls.
#pragma once
#include <array>
#include <cstdint>

namespace lateen {

class Random {
 public:
  explicit Random(uint64_t seed);
  static Random from_system();

  uint64_t next();                                      // all 64 bits random
  uint64_t below(uint64_t bound);                       // 0 <= r < bound; bound must not be 0
  double unit();                                        // 0 <= r < 1
  bool chance(double share) { return unit() < share; }  // share between 0 and 1

  // For standard algorithms (std::shuffle).
  using result_type = uint64_t;
  static constexpr uint64_t min() { return 0; }
  static constexpr uint64_t max() { return UINT64_MAX; }
  uint64_t operator()() { return next(); }

 private:
  std::array<uint64_t, 4> state_;
};

}  // namespace lateen
