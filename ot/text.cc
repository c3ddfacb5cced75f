#include "ot/text.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "ot/check.h"
#include "ot/text_leaf.h"

namespace coedit::ot {
namespace text_internal {

// Children of one height with their units, side by side so that a search reads one cache line or
// two.
struct Inner : Node {
  static constexpr int kChildrenMax = 32;
  static constexpr int kChildrenSmall = 8;    // fewer look for a neighbour to merge with
  static constexpr int kChildrenPacked = 24;  // when many are distributed anew

  int count;
  uint32_t units[kChildrenMax];
  Node* children[kChildrenMax];
};

namespace {

Inner* AsInner(Node* node) { return static_cast<Inner*>(node); }
const Inner* AsInner(const Node* node) { return static_cast<const Inner*>(node); }
Leaf* AsLeaf(Node* node) { return static_cast<Leaf*>(node); }
const Leaf* AsLeaf(const Node* node) { return static_cast<const Leaf*>(node); }

uint32_t Units(const Node* node) {
  if (node->height == 0) return AsLeaf(node)->units;
  const Inner* inner = AsInner(node);
  uint32_t units = 0;
  for (int i = 0; i < inner->count; ++i) units += inner->units[i];
  return units;
}

void Release(Node* node) {
  if (node == nullptr || !DropReference(node)) return;
  if (node->height == 0) {
    FreeLeaf(AsLeaf(node));
    return;
  }
  Inner* const inner = AsInner(node);
  for (int i = 0; i < inner->count; ++i) Release(inner->children[i]);
  delete inner;
}

Inner* NewInner(int height) {
  Inner* const inner = new Inner;
  inner->references.store(1, std::memory_order_relaxed);
  inner->height = static_cast<uint8_t>(height);
  inner->count = 0;
  return inner;
}

// Takes over the reference to `child`.
void Append(Node* child, Inner* inner) {
  inner->units[inner->count] = Units(child);
  inner->children[inner->count++] = child;
}

// Appends the children of `from`, which keeps its own references.
void AppendShared(const Inner& from, Inner* to) {
  for (int i = 0; i < from.count; ++i) {
    AddReference(from.children[i]);
    to->units[to->count] = from.units[i];
    to->children[to->count++] = from.children[i];
  }
}

// Distributes `children` (one height) over as few nodes as leave room for more.
std::vector<Node*> Pack(const std::vector<Node*>& children) {
  const size_t count = (children.size() + Inner::kChildrenPacked - 1) / Inner::kChildrenPacked;
  std::vector<Node*> nodes;
  for (size_t i = 0; i < count; ++i) {
    Inner* const inner = NewInner(children.front()->height + 1);
    const size_t end = children.size() * (i + 1) / count;
    for (size_t j = children.size() * i / count; j < end; ++j) Append(children[j], inner);
    nodes.push_back(inner);
  }
  return nodes;
}

// Calls visit(leaf, begin) for the leaves that meet [begin, end), in order; `offset` is where
// `node` begins.
template <typename Visit>
void ForEachLeaf(const Node* node, int64_t offset, int64_t begin, int64_t end, const Visit& visit) {
  if (node->height == 0) {
    visit(*AsLeaf(node), offset);
    return;
  }
  const Inner* const inner = AsInner(node);
  for (int i = 0; i < inner->count && offset < end; ++i) {
    if (offset + inner->units[i] > begin) {
      ForEachLeaf(inner->children[i], offset, begin, end, visit);
    }
    offset += inner->units[i];
  }
}

// Reads the runs of a whole text in pieces of any size in bytes.
class RunReader {
 public:
  RunReader(const Node* root, int64_t length) {
    ForEachLeaf(root, 0, 0, length,
                [this](const Leaf& leaf, int64_t) { leaves_.push_back(&leaf); });
    LoadLeaf();
  }

  bool done() const { return leaf_ == leaves_.size(); }
  const Run& run() const { return leaves_[leaf_]->runs()[run_]; }
  absl::string_view rest() const { return rest_; }  // what is left of run()

