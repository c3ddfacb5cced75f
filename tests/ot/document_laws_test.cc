// The proof obligations of docs/ot.md that concern the order of commits and the two halves together
// (Document and Client), each as a property over random cases.
#include <gtest/gtest.h>

#include <deque>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "ot/algebra.h"
#include "ot/apply.h"
#include "ot/client.h"
#include "ot/document.h"
#include "tests/ot/notation.h"
#include "tests/ot/property.h"

namespace coedit::ot {
namespace {

using testing::Cases;
using testing::ForEachCase;
using testing::RandomChange;
using testing::RandomDocument;
using testing::RandomKeystroke;
using testing::RandomShape;
using testing::Rng;
using testing::Shape;

Shape SmallShape(Rng& rng) {
  Shape shape;
  shape.rich = !rng.Chance(20);
  shape.document_units = rng.Chance(50) ? 4 : 30;
  shape.insert_units = 2;
  shape.components = 4;
  return shape;
}

// A document with its whole log and the text at each revision.
struct Log {
  Log(Rng& rng, const Shape& shape)
      : texts{Text(RandomDocument(rng, shape))},
        document(DocumentType::kRichText, texts[0], 0, 0, {}, {}) {}

  // `author` submits `delta`, made on `base`. Nothing if it changes nothing.
  const Commit* Submit(AuthorNumber author, Revision base, const Delta& delta) {
    if (delta.empty()) return nullptr;
    Submitted submitted = document.Submit({author, ++sequence, base, delta});
    const auto* committed = std::get_if<Committed>(&submitted);
    EXPECT_NE(committed, nullptr);
    if (committed == nullptr) return nullptr;
    commits.push_back(committed->commit);
    texts.push_back(document.text());
    return &commits.back();
  }

