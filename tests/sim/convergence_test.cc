// The whole server in simulated time: everyone ends on the same text, and nothing acknowledged is
// lost, whatever goes wrong. Also obligations O8 and O9 of docs/ot.md.
//
//   COEDIT_SIM_RUNS=n   that many worlds; `./dev sim --seed N` replays one

#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>
#include <string>

#include "absl/strings/numbers.h"
#include "tests/ot/generators.h"
#include "tests/sim/world.h"

namespace coedit::sim {
namespace {

int64_t Runs() {
  const char* value = std::getenv("COEDIT_SIM_RUNS");
  int64_t number = 0;
  if (value != nullptr && absl::SimpleAtoi(value, &number)) return number;
  return std::getenv("COEDIT_TEST_LONG") != nullptr ? 100'000 : 3'000;
}

// In parts, so that they can run beside each other.
constexpr int kParts = 4;
class ConvergencePart : public ::testing::TestWithParam<int> {};

TEST_P(ConvergencePart, EveryRandomWorldKeepsItsPromises) {
  const int64_t runs = Runs() / kParts;
  ot::testing::Rng seeds(ot::testing::RunSeed() + GetParam());
  int64_t edits = 0;
  int64_t commits = 0;
  int64_t batches = 0;
  int64_t tasks = 0;
  for (int64_t run = 0; run < runs; ++run) {
    const uint64_t seed = seeds.Next() >> 16;
    World world(RandomPlan(seed));
    const std::string broken = world.Run();
    edits += world.edits();
    commits += world.commits();
    batches += world.batches();
    tasks += world.tasks();
    ASSERT_EQ(broken, "") << "run " << run << ": ./dev sim --seed " << seed;
  }
  std::cout << runs << " worlds, " << edits << " edits, " << commits << " commits in " << batches
            << " batches, " << tasks << " steps\n";
}

INSTANTIATE_TEST_SUITE_P(Worlds, ConvergencePart, ::testing::Range(0, kParts));

}  // namespace
}  // namespace coedit::sim
