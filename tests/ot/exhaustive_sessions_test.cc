// Small scope, every order: three clients and a document, what each types, and all ways in which up
// to six messages can arrive, be lost with their connection or come twice. From every state that
// can be reached the world is left to settle, and all must end on one text.
#include <gtest/gtest.h>

#include <array>
#include <cstdlib>
#include <deque>
#include <optional>
#include <string>
#include <unordered_map>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "ot/algebra.h"
#include "ot/apply.h"
#include "ot/canonical.h"
#include "ot/client.h"
#include "ot/document.h"
#include "tests/ot/notation.h"

namespace coedit::ot {
namespace {

using testing::T;

// Edits that can be made on any text.
enum class Edit {
  kInsertAtStart,
  kInsertBehindFirst,
  kDeleteFirst,
  kReplaceAll,
  kFormat,
  kUnformat
};
constexpr Edit kEdits[] = {Edit::kInsertAtStart, Edit::kInsertBehindFirst,
                           Edit::kDeleteFirst,   Edit::kReplaceAll,
                           Edit::kFormat,        Edit::kUnformat};

Delta MakeEdit(Edit edit, const Text& text, absl::string_view letter) {
  const int64_t first = text.length() == 0 ? 0 : text.IsBoundary(1) ? 1 : 2;
  DeltaBuilder out;
  switch (edit) {
    case Edit::kInsertAtStart:
      return out.Insert(letter).Build();
    case Edit::kInsertBehindFirst:
      return out.Retain(first).Insert(letter).Insert("\xF0\x9F\x98\x80").Build();
    case Edit::kDeleteFirst:
      return out.Delete(first).Build();
    case Edit::kReplaceAll:
      return out.Insert("\n").InsertEmbed("{\"e\":1}").Delete(text.length()).Build();
    case Edit::kFormat:
      return out.Retain(text.length(), {{"b", absl::StrCat("\"", letter, "\"")}}).Build();
    case Edit::kUnformat:
      return out.Retain(first, {{"b", "null"}}).Build();
  }
  return out.Build();
}

// How a client that lost its connection learns of what it missed.
enum class Resume { kCommits, kComposed, kSnapshot };

constexpr int kPeers = 3;
constexpr Revision kNever = 0;

class World {
 public:
  struct Peer {
    Client client{Text(), 0, 0};
    std::vector<Edit> to_type;
    bool connected = true;
    bool may_resend = false;
    std::deque<Operation> up;  // on its way to the document
    Revision sent = 0;         // commits on their way to the client or there
    uint64_t history = 0;      // what the client saw and did: its state follows from that
  };

  World(const Text& start, const std::array<std::vector<Edit>, kPeers>& to_type)
      : document_(DocumentType::kRichText, start, 0, 0, {}, {}) {
    for (int i = 0; i < kPeers; ++i) {
      peers_[i].client = Client(start, 0, 0);
      peers_[i].to_type = to_type[i];
    }
  }

  // Calls visit(next, costs) with every world that is one event away; typing costs no message.
  template <typename Visit>
  void ForEachNext(Visit visit) const {
    for (int i = 0; i < kPeers; ++i) {
      const Peer& peer = peers_[i];
      const auto step = [&](int cost, auto event) {
        World next = *this;
        (next.*event)(i);
        visit(next, cost);
      };
      if (!peer.to_type.empty()) step(0, &World::Type);
      if (!peer.up.empty()) step(1, &World::SubmitArrives);
      if (!peer.connected) {
        step(1, &World::ResumeWithCommits);
        if (document_.head() > peer.client.revision()) {
          step(1, &World::ResumeComposed);
          step(1, &World::ResumeWithSnapshot);
        }
        continue;
      }
      if (peer.sent < document_.head()) step(1, &World::CommitArrives);
      if (peer.may_resend && peer.client.in_flight().has_value()) step(1, &World::Resend);
      // A loss is worth a look while something is on its way.
      if (!peer.up.empty() || peer.sent < document_.head() || peer.client.in_flight().has_value()) {
        step(1, &World::LoseConnection);
      }
    }
  }

  void Type(int i) {
    Peer& peer = peers_[i];
    const char letter = static_cast<char>('p' + i);
    const Delta edit = MakeEdit(peer.to_type.front(), peer.client.view(), {&letter, 1});
    peer.to_type.erase(peer.to_type.begin());
    peer.client.Edit(edit);
    Saw(peer, "typed", edit);
    Send(i);
  }

