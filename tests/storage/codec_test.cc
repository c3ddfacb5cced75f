// The stored byte formats: written down once, and refused when anything in them is changed.
#include <algorithm>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "ot/canonical.h"
#include "storage/bytes.h"
#include "storage/segment.h"
#include "storage/snapshot_codec.h"
#include "tests/storage/store_testing.h"

namespace coedit::storage {
namespace {

std::string Hex(const std::string& bytes) { return absl::BytesToHexString(bytes); }

// Hex digits with spaces, as docs/storage.md prints them.
std::string FromHex(std::string text) {
  text.erase(std::remove(text.begin(), text.end(), ' '), text.end());
  return absl::HexStringToBytes(text);
}

// The example of docs/storage.md: two commits on "hello\n".
std::vector<ot::Commit> ExampleCommits(const Head& before) {
  std::vector<ot::Commit> commits(2);
  commits[0] = {.revision = before.revision + 1,
                .author = 1,
                .sequence = 1,
                .time_ms = 1'700'000'000'000,
                .delta = ot::DeltaBuilder().Retain(5).Insert("!").Build()};
  commits[1] = {.revision = before.revision + 2,
                .author = 2,
                .sequence = 9,
                .time_ms = 1'699'999'999'990,
                .delta = ot::DeltaBuilder().Retain(5, {{"bold", "true"}}).Delete(1).Build()};
  ot::Digest digest = before.digest;
  for (ot::Commit& commit : commits) {
    digest = ot::ExtendDigest(digest, commit.author, commit.sequence, commit.delta);
    commit.digest = digest;
  }
  return commits;
}

constexpr Head kExampleBefore{300, 0x0123456789abcdef};
constexpr char kExampleSegment[] =
    "01 ad02 02 efcdab8967452301"
    "01 01 80a0abfef962 04 280a0121"
    "02 09 13 0d 2c0104626f6c640474727565 09"
    "9b0c67a19d032ede";
constexpr char kExampleSnapshot[] =
    "01 ac02 efcdab8967452301"
    "16 02 6869 01 04 626f6c64 04 74727565 0a 01 0a"
    "603807d69d82f78a";

ot::Text ExampleText() {
  return ot::Text(ot::DeltaBuilder().Insert("hi", {{"bold", "true"}}).Insert("\n").Build());
}

TEST(SegmentTest, GoldenBytes) {
  EXPECT_EQ(Hex(EncodeSegment(kExampleBefore, ExampleCommits(kExampleBefore))),
            Hex(FromHex(kExampleSegment)));
}

TEST(SegmentTest, ReadsTheGoldenBytes) {
  const absl::StatusOr<Segment> segment = ParseSegment(FromHex(kExampleSegment));
  ASSERT_TRUE(segment.ok()) << segment.status();
  EXPECT_EQ(segment->before, kExampleBefore);
  const std::vector<ot::Commit> expected = ExampleCommits(kExampleBefore);
  ASSERT_EQ(segment->commits.size(), expected.size());
  for (size_t i = 0; i < expected.size(); ++i) {
    EXPECT_EQ(segment->commits[i].revision, expected[i].revision);
    EXPECT_EQ(segment->commits[i].digest, expected[i].digest);
    EXPECT_EQ(segment->commits[i].author, expected[i].author);
    EXPECT_EQ(segment->commits[i].sequence, expected[i].sequence);
    EXPECT_EQ(segment->commits[i].time_ms, expected[i].time_ms);
    EXPECT_TRUE(segment->commits[i].delta == expected[i].delta);
  }
  EXPECT_EQ(segment->after().revision, 302);
}

TEST(SegmentTest, ExtremeNumbers) {
  const Head before{(uint64_t{1} << 53) - 3, ~uint64_t{0}};
  std::vector<ot::Commit> commits = ExampleCommits(before);
  commits[0].time_ms = std::numeric_limits<int64_t>::min();
  commits[1].time_ms = std::numeric_limits<int64_t>::max();
  const absl::StatusOr<Segment> segment = ParseSegment(EncodeSegment(before, commits));
  ASSERT_TRUE(segment.ok()) << segment.status();
  EXPECT_EQ(segment->commits[0].time_ms, commits[0].time_ms);
  EXPECT_EQ(segment->commits[1].time_ms, commits[1].time_ms);
  EXPECT_EQ(segment->after().revision, before.revision + 2);
}

TEST(SegmentTest, JoinedIsAsIfEncodedTogether) {
  Scribe scribe("notes");
  for (int i = 0; i < 200; ++i) {
    // Forth and back, by so much that the steps take from one byte to ten.
    scribe.CommitAt(i % 50 == 7 ? std::numeric_limits<int64_t>::min() + i : int64_t{1} << (i % 62),
                    1 + i % 3, ot::DeltaBuilder().Insert(std::string(i, 'x')).Build());
  }
  const std::vector<ot::Commit>& log = scribe.log();
  for (const size_t part : {1, 2, 7, 199, 200}) {
    std::vector<std::string> segments;
    Head before;
    for (size_t first = 0; first < log.size(); first += part) {
      const std::vector<ot::Commit> commits(log.begin() + first,
                                            log.begin() + std::min(first + part, log.size()));
      segments.push_back(EncodeSegment(before, commits));
      before = {commits.back().revision, commits.back().digest};
    }
    EXPECT_EQ(JoinSegments(std::vector<absl::string_view>(segments.begin(), segments.end())),
              EncodeSegment(Head{}, log));
  }
}

// `parse` refuses every truncation, every flipped bit and every byte added.
template <typename Parse>
void ExpectEveryDamageRefused(const std::string& bytes, Parse parse) {
  ASSERT_TRUE(parse(bytes).ok());
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_TRUE(absl::IsDataLoss(parse(bytes.substr(0, size)).status())) << size;
    EXPECT_TRUE(absl::IsDataLoss(parse(bytes.substr(bytes.size() - size)).status())) << size;
  }
  for (size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
    std::string damaged = bytes;
    damaged[bit / 8] ^= static_cast<char>(1 << (bit % 8));
    EXPECT_TRUE(absl::IsDataLoss(parse(damaged).status())) << bit;
  }
  EXPECT_TRUE(absl::IsDataLoss(parse(bytes + '\0').status()));
  EXPECT_TRUE(absl::IsDataLoss(parse('\0' + bytes).status()));
}

TEST(SegmentTest, EveryDamageIsRefused) {
  ExpectEveryDamageRefused(FromHex(kExampleSegment), ParseSegment);
}

TEST(SnapshotCodecTest, EveryDamageIsRefused) {
  ExpectEveryDamageRefused(FromHex(kExampleSnapshot), ParseSnapshot);
}

// Bytes that carry a right checksum may still be nonsense; they are refused too, or mean something.
template <typename Parse>
void ExpectNonsenseSurvived(const std::string& sealed, Parse parse, uint64_t seed) {
  std::mt19937_64 random(seed);
  const std::string bytes = sealed.substr(0, sealed.size() - 8);
  for (int i = 0; i < 20000; ++i) {
    std::string nonsense = bytes;
    for (int edits = 1 + random() % 4; edits > 0; --edits) {
      const size_t at = random() % (nonsense.size() + 1);
      switch (random() % 3) {
        case 0:
          nonsense.insert(at, 1, static_cast<char>(random()));
          break;
        case 1:
          nonsense.resize(at);
          break;
        default:
          if (at < nonsense.size()) nonsense[at] = static_cast<char>(random());
      }
    }
    AppendChecksum(&nonsense);
    const auto parsed = parse(nonsense);
    EXPECT_TRUE(parsed.ok() || absl::IsDataLoss(parsed.status())) << parsed.status();
  }
}

TEST(SegmentTest, NonsenseWithARightChecksum) {
  const uint64_t seed = TestSeed();
  SCOPED_TRACE(absl::StrCat("COEDIT_SEED=", seed));
  ExpectNonsenseSurvived(FromHex(kExampleSegment), ParseSegment, seed);
}

TEST(SnapshotCodecTest, NonsenseWithARightChecksum) {
  const uint64_t seed = TestSeed();
  SCOPED_TRACE(absl::StrCat("COEDIT_SEED=", seed));
  ExpectNonsenseSurvived(FromHex(kExampleSnapshot), ParseSnapshot, seed);
}

// What the checksum cannot see, because it was made over it.
TEST(SegmentTest, RefusesByName) {
  struct Case {
    std::string bytes;
    std::string names;
  };
  const std::string digest = "00 00 00 00 00 00 00 00 ";
  const std::vector<Case> cases = {
      {"", "unknown format"},
      {"02 01 01" + digest + "01 01 00 00", "unknown format"},
      {"01 01 01 00", "cut short in its head"},
      {"01 01 00" + digest + "01 01 00 00", "0 commits"},
      {"01 01 7f" + digest + "01 01 00 00", "127 commits in 4 bytes"},
      {"01 01 ffffffffffffffffff01" + digest + "01 01 00 00", "commits in 4 bytes"},
      {"01 00 01" + digest + "01 01 00 00", "first revision 0"},
      {"01 ffffffffffffffffff01 01" + digest + "01 01 00 00", "first revision"},
      {"01 01 01" + digest + "01 01 00 05 00", "cut short in commit 1"},
      {"01 01 01" + digest + "01 01 00 01 08", "commit 1"},
      {"01 01 01" + digest + "01 01 00 00 00", "1 bytes after its last commit"},
  };
  for (const Case& c : cases) {
    std::string bytes = FromHex(c.bytes);
    AppendChecksum(&bytes);
    const absl::Status status = ParseSegment(bytes).status();
    EXPECT_TRUE(absl::IsDataLoss(status)) << c.bytes;
    EXPECT_NE(status.message().find(c.names), absl::string_view::npos) << status;
  }
}

TEST(SnapshotCodecTest, GoldenBytes) {
  EXPECT_EQ(Hex(EncodeSnapshot(kExampleBefore, ExampleText())), Hex(FromHex(kExampleSnapshot)));
  const absl::StatusOr<Snapshot> snapshot = ParseSnapshot(FromHex(kExampleSnapshot));
  ASSERT_TRUE(snapshot.ok()) << snapshot.status();
  EXPECT_EQ(snapshot->head, kExampleBefore);
  EXPECT_TRUE(snapshot->text == ExampleText());
}

TEST(SnapshotCodecTest, TheEmptyText) {
  const absl::StatusOr<Snapshot> snapshot = ParseSnapshot(EncodeSnapshot({}, {}));
  ASSERT_TRUE(snapshot.ok()) << snapshot.status();
  EXPECT_EQ(snapshot->head, Head{});
  EXPECT_EQ(snapshot->text.length(), 0);
}

TEST(SnapshotCodecTest, AChangeIsNoText) {
  std::string bytes = FromHex("01 00 00 00 00 00 00 00 00 00");
  ot::AppendCanonical(ot::DeltaBuilder().Delete(1).Build(), &bytes);
  AppendChecksum(&bytes);
  EXPECT_TRUE(absl::IsDataLoss(ParseSnapshot(bytes).status()));
}

TEST(BytesTest, ZigZag) {
  for (const int64_t value :
       {int64_t{0}, int64_t{-1}, int64_t{1}, int64_t{-64}, int64_t{63},
        std::numeric_limits<int64_t>::min(), std::numeric_limits<int64_t>::max()}) {
    EXPECT_EQ(UnZigZag(ZigZag(value)), value);
  }
  EXPECT_EQ(ZigZag(-1), 1);
  EXPECT_EQ(ZigZag(1), 2);
}

TEST(BytesTest, SizedValuesDoNotReachBeyondTheEnd) {
  for (const char* hex : {"", "01", "ffffffffffffffffff01 00", "02 61"}) {
    const std::string bytes = FromHex(hex);
    absl::string_view rest = bytes;
    absl::string_view value;
    EXPECT_FALSE(ConsumeSized(&rest, &value)) << hex;
  }
}

}  // namespace
}  // namespace coedit::storage
