// What the core costs, in counts: allocations, bytes and components. Never in time, which says more
// about the machine.
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "ot/algebra.h"
#include "ot/apply.h"
#include "ot/commit_history.h"
#include "ot/document.h"
#include "ot/log_composer.h"
#include "ot/text.h"
#include "tests/ot/property.h"
#include "tests/ot_cost/heap.h"

namespace coedit::ot {
namespace {

using coedit::testing::HeapNow;
using testing::ForEachCase;
using testing::RandomChange;
using testing::RandomDocument;
using testing::Rng;
using testing::Shape;

template <typename Work>
int64_t AllocationsOf(Work work) {
  const int64_t before = HeapNow().allocations;
  work();
  return HeapNow().allocations - before;
}

// A change that fits into the object itself.
bool IsSmall(const Delta& delta) { return delta.size() <= 4 && delta.text_bytes() <= 16; }

TEST(HeapCounts, AreNotBlind) {
  std::string text;
  EXPECT_EQ(AllocationsOf([&] { text = std::string(100, 'x'); }), 1);
  Delta delta;
  EXPECT_EQ(AllocationsOf([&] { delta = DeltaBuilder().Insert(text).Build(); }), 1);
}

// Formats are left out: a mix of two is a new map, which is a block of its own.
TEST(Allocations, NoneForChangesOfUpToThreeComponents) {
  int64_t results = 0;
  ForEachCase(20000, [&](Rng& rng) {
    const Shape shape = {.rich = false, .document_units = 40, .insert_units = 2, .components = 3};
    const Text text(RandomDocument(rng, shape));
    const Delta a = RandomChange(rng, text, shape);
    const Delta b = RandomChange(rng, text, shape);
    const Delta c = RandomChange(rng, Applied(text, a), shape);
    if (a.size() > 3 || b.size() > 3 || c.size() > 3 || !IsSmall(a) || !IsSmall(b) || !IsSmall(c)) {
      return;
    }
    for (const auto& change :
         {+[](const Delta&x, const Delta&y, const Delta&) { return Transform(y, x, Side::kLeft); },
          +[](const Delta&x, const Delta&y, const Delta&) { return Transform(y, x, Side::kRight); },
          +[](const Delta&x, const Delta&, const Delta&next) { return Compose(x, next); }}) {
      Delta result;
      const int64_t allocations = AllocationsOf([&] { result = change(a, b, c); });
      if (!IsSmall(result)) continue;
      ++results;
      ASSERT_EQ(allocations, 0) << result.DebugString();
    }
    Delta copy;
    ASSERT_EQ(AllocationsOf([&] { copy = a; }), 0);
  });
  EXPECT_GT(results, 1000);
}

TEST(Allocations, NoneForApplyWhereTheTextDoesNotGrow) {
  const Attributes bold{{"bold", "true"}};
  Text text(
      DeltaBuilder().Insert(std::string(300, 'a')).Insert(std::string(300, 'b'), bold).Build());
  const Delta there = DeltaBuilder().Retain(200).Insert("xyz").Delete(2).Build();
  const Delta back = DeltaBuilder().Retain(200).Insert("aa").Delete(3).Build();
  const auto edit = [&] {
    Apply(there, &text);
    Apply(back, &text);
  };
  edit();  // the loaded leaf has no spare room yet
  EXPECT_EQ(AllocationsOf([&] {
              for (int i = 0; i < 1000; ++i) edit();
            }),
            0);
}

TEST(Allocations, FewWhereTheTextGrows) {
  Text text;
  const int64_t allocations = AllocationsOf([&] {
    for (int i = 0; i < 10000; ++i) Apply(DeltaBuilder().Retain(i).Insert("x").Build(), &text);
  });
  EXPECT_LT(allocations, 1000);
}

// Letter after letter at a caret that jumps now and then; every fifth keystroke takes one back.
std::vector<Delta> Typing(Rng& rng, int64_t edits, int64_t length) {
  std::vector<Delta> log;
  int64_t caret = rng.Below(length + 1);
  for (int64_t i = 0; i < edits; ++i) {
    if (rng.Below(24) == 0) caret = rng.Below(length + 1);
    DeltaBuilder builder;
    if (rng.Below(5) == 0 && caret > 0) {
      log.push_back(builder.Retain(--caret).Delete(1).Build());
      --length;
    } else {
      const char letter = static_cast<char>('a' + rng.Below(26));
      log.push_back(builder.Retain(caret++).Insert(absl::string_view(&letter, 1)).Build());
      ++length;
    }
  }
  return log;
}

TEST(Growth, OfTheOfflineMergeStaysBelowN1p1) {
  const Text base(DeltaBuilder().Insert(std::string(20'000, 'a')).Build());
  // Components that are read or written from the arrival of both branches to the merged change.
  const auto components = [&](int64_t edits) {
    Rng rng(static_cast<uint64_t>(edits));
    int64_t count = 0;
    Delta branches[2];
    for (Delta& branch : branches) {
      LogComposer composer;
      for (const Delta& delta : Typing(rng, edits, base.length())) {
        count += static_cast<int64_t>(delta.size());
        composer.Add(delta);
      }
      branch = composer.Finish();
      count += composer.components_composed();
    }
    const Delta merged = Transform(branches[1], branches[0], Side::kLeft);
    return count + static_cast<int64_t>(branches[0].size() + branches[1].size() + merged.size());
  };
  int64_t smaller = components(1'000);
  for (const int64_t edits : {10'000, 100'000}) {
    const int64_t larger = components(edits);
    const double exponent = std::log10(static_cast<double>(larger) / static_cast<double>(smaller));
    EXPECT_LT(exponent, 1.1) << "up to " << edits << " edits: " << smaller << " to " << larger;
    smaller = larger;
  }
}

double HeapPerByte(const Text& text, int64_t live_before) {
  return static_cast<double>(HeapNow().live_bytes - live_before) /
         static_cast<double>(text.bytes());
}

TEST(TextMemory, StaysNearTheSizeOfTheText) {
  Rng rng(1);
  const std::vector<Delta> log = Typing(rng, 200'000, 0);
  int64_t before = HeapNow().live_bytes;
  Text typed;
  for (const Delta& delta : log) Apply(delta, &typed);
  EXPECT_LT(HeapPerByte(typed, before), 1.35);

  const Delta content = typed.ToDelta();
  before = HeapNow().live_bytes;
  const Text loaded(content);
  EXPECT_LT(HeapPerByte(loaded, before), 1.15);
}

// Letters at the end of a text of 10,000 units, by one author.
void TypeInto(CommitHistory* history, int64_t letters) {
  for (; letters > 0; --letters) {
    const auto typed = static_cast<int64_t>(history->head());
    Commit commit = {.revision = history->head() + 1,
                     .author = 1,
                     .sequence = history->head() + 1,
                     .delta = DeltaBuilder().Retain(10'000 + typed).Insert("x").Build()};
    const CommitBytes encoded = EncodeCommit(commit.author, commit.sequence, commit.delta);
    commit.digest = ExtendDigest(*history->DigestAt(history->head()), encoded);
    history->Append(commit, encoded, 10'001 + typed);
  }
}

TEST(HistoryMemory, ATypedLetterTakesAtMostTwelveBytes) {
  const int64_t before = HeapNow().live_bytes;
  CommitHistory history(0, 0, 10'000);
  TypeInto(&history, 2048);
  const int64_t full = HeapNow().live_bytes;
  // With the values of the newest, which are 2 KiB.
  EXPECT_LE(full - before, 13 * 2048);
  TypeInto(&history, 2048);
  EXPECT_LE(HeapNow().live_bytes - full, 12 * 2048);
  history.Drop(2048);
  EXPECT_LE(HeapNow().live_bytes - before, 14 * 2048);
}

TEST(HistoryMemory, StaysBoundedWhereOperationsReachFarBack) {
  const int64_t before = HeapNow().live_bytes;
  CommitHistory history(0, 0, 10'000);
  for (int i = 0; i < 2048; ++i) {
    TypeInto(&history, 1);
    history.OperationReachesBack(200);
  }
  EXPECT_LE(HeapNow().live_bytes - before, 13 * 2048 + 256 * 144);
}

TEST(HistoryCost, AppendingSeldomAllocatesAndReadingDoesNot) {
  CommitHistory history(0, 0, 10'000);
  EXPECT_LE(AllocationsOf([&] { TypeInto(&history, 6400); }), 8 * 100 + 20);
  int64_t units = 0;
  EXPECT_EQ(AllocationsOf([&] {
              CommitReader commits = history.Read(0, history.head());
              while (const auto commit = commits.Next()) units += commit->delta.growth();
              units += history.LengthAt(1000);
            }),
            0);
  EXPECT_EQ(units, 6400 + 11'000);
}

TEST(DocumentMemory, IsItsTextAndItsHistory) {
  const Delta content = DeltaBuilder().Insert(std::string(105'000, 'a')).Build();
  const int64_t before = HeapNow().live_bytes;
  Document document(DocumentType::kPlainText, Text(content), 0, 0, {}, {});
  EXPECT_LE(HeapNow().live_bytes - before, 105'000 * 115 / 100);
  for (int64_t i = 0; i < 2048; ++i) {
    const Revision head = document.head();
    ASSERT_TRUE(std::holds_alternative<Committed>(document.Submit(
        {1, head + 1, head, DeltaBuilder().Retain(50'000 + i).Insert("x").Build()})));
  }
  EXPECT_LE(HeapNow().live_bytes - before, 107'048 * 115 / 100 + 13 * 2048);
}

TEST(TextCost, CopiesAreFreeAndEditsOfACopyTakeAPathOfNodes) {
  for (const int64_t units : {100'000, 4'000'000}) {
    const Text text(DeltaBuilder().Insert(std::string(static_cast<size_t>(units), 'a')).Build());
    Text copy;
    EXPECT_EQ(AllocationsOf([&] { copy = text; }), 0);
    const int64_t before = HeapNow().taken_bytes;
    Apply(DeltaBuilder().Retain(units / 2).Insert("x").Build(), &copy);
    EXPECT_LT(HeapNow().taken_bytes - before, 8000) << units;
    EXPECT_EQ(copy.length(), text.length() + 1);
  }
}

}  // namespace
}  // namespace coedit::ot
