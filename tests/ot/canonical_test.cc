#include "ot/canonical.h"

#include <cstdint>
#include <limits>
#include <string>

#include "absl/strings/escaping.h"
#include "gtest/gtest.h"
#include "tests/ot/model.h"
#include "tests/ot/notation.h"
#include "tests/ot/property.h"

namespace coedit::ot {
namespace {

using testing::D;
using testing::ForEachCase;
using testing::RandomChange;
using testing::RandomDocument;
using testing::Rng;

std::string Canonical(const Delta& delta) {
  std::string bytes;
  AppendCanonical(delta, &bytes);
  return bytes;
}

TEST(Varint, RoundTripsAndIsShortest) {
  for (const uint64_t value :
       {uint64_t{0}, uint64_t{1}, uint64_t{127}, uint64_t{128}, uint64_t{16383}, uint64_t{16384},
        uint64_t{1} << 35, uint64_t{1} << 63, std::numeric_limits<uint64_t>::max()}) {
    std::string bytes;
    AppendVarint(value, &bytes);
    absl::string_view rest = bytes;
    uint64_t read = 0;
    EXPECT_TRUE(ConsumeVarint(&rest, &read));
    EXPECT_EQ(read, value);
    EXPECT_TRUE(rest.empty());
    for (size_t size = 0; size < bytes.size(); ++size) {
      absl::string_view cut = absl::string_view(bytes).substr(0, size);
      EXPECT_FALSE(ConsumeVarint(&cut, &read)) << value << " cut to " << size;
    }
  }
}

TEST(Varint, RefusesLongFormsAndMoreThan64Bits) {
  for (const char* hex : {"8000", "818000", "ff00", "ffffffffffffffffff02",
                          "ffffffffffffffffffff01", "80808080808080808080"}) {
    const std::string bytes = absl::HexStringToBytes(hex);
    absl::string_view rest = bytes;
    uint64_t read = 0;
    EXPECT_FALSE(ConsumeVarint(&rest, &read)) << hex;
  }
}

// O10: these bytes and hashes stand in logs; they must never change.
TEST(CanonicalLaws, O10BytesAndHashesAreFixed) {
  struct Golden {
    const char* notation;
    const char* hex;
    uint64_t hash;
  };
  const Golden goldens[] = {
      {"", "", 0x2d06800538d394c2},
      {"+a", "0a0161", 0x3716a010c7a345cb},
      {"=5 +x -2", "280a017811", 0x4f18bc6da29d4d61},
      {"=300 +\\u{1F600}", "e0121204f09f9880", 0x8e0e15450e87cc99},
      {"=2{b:null,c:\"r\"}", "14020162046e756c6c016303227222", 0x79ddfb05f9078047},
      {"+{\"i\":1}{b}", "0f077b2269223a317d0101620474727565", 0x8531100aa566fdda},
  };
  for (const Golden& golden : goldens) {
    const Delta delta = D(golden.notation);
    EXPECT_EQ(absl::BytesToHexString(Canonical(delta)), golden.hex) << golden.notation;
    EXPECT_EQ(HashDelta(delta), golden.hash)
        << golden.notation << std::hex << " 0x" << HashDelta(delta);
  }
}

TEST(Canonical, RoundTrips) {
  ForEachCase(20000, [](Rng& rng) {
    const Delta document = RandomDocument(rng);
    for (const Delta& delta : {document, RandomChange(rng, Text(document))}) {
      const absl::StatusOr<Delta> parsed = ParseCanonical(Canonical(delta));
      ASSERT_TRUE(parsed.ok()) << parsed.status() << " " << delta.DebugString();
      ASSERT_EQ(*parsed, delta);
    }
  });
}

// The bytes come from a disk that may lie: whatever it returns, the answer is a delta in normal
// form that has exactly these bytes, or an error.
TEST(Canonical, GarbledBytesAreRefusedOrCanonical) {
  int refused = 0;
  int cases = 0;
  ForEachCase(20000, [&](Rng& rng) {
    std::string bytes = Canonical(RandomChange(rng, Text(RandomDocument(rng))));
    if (bytes.empty()) return;
    const int64_t size = static_cast<int64_t>(bytes.size());
    const auto at = static_cast<size_t>(rng.Below(size));
    switch (rng.Below(4)) {
      case 0:
        bytes.resize(at);
        break;
      case 1:
        bytes[at] = static_cast<char>(rng.Below(256));
        break;
      case 2:
        bytes.insert(at, 1, static_cast<char>(rng.Below(256)));
        break;
      default:
        bytes.erase(at, 1);
    }
    const absl::StatusOr<Delta> parsed = ParseCanonical(bytes);
    ++cases;
    if (!parsed.ok()) {
      ASSERT_EQ(parsed.status().code(), absl::StatusCode::kDataLoss);
      ++refused;
      return;
    }
    ASSERT_TRUE(testing::IsNormal(*parsed)) << parsed->DebugString();
    ASSERT_EQ(Canonical(*parsed), bytes) << parsed->DebugString();
  });
  EXPECT_GT(refused, cases / 4);
}

TEST(Canonical, EveryTruncationInsideAComponentIsRefused) {
  // Its prefixes that end between components are deltas themselves, but for the plain retain.
  const std::string bytes = Canonical(D("=5 +ab{b,c:1} +{\"i\":1} =3{b:null} -2"));
  int accepted = 0;
  for (size_t size = 0; size < bytes.size(); ++size) {
    accepted += ParseCanonical(absl::string_view(bytes).substr(0, size)).ok() ? 1 : 0;
  }
  EXPECT_EQ(accepted, 4);  // nothing; ... +ab; ... embed; ... retain with attributes
}

TEST(Canonical, RefusesWhatIsNotNormal) {
  struct Bad {
    const char* hex;
    const char* why;
  };
  const Bad bads[] = {
      {"02", "insert of length 0"},
      {"08"
       "08",
       "two retains; also ends plain"},
      {"28", "ends with a plain retain"},
      {"09"
       "09",
       "two deletes"},
      {"0a0161"
       "0a0162",
       "two inserts"},
      {"09"
       "0a0161",
       "insert after delete"},
      {"120161", "length 2 for one character"},
      {"0a0180", "ill-formed UTF-8"},
      {"0a00", "empty text"},
      {"0a0261", "text cut short"},
      {"13077b2269223a317d", "embed of length 2"},
      {"0b0161", "embed that is no object"},
      {"0d0101620474727565", "delete with attributes"},
      {"0c00", "no attributes although announced"},
      {"0c02016204747275650161047472"
       "7565",
       "keys out of order"},
      {"0c020162047472756501620474727565", "key twice"},
      {"0e01610101620"
       "46e756c6c",
       "null on an insert"},
      {"0c01000474727565", "empty key"},
      {"0c01016200", "empty value"},
      {"88808080"
       "40",
       "length above the maximum"},
      {"8800", "varint not in its shortest form"},
      {"f9ffffff3f09", "two deletes, too long to be one"},
      {"98fcf5813ae0fcf5f02f98fcf5812961", "three retains, too long to be one"},
  };
  for (const Bad& bad : bads) {
    const absl::StatusOr<Delta> parsed = ParseCanonical(absl::HexStringToBytes(bad.hex));
    EXPECT_FALSE(parsed.ok()) << bad.why << ": " << parsed->DebugString();
  }
}

TEST(HashBytes, DependsOnBytesAndSeed) {
  EXPECT_EQ(HashBytes("coedit", 0), HashBytes("coedit", 0));
  EXPECT_NE(HashBytes("coedit", 0), HashBytes("coedit", 1));
  EXPECT_NE(HashBytes("coedit", 0), HashBytes("coediT", 0));
}

}  // namespace
}  // namespace coedit::ot
