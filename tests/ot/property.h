// Runs a property over many random cases. Every case has its own seed, printed on failure:
// COEDIT_SEED=<that> makes it the first case of the next run.
#ifndef COEDIT_TESTS_OT_PROPERTY_H_
#define COEDIT_TESTS_OT_PROPERTY_H_

#include <cstdint>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "tests/ot/generators.h"

namespace coedit::ot::testing {

// Calls property(rng) for Cases(normal) cases; ends at the first that fails.
template <typename Property>
void ForEachCase(int64_t normal, Property property) {
  const uint64_t run_seed = RunSeed();
  const int64_t cases = Cases(normal);
  for (int64_t i = 0; i < cases; ++i) {
    const uint64_t seed = run_seed + static_cast<uint64_t>(i);
    SCOPED_TRACE(absl::StrCat("COEDIT_SEED=", seed));
    Rng rng(seed);
    property(rng);
    if (::testing::Test::HasFailure()) return;
  }
}

}  // namespace coedit::ot::testing

#endif  // COEDIT_TESTS_OT_PROPERTY_H_
