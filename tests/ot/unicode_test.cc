#include "ot/unicode.h"

#include <string>

#include "gtest/gtest.h"
#include "tests/ot/model.h"
#include "tests/ot/property.h"

namespace coedit::ot {
namespace {

using testing::ForEachCase;
using testing::RandomString;
using testing::Rng;

TEST(Unicode, KnowsWellFormedUtf8) {
  for (const absl::string_view good :
       {"", "a", "plain ASCII of more than eight bytes", "\x7F", "\xC2\x80", "\xDF\xBF",
        "\xE0\xA0\x80", "\xED\x9F\xBF", "\xEE\x80\x80", "\xEF\xBF\xBF", "\xF0\x90\x80\x80",
        "\xF4\x8F\xBF\xBF", "1234567\xC3\xA9",
        "12345678\xF0\x9F\x98\x80"
        "12345678"}) {
    EXPECT_TRUE(IsValidUtf8(good)) << good;
  }
  EXPECT_TRUE(IsValidUtf8(absl::string_view("a\0b", 3)));
}

TEST(Unicode, RefusesIllFormedUtf8) {
  for (const absl::string_view bad : {"\x80",
                                      "\xBF",
                                      "a\x80",
                                      "\xC0\x80",
                                      "\xC1\xBF",  // stray, overlong
                                      "\xE0\x80\x80",
                                      "\xE0\x9F\xBF",
                                      "\xF0\x80\x80\x80",
                                      "\xF0\x8F\xBF\xBF",  // overlong
                                      "\xED\xA0\x80",
                                      "\xED\xBF\xBF",
                                      "\xED\xA0\xBD\xED\xB8\x80",  // surrogates
                                      "\xF4\x90\x80\x80",
                                      "\xF5\x80\x80\x80",
                                      "\xFE",
                                      "\xFF",  // above U+10FFFF
                                      "\xC3",
                                      "\xE4\xB8",
                                      "\xF0\x9F\x98",
                                      "\xC3"
                                      "a",
                                      "\xE4\xB8"
                                      "a",
                                      "\xF0\x9F\x98"
                                      "a",
                                      "12345678\x80",
                                      "1234567\xC3",
                                      "12345678123456\xF0\x9F\x98"}) {
    EXPECT_FALSE(IsValidUtf8(bad)) << bad;
  }
}

TEST(Unicode, EveryTruncationInsideACharacterIsRefused) {
  const std::string text =
      "a\xC3\xA9\xE4\xB8\xAD\xF0\x9F\x98\x80"
      "b";
  int refused = 0;
  for (size_t size = 0; size <= text.size(); ++size) {
    refused += IsValidUtf8(absl::string_view(text).substr(0, size)) ? 0 : 1;
  }
  EXPECT_EQ(refused, 1 + 2 + 3);
}

TEST(Unicode, CountsUtf16Units) {
  EXPECT_EQ(Utf16Length(""), 0);
  EXPECT_EQ(Utf16Length("abc"), 3);
  EXPECT_EQ(Utf16Length("\xC3\xA9"), 1);
  EXPECT_EQ(Utf16Length("\xE4\xB8\xAD"), 1);
  EXPECT_EQ(Utf16Length("\xF0\x9F\x98\x80"), 2);
  // More words than one batch of lanes can count, all of them pairs.
  std::string emoji;
  for (int i = 0; i < 1000; ++i) emoji += "\xF0\x9F\x98\x80";
  EXPECT_EQ(Utf16Length(emoji), 2000);
}

TEST(Unicode, FindsByteOffsets) {
  const std::string text =
      "a\xC3\xA9\xF0\x9F\x98\x80"
      "b";  // units: a, e, pair, pair, b
  EXPECT_EQ(ByteOffset(text, 0), 0u);
  EXPECT_EQ(ByteOffset(text, 1), 1u);
  EXPECT_EQ(ByteOffset(text, 2), 3u);
  EXPECT_EQ(ByteOffset(text, 3), std::nullopt);  // between the halves
  EXPECT_EQ(ByteOffset(text, 4), 7u);
  EXPECT_EQ(ByteOffset(text, 5), 8u);
  EXPECT_EQ(ByteOffset(text, 6), std::nullopt);  // past the end
}

TEST(Unicode, AgreesWithADecoderOnRandomText) {
  ForEachCase(3000, [](Rng& rng) {
    const std::string text = RandomString(rng, 200);
    ASSERT_TRUE(IsValidUtf8(text));
    const std::u16string units = testing::ToUtf16(text);
    ASSERT_EQ(Utf16Length(text), static_cast<int64_t>(units.size()));
    for (size_t i = 0; i <= units.size(); ++i) {
      const std::optional<size_t> offset = ByteOffset(text, static_cast<int64_t>(i));
      const bool inside = i > 0 && i < units.size() && units[i] >= 0xDC00 && units[i] < 0xE000;
      ASSERT_EQ(offset.has_value(), !inside) << i;
      if (inside) continue;
      ASSERT_EQ(testing::ToUtf16(text.substr(0, *offset)), units.substr(0, i));
    }
  });
}

TEST(Unicode, AChangedByteIsNoticedAsADecoderWould) {
  ForEachCase(3000, [](Rng& rng) {
    std::string text = RandomString(rng, 40);
    text[static_cast<size_t>(rng.Below(static_cast<int64_t>(text.size())))] =
        static_cast<char>(rng.Below(256));
    // What is still valid counts as its characters do.
    if (!IsValidUtf8(text)) return;
    ASSERT_EQ(Utf16Length(text), static_cast<int64_t>(testing::ToUtf16(text).size()));
  });
}

}  // namespace
}  // namespace coedit::ot
