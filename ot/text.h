// Text: the content of a document, a persistent rope of attributed runs and embeds.
//
// Copying is O(1) and safe to hand to another thread: nodes are reference counted, a node that two
// copies see is never changed. An edit is O(log n); it works in place where no other copy looks,
// and an edit near the one before does not search. Lengths and positions are UTF-16 code units.
//
//   Text text(document);       // a delta of inserts
//   Text snapshot = text;      // free, and stays as it is
//   Apply(change, &text);      // ot/apply.h
//
// A tree of counts over leaves of about a kilobyte (text_leaf.h); memory is about 1.2 bytes per
// byte of text.
#ifndef COEDIT_OT_TEXT_H_
#define COEDIT_OT_TEXT_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "ot/delta.h"

namespace coedit::ot {

namespace text_internal {
struct Node;
struct Leaf;
struct Inner;
}  // namespace text_internal

class Text {
 public:
  Text() = default;  // empty
  // `document` holds inserts only (CHECKed).
  explicit Text(const Delta& document);
  Text(const Text& other);
  Text(Text&& other) noexcept;
  Text& operator=(Text other) noexcept;
  ~Text();

  int64_t length() const { return length_; }  // units
  int64_t bytes() const { return bytes_; }    // UTF-8 bytes of text and embeds
  // Number of components of ToDelta(), or a few more where neighbouring runs are not merged inside.
  int64_t run_count() const { return run_count_; }

  // True if text may be cut at `position` (0 <= position <= length): not inside a surrogate pair.
  bool IsBoundary(int64_t position) const;

  // Calls `visit` with the components (inserts) of [begin, end) in order; both are boundaries.
  void ForEach(int64_t begin, int64_t end, absl::FunctionRef<void(const Component&)> visit) const;

  // The whole content, in normal form.
  Delta ToDelta() const;
  // The text alone, UTF-8, embeds left out.
  std::string ToString() const;

  // Equal content: same units, same attributes.
  friend bool operator==(const Text& a, const Text& b);

  // Splices: the primitive edits that Apply is made of. Positions are boundaries and in bounds
  // (CHECKed).
  void Insert(int64_t position, const Component& insert);
  void Delete(int64_t position, int64_t units);
  void Format(int64_t position, int64_t units, const Attributes& change);

  // Longest text there may be (CHECKed), in units.
  static constexpr int64_t kUnitsMax = kComponentUnitsMax;

 private:
  using Leaf = text_internal::Leaf;
  using Node = text_internal::Node;
  using Inner = text_internal::Inner;

  // The way from the root to a leaf. It outlives the edit it was made for: the next one is mostly
  // in the same leaf. Only edits of this very object change it; leaf is nullptr if there is none.
  struct Path {
    // Nodes hold at least eight children on average: more than enough for kUnitsMax.
    static constexpr int kDepthMax = 8;
    struct Step {
      Inner* node = nullptr;
      int index = 0;
    };
    Step steps[kDepthMax];
    int depth = 0;
    Leaf* leaf = nullptr;
    int64_t leaf_begin = 0;
  };
  enum class Bias { kLeft, kRight };  // which leaf at the border of two

  bool PathHolds(int64_t begin, int64_t end) const;
  // Points path_ at the leaf of `position`; its inner nodes are owned by this text alone
  // afterwards.
  void Seek(int64_t position, Bias bias);
  // Makes the leaf of path_ this text's own.
  void OwnLeaf();
  // Puts what an edit of the leaf of path_ returned in its place.
  void LeafChanged(Leaf* leaf, int64_t units, int64_t bytes, int64_t runs);
  // The child at `level` of path_ (-1: the root) gives way to `nodes`. Ends path_.
  void ReplaceChild(int level, const std::vector<Node*>& nodes);
  // Joins the small child at `level` of path_ with a neighbour if both fit in one node. Ends path_.
  void MergeChild(int level);
  void ReplaceLeaf(const std::vector<Node*>& leaves);

  Node* root_ = nullptr;  // nullptr if empty
  int64_t length_ = 0;
  int64_t bytes_ = 0;
  int64_t run_count_ = 0;
  Path path_;
};

}  // namespace coedit::ot

#endif  // COEDIT_OT_TEXT_H_
