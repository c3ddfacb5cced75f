// History blocks: what goes in comes out, and nothing else is believed.
#include "storage/history_block.h"

#include <cstdlib>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "ot/canonical.h"
#include "storage/bytes.h"
#include "storage/history_outline.h"
#include "storage/segment.h"
#include "tests/storage/store_testing.h"
#include "tests/storage/typing.h"

namespace coedit::storage {
namespace {

std::string Encode(const TypedHistory& history, Effort effort = Effort::kQuick) {
  absl::StatusOr<std::string> bytes =
      EncodeHistoryBlock(history.before, history.commits, TimeTrack::Fit(history.Times()), effort);
  EXPECT_TRUE(bytes.ok()) << bytes.status();
  return bytes.value_or("");
}

void ExpectSameCommit(const ot::Commit& a, const ot::Commit& b) {
  EXPECT_EQ(a.revision, b.revision);
  EXPECT_EQ(a.digest, b.digest) << a.revision;
  EXPECT_EQ(a.author, b.author) << a.revision;
  EXPECT_EQ(a.sequence, b.sequence) << a.revision;
  EXPECT_LE(std::abs(a.time_ms - b.time_ms), TimeTrack::kToleranceMs) << a.revision;
  EXPECT_TRUE(a.delta == b.delta) << a.delta.DebugString() << " and " << b.delta.DebugString();
}

// All commits, and texts from anywhere to anywhere.
void ExpectGivesBack(const std::string& bytes, const TypedHistory& history, uint64_t seed) {
  const absl::StatusOr<HistoryBlock> block = HistoryBlock::Parse(bytes);
  ASSERT_TRUE(block.ok()) << block.status();
  EXPECT_EQ(block->before(), history.before);
  EXPECT_EQ(block->after().revision, history.commits.back().revision);
  EXPECT_EQ(block->after().digest, history.commits.back().digest);
  const ot::Revision begin = history.before.revision;
  const ot::Revision end = block->after().revision;
  std::mt19937_64 random(seed);
  for (int round = 0; round < 40 && !testing::Test::HasFailure(); ++round) {
    const auto pick = [&](ot::Revision from, ot::Revision to) {
      return std::uniform_int_distribution<ot::Revision>(from, to)(random);
    };
    const ot::Revision first = round == 0 ? begin + 1 : pick(begin + 1, end);
    const ot::Revision last = round == 0 ? end : pick(first, end);
    SCOPED_TRACE(absl::StrCat("commits ", first, " to ", last));
    std::vector<ot::Commit> commits;
    const absl::Status read = block->ReadCommits(first, last, &commits);
    ASSERT_TRUE(read.ok()) << read;
    ASSERT_EQ(commits.size(), last - first + 1);
    for (size_t i = 0; i < commits.size(); ++i) {
      ExpectSameCommit(commits[i], history.commits[first - begin - 1 + i]);
    }
    ot::Text text = first == begin + 1 ? history.initial : history.texts[first - begin - 2];
    const absl::Status applied = block->Apply(first - 1, last, &text);
    ASSERT_TRUE(applied.ok()) << applied;
    EXPECT_TRUE(text == history.texts[last - begin - 1]);
    EXPECT_EQ(*block->DigestAt(last), history.commits[last - begin - 1].digest);
  }
}

TEST(HistoryBlockTest, GivesBackWhatWentIn) {
  const uint64_t seed = TestSeed();
  SCOPED_TRACE(absl::StrCat("COEDIT_SEED=", seed));
  for (const int commits : {1, 2, 40, 700, 5000}) {
    for (const int authors : {1, 3, 20}) {
      for (const bool interleaved : {false, true}) {
        SCOPED_TRACE(absl::StrCat(commits, " commits, ", authors, " authors"));
        const TypedHistory history =
            MakeTypedHistory(seed + commits + authors, commits, authors, interleaved);
        ExpectGivesBack(Encode(history), history, seed);
        if (HasFailure()) return;
      }
    }
  }
}

TEST(HistoryBlockTest, BestEffortMeansTheSame) {
  const TypedHistory history = MakeTypedHistory(7, 3000, 2, false);
  ExpectGivesBack(Encode(history, Effort::kBest), history, 7);
}

TEST(HistoryBlockTest, ExtremeNumbers) {
  TypedHistory history;
  history.before = {(uint64_t{1} << 53) - 10, ~uint64_t{0}};
  history.initial = ot::Text(ot::DeltaBuilder().Insert("ab").Build());
  Head head = history.before;
  ot::Text text = history.initial;
  const int64_t times[] = {std::numeric_limits<int64_t>::min(), std::numeric_limits<int64_t>::max(),
                           0, -1};
  const ot::Sequence sequences[] = {~uint64_t{0}, 0, 1, uint64_t{1} << 63};
  for (int i = 0; i < 4; ++i) {
    ot::Delta delta = ot::DeltaBuilder().Retain(i).Insert("c").Build();
    head = {head.revision + 1, ot::ExtendDigest(head.digest, ~uint64_t{0}, sequences[i], delta)};
    text = ot::Text(ot::DeltaBuilder().Insert("ab").Build());
    history.commits.push_back({.revision = head.revision,
                               .digest = head.digest,
                               .author = ~uint64_t{0},
                               .sequence = sequences[i],
                               .time_ms = times[i],
                               .delta = std::move(delta)});
  }
  const absl::StatusOr<HistoryBlock> block = HistoryBlock::Parse(Encode(history));
  ASSERT_TRUE(block.ok()) << block.status();
  std::vector<ot::Commit> commits;
  ASSERT_TRUE(block->ReadCommits(history.before.revision + 1, head.revision, &commits).ok());
  ASSERT_EQ(commits.size(), 4);
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(commits[i].time_ms, times[i]);  // such times are kept exactly
    EXPECT_EQ(commits[i].sequence, sequences[i]);
    EXPECT_EQ(commits[i].digest, history.commits[i].digest);
  }
}

TEST(HistoryBlockTest, TypingTakesLittle) {
  // Nobody's prose repeats so well; it is the numbers that must not cost more than the text.
  std::mt19937_64 random(5);
  TypedHistory history;
  Head head;
  int64_t time_ms = 1'700'000'000'000;
  for (int i = 0; i < 20'000; ++i) {
    ot::Delta delta = ot::DeltaBuilder().Retain(i).Insert("x").Build();
    head = {head.revision + 1, ot::ExtendDigest(head.digest, 1, i + 1, delta)};
    history.commits.push_back({.revision = head.revision,
                               .digest = head.digest,
                               .author = 1,
                               .sequence = static_cast<ot::Sequence>(i + 1),
                               .time_ms = time_ms += TypingGapMs(&random),
                               .delta = std::move(delta)});
  }
  const std::string bytes = Encode(history, Effort::kBest);
  EXPECT_LT(bytes.size(), 1200);
  EXPECT_TRUE(HistoryBlock::Parse(bytes).ok());
}

// `bytes` as a whole or in any use are refused, or mean something; nothing crashes.
void ExpectHarmless(const std::string& bytes) {
  if (const absl::StatusOr<HistoryOutline> outline = HistoryOutline::OfBlock(bytes); outline.ok()) {
    std::vector<TimelinePoint> points;
    const absl::Status told = outline->AppendPoints({outline->first(), outline->last()}, &points);
    EXPECT_TRUE(told.ok() || absl::IsDataLoss(told)) << told;
    (void)outline->LastNotAfter(0, outline->last());
  } else {
    EXPECT_TRUE(absl::IsDataLoss(outline.status())) << outline.status();
  }
  const absl::StatusOr<HistoryBlock> block = HistoryBlock::Parse(bytes);
  if (!block.ok()) {
    EXPECT_TRUE(absl::IsDataLoss(block.status())) << block.status();
    return;
  }
  std::vector<ot::Commit> commits;
  const absl::Status read =
      block->ReadCommits(block->before().revision + 1, block->after().revision, &commits);
  EXPECT_TRUE(read.ok() || absl::IsDataLoss(read)) << read;
  ot::Text text(ot::DeltaBuilder().Insert("What stood there before.\n").Build());
  const absl::Status applied =
      block->Apply(block->before().revision, block->after().revision, &text);
  EXPECT_TRUE(applied.ok() || absl::IsDataLoss(applied)) << applied;
}

TEST(HistoryBlockTest, EveryDamageIsRefused) {
  const std::string bytes = Encode(MakeTypedHistory(3, 60, 2, false));
  ASSERT_TRUE(HistoryBlock::Parse(bytes).ok());
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_TRUE(absl::IsDataLoss(HistoryBlock::Parse(bytes.substr(0, size)).status())) << size;
  }
  for (size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
    std::string damaged = bytes;
    damaged[bit / 8] ^= static_cast<char>(1 << (bit % 8));
    EXPECT_TRUE(absl::IsDataLoss(HistoryBlock::Parse(damaged).status())) << bit;
  }
}