  std::vector<Text> texts;  // by revision
  Document document;
  std::vector<Commit> commits;
  Sequence sequence = 0;
};

// The list form of Transform is the fold that the server does, commit by commit. The squashed form
// is another function (D1): the cases in which it differs are counted, so that this test is known
// to tell the two apart.
TEST(DocumentLaws, O8CommitsAreCarriedOverOneByOne) {
  int64_t different = 0;
  ForEachCase(3000, [&](Rng& rng) {
    const Shape shape = SmallShape(rng);
    Log log(rng, shape);
    for (int i = 0; i < 12; ++i) {
      const auto base =
          static_cast<Revision>(rng.Below(static_cast<int64_t>(log.document.head()) + 1));
      const Delta made = RandomChange(rng, log.texts[base], shape);
      Delta one_by_one = made;
      Delta gap;
      for (Revision r = base; r < log.document.head(); ++r) {
        one_by_one = Transform(one_by_one, log.commits[r].delta, Side::kLeft);
        gap = Compose(gap, log.commits[r].delta);
      }
      const Commit* commit = log.Submit(1 + rng.Below(3), base, made);
      if (commit == nullptr) continue;
      ASSERT_EQ(commit->delta, one_by_one);
      ASSERT_EQ(log.document.text(), Applied(log.texts[commit->revision - 1], one_by_one));
      different += Transform(made, gap, Side::kLeft) == one_by_one ? 0 : 1;
    }
  });
  EXPECT_TRUE(different > 0 || Cases(3000) < 1000) << "no case could tell the fold from the squash";
}

TEST(DocumentLaws, O12ReplayFromAnySnapshotIsTheSameDocument) {
  ForEachCase(1000, [](Rng& rng) {
    const Shape shape = RandomShape(rng);
    Log log(rng, shape);
    for (int i = 0; i < 20; ++i) {
      const Revision head = log.document.head();
      const Revision base = head - static_cast<Revision>(rng.Below(std::min<int64_t>(head, 3) + 1));
      log.Submit(1 + rng.Below(3), base, RandomKeystroke(rng, log.texts[base], shape));
    }
    const Revision head = log.document.head();
    const auto at = static_cast<Revision>(rng.Below(static_cast<int64_t>(head) + 1));
    Document again(DocumentType::kRichText, log.texts[at], at,
                   at == 0 ? 0 : log.commits[at - 1].digest, {}, {});
    for (Revision r = at; r < head; ++r) ASSERT_TRUE(again.Replay(log.commits[r]).ok());
    ASSERT_EQ(again.text(), log.document.text());
    ASSERT_EQ(again.digest(), log.document.digest());
    ASSERT_EQ(again.head(), head);
    // And it goes on in the same way.
    const Delta next = RandomKeystroke(rng, log.texts[at], shape);
    if (next.empty()) return;
    const Submitted here = log.document.Submit({9, 1, at, next});
    const Submitted there = again.Submit({9, 1, at, next});
    ASSERT_EQ(std::get<Committed>(here).commit.digest, std::get<Committed>(there).commit.digest);
  });
}

// A document and three clients without a network: each client has a queue to and from the document,
// drained at random; now and then a client loses both and resumes.
TEST(ClientLaws, O9EveryoneEndsOnTheTextOfTheDocument) {
  ForEachCase(300, [](Rng& rng) {
    const Shape shape = rng.Chance(30) ? SmallShape(rng) : Shape();
    const Text start(RandomDocument(rng, shape));
    Document document(DocumentType::kRichText, start, 0, 0, {}, {});
    struct Peer {
      Client client;
      std::deque<Operation> up;
      Revision sent = 0;  // commits handed over so far
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
        peer.client.Edit(RandomChange(rng, peer.client.view(), shape));
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
      step(peers[static_cast<size_t>(rng.Below(3))], rng.Below(12));
      if (::testing::Test::HasFatalFailure()) return;
    }
    for (int i = 0; i < 200; ++i) {
      for (Peer& peer : peers) {
        step(peer, 4);
        step(peer, 7);
        if (::testing::Test::HasFatalFailure()) return;
      }
    }
    for (const Peer& peer : peers) {
      ASSERT_TRUE(peer.client.synchronised());
      ASSERT_EQ(peer.client.revision(), document.head());
      ASSERT_EQ(peer.client.view(), document.text());
    }
  });
}

// The long offline branch. A client loses its connection with an operation in flight, edits on, and
// meets a document that went on without it. It is told the fate of that operation, gets single
// commits up to its own and the rest as one change, carries its edits over that and sends them as
// one operation at the head: the server transforms nothing, and nobody sees a squashed form (D1).
TEST(ClientLaws, O9ALongOfflineBranchGoesOnAtTheHead) {
  ForEachCase(400, [](Rng& rng) {
    const Shape shape = SmallShape(rng);
    const int64_t edits_max = rng.Chance(3) ? 1000 : 30;
    Log log(rng, shape);
    constexpr AuthorNumber kAway = 1;
    constexpr AuthorNumber kOther = 2;
    Client away(log.texts[0], 0, 0);
    away.Edit(DeltaBuilder().Insert("sent").Build());
    Operation in_flight = *away.TakeSubmit();
    in_flight.author = kAway;
    log.sequence = in_flight.sequence;

    // Others go on; perhaps the operation in flight is committed among theirs.
    const auto others_edit = [&] {
      for (int64_t i = rng.Below(edits_max); i > 0; --i) {
        const Delta change = RandomKeystroke(rng, log.document.text(), shape);
        log.Submit(kOther, log.document.head(), change);
      }
    };
    others_edit();
    Revision own = 0;
    if (rng.Chance(50)) {
      const Submitted submitted = log.document.Submit(in_flight);
      log.commits.push_back(std::get<Committed>(submitted).commit);
      log.texts.push_back(log.document.text());
      own = log.document.head();
    }
    others_edit();
    for (int64_t i = rng.Between(1, edits_max); i > 0; --i) {
      away.Edit(RandomKeystroke(rng, away.view(), shape));
      ASSERT_EQ(away.TakeSubmit(), std::nullopt);
    }

    // Back again: the fence has ended the former session, so its fate is known from the log.
    const AuthorState* const state = log.document.FindAuthor(kAway);
    const bool committed = state != nullptr && state->last_sequence == in_flight.sequence;
    ASSERT_EQ(committed, own != 0);
    if (committed) {
      ASSERT_EQ(state->last_revision, own);
    }
    const Revision head = log.document.head();
    const Text seen = away.view();
    Text view = seen;
    for (Revision r = 1; r <= own; ++r) {
      const Commit& commit = log.commits[r - 1];
      if (r == own) {
        ASSERT_TRUE(away.OnAck(in_flight.sequence, r).ok());
      } else {
        const absl::StatusOr<Delta> change = away.OnCommitted(r, commit.delta);
        ASSERT_TRUE(change.ok());
        Apply(*change, &view);
      }
    }
    if (!committed) away.OnNeverCommitted();
    Delta gap;
    for (Revision r = own + 1; r <= head; ++r) gap = Compose(gap, log.commits[r - 1].delta);
    Apply(away.OnComposed(head, gap), &view);
    ASSERT_EQ(view, away.view()) << "the editor was told every change of the view";
    ASSERT_EQ(away.confirmed(), log.document.text());
    ASSERT_EQ(Applied(away.confirmed(), away.pending()), away.view());

    std::optional<Operation> submit = away.TakeSubmit();
    if (!submit.has_value()) {  // all of it was undone by itself
      ASSERT_EQ(away.view(), log.document.text());
      return;
    }
    submit->author = kAway;
    ASSERT_GT(submit->sequence, in_flight.sequence);
    ASSERT_EQ(submit->base, head);
    const Submitted submitted = log.document.Submit(*submit);
    ASSERT_TRUE(std::holds_alternative<Committed>(submitted));
    ASSERT_EQ(std::get<Committed>(submitted).commit.delta, submit->delta) << "nothing transformed";
    ASSERT_TRUE(away.OnAck(submit->sequence, head + 1).ok());
    ASSERT_TRUE(away.synchronised());
    ASSERT_EQ(away.view(), log.document.text());

    // Should a ghost of the former session still arrive, it changes nothing.
    const Submitted ghost = log.document.Submit(in_flight);
    ASSERT_EQ(std::get<Rejected>(ghost).reason, Refusal::kStaleSequence);
    ASSERT_EQ(away.view(), log.document.text());
  });
}

// Where nobody else has changed anything nothing moves: what was typed offline stays as it is.
TEST(ClientLaws, AnOfflineBranchAloneIsCommittedAsItWasTyped) {
  ForEachCase(1000, [](Rng& rng) {
    const Shape shape = SmallShape(rng);
    Log log(rng, shape);
    Client away(log.texts[0], 0, 0);
    Delta typed;
    for (int i = 0; i < 10; ++i) {
      const Delta edit = RandomKeystroke(rng, away.view(), shape);
      typed = Compose(typed, edit);
      away.Edit(edit);
      if (i == 0) (void)away.TakeSubmit();
    }
    if (away.in_flight().has_value()) away.OnNeverCommitted();
    ASSERT_EQ(away.pending(), typed);
    const std::optional<Operation> submit = away.TakeSubmit();
    ASSERT_EQ(submit.has_value() ? submit->delta : Delta(), typed);
  });
}

// A refused operation is taken out as if somebody had undone it: what is left is what would be
// there if only the later edits had been carried over that undoing.
TEST(ClientLaws, O7ARefusedOperationLeavesTheRest) {
  ForEachCase(3000, [](Rng& rng) {
    const Shape shape = SmallShape(rng);
    const Text start(RandomDocument(rng, shape));
    Client client(start, 0, 0);
    client.Edit(RandomChange(rng, start, shape));
    const std::optional<Operation> sent = client.TakeSubmit();
    if (!sent.has_value()) return;
    // Embeds of its own mark what was typed behind it.
    for (int i = 0; i < 3; ++i) {
      const int64_t at = testing::RandomBoundary(rng, client.view());
      client.Edit(DeltaBuilder().Retain(at).InsertEmbed("{\"mine\":1}").Build());
    }
    const Text before = client.view();
    const absl::StatusOr<Client::Rollback> rollback = client.OnRejected(sent->sequence);
    ASSERT_TRUE(rollback.ok());
    ASSERT_EQ(Applied(before, rollback->view_change), client.view());
    ASSERT_EQ(Applied(start, client.pending()), client.view());
    DeltaBuilder rest;
    int marks = 0;
    for (const Component component : client.view().ToDelta()) {
      if (component.text == "{\"mine\":1}") {
        ++marks;
      } else {
        rest.Push(component);
      }
    }
    ASSERT_EQ(marks, 3);
    ASSERT_EQ(rest.Build(), start.ToDelta());
  });
}

}  // namespace
}  // namespace coedit::ot