  void Skip(size_t bytes) {
    rest_.remove_prefix(bytes);
    if (!rest_.empty()) return;
    if (++run_ < leaves_[leaf_]->run_count) {
      rest_ = absl::string_view(rest_.data(), run().bytes);
    } else {
      ++leaf_;
      LoadLeaf();
    }
  }

 private:
  void LoadLeaf() {
    run_ = 0;
    if (!done()) rest_ = absl::string_view(leaves_[leaf_]->text(), run().bytes);
  }

  std::vector<const Leaf*> leaves_;
  size_t leaf_ = 0;
  int run_ = 0;
  absl::string_view rest_;
};

}  // namespace
}  // namespace text_internal

using namespace text_internal;  // NOLINT: the private half of this file

Text::Text(const Delta& document) {
  COEDIT_CHECK(document.IsDocument());
  COEDIT_CHECK(document.target_length() <= kUnitsMax);
  if (document.empty()) return;
  LeafPacker packer(document.text_bytes());
  for (const Component component : document) packer.Add(component);
  const std::vector<Node*> leaves = packer.Finish();
  for (const Node* leaf : leaves) run_count_ += AsLeaf(leaf)->run_count;
  length_ = document.target_length();
  bytes_ = static_cast<int64_t>(document.text_bytes());
  ReplaceChild(-1, leaves);
}

Text::Text(const Text& other)
    : root_(other.root_),
      length_(other.length_),
      bytes_(other.bytes_),
      run_count_(other.run_count_) {
  if (root_ != nullptr) AddReference(root_);
}

Text::Text(Text&& other) noexcept
    : root_(std::exchange(other.root_, nullptr)),
      length_(std::exchange(other.length_, 0)),
      bytes_(std::exchange(other.bytes_, 0)),
      run_count_(std::exchange(other.run_count_, 0)),
      path_(other.path_) {
  other.path_.leaf = nullptr;
}

Text& Text::operator=(Text other) noexcept {
  std::swap(root_, other.root_);
  std::swap(length_, other.length_);
  std::swap(bytes_, other.bytes_);
  std::swap(run_count_, other.run_count_);
  std::swap(path_, other.path_);
  return *this;
}

Text::~Text() { Release(root_); }

bool Text::IsBoundary(int64_t position) const {
  COEDIT_CHECK(position >= 0 && position <= length_);
  // Every character outside ASCII and every embed takes more bytes than units.
  if (bytes_ == length_ || position == 0 || position == length_) return true;
  if (path_.leaf != nullptr && position >= path_.leaf_begin &&
      position <= path_.leaf_begin + path_.leaf->units) {
    return IsBoundaryInLeaf(*path_.leaf, static_cast<uint32_t>(position - path_.leaf_begin));
  }
  const Node* node = root_;
  while (node->height > 0) {
    const Inner* const inner = AsInner(node);
    int i = 0;
    for (; position > inner->units[i]; ++i) position -= inner->units[i];
    node = inner->children[i];
  }
  return IsBoundaryInLeaf(*AsLeaf(node), static_cast<uint32_t>(position));
}

void Text::ForEach(int64_t begin, int64_t end,
                   absl::FunctionRef<void(const Component&)> visit) const {
  COEDIT_CHECK(0 <= begin && begin <= end && end <= length_);
  if (begin == end) return;
  ForEachLeaf(root_, 0, begin, end, [&](const Leaf& leaf, int64_t offset) {
    ForEachRun(leaf, [&](const Run& run, absl::string_view text) {
      const int64_t run_begin = offset;
      offset += run.units;
      const int64_t from = std::max<int64_t>(begin - run_begin, 0);
      const int64_t to = std::min<int64_t>(end - run_begin, run.units);
      if (from >= to) return;
      if (run.is_embed) {
        visit({Kind::kEmbed, 1, text, run.attributes});
        return;
      }
      const size_t from_byte = RunByteOffset(run, text.data(), static_cast<uint32_t>(from));
      const size_t to_byte = RunByteOffset(run, text.data(), static_cast<uint32_t>(to));
      visit(
          {Kind::kInsert, to - from, text.substr(from_byte, to_byte - from_byte), run.attributes});
    });
  });
}

Delta Text::ToDelta() const {
  DeltaBuilder builder;
  ForEach(0, length_, [&](const Component& component) { builder.Push(component); });
  return builder.Build();
}

std::string Text::ToString() const {
  std::string out;
  out.reserve(static_cast<size_t>(bytes_));
  ForEach(0, length_, [&](const Component& component) {
    if (component.kind == Kind::kInsert) {
      out.append(component.text.data(), component.text.size());
    }
  });
  return out;
}

bool operator==(const Text& a, const Text& b) {
  if (a.root_ == b.root_) return true;
  if (a.length_ != b.length_ || a.bytes_ != b.bytes_) return false;
  RunReader left(a.root_, a.length_);
  RunReader right(b.root_, b.length_);
  while (!left.done()) {
    const size_t bytes = std::min(left.rest().size(), right.rest().size());
    if (left.run().is_embed != right.run().is_embed ||
        left.rest().substr(0, bytes) != right.rest().substr(0, bytes) ||
        !(left.run().attributes == right.run().attributes) ||
        (left.run().is_embed && left.run().bytes != right.run().bytes)) {
      return false;
    }
    left.Skip(bytes);
    right.Skip(bytes);
  }
  return true;
}

bool Text::PathHolds(int64_t begin, int64_t end) const {
  if (path_.leaf == nullptr || begin < path_.leaf_begin ||
      end > path_.leaf_begin + path_.leaf->units) {
    return false;
  }
  // A copy made since then shares the root; once one of the two was edited, nodes further down.
  for (int i = 0; i < path_.depth; ++i) {
    if (path_.steps[i].node->shared()) return false;
  }
  return true;
}

void Text::Seek(int64_t position, Bias bias) {
  path_.depth = 0;
  path_.leaf_begin = 0;
  if (bias == Bias::kRight) ++position;  // the leaf that holds the unit behind the position
  Node** slot = &root_;
  while ((*slot)->height > 0) {
    if ((*slot)->shared()) {
      Inner* const copy = NewInner((*slot)->height);
      AppendShared(*AsInner(*slot), copy);
      Release(std::exchange(*slot, copy));
    }
    Inner* const inner = AsInner(*slot);
    int i = 0;
    for (; position > inner->units[i]; ++i) {
      position -= inner->units[i];
      path_.leaf_begin += inner->units[i];
    }
    COEDIT_CHECK(path_.depth < Path::kDepthMax);
    path_.steps[path_.depth++] = {inner, i};
    slot = &inner->children[i];
  }
  path_.leaf = AsLeaf(*slot);
}

void Text::OwnLeaf() {
  if (!path_.leaf->shared()) return;
  Leaf* const copy = CloneLeaf(*path_.leaf);
  Release(path_.leaf);
  LeafChanged(copy, 0, 0, 0);
}

void Text::LeafChanged(Leaf* leaf, int64_t units, int64_t bytes, int64_t runs) {
  if (leaf != path_.leaf) {
    path_.leaf = leaf;
    if (path_.depth == 0) {
      root_ = leaf;
    } else {
      const Path::Step& last = path_.steps[path_.depth - 1];
      last.node->children[last.index] = leaf;
    }
  }
  for (int i = 0; i < path_.depth; ++i) {
    path_.steps[i].node->units[path_.steps[i].index] += static_cast<uint32_t>(units);
  }
  length_ += units;
  bytes_ += bytes;
  run_count_ += runs;
}

void Text::ReplaceChild(int level, const std::vector<Node*>& nodes) {
  path_.leaf = nullptr;
  if (level < 0) {
    std::vector<Node*> top = nodes;
    while (top.size() > 1) top = Pack(top);
    root_ = top.empty() ? nullptr : top.front();
    // A root with one child is a level for nothing.
    while (root_ != nullptr && root_->height > 0 && AsInner(root_)->count == 1) {
      Node* const child = AsInner(root_)->children[0];
      AddReference(child);
      Release(std::exchange(root_, child));
    }
    return;
  }

  Inner* const parent = path_.steps[level].node;
  const int index = path_.steps[level].index;
  const int replaced = static_cast<int>(nodes.size());
  if (parent->count - 1 + replaced <= Inner::kChildrenMax) {
    const int behind = parent->count - index - 1;
    std::memmove(parent->units + index + replaced, parent->units + index + 1,
                 behind * sizeof(parent->units[0]));
    std::memmove(parent->children + index + replaced, parent->children + index + 1,
                 behind * sizeof(parent->children[0]));
    parent->count += replaced - 1;
    for (int i = 0; i < replaced; ++i) {
      parent->units[index + i] = Units(nodes[i]);
      parent->children[index + i] = nodes[i];
    }
    if (parent->count == 0) {
      Release(parent);
      ReplaceChild(level - 1, {});
      return;
    }
    for (int above = level - 1; above >= 0; --above) {
      const Path::Step& step = path_.steps[above];
      step.node->units[step.index] = Units(step.node->children[step.index]);
    }
    if (replaced != 1 && parent->count < Inner::kChildrenSmall) MergeChild(level - 1);
    return;
  }

  std::vector<Node*> children(parent->children, parent->children + index);
  children.insert(children.end(), nodes.begin(), nodes.end());
  children.insert(children.end(), parent->children + index + 1, parent->children + parent->count);
  parent->count = 0;  // its references went to `children`
  Release(parent);
  ReplaceChild(level - 1, Pack(children));
}

void Text::MergeChild(int level) {
  path_.leaf = nullptr;
  if (level < 0) {
    ReplaceChild(-1, {root_});
    return;
  }
  Inner* const parent = path_.steps[level].node;
  const int index = path_.steps[level].index;
  for (const int left : {index, index - 1}) {
    if (left < 0 || left + 1 >= parent->count) continue;
    Node* const first = parent->children[left];
    Node* const second = parent->children[left + 1];
    Node* merged = nullptr;
    if (first->height == 0) {
      const Leaf& a = *AsLeaf(first);
      const Leaf& b = *AsLeaf(second);
      if (a.bytes + b.bytes <= kLeafBytesMax && a.run_count + b.run_count <= kLeafRunsMax) {
        Leaf* const leaf = ConcatLeaves(a, b);
        run_count_ += leaf->run_count - a.run_count - b.run_count;
        merged = leaf;
      }
    } else if (AsInner(first)->count + AsInner(second)->count <= Inner::kChildrenMax) {
      Inner* const inner = NewInner(first->height);
      AppendShared(*AsInner(first), inner);
      AppendShared(*AsInner(second), inner);
      merged = inner;
    }
    if (merged == nullptr) continue;
    Release(first);
    Release(second);
    // The pair becomes one child: the second slot goes, the first takes the merged node.
    parent->children[left] = merged;
    parent->units[left] = Units(merged);
    path_.steps[level].index = left + 1;
    ReplaceChild(level, {});
    return;
  }
}

void Text::ReplaceLeaf(const std::vector<Node*>& leaves) {
  run_count_ -= path_.leaf->run_count;
  bytes_ -= path_.leaf->bytes;
  length_ -= path_.leaf->units;
  for (const Node* node : leaves) {
    run_count_ += AsLeaf(node)->run_count;
    bytes_ += AsLeaf(node)->bytes;
    length_ += AsLeaf(node)->units;
  }
  Release(path_.leaf);
  ReplaceChild(path_.depth - 1, leaves);
}

void Text::Insert(int64_t position, const Component& insert) {
  COEDIT_CHECK(position >= 0 && position <= length_);
  COEDIT_CHECK(insert.IsInsert() && insert.length > 0 && insert.length <= kUnitsMax - length_);
  if (root_ == nullptr) {
    DeltaBuilder builder;
    *this = Text(builder.Push(insert).Build());
    return;
  }
  // At the border of two leaves the left one: text is typed from left to right.
  if (!PathHolds(position, position) || (position == path_.leaf_begin && position != 0)) {
    Seek(position, Bias::kLeft);
  }
  const auto offset = static_cast<uint32_t>(position - path_.leaf_begin);
  if (FitsLeaf(*path_.leaf, insert)) {
    OwnLeaf();
    const int runs = path_.leaf->run_count;
    Leaf* const leaf = InsertIntoLeaf(path_.leaf, offset, insert);
    LeafChanged(leaf, insert.length, static_cast<int64_t>(insert.text.size()),
                leaf->run_count - runs);
    return;
  }

  Leaf* const old = path_.leaf;
  if (offset == old->units && insert.text.size() < kLeafBytesSmall) {
    // What is typed at the end of a full leaf starts a new one, so that leaves get full.
    LeafPacker packer(insert.text.size());
    packer.Add(insert);
    std::vector<Node*> leaves = packer.Finish();
    AddReference(old);
    leaves.insert(leaves.begin(), old);
    ReplaceLeaf(leaves);
    return;
  }
  LeafPacker packer(old->bytes + insert.text.size());
  packer.AddSlice(*old, 0, offset);
  packer.Add(insert);
  packer.AddSlice(*old, offset, old->units);
  ReplaceLeaf(packer.Finish());
}

void Text::Delete(int64_t position, int64_t units) {
  COEDIT_CHECK(position >= 0 && units >= 0 && units <= length_ - position);
  while (units > 0) {
    if (!PathHolds(position, position + 1)) Seek(position, Bias::kRight);
    Leaf* const old = path_.leaf;
    const auto begin = static_cast<uint32_t>(position - path_.leaf_begin);
    const auto end = static_cast<uint32_t>(std::min<int64_t>(old->units, begin + units));
    units -= end - begin;
    if (end - begin == old->units) {
      ReplaceLeaf({});
      continue;
    }
    OwnLeaf();
    const int64_t bytes = path_.leaf->bytes;
    const int runs = path_.leaf->run_count;
    Leaf* const leaf = DeleteFromLeaf(path_.leaf, begin, end);
    LeafChanged(leaf, int64_t{begin} - end, leaf->bytes - bytes, leaf->run_count - runs);
    // Once on its way down: asking at every deletion below the mark would be in vain mostly.
    const bool became_small = bytes >= int64_t{kLeafBytesSmall} && leaf->bytes < kLeafBytesSmall;
    if (became_small && path_.depth > 0) MergeChild(path_.depth - 1);
  }
}

void Text::Format(int64_t position, int64_t units, const Attributes& change) {
  COEDIT_CHECK(position >= 0 && units >= 0 && units <= length_ - position);
  if (change.empty()) return;
  while (units > 0) {
    if (!PathHolds(position, position + 1)) Seek(position, Bias::kRight);
    OwnLeaf();
    Leaf* const old = path_.leaf;
    const auto begin = static_cast<uint32_t>(position - path_.leaf_begin);
    const auto end = static_cast<uint32_t>(std::min<int64_t>(old->units, begin + units));
    const int runs = old->run_count;
    if (Leaf* const leaf = FormatLeaf(old, begin, end, change); leaf != nullptr) {
      LeafChanged(leaf, 0, 0, leaf->run_count - runs);
    } else {
      LeafPacker packer(old->bytes);
      packer.AddSlice(*old, 0, begin);
      packer.AddSlice(*old, begin, end, change);
      packer.AddSlice(*old, end, old->units);
      ReplaceLeaf(packer.Finish());
    }
    position += end - begin;
    units -= end - begin;
  }
}

}  // namespace coedit::ot
