// The carrying logic of `coedit-load replay`, and with it the OT core on what people really typed:
// a recorded session is committed to an ot::Document without any sockets.
#include "bench/load/recorded_views.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "bench/traces.h"
#include "ot/document.h"
#include "ot/text.h"
#include "storage/maintenance/sha256.h"

namespace coedit::bench {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

struct Replayed {
  std::string text;
  std::vector<std::string> operations;  // "agent@base delta", only of short sessions
  uint64_t carried_by_server = 0;       // operations that were not made on the head
  size_t skipped = 0;
};

// Stops at the first difference between what the document makes of an operation and what is
// expected.
Replayed Replay(const Trace& trace) {
  ot::Document document(ot::DocumentType::kPlainText, ot::Text(), 0, 0, {}, {});
  RecordedViews views(&trace);
  std::vector<ot::Sequence> sequences(trace.agents);
  Replayed replayed;
  while (true) {
    const absl::StatusOr<std::optional<RecordedViews::Operation>> next = views.Next();
    EXPECT_TRUE(next.ok()) << next.status();
    if (!next.ok() || !next->has_value()) break;
    const RecordedViews::Operation& operation = **next;
    if (trace.transactions.size() < 100) {
      replayed.operations.push_back(
          absl::StrCat(operation.agent, "@", operation.base, " ", operation.delta.DebugString()));
    }
    if (operation.base < document.head()) ++replayed.carried_by_server;
    const ot::Submitted submitted = document.Submit({.author = operation.agent + 1,
                                                     .sequence = ++sequences[operation.agent],
                                                     .base = operation.base,
                                                     .delta = operation.delta});
    const auto* committed = std::get_if<ot::Committed>(&submitted);
    if (committed == nullptr || committed->commit.revision != operation.revision ||
        !(committed->commit.delta == operation.committed)) {
      const auto* rejected = std::get_if<ot::Rejected>(&submitted);
      ADD_FAILURE() << "revision " << operation.revision << " expected "
                    << operation.committed.DebugString() << ", got "
                    << (committed != nullptr  ? committed->commit.delta.DebugString()
                        : rejected != nullptr ? rejected->text
                                              : "neither a commit nor a refusal");
      break;
    }
  }
  replayed.text = document.text().ToString();
  replayed.skipped = views.skipped();
  return replayed;
}

Trace Recorded(absl::string_view name) {
  const absl::StatusOr<Trace> trace =
      ReadTrace(absl::StrCat(COEDIT_SOURCE_DIR "/tests/data/", name, ".session.gz"));
  EXPECT_TRUE(trace.ok()) << trace.status();
  return trace.ok() ? *trace : Trace();
}

TEST(RecordedViewsTest, ClownschoolEndsOnItsRecordedText) {
  const Replayed replayed = Replay(Recorded("clownschool"));
  EXPECT_EQ(storage::Sha256Hex(replayed.text),
            "d0812d3d6bfd59eab997e16187c9f1f575c65c84b4b539b033ab499c2edc79d5");
  // The server is given real work to do.
  EXPECT_GT(replayed.carried_by_server, 1000u);
}

TEST(RecordedViewsTest, FriendsforeverEndsOnTheTextOfTheEarlierCommitLeft) {
  const Replayed replayed = Replay(Recorded("friendsforever"));
  EXPECT_EQ(storage::Sha256Hex(replayed.text),
            "4c0c9d0de160288ff73afc088960ea549937d6e5b3e0f830a933385549727228");
  EXPECT_GT(replayed.carried_by_server, 1000u);
}

// {agent, base, patches} with the text of the session in log order.
Trace Make(std::vector<Transaction> transactions) {
  Trace trace;
  trace.name = "made";
  trace.kind = Trace::Kind::kSession;
  trace.agents = 2;
  trace.transactions = std::move(transactions);
  return trace;
}

TEST(RecordedViewsTest, AnAuthorTypesOnWithoutSeeingTheOther) {
  // Agent 0 types "ab" as two transactions; agent 1 has put "X" between them in the log.
  const Replayed replayed = Replay(Make({
      {.agent = 0, .base = 0, .patches = {{0, 0, "a"}}},
      {.agent = 1, .base = 0, .patches = {{0, 0, "X"}}},
      {.agent = 0, .base = 0, .patches = {{1, 0, "b"}}},
      {.agent = 0, .base = 3, .patches = {{0, 0, "!"}}},
      {.agent = 1, .base = 1, .patches = {{2, 0, "Y"}}},
  }));
  // "b" stands on revision 1, agent 0's own last commit, and the server carries it over "X" (which
  // stands left of it). "!" was typed on all there is. Agent 1 had seen "a", not "b" and not "!".
  EXPECT_THAT(replayed.operations, ElementsAre("0@0 +\"a\"", "1@0 +\"X\"", "0@1 =1 +\"b\"",
                                               "0@3 +\"!\"", "1@2 =2 +\"Y\""));
  EXPECT_EQ(replayed.text, "!aXbY");
}

TEST(RecordedViewsTest, CarriesOverUnseenCommitsUpToTheOwnLastOne) {
  // Agent 1 never sees agent 0's "abc", and types twice: the second stands on agent 1's own commit
  // at revision 2, so the tool has to carry it over "abc" itself.
  const Replayed replayed = Replay(Make({
      {.agent = 0, .base = 0, .patches = {{0, 0, "abc"}}},
      {.agent = 1, .base = 0, .patches = {{0, 0, "X"}}},
      {.agent = 0, .base = 1, .patches = {{0, 1, ""}}},
      {.agent = 1, .base = 0, .patches = {{0, 1, "Z"}}},
  }));
  EXPECT_THAT(replayed.operations,
              ElementsAre("0@0 +\"abc\"", "1@0 +\"X\"", "0@1 -1", "1@2 =3 +\"Z\" -1"));
  EXPECT_EQ(replayed.text, "bcZ");
}

TEST(RecordedViewsTest, WhatOthersDeletedBeforeTheOwnLastCommitIsPassedOver) {
  // Both delete "a"; agent 1's deletion has to be carried to its own commit "X" behind agent 0's
  // deletion, where nothing is left of it. Agent 0 has seen four transactions then, but three
  // commits.
  const Replayed replayed = Replay(Make({
      {.agent = 0, .base = 0, .patches = {{0, 0, "ab"}}},
      {.agent = 0, .base = 1, .patches = {{0, 1, ""}}},
      {.agent = 1, .base = 1, .patches = {{2, 0, "X"}}},
      {.agent = 1, .base = 1, .patches = {{0, 1, ""}}},
      {.agent = 1, .base = 2, .patches = {{2, 0, "Y"}}},
      {.agent = 0, .base = 4, .patches = {{2, 0, "!"}}},
  }));
  EXPECT_EQ(replayed.skipped, 1u);
  EXPECT_THAT(replayed.operations, ElementsAre("0@0 +\"ab\"", "0@1 -1", "1@1 =2 +\"X\"",
                                               "1@3 =2 +\"Y\"", "0@3 =2 +\"!\""));
  EXPECT_EQ(replayed.text, "bXY!");
}

TEST(RecordedViewsTest, UnseenCommitsAreNeverSquashed) {
  // D1: with "X" inserted behind "a" and "a" deleted by separate unseen commits, their composition
  // would forget that "X" came after "a".
  const Replayed replayed = Replay(Make({
      {.agent = 0, .base = 0, .patches = {{0, 0, "ab"}}},
      {.agent = 0, .base = 1, .patches = {{1, 0, "X"}}},
      {.agent = 0, .base = 2, .patches = {{0, 1, ""}}},
      {.agent = 1, .base = 1, .patches = {{2, 0, "!"}}},
      {.agent = 1, .base = 1, .patches = {{0, 0, "Y"}}},
  }));
  EXPECT_EQ(replayed.text, "YXb!");
}

TEST(RecordedViewsTest, ATransactionPastTheEndOfItsViewIsNamed) {
  const Trace trace = Make({
      {.agent = 0, .base = 0, .patches = {{0, 0, "ab"}}},
      {.agent = 1, .base = 0, .patches = {{1, 0, "X"}}},
  });
  RecordedViews views(&trace);
  ASSERT_TRUE(views.Next().ok());
  const auto next = views.Next();
  ASSERT_FALSE(next.ok());
  EXPECT_THAT(std::string(next.status().message()),
              HasSubstr("transaction 1 of agent 1 reaches over 1 units of a text of 0"));
}

}  // namespace
}  // namespace coedit::bench
