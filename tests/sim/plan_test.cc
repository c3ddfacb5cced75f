// A plan is the same before and after it was text, and one world is the same whenever it runs.
#include "tests/sim/plan.h"

#include <gtest/gtest.h>

#include <sstream>
#include <string>

#include "tests/sim/world.h"

namespace coedit::sim {
namespace {

std::string TraceOf(const Plan& plan) {
  std::ostringstream trace;
  World world(plan);
  world.Trace(&trace);
  EXPECT_EQ(world.Run(), "");
  return trace.str();
}

TEST(Plan, IsTheSameAfterItWasText) {
  for (uint64_t seed = 1; seed <= 50; ++seed) {
    const Plan plan = RandomPlan(seed);
    const std::string text = FormatPlan(plan);
    const absl::StatusOr<Plan> parsed = ParsePlan(text);
    ASSERT_TRUE(parsed.ok()) << parsed.status();
    EXPECT_EQ(parsed->events, plan.events);
    EXPECT_EQ(FormatPlan(*parsed), text);
  }
}

TEST(Plan, ALineThatMeansNothingIsNamed) {
  for (const char* line : {"cleints 3", "clients three", "@1.5 kill", "@1.000000 kil ms=5",
                           "@1.000000 cut how=sideways", "limit nothing 5", "fault spike",
                           "@1.000000 type client=9 seed=1"}) {
    const absl::StatusOr<Plan> parsed = ParsePlan(std::string("seed 1\n# a word\n") + line + "\n");
    EXPECT_EQ(parsed.status().code(), absl::StatusCode::kInvalidArgument) << line;
  }
  EXPECT_TRUE(ParsePlan("seed 1 # a word\n\n@1.000000 kill ms=5\n").ok());
}

TEST(Plan, AWorldIsTheSameWheneverItRuns) {
  for (uint64_t seed = 1; seed <= 10; ++seed) {
    const Plan plan = RandomPlan(seed);
    const std::string once = TraceOf(plan);
    TraceOf(RandomPlan(seed + 1000));  // another one in between
    EXPECT_TRUE(TraceOf(*ParsePlan(FormatPlan(plan))) == once) << "seed " << seed;
  }
}

}  // namespace
}  // namespace coedit::sim
