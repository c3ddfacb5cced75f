#include "bench/load/replica.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "bench/load/convergence.h"
#include "bench/load/replay.h"

namespace coedit::bench {
namespace {

using ::testing::HasSubstr;

ot::Delta Insert(int64_t position, absl::string_view text) {
  ot::DeltaBuilder builder;
  builder.Retain(position).Insert(text);
  return builder.Build();
}

ot::Text TextOf(absl::string_view text) { return ot::Text(Insert(0, text)); }

TEST(ReplicaTest, AnAckAppliesTheOwnOperationAsTheServerCarriedIt) {
  Replica replica(TextOf("ab"), 7);
  ASSERT_TRUE(replica.OnCommitted(8, Insert(0, "1")).ok());
  // Made on revision 7, although 8 is known; 9 comes before the ack.
  replica.Submitted({.author = 0, .sequence = 3, .base = 7, .delta = Insert(1, "X")});
  ASSERT_TRUE(replica.OnCommitted(9, Insert(2, "2")).ok());
  ASSERT_TRUE(replica.OnAck(3, 10).ok());
  EXPECT_EQ(replica.revision(), 10u);
  // "2" was committed earlier at the same spot and stands left.
  EXPECT_EQ(replica.text().ToString(), "1a2Xb");
  EXPECT_EQ(replica.At(10), Insert(3, "X"));
}

TEST(ReplicaTest, RefusesGapsStrangeAcksAndWhatDoesNotFit) {
  Replica replica(TextOf("ab"), 0);
  EXPECT_FALSE(replica.OnCommitted(2, Insert(0, "1")).ok());
  EXPECT_FALSE(replica.OnCommitted(1, Insert(3, "1")).ok());
  EXPECT_FALSE(replica.OnAck(1, 1).ok());
  replica.Submitted({.author = 0, .sequence = 1, .base = 0, .delta = Insert(0, "X")});
  EXPECT_FALSE(replica.OnAck(2, 1).ok());
  EXPECT_FALSE(replica.OnAck(1, 2).ok());
  EXPECT_EQ(replica.text().ToString(), "ab");
}

Holding Hold(std::string who, uint64_t revision, proto::WireDigest digest, ot::Text text) {
  const auto units = static_cast<uint64_t>(text.length());
  return {std::move(who), revision, digest, units, std::move(text)};
}

TEST(ConvergenceTest, OneTextAtOneRevisionWithOneDigest) {
  const std::vector<Holding> same = {Hold("a", 3, 9, TextOf("hello")),
                                     Hold("b", 3, 9, TextOf("hello"))};
  EXPECT_TRUE(CheckConverged(same).ok());
  EXPECT_TRUE(CheckConverged({}).ok());
}

TEST(ConvergenceTest, NamesWhoDiffersAndWhere) {
  const Holding a = Hold("a", 3, 9, TextOf("hello"));
  const auto difference = [&](const Holding& other) {
    const absl::Status status = CheckConverged({a, a, other});
    EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
    return std::string(status.message());
  };
  EXPECT_THAT(difference(Hold("b", 4, 9, TextOf("hello"))), HasSubstr("b is at revision 4"));
  EXPECT_THAT(difference(Hold("b", 3, 8, TextOf("hello"))), HasSubstr("digest 00000008"));
  EXPECT_THAT(difference(Hold("b", 3, 9, TextOf("hullo"))), HasSubstr("=1 +\"u\" -1"));
  ot::DeltaBuilder bold;
  bold.Insert("hello", ot::Attributes{{"bold", "true"}});
  EXPECT_THAT(difference(Hold("b", 3, 9, ot::Text(bold.Build()))), HasSubstr("bold"));
}

TEST(ConvergenceTest, WhoKeepsNoTextIsJudgedByItsLength) {
  const Holding five{.who = "a", .revision = 3, .digest = 9, .units = 5};
  Holding other = five;
  EXPECT_TRUE(CheckConverged({five, other}).ok());
  other.units = 4;
  EXPECT_THAT(std::string(CheckConverged({five, other}).message()), HasSubstr("with 4 units"));
}

TEST(FittedPatchTest, StaysWithinTheTextAndOffSurrogatePairs) {
  const auto fitted = [](Patch patch, absl::string_view text) {
    return FittedPatch(patch, TextOf(text)).DebugString();
  };
  EXPECT_EQ(fitted({1, 1, "x"}, "abc"), "=1 +\"x\" -1");
  EXPECT_EQ(fitted({9, 1, "x"}, "abc"), "=3 +\"x\"");
  EXPECT_EQ(fitted({2, 5, ""}, "abc"), "=2 -1");
  EXPECT_EQ(fitted({9, 5, ""}, "abc"), "");
  EXPECT_EQ(fitted({1, 1, "x"}, "\xF0\x9F\x99\x82"), "+\"x\"");
  EXPECT_EQ(fitted({0, 2, ""}, "a\xF0\x9F\x99\x82"), "-1");
}

}  // namespace
}  // namespace coedit::bench
