// ot::Document: the order of commits, the sequence rules, what is refused. Obligation O8: an
// operation is carried over commits one by one, never over their composition.

#include "ot/document.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "ot/algebra.h"
#include "ot/apply.h"
#include "tests/ot/notation.h"

namespace coedit::ot {
namespace {

using ::coedit::ot::testing::D;
using ::coedit::ot::testing::T;
using ::testing::HasSubstr;

Document Make(absl::string_view text, DocumentType type = DocumentType::kRichText,
              DocumentLimits limits = {}) {
  return Document(type, T(text), 0, 0, {}, limits);
}

Commit MustCommit(Document& document, AuthorNumber author, Sequence sequence, Revision base,
                  absl::string_view delta) {
  Submitted submitted = document.Submit({author, sequence, base, D(delta)});
  const auto* rejected = std::get_if<Rejected>(&submitted);
  EXPECT_EQ(rejected, nullptr) << rejected->text;
  return std::get<Committed>(submitted).commit;
}

Rejected MustReject(Document& document, const Operation& operation) {
  const Text before = document.text();
  const Revision head = document.head();
  Submitted submitted = document.Submit(operation);
  EXPECT_EQ(document.text(), before);
  EXPECT_EQ(document.head(), head);
  EXPECT_TRUE(std::holds_alternative<Rejected>(submitted));
  return std::get<Rejected>(submitted);
}

TEST(Document, GivesRevisionsInOrder) {
  Document document = Make("+abc");
  EXPECT_EQ(MustCommit(document, 1, 1, 0, "+x").revision, 1u);
  EXPECT_EQ(MustCommit(document, 2, 1, 1, "=4 +y").revision, 2u);
  EXPECT_EQ(document.text(), T("+xabcy"));
}

TEST(Document, TheEarlierCommitStandsLeft) {
  Document document = Make("+ab");
  MustCommit(document, 1, 1, 0, "=1 +X");
  EXPECT_EQ(MustCommit(document, 2, 1, 0, "=1 +Y").delta, D("=2 +Y"));
  EXPECT_EQ(document.text(), T("+aXYb"));
}

TEST(Document, TheEarlierFormatWins) {
  Document document = Make("+ab");
  MustCommit(document, 1, 1, 0, "=2{color:\"red\"}");
  EXPECT_EQ(MustCommit(document, 2, 1, 0, "=2{color:\"blue\",bold}").delta, D("=2{bold}"));
}

// D1: a = keep 1, insert X; c = delete 1. Composed they read "insert X, delete 1" and no longer
// tell that X came after the deleted character; an insert at 0 then lands on the other side of X.
TEST(Document, CarriesOverSingleCommitsNeverOverTheirComposition) {
  Document document = Make("+12");
  const Commit a = MustCommit(document, 1, 1, 0, "=1 +X");
  const Commit c = MustCommit(document, 1, 2, 1, "-1");
  const Commit b = MustCommit(document, 2, 1, 0, "+Y");
  EXPECT_EQ(document.text(), T("+YX2"));
  EXPECT_EQ(b.delta, D("+Y"));
  EXPECT_EQ(Transform(D("+Y"), Compose(a.delta, c.delta), Side::kLeft), D("=1 +Y"));
}

TEST(Document, AnOperationThatBecomesEmptyStillCommits) {
  Document document = Make("+ab");
  MustCommit(document, 1, 1, 0, "-2");
  EXPECT_EQ(MustCommit(document, 2, 1, 0, "-2").delta, Delta());
  EXPECT_EQ(document.head(), 2u);
}

TEST(Document, SequenceRules) {
  Document document = Make("+ab");
  MustCommit(document, 1, 5, 0, "+x");
  MustCommit(document, 2, 1, 0, "+y");
  // The same again, whatever happened since: the original place.
  Submitted again = document.Submit({1, 5, 0, D("+x")});
  ASSERT_TRUE(std::holds_alternative<Duplicate>(again));
  EXPECT_EQ(std::get<Duplicate>(again).revision, 1u);
  EXPECT_EQ(document.head(), 2u);
  // Another content or base under the same sequence.
  EXPECT_EQ(MustReject(document, {1, 5, 0, D("+z")}).reason, Refusal::kSequenceConflict);
  EXPECT_EQ(MustReject(document, {1, 5, 1, D("+x")}).reason, Refusal::kSequenceConflict);
  // A lower one is never acknowledged, not even with the right content.
  EXPECT_EQ(MustReject(document, {1, 4, 0, D("+x")}).reason, Refusal::kStaleSequence);
  EXPECT_EQ(MustReject(document, {3, 0, 0, D("+x")}).reason, Refusal::kStaleSequence);
  // Gaps are legal.
  EXPECT_EQ(MustCommit(document, 1, 50, 2, "+z").revision, 3u);
}

TEST(Document, TheSequenceIsCheckedBeforeTheBase) {
  Document document = Make("+ab");
  MustCommit(document, 1, 5, 0, "+x");
  EXPECT_EQ(MustReject(document, {1, 4, 99, D("+x")}).reason, Refusal::kStaleSequence);
}

struct Refused {
  const char* why;
  Operation operation;
  Refusal reason;
  const char* names;  // the offending value
};

TEST(Document, AnOperationWithAnIdentityIsKnownByItAlone) {
  Document document = Make("+abc", DocumentType::kRichText, {.delta_components_max = 2});
  const Operation first = {.author = 1,
                           .sequence = 1,
                           .base = 0,
                           .delta = D("+\"x\" =1 +\"y\" =1 +\"z\""),
                           .identity = 7};
  EXPECT_FALSE(document.FindEarlier(first).has_value());
  EXPECT_EQ(std::get<Committed>(document.Submit(first)).commit.revision, 1u);
  MustCommit(document, 2, 1, 1, "+\"!\"");
  // Made anew on the head: another delta, another base, even none.
  const Operation again = {.author = 1, .sequence = 1, .base = 2, .delta = D("-1"), .identity = 7};
  EXPECT_EQ(std::get<Duplicate>(document.Submit(again)).revision, 1u);
  const Operation empty = {.author = 1, .sequence = 1, .base = 2, .delta = Delta(), .identity = 7};
  EXPECT_EQ(std::get<Duplicate>(*document.FindEarlier(empty)).revision, 1u);
  EXPECT_EQ(
      MustReject(document, {.author = 1, .sequence = 1, .base = 2, .delta = D("-1"), .identity = 8})
          .reason,
      Refusal::kSequenceConflict);
  EXPECT_EQ(MustReject(document, {1, 1, 0, first.delta}).reason, Refusal::kSequenceConflict);
}

TEST(Document, RefusesAndNamesTheValue) {
  Document document = Make("+\"a\\u{1F600}b\"");  // 4 units
  MustCommit(document, 9, 1, 0, "+x");
  const std::vector<Refused> table = {
      {"ahead of the head", {1, 1, 2, D("+x")}, Refusal::kInvalidOperation, "2"},
      {"past the end", {1, 1, 1, D("=6 +x")}, Refusal::kInvalidOperation, "6"},
      {"past the end at its base", {1, 1, 0, D("-5")}, Refusal::kInvalidOperation, "5"},
      {"deletes half a pair", {1, 1, 1, D("=2 -1")}, Refusal::kInvalidOperation, "3"},
      {"inserts into a pair", {1, 1, 0, D("=2 +x")}, Refusal::kInvalidOperation, "3"},
      {"changes nothing", {1, 1, 1, Delta()}, Refusal::kInvalidOperation, "nothing"},
  };
  for (const Refused& row : table) {
    SCOPED_TRACE(row.why);
    const Rejected rejected = MustReject(document, row.operation);
    EXPECT_EQ(rejected.reason, row.reason);
    EXPECT_THAT(rejected.text, HasSubstr(row.names));
  }
}

TEST(Document, PlainTextRefusesFormatsAndEmbeds) {
  Document document = Make("+ab", DocumentType::kPlainText);
  EXPECT_THAT(MustReject(document, {1, 1, 0, D("=1{bold}")}).text, HasSubstr("'bold'"));
  EXPECT_THAT(MustReject(document, {1, 1, 0, D("+x{bold}")}).text, HasSubstr("'bold'"));
  EXPECT_THAT(MustReject(document, {1, 1, 0, D("+{\"image\":\"x\"}")}).text, HasSubstr("embed"));
}

TEST(Document, LimitsHoldForWhatGrows) {
  DocumentLimits limits;
  limits.document_units_max = 5;
  Document document = Make("+abcd", DocumentType::kPlainText, limits);
  EXPECT_EQ(MustReject(document, {1, 1, 0, D("+xy")}).reason, Refusal::kDocumentLimit);
  MustCommit(document, 1, 1, 0, "+x");
  MustCommit(document, 1, 2, 1, "+y -1");
  MustCommit(document, 1, 3, 2, "-2");
}

TEST(Document, TheCatchUpWindowIsExact) {
  DocumentLimits limits;
  limits.catch_up_revisions_max = 3;
  Document document = Make("+a", DocumentType::kPlainText, limits);
  for (Sequence i = 1; i <= 4; ++i) MustCommit(document, 1, i, i - 1, "+x");
  EXPECT_EQ(MustReject(document, {2, 1, 0, D("+y")}).reason, Refusal::kRevisionTooOld);
  EXPECT_EQ(MustCommit(document, 2, 1, 1, "+y").delta, D("=3 +y"));
}

TEST(Document, TheWorkOfOneOperationIsBounded) {
  DocumentLimits limits;
  limits.transform_work_max = 20;
  Document document = Make("+a", DocumentType::kPlainText, limits);
  for (Sequence i = 1; i <= 20; ++i) MustCommit(document, 1, i, i - 1, "+x");
  EXPECT_EQ(MustReject(document, {2, 1, 0, D("+y")}).reason, Refusal::kTooComplex);
  MustCommit(document, 2, 1, 15, "+y");
}

TEST(Document, HistoryMayBeDroppedAndBroughtBack) {
  Document document = Make("+ab");
  std::vector<Commit> log;
  for (Sequence i = 1; i <= 10; ++i) log.push_back(MustCommit(document, 1, i, i - 1, "=1 +x"));
  document.DropHistory(7);
  EXPECT_EQ(document.floor(), 7u);
  EXPECT_EQ(document.DigestAt(7), log[6].digest);
  EXPECT_EQ(document.DigestAt(6), std::nullopt);
  EXPECT_EQ(document.LengthAt(7), 9);
  Submitted needs = document.Submit({2, 1, 3, D("=2 +y")});
  ASSERT_TRUE(std::holds_alternative<NeedsHistory>(needs));
  EXPECT_EQ(std::get<NeedsHistory>(needs).after, 3u);
  document.PrependHistory(absl::MakeConstSpan(log).subspan(3, 4));
  EXPECT_EQ(document.floor(), 3u);
  EXPECT_EQ(document.LengthAt(3), 5);
  EXPECT_EQ(document.DigestAt(4), log[3].digest);
  EXPECT_EQ(MustCommit(document, 2, 1, 3, "=2 +y").delta, D("=9 +y"));
}

TEST(Document, ReplayGivesTheSameAndRefusesAnotherHistory) {
  Document original = Make("+ab");
  std::vector<Commit> log;
  log.push_back(MustCommit(original, 1, 1, 0, "=1 +x"));
  log.push_back(MustCommit(original, 2, 1, 0, "-1"));
  Document copy = Make("+ab");
  for (const Commit& commit : log) ASSERT_TRUE(copy.Replay(commit).ok());
  EXPECT_EQ(copy.text(), original.text());
  EXPECT_EQ(copy.digest(), original.digest());

  Document skipped = Make("+ab");
  EXPECT_TRUE(absl::IsDataLoss(skipped.Replay(log[1])));
  Document changed = Make("+ab");
  log[0].delta = D("=1 +z");
  EXPECT_TRUE(absl::IsDataLoss(changed.Replay(log[0])));
  Document other = Make("");
  log[0].delta = D("=1 +x");
  EXPECT_TRUE(absl::IsDataLoss(other.Replay(log[0])));
}

}  // namespace
}  // namespace coedit::ot
