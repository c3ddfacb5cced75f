// The leaves of Text: one block of memory each, with a few runs and their characters.
//
//   | header | runs: attributes, units, bytes; spare ones | UTF-8 of all runs; spare bytes |
//
// Private to text.cc. A block is as large as its content plus about an eighth, so that memory stays
// near the size of the text however leaves are filled. What is changed must be uniquely owned.
#ifndef COEDIT_OT_TEXT_LEAF_H_
#define COEDIT_OT_TEXT_LEAF_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "ot/attributes.h"
#include "ot/delta.h"

namespace coedit::ot::text_internal {

// A leaf is split beyond these. One embed may be larger alone.
inline constexpr size_t kLeafBytesMax = 1024;
inline constexpr int kLeafRunsMax = 32;
// A leaf that shrinks below this looks for a neighbour to merge with.
inline constexpr size_t kLeafBytesSmall = 256;

struct Node {
  std::atomic<uint32_t> references;
  uint8_t height;  // 0: a leaf

  bool shared() const { return references.load(std::memory_order_acquire) != 1; }
};

inline void AddReference(Node* node) { node->references.fetch_add(1, std::memory_order_relaxed); }

// True if it was the last reference: the caller frees the node.
inline bool DropReference(Node* node) {
  return !node->shared() || node->references.fetch_sub(1, std::memory_order_acq_rel) == 1;
}

// Characters with the same attributes, or one embed.
struct Run {
  Attributes attributes;
  uint32_t units;
  uint32_t bytes : 31;
  uint32_t is_embed : 1;

  bool MergesWith(const Run& next) const {
    return !is_embed && !next.is_embed && attributes == next.attributes;
  }
};

struct Leaf : Node {
  uint16_t run_count;
  uint16_t run_capacity;
  uint32_t units;
  uint32_t bytes;
  uint32_t byte_capacity;

  Run* runs() { return reinterpret_cast<Run*>(this + 1); }
  const Run* runs() const { return reinterpret_cast<const Run*>(this + 1); }
  char* text() { return reinterpret_cast<char*>(runs() + run_capacity); }
  const char* text() const { return reinterpret_cast<const char*>(runs() + run_capacity); }
};

// Calls visit(run, text) for each run of `leaf`.
template <typename Visit>
void ForEachRun(const Leaf& leaf, Visit visit) {
  const char* text = leaf.text();
  for (int i = 0; i < leaf.run_count; ++i) {
    const Run& run = leaf.runs()[i];
    visit(run, absl::string_view(text, run.bytes));
    text += run.bytes;
  }
}

void FreeLeaf(Leaf* leaf);
// A copy with one reference.
Leaf* CloneLeaf(const Leaf& leaf);
// `first` and `second`, one after another, as a new leaf.
Leaf* ConcatLeaves(const Leaf& first, const Leaf& second);

// Bytes of the first `units` of a run that begins at `text`; a boundary (CHECKed).
size_t RunByteOffset(const Run& run, const char* text, uint32_t units);

// False if `offset` falls inside a surrogate pair.
bool IsBoundaryInLeaf(const Leaf& leaf, uint32_t offset);

// True if `insert` can be put into `leaf` without splitting it.
bool FitsLeaf(const Leaf& leaf, const Component& insert);
// Each of these returns the leaf, which may have moved in memory. Offsets are boundaries (CHECKed).
[[nodiscard]] Leaf* InsertIntoLeaf(Leaf* leaf, uint32_t offset, const Component& insert);
[[nodiscard]] Leaf* DeleteFromLeaf(Leaf* leaf, uint32_t begin, uint32_t end);
// nullptr, and nothing is changed, if it would need more runs than a leaf may have.
[[nodiscard]] Leaf* FormatLeaf(Leaf* leaf, uint32_t begin, uint32_t end, const Attributes& change);

// Puts runs into new leaves of about equal size.
class LeafPacker {
 public:
  // `bytes` is the size of all that will be added.
  explicit LeafPacker(size_t bytes);

  void Add(const Component& insert);
  // Units [begin, end) of `leaf`, formatted with `change`.
  void AddSlice(const Leaf& leaf, uint32_t begin, uint32_t end, const Attributes& change = {});
  // At least one leaf if anything was added.
  std::vector<Node*> Finish();

 private:
  void AddText(absl::string_view text, int64_t units, const Attributes& attributes);
  void AddRun(Run run, absl::string_view text);
  void CloseLeaf();

  size_t leaf_bytes_;  // wanted size of each
  std::vector<Run> runs_;
  std::string text_;
  std::vector<Node*> leaves_;
};

}  // namespace coedit::ot::text_internal

#endif  // COEDIT_OT_TEXT_LEAF_H_
