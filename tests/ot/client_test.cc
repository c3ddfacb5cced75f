// ot::Client: its three states, resume and rollback. What holds for any interleaving stands in
// document_laws_test.cc and exhaustive_sessions_test.cc.

#include "ot/client.h"

#include <gtest/gtest.h>

#include <optional>

#include "tests/ot/notation.h"

namespace coedit::ot {
namespace {

using testing::D;
using testing::T;

TEST(Client, GoesThroughItsThreeStates) {
  Client client(T("+ab"), 7, 3);
  EXPECT_TRUE(client.synchronised());
  EXPECT_EQ(client.TakeSubmit(), std::nullopt);
  client.Edit(D("=2 +c"));
  const Operation sent = *client.TakeSubmit();
  EXPECT_EQ(sent.sequence, 4u);
  EXPECT_EQ(sent.base, 7u);
  client.Edit(D("=3 +d"));
  client.Edit(D("=4 +e"));
  EXPECT_EQ(client.TakeSubmit(), std::nullopt) << "one operation in flight";
  EXPECT_EQ(client.in_flight()->delta, D("=2 +c")) << "a sent operation is frozen";
  ASSERT_TRUE(client.OnAck(4, 8).ok());
  EXPECT_EQ(client.TakeSubmit()->delta, D("=3 +de"));
  EXPECT_EQ(client.view(), T("+abcde"));
  EXPECT_EQ(client.confirmed(), T("+abc"));
}

TEST(Client, CarriesARemoteCommitOverBothAndBothOverIt) {
  Client client(T("+ab"), 0, 0);
  client.Edit(D("=1 +X"));
  client.TakeSubmit();
  client.Edit(D("=2 +Y"));
  // At the same spot: the committed side stands left.
  EXPECT_EQ(*client.OnCommitted(1, D("=1 +c")), D("=1 +c"));
  EXPECT_EQ(client.view(), T("+acXYb"));
  EXPECT_EQ(client.confirmed(), T("+acb"));
  EXPECT_EQ(client.in_flight()->delta, D("=1 +X")) << "frozen as it was sent";
  EXPECT_EQ(client.pending(), D("=2 +XY"));
}

TEST(Client, NoticesAGapAndAnAckOfAnother) {
  Client client(T("+ab"), 4, 0);
  EXPECT_FALSE(client.OnCommitted(6, D("+x")).ok());
  EXPECT_FALSE(client.OnCommitted(4, D("+x")).ok());
  EXPECT_FALSE(client.OnAck(1, 5).ok());
  client.Edit(D("+x"));
  client.TakeSubmit();
  EXPECT_FALSE(client.OnAck(1, 6).ok());
  EXPECT_FALSE(client.OnAck(2, 5).ok());
  EXPECT_TRUE(client.OnAck(1, 5).ok());
}

TEST(Client, RollsARefusedOperationBackUnderWhatWasTypedBehindIt) {
  Client client(T("+abcd"), 0, 0);
  client.Edit(D("=1 +X -1"));  // aXcd
  client.TakeSubmit();
  client.Edit(D("=4 +Y"));  // aXcdY
  const absl::StatusOr<Client::Rollback> rollback = client.OnRejected(1);
  ASSERT_TRUE(rollback.ok());
  EXPECT_EQ(rollback->refused, D("=1 +X -1"));
  EXPECT_EQ(client.view(), T("+abcdY"));
  EXPECT_EQ(client.confirmed(), T("+abcd"));
  const Operation next = *client.TakeSubmit();
  EXPECT_EQ(next.sequence, 2u);
  EXPECT_EQ(next.delta, D("=4 +Y"));
  EXPECT_FALSE(client.OnRejected(1).ok());
}

TEST(Client, SendsAtTheHeadWhatNeverWasCommitted) {
  Client client(T("+ab"), 0, 0);
  client.Edit(D("=2 +X"));
  client.TakeSubmit();
  client.Edit(D("=3 +Y"));
  ASSERT_TRUE(client.OnCommitted(1, D("+c")).ok());
  client.OnNeverCommitted();
  client.OnComposed(5, D("+dd"));
  client.RaiseSequence(8);
  const Operation again = *client.TakeSubmit();
  EXPECT_EQ(again.sequence, 9u);
  EXPECT_EQ(again.base, 5u);
  EXPECT_EQ(again.delta, D("=5 +XY"));
}

TEST(Client, CarriesPendingEditsOntoASnapshot) {
  Client client(T("+abc"), 0, 0);
  client.Edit(D("=3 +X"));
  client.OnSnapshot(9, T("+Zabc"));
  EXPECT_EQ(client.view(), T("+ZabcX"));
  EXPECT_EQ(client.TakeSubmit()->base, 9u);
}

TEST(Client, SettlesWhatASnapshotHolds) {
  Client client(T("+abc"), 0, 0);
  client.Edit(D("=3 +X"));
  client.TakeSubmit();
  client.Edit(D("=4 +Y"));
  client.OnSettled();
  client.OnSnapshot(9, T("+ZabcX"));
  EXPECT_EQ(client.view(), T("+ZabcXY"));
}

}  // namespace
}  // namespace coedit::ot