// With a checksum that fits, as somebody could forge it.
TEST(HistoryBlockTest, ForgedBytesAreHarmless) {
  const uint64_t seed = TestSeed();
  SCOPED_TRACE(absl::StrCat("COEDIT_SEED=", seed));
  std::mt19937_64 random(seed);
  std::string sound = Encode(MakeTypedHistory(3, 300, 3, true));
  sound.resize(sound.size() - 8);
  const int rounds = IsLongRun() ? 200'000 : 5'000;
  for (int round = 0; round < rounds && !HasFailure(); ++round) {
    std::string forged = sound;
    for (int i = 1 + static_cast<int>(random() % 3); i > 0; --i) {
      forged[random() % forged.size()] = static_cast<char>(random());
    }
    AppendChecksum(&forged);
    ExpectHarmless(forged);
  }
}

// The columns themselves forged: their numbers do not fit each other, the digests or the text.
TEST(HistoryBlockTest, ForgedColumnsAreHarmless) {
  const uint64_t seed = TestSeed();
  SCOPED_TRACE(absl::StrCat("COEDIT_SEED=", seed));
  std::mt19937_64 random(seed);
  const auto below = [&](uint64_t bound) { return random() % bound; };
  const int rounds = IsLongRun() ? 500'000 : 20'000;
  for (int round = 0; round < rounds && !HasFailure(); ++round) {
    std::string bytes(1, '\1');
    const uint64_t count = 1 + below(below(4) == 0 ? 70'000 : 20);
    ot::AppendVarint(1 + below(5), &bytes);
    ot::AppendVarint(count, &bytes);
    AppendFixed64(0, &bytes);
    AppendFixed64(random(), &bytes);
    for (uint64_t mark = 2048; mark < count; mark += 2048) AppendFixed64(random(), &bytes);
    ot::AppendVarint(below(8) == 0 ? random() : below(2) * 999 + 1, &bytes);
    std::string numbers;
    for (int column = 0; column < kHistoryColumnCount; ++column) {
      std::string values;
      for (uint64_t i = below(12); i > 0; --i) {
        ot::AppendVarint(below(6) == 0 ? random() >> below(64) : below(20), &values);
      }
      ot::AppendVarint(values.size() + (below(50) == 0 ? random() >> below(64) : 0), &bytes);
      numbers += values;
    }
    AppendSized(Compress(numbers, Content::kNumbers, Effort::kQuick), &bytes);
    const std::string text = below(2) == 0 ? "plain text" : "\xC3\xA9\xF0\x9F\x98\x80 more";
    ot::AppendVarint(text.size() + (below(20) == 0 ? random() >> below(64) : 0), &bytes);
    bytes += Compress(text, Content::kText, Effort::kQuick);
    AppendChecksum(&bytes);
    ExpectHarmless(bytes);
  }
}

TEST(CompressionTest, ASmallStreamDoesNotUnfold) {
  const std::string large(size_t{30} << 20, '\0');
  const std::string bomb = Compress(large, Content::kNumbers, Effort::kQuick);
  ASSERT_LT(bomb.size(), 1000);
  std::string out;
  EXPECT_FALSE(Decompress(bomb, 1000, &out));
  EXPECT_LE(out.capacity(), size_t{1} << 20);
  EXPECT_FALSE(Decompress("", size_t{1} << 40, &out));
  EXPECT_LE(out.capacity(), size_t{1} << 20);
  EXPECT_FALSE(Decompress(bomb, large.size() + 1, &out));
  EXPECT_TRUE(Decompress(bomb, large.size(), &out));
  EXPECT_EQ(out, large);
}

TEST(TimeTrackTest, TimesStayWithinTheTolerance) {
  const uint64_t seed = TestSeed();
  SCOPED_TRACE(absl::StrCat("COEDIT_SEED=", seed));
  std::mt19937_64 random(seed);
  TimeTrack joined;
  std::vector<int64_t> all;
  for (int part = 0; part < 20; ++part) {
    std::vector<int64_t> times;
    int64_t time_ms = 1'600'000'000'000 + static_cast<int64_t>(random() % 10'000'000'000);
    for (uint64_t i = 1 + random() % 3000; i > 0; --i) {
      time_ms +=
          random() % 500 == 0 ? -static_cast<int64_t>(random() % 100'000) : TypingGapMs(&random);
      times.push_back(time_ms);
    }
    const TimeTrack track = TimeTrack::Fit(times);
    TimeTrack::Columns columns;
    track.AppendColumns(&columns);
    EXPECT_LT(columns.counts.size() + columns.steps.size(), times.size() / 8 + 20);
    const absl::StatusOr<TimeTrack> parsed =
        TimeTrack::Parse(track.unit_ms(), track.size(), columns.counts, columns.steps);
    ASSERT_TRUE(parsed.ok()) << parsed.status();
    joined.Append(*parsed);
    all.insert(all.end(), times.begin(), times.end());
  }
  const std::vector<int64_t> found = joined.Times();
  ASSERT_EQ(found.size(), all.size());
  for (size_t i = 0; i < all.size(); ++i) {
    ASSERT_LE(std::abs(found[i] - all[i]), TimeTrack::kToleranceMs) << i;
  }
}

// Single times, and what was made at or before one, without reading them all.
TEST(TimeTrackTest, TellsSingleTimes) {
  const uint64_t seed = TestSeed();
  SCOPED_TRACE(absl::StrCat("COEDIT_SEED=", seed));
  std::mt19937_64 random(seed);
  EXPECT_EQ(TimeTrack().LastNotAfter(0, 0), std::nullopt);
  for (int round = 0; round < 300 && !HasFailure(); ++round) {
    std::vector<int64_t> times;
    int64_t time_ms = round % 10 == 0 ? -50'000 : 1'600'000'000'000;  // kept exactly, or coarsely
    for (uint64_t i = 1 + random() % 300; i > 0; --i) {
      time_ms += random() % 30 == 0 ? -static_cast<int64_t>(random() % 100'000)
                                    : static_cast<int64_t>(random() % 3) * TypingGapMs(&random);
      times.push_back(time_ms);
    }
    const TimeTrack track = TimeTrack::Fit(times);
    times = track.Times();
    const auto size = static_cast<int64_t>(times.size());
    std::vector<int64_t> indices;
    for (int64_t i = 0; i < size; ++i) {
      if (random() % 3 == 0) indices.push_back(i);
    }
    const std::vector<int64_t> told = track.TimesAt(indices);
    ASSERT_EQ(told.size(), indices.size());
    for (size_t i = 0; i < indices.size(); ++i) EXPECT_EQ(told[i], times[indices[i]]);
    for (int i = 0; i < 50; ++i) {
      const int64_t at_ms = times[random() % times.size()] + static_cast<int64_t>(random() % 3) - 1;
      const auto end = static_cast<int64_t>(random() % (times.size() + 1));
      int64_t expected = end - 1;
      while (expected >= 0 && times[expected] > at_ms) --expected;
      EXPECT_EQ(track.LastNotAfter(at_ms, end).value_or(-1), expected) << at_ms << " " << end;
    }
  }
}

TEST(HistoryOutlineTest, TellsAuthorsAndTimes) {
  const uint64_t seed = TestSeed();
  SCOPED_TRACE(absl::StrCat("COEDIT_SEED=", seed));
  std::mt19937_64 random(seed);
  for (const int authors : {1, 3, 20}) {
    const TypedHistory history = MakeTypedHistory(seed + authors, 3000, authors, authors == 20);
    const std::string bytes = Encode(history);
    const absl::StatusOr<HistoryBlock> block = HistoryBlock::Parse(bytes);
    ASSERT_TRUE(block.ok()) << block.status();
    const ot::Revision begin = history.before.revision;
    std::vector<ot::Commit> commits;
    ASSERT_TRUE(block->ReadCommits(begin + 1, block->after().revision, &commits).ok());
    for (const bool is_segment : {false, true}) {
      const absl::StatusOr<HistoryOutline> outline =
          is_segment ? HistoryOutline::OfSegment(EncodeSegment(history.before, commits))
                     : HistoryOutline::OfBlock(bytes);
      ASSERT_TRUE(outline.ok()) << outline.status();
      EXPECT_EQ(outline->first(), begin + 1);
      EXPECT_EQ(outline->last(), block->after().revision);
      for (int round = 0; round < 20; ++round) {
        std::vector<ot::Revision> revisions;
        for (const ot::Commit& commit : commits) {
          if (random() % (1 + round * round) == 0) revisions.push_back(commit.revision);
        }
        std::vector<TimelinePoint> points;
        const absl::Status told = outline->AppendPoints(revisions, &points);
        ASSERT_TRUE(told.ok()) << told;
        ASSERT_EQ(points.size(), revisions.size());
        for (size_t i = 0; i < points.size(); ++i) {
          const ot::Commit& commit = commits[revisions[i] - begin - 1];
          EXPECT_EQ(points[i].revision, commit.revision);
          EXPECT_EQ(points[i].author, commit.author);
          EXPECT_EQ(points[i].time_ms, commit.time_ms);
        }
        const ot::Revision last = begin + 1 + random() % commits.size();
        const int64_t at_ms = commits[random() % commits.size()].time_ms;
        ot::Revision expected = last;
        while (expected > begin && commits[expected - begin - 1].time_ms > at_ms) --expected;
        EXPECT_EQ(outline->LastNotAfter(at_ms, last).value_or(begin), expected);
      }
    }
  }
}

TEST(TimeTrackTest, ExactAndCoarseTracksJoin) {
  const std::vector<int64_t> coarse = {1'700'000'000'123, 1'700'000'001'456};
  const std::vector<int64_t> exact = {-5, std::numeric_limits<int64_t>::max()};
  for (const bool exact_first : {false, true}) {
    TimeTrack joined = TimeTrack::Fit(exact_first ? exact : coarse);
    joined.Append(TimeTrack::Fit(exact_first ? coarse : exact));
    const std::vector<int64_t> times = joined.Times();
    ASSERT_EQ(times.size(), 4);
    for (int i = 0; i < 2; ++i) {
      EXPECT_EQ(times[i + (exact_first ? 0 : 2)], exact[i]);
      EXPECT_NEAR(times[i + (exact_first ? 2 : 0)], coarse[i], TimeTrack::kToleranceMs);
    }
  }
}

}  // namespace
}  // namespace coedit::storage