  void SubmitArrives(int i) {
    Peer& peer = peers_[i];
    const Operation operation = peer.up.front();
    peer.up.pop_front();
    const Revision before = RevisionOf(operation);
    const Submitted submitted = document_.Submit(operation);
    if (const auto* duplicate = std::get_if<Duplicate>(&submitted)) {
      ASSERT_EQ(duplicate->revision, before);
    } else {
      ASSERT_EQ(before, kNever);
      ASSERT_TRUE(std::holds_alternative<Committed>(submitted))
          << std::get<Rejected>(submitted).text;
    }
  }

  void CommitArrives(int i) { Receive(i, document_.At(++peers_[i].sent)); }

  // The same bytes once more.
  void Resend(int i) {
    Operation again = *peers_[i].client.in_flight();
    again.author = static_cast<AuthorNumber>(i + 1);
    peers_[i].up.push_back(again);
    peers_[i].may_resend = false;
  }

  void LoseConnection(int i) {
    peers_[i].connected = false;
    peers_[i].up.clear();  // the fence: nothing of the former session arrives any more
  }

  void ResumeWithCommits(int i) { ResumeBy(i, Resume::kCommits); }
  void ResumeComposed(int i) { ResumeBy(i, Resume::kComposed); }
  void ResumeWithSnapshot(int i) { ResumeBy(i, Resume::kSnapshot); }

  void ResumeBy(int i, Resume how) {
    Peer& peer = peers_[i];
    Client& client = peer.client;
    const Revision head = document_.head();
    Revision own = kNever;
    if (client.in_flight().has_value()) {
      Operation operation = *client.in_flight();
      operation.author = static_cast<AuthorNumber>(i + 1);
      own = RevisionOf(operation);
    }
    if (how == Resume::kSnapshot) {
      if (own != kNever) client.OnSettled();
      if (client.in_flight().has_value()) client.OnNeverCommitted();
      client.OnSnapshot(head, document_.text());
    } else {
      const Revision single = how == Resume::kCommits ? head : own;
      while (client.revision() < single) {
        Receive(i, document_.At(client.revision() + 1));
        if (::testing::Test::HasFatalFailure()) return;
      }
      if (client.in_flight().has_value()) client.OnNeverCommitted();
      if (client.revision() < head) {
        Delta gap;
        for (Revision r = client.revision() + 1; r <= head; ++r) {
          gap = Compose(gap, document_.At(r).delta);
        }
        client.OnComposed(head, gap);
      }
    }
    peer.sent = head;
    peer.connected = true;
    Saw(peer, absl::StrCat("resumed", static_cast<int>(how), own), Delta());
    Send(i);
  }

  // Until nothing is left to do, the first first.
  void Settle() {
    for (bool busy = true; busy;) {
      busy = false;
      for (int i = 0; i < kPeers; ++i) {
        Peer& peer = peers_[i];
        if (!peer.connected) {
          ResumeWithCommits(i);
        } else if (!peer.to_type.empty()) {
          Type(i);
        } else if (!peer.up.empty()) {
          SubmitArrives(i);
        } else if (peer.sent < document_.head()) {
          CommitArrives(i);
        } else {
          continue;
        }
        if (::testing::Test::HasFatalFailure()) return;
        busy = true;
      }
    }
  }

  void ExpectOneText() const {
    for (const Peer& peer : peers_) {
      ASSERT_TRUE(peer.client.synchronised());
      ASSERT_EQ(peer.client.revision(), document_.head());
      ASSERT_EQ(peer.client.confirmed(), document_.text());
      ASSERT_EQ(peer.client.view(), document_.text());
    }
  }

  // Everything that what may still happen depends on.
  uint64_t Key() const {
    std::string key = absl::StrCat(document_.digest(), " ", document_.head());
    for (const Peer& peer : peers_) {
      absl::StrAppend(&key, " ", peer.history, " ", peer.connected, peer.may_resend, peer.sent, " ",
                      peer.to_type.size());
      for (const Operation& operation : peer.up) absl::StrAppend(&key, "u", operation.sequence);
    }
    return HashBytes(key, 0);
  }

  void AllowResend(int i) { peers_[i].may_resend = true; }

  std::string DebugString() const {
    std::string out = absl::StrCat("document ", document_.text().ToDelta().DebugString());
    for (Revision r = 1; r <= document_.head(); ++r) {
      const Commit& commit = document_.At(r);
      absl::StrAppend(&out, "\n  ", r, " of ", commit.author, ": ", commit.delta.DebugString());
    }
    for (const Peer& peer : peers_) {
      absl::StrAppend(&out, "\nclient at ", peer.client.revision(), " sees ",
                      peer.client.view().ToDelta().DebugString(), ", pending ",
                      peer.client.pending().DebugString());
    }
    return out;
  }

