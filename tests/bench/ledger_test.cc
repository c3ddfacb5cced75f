#include "bench/load/ledger.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "bench/load/member.h"

namespace coedit::bench {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// Two writers, 0 and 1, and a reader, 2.
class LedgerTest : public ::testing::Test {
 protected:
  // One edit per time, leaving as one operation.
  void TypeAndSend(size_t writer, uint64_t number, std::initializer_list<int64_t> at_ns) {
    for (const int64_t at : at_ns) ledger_.Typed(writer, at);
    ledger_.Sent(writer, number);
  }
  void ExpectRefused(const absl::Status& status, const std::string& words) {
    EXPECT_TRUE(absl::IsDataLoss(status)) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr(words));
  }

  Ledger ledger_{2, 3};
};

TEST_F(LedgerTest, AnOperationCarriesTheTimesOfItsEdits) {
  TypeAndSend(0, 1, {10});
  TypeAndSend(0, 3, {20, 30});
  const auto first = ledger_.Acked(0, 1);
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_THAT(first->typed_ns, ElementsAre(10));
  const auto second = ledger_.Acked(0, 3);
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_THAT(second->typed_ns, ElementsAre(20, 30));
  EXPECT_EQ(second->operations, 1);
}

TEST_F(LedgerTest, OneIsDoneWhenAllHaveAll) {
  EXPECT_THAT(ledger_.Missing(), IsEmpty());
  ledger_.Typed(1, 10);
  EXPECT_THAT(ledger_.Missing(), HasSubstr("member 1 typed 1 edits, sent 0"));
  ledger_.Sent(1, 1);
  EXPECT_TRUE(ledger_.Acked(1, 1).ok());
  EXPECT_THAT(ledger_.Missing(), HasSubstr("member 0 got 0 of 1 operations of member 1"));
  EXPECT_TRUE(ledger_.Delivered(0, 1, 1, 1).ok());
  EXPECT_TRUE(ledger_.Delivered(2, 1, 1, 0).ok());
  EXPECT_THAT(ledger_.Missing(), IsEmpty());
}

TEST_F(LedgerTest, SeesWhatIsLostDoubledOrInvented) {
  for (uint64_t number = 1; number <= 3; ++number) TypeAndSend(0, number, {10});
  ExpectRefused(ledger_.Acked(0, 2).status(), "out of turn");
  ASSERT_TRUE(ledger_.Delivered(2, 0, 1, 1).ok());
  ExpectRefused(ledger_.Delivered(2, 0, 1, 1).status(), "more than once");
  ExpectRefused(ledger_.Delivered(2, 0, 3, 1).status(), "came with 1 edits, and 2 were to come");
  ExpectRefused(ledger_.Delivered(2, 0, 3, 0).status(), "2 were to come");
  ExpectRefused(ledger_.Delivered(2, 0, 2, 7).status(), "came with 7 edits, and 1 were to come");
  ExpectRefused(ledger_.Delivered(2, 0, 4, 1).status(), "which was not sent");
}

// Replicas may get several operations as one update.
TEST_F(LedgerTest, SeveralOperationsMayArriveAtOnce) {
  for (uint64_t number = 1; number <= 3; ++number)
    TypeAndSend(0, number, {static_cast<int64_t>(number)});
  const auto arrival = ledger_.Delivered(2, 0, 3, 3);
  ASSERT_TRUE(arrival.ok()) << arrival.status();
  EXPECT_THAT(arrival->typed_ns, ElementsAre(1, 2, 3));
  EXPECT_EQ(arrival->operations, 3);
}

TEST_F(LedgerTest, WhoComesLaterBeginsAnywhere) {
  for (uint64_t number = 1; number <= 4; ++number)
    TypeAndSend(0, number, {static_cast<int64_t>(number)});
  const auto visit = ledger_.DeliveredToVisitor(0, 3, 1);
  ASSERT_TRUE(visit.ok()) << visit.status();
  EXPECT_THAT(visit->typed_ns, ElementsAre(3));
  // A member who was given a text begins anew, and from then on loses nothing.
  ledger_.Skipped(2);
  ASSERT_TRUE(ledger_.Delivered(2, 0, 2, 1).ok());
  EXPECT_FALSE(ledger_.Delivered(2, 0, 4, 1).ok());
  EXPECT_TRUE(ledger_.Delivered(2, 0, 3, 1).ok());
}

// Where the protocol tells no numbers, the next operation of an author is what arrives.
TEST_F(LedgerTest, WithoutNumbersTheyArriveInOrder) {
  TypeAndSend(0, 1, {10});
  TypeAndSend(0, 2, {20, 30});
  ASSERT_TRUE(ledger_.Delivered(2, 0, Member::kNextNumber, 1).ok());
  ExpectRefused(ledger_.Delivered(2, 0, Member::kNextNumber, 1).status(), "2 were to come");
  const auto second = ledger_.Delivered(2, 0, Member::kNextNumber, 2);
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_THAT(second->typed_ns, ElementsAre(20, 30));
  ExpectRefused(ledger_.Delivered(2, 0, Member::kNextNumber, 0).status(), "no more were sent");
  const auto visit = ledger_.DeliveredToVisitor(0, Member::kNextNumber, 1);
  ASSERT_TRUE(visit.ok()) << visit.status();
  EXPECT_THAT(visit->typed_ns, IsEmpty());
}

TEST_F(LedgerTest, AWithdrawnOperationLeavesUnderAnotherNumber) {
  TypeAndSend(0, 1, {10});
  ledger_.Typed(0, 20);
  ledger_.Withdrawn(0);
  ledger_.Sent(0, 5);
  EXPECT_FALSE(ledger_.Acked(0, 1).ok());
  const auto arrival = ledger_.Acked(0, 5);
  ASSERT_TRUE(arrival.ok()) << arrival.status();
  EXPECT_THAT(arrival->typed_ns, ElementsAre(10, 20));
}

TEST_F(LedgerTest, WhatCameToNothingIsNotWaitedFor) {
  TypeAndSend(0, 1, {10});
  ledger_.Typed(0, 20);
  ledger_.Dropped(0);
  EXPECT_EQ(ledger_.edits(), 1);
  EXPECT_TRUE(ledger_.Acked(0, 1).ok());
  EXPECT_TRUE(ledger_.Delivered(1, 0, 1, 1).ok());
  EXPECT_TRUE(ledger_.Delivered(2, 0, 1, 1).ok());
  EXPECT_THAT(ledger_.Missing(), IsEmpty());
}

}  // namespace
}  // namespace coedit::bench
