// Copies of a Text, a Delta and Attributes belong to whoever holds them, on any thread, although
// they share memory: counts go up and down on many threads at once, and what somebody else still
// sees is never changed. ThreadSanitizer runs this.
#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "ot/apply.h"
#include "ot/text.h"
#include "tests/ot/generators.h"
#include "tests/ot/notation.h"

namespace coedit::ot {
namespace {

using testing::Rng;
using testing::Shape;

constexpr int kThreads = 4;
constexpr int kRounds = 150;

// Runs work(rng, thread) on several threads.
template <typename Work>
void OnThreads(uint64_t seed, Work work) {
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back(
        [&work, i, rng = Rng(seed + static_cast<uint64_t>(i))]() mutable { work(rng, i); });
  }
  for (std::thread& thread : threads) thread.join();
}

// Some leaves, so that whole parts of the tree are shared.
Text LongText(Rng& rng) {
  DeltaBuilder out;
  for (int i = 0; i < 400; ++i) {
    out.Insert(testing::RandomString(rng, 40),
               rng.Chance(30) ? testing::RandomAttributes(rng, false) : Attributes());
  }
  return Text(out.Build());
}

TEST(SharedCopies, EachThreadEditsItsOwnCopyOfOneText) {
  const uint64_t seed = testing::RunSeed();
  Rng rng(seed);
  const Text text = LongText(rng);
  const Delta before = text.ToDelta();
  OnThreads(seed, [&](Rng& own, int) {
    Text mine = text;
    for (int i = 0; i < kRounds; ++i) {
      if (own.Chance(20)) mine = text;
      const Text kept = mine;
      const Delta change = testing::RandomKeystroke(own, mine);
      Apply(change, &mine);
      EXPECT_EQ(Applied(kept, change), mine);
    }
  });
  EXPECT_EQ(text.ToDelta(), before) << "COEDIT_SEED=" << seed;
}

// As the server does it: the owner edits on while a snapshot of each moment is read elsewhere, and
// goes there.
TEST(SharedCopies, SnapshotsAreReadAndGoElsewhereWhileTheOwnerEditsOn) {
  const uint64_t seed = testing::RunSeed();
  Rng rng(seed);
  Text text = LongText(rng);
  std::vector<std::thread> readers;
  for (int i = 0; i < 40; ++i) {
    readers.emplace_back([snapshot = text, expected = text.ToDelta()]() mutable {
      EXPECT_EQ(snapshot.ToDelta(), expected);
      snapshot = Text();
    });
    for (int j = 0; j < 10; ++j) Apply(testing::RandomKeystroke(rng, text), &text);
  }
  for (std::thread& reader : readers) reader.join();
}

// Deltas and texts of many threads point to the same blocks of attributes.
TEST(SharedCopies, AttributesAreCountedOnAllThreads) {
  const uint64_t seed = testing::RunSeed();
  Rng rng(seed);
  std::vector<Attributes> shared;
  for (int i = 0; i < 8; ++i) shared.push_back(testing::RandomAttributes(rng, true));
  const std::vector<Attributes> before = shared;
  std::vector<Delta> made(kThreads);
  OnThreads(seed, [&](Rng& own, int thread) {
    DeltaBuilder out;
    for (int i = 0; i < kRounds; ++i) {
      const Attributes copy = shared[static_cast<size_t>(own.Below(8))];
      out.Retain(1, ComposeAttributes(copy, shared[static_cast<size_t>(own.Below(8))], true));
      const Delta delta = DeltaBuilder().Retain(1, copy).Delete(1).Build();
      EXPECT_EQ(delta, Delta(delta));
    }
    made[static_cast<size_t>(thread)] = out.Build();
  });
  shared.clear();
  for (const Delta& delta : made) EXPECT_EQ(delta.base_length(), kRounds);
  EXPECT_EQ(before.size(), 8u);
}

}  // namespace
}  // namespace coedit::ot
