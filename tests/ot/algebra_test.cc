#include "ot/algebra.h"

#include "gtest/gtest.h"
#include "tests/ot/notation.h"

namespace coedit::ot {
namespace {

using testing::D;

TEST(Compose, Table) {
  struct Case {
    const char* first;
    const char* second;
    const char* composed;
  };
  const Case cases[] = {
      // insert, insert
      {"+b", "+a", "+ab"},
      {"+b", "=1 +c", "+bc"},
      {"+ac", "=1 +b", "+abc"},
      {"+ac{b}", "=1 +x", "+a{b} +x +c{b}"},
      {"+ac{b}", "=1 +x{b}", "+axc{b}"},
      {"+{\"i\":1}", "=1 +{\"i\":1}", "+{\"i\":1} +{\"i\":1}"},
      // insert, retain
      {"+abc", "=1 =1{b}", "+a +b{b} +c"},
      {"+a{b,c:1}", "=1{b:null}", "+a{c:1}"},
      {"+a{b}", "=1{b:null}", "+a"},
      {"+a", "=1{b:null}", "+a"},
      {"+a{m:{\"x\":1,\"y\":2}}", "=1{m:{\"x\":null}}", "+a{m:{\"x\":null}}"},  // shallow
      {"+{\"i\":1}", "=1{b}", "+{\"i\":1}{b}"},
      // insert, delete
      {"+a", "-1", ""},
      {"+abc", "=1 -1", "+ac"},
      {"+abc", "-5", "-2"},
      {"=2 +ab", "=1 -2", "=1 -1 =0 +b"},
      {"+{\"i\":1}", "-1", ""},
      // delete, anything: the second never sees what is gone
      {"-1", "+a", "+a -1"},
      {"-2", "-3", "-5"},
      {"-1", "=1{b}", "-1 =1{b}"},
      {"=1 -1", "=1 +x =1 +y", "=1 +x -1 =1 +y"},
      {"-1 =1 -1", "-1", "-3"},
      // retain, retain
      {"=2{b}", "=1{c:1}", "=1{b,c:1} =1{b}"},
      {"=1{b}", "=1{b:null}", "=1{b:null}"},  // a change keeps what it removes
      {"=1{b:null}", "=1{b}", "=1{b}"},
      {"=1{b:false}", "=1{c:null}", "=1{b:false,c:null}"},
      // retain, delete
      {"=1{b}", "-1", "-1"},
      {"=3{b}", "=1 -1", "=1{b} -1 =1{b}"},
      // what is beyond the end of one is kept
      {"+a", "=5 +b", "+a =4 +b"},
      {"=5 +b", "+a", "+a =5 +b"},
      {"", "=1 +a", "=1 +a"},
      {"=1 +a", "", "=1 +a"},
      // pairs stay whole
      {"+a\\u{1F600}b", "=3 +x", "+a\\u{1F600}xb"},
      {"+a\\u{1F600}b", "=1 -2", "+ab"},
      {"+\\u{1F600}\\u{1F601}", "=2 =2{b}", "+\\u{1F600} +\\u{1F601}{b}"},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(Compose(D(c.first), D(c.second)), D(c.composed)) << c.first << " then " << c.second;
  }
}

TEST(Transform, Table) {
  struct Case {
    const char* delta;
    const char* over;
    const char* over_left;   // result if `over` stands left
    const char* over_right;  // result if it stands right
  };
  const Case cases[] = {
      // two inserts at one spot: the side decides
      {"+y", "+x", "=1 +y", "+y"},
      {"+y", "+\\u{1F600}", "=2 +y", "+y"},
      {"=2 +y", "=2 +xxx", "=5 +y", "=2 +y"},
      {"+y", "+{\"i\":1}", "=1 +y", "+y"},
      {"+abc", "+x", "=1 +abc", "+abc"},  // never split
      // at other spots it does not
      {"=1 +y", "+x", "=2 +y", "=2 +y"},
      {"+y", "=1 +x", "+y", "+y"},
      {"=1 +y", "=1 -1", "=1 +y", "=1 +y"},
      // an insert at the edge of or inside a deletion survives
      {"=2 +x", "-2", "+x", "+x"},
      {"=2 +x", "=1 -5", "=1 +x", "=1 +x"},
      {"+x", "-2", "+x", "+x"},
      {"=1 +x =1 +y", "-3", "+xy", "+xy"},
      // deletions
      {"-3", "=1 +x", "-1 =1 -2", "-1 =1 -2"},
      {"-3", "+x", "=1 -3", "=1 -3"},
      {"-3", "-2", "-1", "-1"},
      {"-2", "-3", "", ""},
      {"=1 -2", "=2 -2", "=1 -1", "=1 -1"},
      {"=1{b} -1", "-2", "", ""},
      // formats: the left one wins
      {"=1{b}", "=1{b:false}", "", "=1{b}"},
      {"=1{b}", "=1{b:null}", "", "=1{b}"},
      {"=1{b:null}", "=1{b}", "", "=1{b:null}"},
      {"=1{b,c:1}", "=1{b:false}", "=1{c:1}", "=1{b,c:1}"},
      {"=3{b}", "=1 =1{b:2}", "=1{b} =1 =1{b}", "=3{b}"},
      {"=1{b}", "=1{c:1}", "=1{b}", "=1{b}"},
      {"=2{b}", "=1 +x", "=1{b} =1 =1{b}", "=1{b} =1 =1{b}"},
      {"=2{b}", "-1", "=1{b}", "=1{b}"},
      {"-1", "=1{b}", "-1", "-1"},
      // nothing to do with each other
      {"", "+x =1 -1", "", ""},
      {"+x =1 -1", "", "+x =1 -1", "+x =1 -1"},
      {"=9 +x", "=2 -1", "=8 +x", "=8 +x"},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(Transform(D(c.delta), D(c.over), Side::kLeft), D(c.over_left))
        << c.delta << " over " << c.over << " standing left";
    EXPECT_EQ(Transform(D(c.delta), D(c.over), Side::kRight), D(c.over_right))
        << c.delta << " over " << c.over << " standing right";
    const Diamond diamond = TransformPair(D(c.delta), D(c.over));
    EXPECT_EQ(diamond.left_over_right, D(c.over_right));
    EXPECT_EQ(diamond.right_over_left, Transform(D(c.over), D(c.delta), Side::kLeft));
  }
}

TEST(TransformPosition, Table) {
  struct Case {
    int64_t position;
    const char* over;
    int64_t stay;
    int64_t move;
  };
  const Case cases[] = {
      {0, "+ab", 0, 2},
      {1, "+ab", 3, 3},
      {2, "=2 +\\u{1F600}", 2, 4},
      {2, "=3 +a", 2, 2},
      {2, "=2 +{\"i\":1}", 2, 3},
      {4, "=2 -1", 3, 3},
      {4, "=2 -2", 2, 2},
      {3, "=2 -5", 2, 2},
      {2, "=2 -5", 2, 2},
      {1, "=2 -5", 1, 1},
      {4, "=2 +x -4", 3, 3},
      {2, "=2 +x -4", 2, 3},
      {5, "+a =2 -2 =1 +bc", 4, 6},
      {5, "=9{b}", 5, 5},
      {5, "", 5, 5},
      // Two inserts at one spot: staying or moving holds for both.
      {0, "+a +b{b}", 0, 2},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(TransformPosition(c.position, D(c.over), AtInsert::kStay), c.stay)
        << c.position << " over " << c.over;
    EXPECT_EQ(TransformPosition(c.position, D(c.over), AtInsert::kMove), c.move)
        << c.position << " over " << c.over;
  }
}

TEST(ComposeDeathTest, CuttingAPairIsOurMistake) {
  EXPECT_DEATH(Compose(D("+\\u{1F600}"), D("=1 +x")), "check failed");
}

// D1: Transform does not distribute over Compose. In normal form an insert stands before a delete
// at the same spot, so the composition forgets that X came after the deleted character; Y, typed
// before that character, then ends on the other side of X. Hence committed changes are carried one
// by one.
TEST(TransformLaws, D1TransformDoesNotDistributeOverCompose) {
  const Delta a = D("=1 +X");
  const Delta c = D("-1");
  const Delta b = D("+Y");
  EXPECT_EQ(Compose(a, c), D("+X -1"));

  const Delta one_by_one = Transform(Transform(b, a, Side::kLeft), c, Side::kLeft);
  const Delta over_composition = Transform(b, Compose(a, c), Side::kLeft);
  EXPECT_EQ(one_by_one, D("+Y"));           // YX
  EXPECT_EQ(over_composition, D("=1 +Y"));  // XY
}

}  // namespace
}  // namespace coedit::ot
