// The algebra in forty lines: Ada and Ben change one text at the same time, and a diamond closes.
//
//                "the fox"
//          ada /           \ ben            ada was committed first: she stands left
//             .             .
//    ben_over_ada \     / ada_over_ben
//             "the quick brown fox!"
#include <iostream>

#include "ot/algebra.h"
#include "ot/apply.h"

int main() {
  using namespace coedit::ot;
  const Text start(DeltaBuilder().Insert("the fox").Build());

  const Delta ada = DeltaBuilder().Retain(4).Insert("quick ").Retain(3, {{"bold", "true"}}).Build();
  const Delta ben = DeltaBuilder().Retain(4).Insert("brown ").Retain(3).Insert("!").Build();
  if (!Validate(ada, start).ok() || !Validate(ben, start).ok()) return 1;

  // Each applies the own change at once, then the other's, rewritten over the own one.
  const Diamond diamond = TransformPair(/*left=*/ada, /*right=*/ben);
  const Text at_ada = Applied(Applied(start, ada), diamond.right_over_left);
  const Text at_ben = Applied(Applied(start, ben), diamond.left_over_right);
  std::cout << "Ada sees  " << at_ada.ToString() << "\nBen sees  " << at_ben.ToString() << "\n";

  // The whole way as one change, and back again.
  const Delta both = Compose(ada, diamond.right_over_left);
  std::cout << "together  " << both.DebugString() << "\n";
  const Text undone = Applied(at_ada, Invert(both, start));

  // Ben's caret stood before "fox" and still does.
  const int64_t caret = TransformPosition(4 + 6, diamond.left_over_right, AtInsert::kStay);
  std::cout << "caret     " << caret << "\n";

  const bool equal = at_ada == at_ben && at_ada == Applied(start, both) && undone == start &&
                     at_ada.ToString() == "the quick brown fox!" && caret == 16;
  std::cout << (equal ? "equal\n" : "NOT EQUAL\n");
  return equal ? 0 : 1;
}
