// The cases the protocol was hardened against, one world each: a plan written by hand, and a proof
// that the case did happen.
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "tests/sim/world.h"

namespace coedit::sim {
namespace {

// A quiet world of two clients and one document, and these events in it.
Plan Script(const std::string& events) {
  const absl::StatusOr<Plan> plan =
      ParsePlan(absl::StrCat("seed 7\n"
                             "clients 2\n"
                             "duration_ms 20000\n"
                             "fault wire_delay_ms_max 10\n"
                             "fault store_delay_ms_max 5\n",
                             events));
  EXPECT_TRUE(plan.ok()) << plan.status();
  return *plan;
}

// Edits of one client, one about every millisecond.
std::string Typing(int client, double first_second, int count) {
  std::string events;
  for (int i = 0; i < count; ++i) {
    absl::StrAppend(&events,
                    absl::StrFormat("@%.6f type client=%d seed=%d\n", first_second + 0.0012 * i,
                                    client, 1000 * (client + 1) + i));
  }
  return events;
}

TEST(Hardened, ReopeningWhileTheBatchIsInFsync) {
  World world(
      Script("@1.000000 stall ms=6000\n"
             "@1.010000 type client=0 seed=3\n"
             "@1.100000 cut client=0 how=both\n"));
  EXPECT_EQ(world.Run(), "");
  // It was not told that its operation is lost while it was on its way to the disk.
  EXPECT_EQ(world.happened(0).edits, 1);
  EXPECT_EQ(world.happened(0).fates_committed, 1);
  EXPECT_EQ(world.happened(0).fates_never, 0);
}

TEST(Hardened, TwoTabsWithOneClientId) {
  World world(Script("clients 3\ntwins 1\n" + Typing(0, 1.0, 30) + Typing(1, 1.0, 30) +
                     Typing(2, 1.0, 30)));
  EXPECT_EQ(world.Run(), "");
  EXPECT_EQ(world.happened(0).replaced + world.happened(2).replaced, 1);
  EXPECT_NE(world.client(0).stopped(), world.client(2).stopped());
}

TEST(Hardened, ALostCounter) {
  World world(
      Script("@1.000000 cut client=0 how=both\n"
             "@4.000000 cut client=0 how=both\n" +
             Typing(0, 7.0, 5) +
             // The server still has the session of attempt 3 when attempt 1 comes.
             "@8.000000 cut client=0 how=half-open\n"
             "@8.000001 forget client=0\n" +
             Typing(0, 19.0, 5)));
  EXPECT_EQ(world.Run(), "");
  EXPECT_GE(world.happened(0).replaced, 1);
  EXPECT_EQ(world.happened(0).restarts, 1);
  // Numbers go on above those that the server has.
  EXPECT_GE(world.client(0).replicas()[0]->ledger.acked.size(), 2U);
}

TEST(Hardened, TheOwnCommitInsideAComposedGap) {
  World world(
      Script("limit catch_up_single_commits 0\n"
             "@1.000000 cut client=0 how=to-client\n"
             "@1.010000 type client=0 seed=3\n" +
             Typing(1, 1.2, 50) + "@2.000000 offline client=0 ms=1000\n"));
  EXPECT_EQ(world.Run(), "");
  EXPECT_EQ(world.happened(0).fates_committed, 1);
  EXPECT_EQ(world.happened(0).composed_behind_own, 1);
}

TEST(Hardened, TheLateOpenOfAnAbandonedConnection) {
  // `hello` has left, `open` is held; the client comes back on another connection before it
  // arrives.
  World world(
      Script("@0.000001 late client=0 ms=8000\n"
             "@1.000000 cut client=0 how=half-open\n" +
             Typing(0, 6.0, 5) + Typing(0, 9.0, 5)));
  bool live_before = false;
  bool live_after = false;
  world.LookAt(absl::Milliseconds(7900),
               [&] { live_before = world.client(0).replicas()[0]->channel.has_value(); });
  world.LookAt(absl::Milliseconds(8300),
               [&] { live_after = world.client(0).replicas()[0]->channel.has_value(); });
  EXPECT_EQ(world.Run(), "");
  EXPECT_TRUE(live_before);
  EXPECT_TRUE(live_after);
  EXPECT_EQ(world.happened(0).replaced, 0);
}

TEST(Hardened, ACrashBetweenRebaseAndPersist) {
  for (const char* how : {"late client=0 ms=3000", "cut client=0 how=to-client"}) {
    // The operation is on its own disk as it was sent; what came afterwards is not.
    World world(Script(absl::StrCat("@1.000000 ", how, "\n") + "@1.010000 type client=0 seed=3\n" +
                       Typing(1, 1.1, 50) + "@2.000000 client-crash client=0\n" +
                       Typing(0, 6.0, 5)));
    EXPECT_EQ(world.Run(), "");
    EXPECT_EQ(world.happened(0).restarts, 1);
    EXPECT_EQ(world.happened(0).fates_committed + world.happened(0).fates_never, 1) << how;
  }
}

TEST(Hardened, ARefusedOperationWithABufferBehindIt) {
  World world(
      Script("@1.000000 spoil client=0\n"
             "@1.000001 type client=0 seed=3\n"
             "@1.000002 type client=0 seed=5\n"
             "@1.000003 type client=0 seed=8\n" +
             Typing(1, 1.0, 10)));
  EXPECT_EQ(world.Run(), "");
  EXPECT_EQ(world.happened(0).edits, 3);
  EXPECT_EQ(world.happened(0).rejections, 1);
  EXPECT_EQ(world.client(0).replicas()[0]->ledger.acked.size(), 1U);  // the buffer
}

TEST(Hardened, LongBranchesOnBothSides) {
  for (const int64_t never_composed : {0, 100}) {
    World world(Script(absl::StrCat("limit delta_components 100000\n"
                                    "limit submits_per_second 100000\n"
                                    "limit submits_burst 100000\n"
                                    "fault wire_delay_ms_max 1\n"
                                    "fault store_delay_ms_max 1\n"
                                    "fault never_composed ",
                                    never_composed,
                                    "\n"
                                    "@1.000000 cut client=0 how=to-client\n"
                                    "@1.010000 type client=0 seed=3\n"
                                    "@1.100000 offline client=0 ms=14000\n"
                                    "@2.000000 branch client=0 count=3000 seed=9\n") +
                       Typing(1, 2.0, 9000)));
    EXPECT_EQ(world.Run(), "");
    EXPECT_GT(world.happened(0).edits, 2500);
    EXPECT_GT(world.commits(), 2000);
    EXPECT_EQ(world.happened(0).fates_committed, 1);
    EXPECT_EQ(world.happened(0).composed_gaps, never_composed == 0 ? 1 : 0);
  }
}

TEST(Hardened, DocumentsOfSeveralShards) {
  // Connections come and go: some move to their first document, some cannot, and whoever has both
  // documents reaches one of them by posts.
  std::string events = "shards 2\nclients 4\ndocuments 2\ndocuments_each 2\n";
  for (int client = 0; client < 4; ++client) {
    for (int second = 1; second < 16; second += 3) {
      absl::StrAppend(&events, Typing(client, second + 0.1 * client, 20));
      absl::StrAppend(&events, absl::StrFormat("@%.6f cut client=%d how=both\n",
                                               second + 1.0 + 0.1 * client, client));
    }
  }
  World world(Script(events));
  EXPECT_EQ(world.Run(), "");
  EXPECT_GT(world.moves(), 0);
  EXPECT_GT(world.crossings(), 100);
  EXPECT_GT(world.commits(), 50);
}

TEST(Hardened, ABackupIsRestored) {
  for (const char* how : {"same-epoch", "new-epoch"}) {
    World world(Script(Typing(0, 1.0, 30) + "@3.000000 backup\n" + Typing(0, 4.0, 30) +
                       Typing(1, 4.0, 30) + "@6.000000 restore ms=500 how=" + how + "\n" +
                       Typing(1, 10.0, 30)));
    EXPECT_EQ(world.Run(), "");
    // Both had seen what the copy has not: they keep their text as a copy, and begin anew.
    EXPECT_EQ(world.happened(0).recovery_copies, 1) << how;
    EXPECT_EQ(world.happened(1).recovery_copies, 1) << how;
  }
}

}  // namespace
}  // namespace coedit::sim
