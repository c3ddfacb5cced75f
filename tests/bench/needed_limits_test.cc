#include "bench/load/needed_limits.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/limits.h"

namespace coedit::bench {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const server::Limits kDefaults;

LoadOptions OpenLoop(size_t documents, size_t clients, double rate) {
  LoadOptions options;
  options.documents = documents;
  options.clients = clients;
  options.writers = clients;
  options.rate = rate;
  return options;
}

TEST(NeededLimitsTest, ALoadWithinTheDefaultsNeedsNone) {
  const double rate = static_cast<double>(kDefaults.submits_per_second);
  EXPECT_THAT(NeededLimits(SizeOf(OpenLoop(20, 5, rate))), IsEmpty());
}

TEST(NeededLimitsTest, AClosedLoopIsBoundByNothing) {
  LoadOptions options;
  EXPECT_THAT(NeededLimits(SizeOf(options)), ElementsAre("submits_per_second=0"));
}

TEST(NeededLimitsTest, NamesWhatIsExceeded) {
  // One document as full as it may be has no room for the newcomer.
  const auto members = static_cast<size_t>(kDefaults.members_per_document);
  EXPECT_THAT(NeededLimits(SizeOf(OpenLoop(1, members, 1))),
              ElementsAre("members_per_document=2001"));
  const auto documents = static_cast<size_t>(kDefaults.documents_open) + 1;
  EXPECT_THAT(NeededLimits(SizeOf(OpenLoop(documents, 1, 1))),
              ElementsAre("documents_open=10001", "connections=20002"));
}

TEST(NeededLimitsTest, CountsWhatDisturbs) {
  LoadOptions options = OpenLoop(2, 5, 1);
  options.connections = {1000, 19400};
  options.storm_jitter = absl::ZeroDuration();
  options.presence_rate = 30;
  EXPECT_THAT(NeededLimits(SizeOf(options)),
              ElementsAre("presence_per_second=0", "connections_before_hello=19400"));
  options = OpenLoop(1, 1990, 1);
  options.join_rate = 10;
  options.stay = absl::Seconds(2);
  options.slow_readers = 3;
  // 1,990, 3 slow ones, the newcomer and up to 31 visitors.
  EXPECT_THAT(NeededLimits(SizeOf(options)), ElementsAre("members_per_document=2025"));
}

TEST(NeededLimitsTest, CountsTheLettersOfAnOpenLoop) {
  LoadOptions options = OpenLoop(1, 2, 50);
  options.letters = 10'000;
  options.warm_up = absl::Seconds(1);
  options.time = absl::Seconds(9);
  EXPECT_THAT(NeededLimits(SizeOf(options)), ElementsAre("document_units=10000001"));
}

TEST(NeededLimitsTest, SaysHowToStartTheServer) {
  EXPECT_EQ(ServeCommand({.host = "127.0.0.1:8080"}, {"connections=20002", "documents_open=10001"}),
            "coedit serve --data DIR --listen 127.0.0.1:8080 --limit connections=20002 --limit "
            "documents_open=10001");
}

}  // namespace
}  // namespace coedit::bench
