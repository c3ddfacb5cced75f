// The whole server half in simulated time: everyone ends on the same text, and nothing acknowledged
// is lost, whatever goes wrong. Also obligations O8 and O9 of docs/ot.md.
//
//   COEDIT_SIM_SEED=n   replays one world
//   COEDIT_SIM_RUNS=n   that many worlds

#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "tests/ot/generators.h"
#include "tests/sim/world.h"

namespace coedit::sim {
namespace {

int64_t FromEnvironment(const char* name, int64_t otherwise) {
  const char* value = std::getenv(name);
  int64_t number = 0;
  return value != nullptr && absl::SimpleAtoi(value, &number) ? number : otherwise;
}

// One world, if COEDIT_SIM_SEED asks for it.
TEST(Convergence, TheWorldOfThisSeedKeepsItsPromises) {
  uint64_t seed = 1;
  const char* seed_text = std::getenv("COEDIT_SIM_SEED");
  if (seed_text != nullptr) {
    ASSERT_TRUE(absl::SimpleAtoi(seed_text, &seed)) << seed_text;
  }
  World world(RandomPlan(seed));
  EXPECT_EQ(world.Run(), "") << "COEDIT_SIM_SEED=" << seed;
}

// In parts, so that they can run beside each other.
constexpr int kParts = 4;
class ConvergencePart : public ::testing::TestWithParam<int> {};

TEST_P(ConvergencePart, EveryRandomWorldKeepsItsPromises) {
  const bool long_run = std::getenv("COEDIT_TEST_LONG") != nullptr;
  const int64_t runs = FromEnvironment("COEDIT_SIM_RUNS", long_run ? 100000 : 3000) / kParts;
  ot::testing::Rng seeds(ot::testing::RunSeed() + GetParam());
  int64_t edits = 0;
  int64_t commits = 0;
  int64_t tasks = 0;
  for (int64_t run = 0; run < runs; ++run) {
    const uint64_t seed = seeds.Next();
    World world(RandomPlan(seed));
    const std::string broken = world.Run();
    edits += world.edits();
    commits += world.commits();
    tasks += world.tasks();
    ASSERT_EQ(broken, "") << "run " << run << ": COEDIT_SIM_SEED=" << seed;
  }
  std::cout << runs << " worlds, " << edits << " edits, " << commits << " commits, " << tasks
            << " steps\n";
}

INSTANTIATE_TEST_SUITE_P(Worlds, ConvergencePart, ::testing::Range(0, kParts));

}  // namespace
}  // namespace coedit::sim
