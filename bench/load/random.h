// Random: a small seeded generator (SplitMix64), 8 bytes per client and the same on every machine.
#ifndef COEDIT_BENCH_LOAD_RANDOM_H_
#define COEDIT_BENCH_LOAD_RANDOM_H_

#include <cstdint>

namespace coedit::bench {

class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}

  uint64_t Next() {
    uint64_t mixed = state_ += 0x9E3779B97F4A7C15;
    mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9;
    mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB;
    return mixed ^ (mixed >> 31);
  }
  // 0 <= result < bound. The bias of the remainder does not matter for a load.
  uint64_t Below(uint64_t bound) { return Next() % bound; }
  // 0 <= result < 1.
  double Share() { return static_cast<double>(Next() >> 11) * 0x1p-53; }
  // True in `permille` of a thousand cases.
  bool Chance(uint64_t permille) { return Below(1000) < permille; }

 private:
  uint64_t state_;
};

}  // namespace coedit::bench

#endif  // COEDIT_BENCH_LOAD_RANDOM_H_
