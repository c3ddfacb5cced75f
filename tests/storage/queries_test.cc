// What a search finds, and which revisions a timeline shows.
#include "storage/queries.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "storage/case_fold.h"
#include "storage/store.h"

namespace coedit::storage {
namespace {

TEST(CaseFoldTest, BothCasesBecomeOne) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", ""},
      {"AZaz09@[`{", "azaz09@[`{"},
      {"\u00c0\u00d6\u00d7\u00d8\u00de\u00df", "\u00e0\u00f6\u00d7\u00f8\u00fe\u00df"},
      {"\u0100\u0101\u0130\u0139\u013a\u0147\u0148\u0178\u017d",
       "\u0101\u0101i\u013a\u013a\u0148\u0148\u00ff\u017e"},
      {"\u0386\u0391\u03a9\u03a3\u03c2", "\u03ac\u03b1\u03c9\u03c3\u03c3"},
      {"\u0401\u0410\u042f\u0490", "\u0451\u0430\u044f\u0491"},
      {"\u0531\u0556", "\u0561\u0586"},
      {"\u1e00\u1ea0\u1e9e", "\u1e01\u1ea1\u00df"},
      {"\uff21\uff3a", "\uff41\uff5a"},
      {"\u4e2d\U0001f600", "\u4e2d\U0001f600"},
  };
  for (const auto& [text, folded] : cases) {
    EXPECT_EQ(FoldCase(text), folded) << text;
    EXPECT_EQ(FoldCase(folded), folded) << text;
  }
  EXPECT_EQ(FoldCase("\xC3"), "\xC3");  // cut short
  EXPECT_EQ(FoldCase("\xE1\xBA"), "\xE1\xBA");
}

TEST(SearchTest, LooksIntoIdAndTitle) {
  EXPECT_TRUE(Search("").finds_all());
  EXPECT_TRUE(Search("").Finds("id", std::nullopt));
  EXPECT_TRUE(Search("D").Finds("id", std::nullopt));
  EXPECT_TRUE(Search("TITLE").Finds("id", "A title"));
  EXPECT_FALSE(Search("id a").Finds("id", "a"));  // not across the two
}

TEST(SpreadEvenlyTest, EndsWithTheHeadAndRises) {
  EXPECT_TRUE(SpreadEvenly(0, 5).empty());
  EXPECT_EQ(SpreadEvenly(3, 5), (std::vector<ot::Revision>{1, 2, 3}));
  EXPECT_EQ(SpreadEvenly(10, 4), (std::vector<ot::Revision>{3, 5, 8, 10}));
  EXPECT_EQ(SpreadEvenly(7, 1), (std::vector<ot::Revision>{7}));
  const ot::Revision largest = std::numeric_limits<int64_t>::max();
  for (const ot::Revision head : {ot::Revision{999}, ot::Revision{1001}, largest}) {
    for (const int64_t points : {int64_t{2}, int64_t{333}, kTimelinePointsMax}) {
      const std::vector<ot::Revision> revisions = SpreadEvenly(head, points);
      EXPECT_EQ(revisions.size(), std::min<ot::Revision>(points, head));
      EXPECT_EQ(revisions.back(), head);
      ot::Revision last = 0;
      for (const ot::Revision revision : revisions) {
        EXPECT_GT(revision, last);
        EXPECT_LE(revision - last, head / revisions.size() + 1);
        last = revision;
      }
    }
  }
}

}  // namespace
}  // namespace coedit::storage