 private:
  void Saw(Peer& peer, absl::string_view what, const Delta& delta) {
    std::string bytes(what);
    absl::StrAppend(&bytes, " ", peer.client.revision(), " ");
    AppendCanonical(delta, &bytes);
    peer.history = HashBytes(bytes, peer.history);
  }

  void Send(int i) {
    Peer& peer = peers_[i];
    if (!peer.connected) return;
    if (std::optional<Operation> operation = peer.client.TakeSubmit()) {
      operation->author = static_cast<AuthorNumber>(i + 1);
      peer.up.push_back(*operation);
    }
  }

  void Receive(int i, const Commit& commit) {
    Peer& peer = peers_[i];
    const std::optional<Operation>& in_flight = peer.client.in_flight();
    if (commit.author == static_cast<AuthorNumber>(i + 1) && in_flight.has_value() &&
        in_flight->sequence == commit.sequence) {
      ASSERT_TRUE(peer.client.OnAck(commit.sequence, commit.revision).ok());
    } else {
      ASSERT_TRUE(peer.client.OnCommitted(commit.revision, commit.delta).ok());
    }
    Saw(peer, "received", commit.delta);
    if (peer.connected) Send(i);
  }

  // Where it was committed, or kNever.
  Revision RevisionOf(const Operation& operation) const {
    for (Revision r = 1; r <= document_.head(); ++r) {
      const Commit& commit = document_.At(r);
      if (commit.author == operation.author && commit.sequence == operation.sequence) return r;
    }
    return kNever;
  }

  Document document_;
  std::array<Peer, kPeers> peers_;
};

// Walks everything that can happen within a number of messages.
class Explorer {
 public:
  void Explore(const World& world, int messages) {
    if (::testing::Test::HasFatalFailure()) return;
    const auto [known, is_new] = messages_left_.emplace(world.Key(), messages);
    if (!is_new) {
      if (known->second >= messages) return;
      known->second = messages;  // more can follow than when it was here before
    } else {
      Settle(world);
    }
    world.ForEachNext([&](const World& next, int cost) {
      if (cost <= messages) Explore(next, messages - cost);
    });
  }

  int64_t states() const { return static_cast<int64_t>(messages_left_.size()); }

 private:
  static void Settle(World world) {
    const std::string before = world.DebugString();
    world.Settle();
    if (!::testing::Test::HasFatalFailure()) world.ExpectOneText();
    if (::testing::Test::HasFatalFailure()) {
      ADD_FAILURE() << "from:\n" << before << "\nended as:\n" << world.DebugString();
    }
  }

  std::unordered_map<uint64_t, int> messages_left_;  // by state
};

int64_t States(const std::array<std::vector<Edit>, kPeers>& edits, int messages) {
  std::string trace = "edits";
  for (const std::vector<Edit>& of_one : edits) {
    absl::StrAppend(&trace, " ");
    for (const Edit edit : of_one) absl::StrAppend(&trace, static_cast<int>(edit));
  }
  SCOPED_TRACE(trace);
  World world(T("+a{b} +\\u{1F600}\\n"), edits);
  world.AllowResend(0);
  Explorer explorer;
  explorer.Explore(world, messages);
  return explorer.states();
}

// The long run takes minutes; sanitizers, which look for other bugs, get less.
constexpr bool kSanitized =
#if defined(__SANITIZE_ADDRESS__)
    true;
#else
    false;
#endif
bool IsLong() { return std::getenv("COEDIT_TEST_LONG") != nullptr; }

// Who makes which of the three edits does not matter: everyone may come first.
TEST(ExhaustiveSessions, O9EveryOrderOfEveryThreeEdits) {
  int64_t states = 0;
  for (const Edit first : kEdits) {
    for (const Edit second : kEdits) {
      for (const Edit third : kEdits) {
        if (first > second || second > third) continue;
        states += States({{{first}, {second}, {third}}}, IsLong() ? 6 : kSanitized ? 3 : 4);
        if (HasFatalFailure()) return;
      }
    }
  }
  RecordProperty("states", static_cast<int>(states));
  EXPECT_GT(states, 10000);
}

TEST(ExhaustiveSessions, O9EveryOrderOfSixMessagesWithABuffer) {
  const int messages = kSanitized ? 4 : 6;
  const int64_t states = States({{{Edit::kInsertBehindFirst, Edit::kDeleteFirst},
                                  {Edit::kInsertAtStart},
                                  {Edit::kReplaceAll}}},
                                messages);
  RecordProperty("states", static_cast<int>(states));
  EXPECT_GT(states, 1000);
}

}  // namespace
}  // namespace coedit::ot
