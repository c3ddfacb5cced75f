#include "bench/load/needed_limits.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/limits.h"

namespace coedit::bench {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const server::Limits kDefaults;

TEST(NeededLimitsTest, ALoadWithinTheDefaultsNeedsNone) {
  EXPECT_THAT(NeededLimits({.documents = 20,
                            .clients_per_document = 5,
                            .operations_per_second = kDefaults.submits_per_second * 1.0}),
              IsEmpty());
}

TEST(NeededLimitsTest, AClosedLoopIsBoundByNothing) {
  EXPECT_THAT(NeededLimits({}), ElementsAre("submits_per_second=0"));
}

TEST(NeededLimitsTest, NamesWhatIsExceeded) {
  // One document as full as it may be has no room for the cold reader.
  EXPECT_THAT(NeededLimits({.clients_per_document = kDefaults.members_per_document,
                            .operations_per_second = 1}),
              ElementsAre("members_per_document=2001"));
  EXPECT_THAT(NeededLimits({.documents = kDefaults.documents_open + 1,
                            .clients_per_document = 1,
                            .operations_per_second = 1}),
              ElementsAre("documents_open=10001", "connections=20002"));
}

}  // namespace
}  // namespace coedit::bench
