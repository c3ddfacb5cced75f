// The updates that letters make, against bytes that Yjs 13.6.33 itself encodes and decodes to the
// same text (Y.encodeStateAsUpdate, Y.applyUpdate).
#include "bench/load/yjs_update.h"

#include <gtest/gtest.h>

#include "absl/strings/escaping.h"

namespace coedit::bench {
namespace {

TEST(YjsUpdateTest, TheFirstLettersNameTheText) {
  // const d = new Y.Doc(); d.clientID = 7; d.getText('text').insert(0, 'xx')
  EXPECT_EQ(absl::BytesToHexString(TypingUpdate(7, 0, 2)), "010107000401047465787402787800");
}

TEST(YjsUpdateTest, LaterLettersStandBehindTheLastOne) {
  // The update of a second insert(2, 'x') into the same text.
  EXPECT_EQ(absl::BytesToHexString(TypingUpdate(7, 2, 1)), "01010702840701017800");
}

TEST(YjsUpdateTest, ReadsWhatSeveralClientsTyped) {
  // Two documents of clients 7 and 300 merged: the whole state.
  const auto ranges = ReadUpdate(
      absl::HexStringToBytes("0201ac020004010474657874027979010700040104746578740378787800"));
  ASSERT_TRUE(ranges.ok()) << ranges.status();
  ASSERT_EQ(ranges->size(), 2);
  EXPECT_EQ((*ranges)[0].client, 300);
  EXPECT_EQ((*ranges)[0].letters, 2);
  EXPECT_EQ((*ranges)[1].client, 7);
  EXPECT_EQ((*ranges)[1].clock, 0);
  EXPECT_EQ((*ranges)[1].letters, 3);
}

TEST(YjsUpdateTest, AnEmptyStateHasNoLetters) {
  const auto ranges = ReadUpdate(absl::string_view("\0\0", 2));
  ASSERT_TRUE(ranges.ok()) << ranges.status();
  EXPECT_TRUE(ranges->empty());
}

TEST(YjsUpdateTest, RefusesEveryTruncation) {
  const std::string whole = TypingUpdate(300, 5, 4);
  for (size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(ReadUpdate(absl::string_view(whole).substr(0, size)).ok()) << size;
  }
  EXPECT_FALSE(ReadUpdate(whole + "x").ok());
}

}  // namespace
}  // namespace coedit::bench
