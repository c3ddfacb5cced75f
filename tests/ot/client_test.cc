// ot::Client: its three states, resume and rollback, and obligation O9: with a Document it ends on
// one text, whatever the interleaving.

#include "ot/client.h"

#include <gtest/gtest.h>

#include <deque>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "ot/algebra.h"
#include "ot/apply.h"
#include "tests/ot/generators.h"
#include "tests/ot/notation.h"

namespace coedit::ot {
namespace {

using testing::D;
using testing::Rng;
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

// O9 without a network: each client has a queue to and from the document, drained at random; now
// and then a client loses both and resumes.
TEST(Client, EndsOnTheTextOfTheDocument) {
  const uint64_t seed = testing::RunSeed();
  Rng seeds(seed);
  for (int64_t run = 0; run < testing::Cases(300); ++run) {
    Rng rng = seeds.Fork();
    SCOPED_TRACE(absl::StrCat("COEDIT_SEED=", seed, " run ", run));
    Text start(testing::RandomDocument(rng));
    Document document(DocumentType::kRichText, start, 0, 0, {}, {});
    struct Peer {
      Client client;
      std::deque<Operation> up;
      Revision sent = 0;  // commits handed over so far
      std::deque<Commit> down;
    };
    std::vector<Peer> peers;
    for (int i = 0; i < 3; ++i) peers.push_back({.client = Client(start, 0, 0)});
    const auto author_of = [&](const Peer& peer) {
      return static_cast<AuthorNumber>(&peer - peers.data() + 1);
    };
    const auto receive = [&](Peer& peer, const Commit& commit) {
      const auto& in_flight = peer.client.in_flight();
      if (commit.author == author_of(peer) && in_flight.has_value() &&
          in_flight->sequence == commit.sequence) {
        ASSERT_TRUE(peer.client.OnAck(commit.sequence, commit.revision).ok());
      } else {
        ASSERT_TRUE(peer.client.OnCommitted(commit.revision, commit.delta).ok());
      }
    };
    const auto send = [&](Peer& peer) {
      if (std::optional<Operation> operation = peer.client.TakeSubmit()) {
        operation->author = author_of(peer);
        peer.up.push_back(*operation);
      }
    };
    const auto step = [&](Peer& peer, int64_t what) {
      if (what < 4) {
        peer.client.Edit(testing::RandomChange(rng, peer.client.view()));
        send(peer);
      } else if (what < 7 && !peer.up.empty()) {
        ASSERT_TRUE(std::holds_alternative<Committed>(document.Submit(peer.up.front())));
        peer.up.pop_front();
      } else if (what < 11 && peer.sent < document.head()) {
        receive(peer, document.At(++peer.sent));
        send(peer);
      } else if (what == 11) {
        // The connection is lost with all that was on its way; what was missed comes one by one,
        // and the fate of the operation in flight with it.
        peer.up.clear();
        while (peer.sent < document.head()) receive(peer, document.At(++peer.sent));
        if (peer.client.in_flight().has_value()) peer.client.OnNeverCommitted();
        send(peer);
      }
    };
    for (int i = 0; i < 120; ++i) {
      step(peers[rng.Below(3)], rng.Below(12));
      ASSERT_FALSE(HasFatalFailure());
    }
    for (int i = 0; i < 200; ++i) {
      for (Peer& peer : peers) {
        step(peer, 4);
        step(peer, 7);
        ASSERT_FALSE(HasFatalFailure());
      }
    }
    for (const Peer& peer : peers) {
      ASSERT_TRUE(peer.client.synchronised());
      ASSERT_EQ(peer.client.revision(), document.head());
      ASSERT_EQ(peer.client.view(), document.text());
    }
  }
}

}  // namespace
}  // namespace coedit::ot
