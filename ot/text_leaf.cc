#include "ot/text_leaf.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>
#include <optional>

#include "ot/check.h"
#include "ot/unicode.h"

namespace coedit::ot::text_internal {
namespace {

// Leaves made in bulk are filled so far that the next few edits do not split them.
constexpr size_t kPackedLeafBytes = 896;
constexpr size_t kPackedLeafRuns = 24;

size_t BlockBytes(size_t run_capacity, size_t byte_capacity) {
  return sizeof(Leaf) + run_capacity * sizeof(Run) + byte_capacity;
}

// Bytes to reserve for `bytes` of text beside `run_capacity` runs: what malloc rounds up anyway.
uint32_t TightCapacity(size_t run_capacity, size_t bytes) {
  constexpr size_t kMallocStep = 16;
  constexpr size_t kMallocHeader = 8;
  const size_t block = BlockBytes(run_capacity, bytes) + kMallocHeader;
  const size_t rounded = (block + kMallocStep - 1) / kMallocStep * kMallocStep - kMallocHeader;
  return static_cast<uint32_t>(rounded - BlockBytes(run_capacity, 0));
}

// The same with an eighth to spare.
uint32_t SpaciousCapacity(size_t run_capacity, size_t bytes) {
  return TightCapacity(run_capacity, bytes + bytes / 8);
}

Leaf* AllocateLeaf(size_t run_capacity, uint32_t byte_capacity) {
  void* const block = std::malloc(BlockBytes(run_capacity, byte_capacity));
  COEDIT_CHECK(block != nullptr);
  Leaf* const leaf = new (block) Leaf();
  leaf->references.store(1, std::memory_order_relaxed);
  leaf->height = 0;
  leaf->run_count = 0;
  leaf->run_capacity = static_cast<uint16_t>(run_capacity);
  leaf->units = 0;
  leaf->bytes = 0;
  leaf->byte_capacity = byte_capacity;
  return leaf;
}

// Runs are moved as bytes: an Attributes is one pointer and does not know its own address.
void MoveRuns(Run* to, const Run* from, size_t count) {
  std::memmove(static_cast<void*>(to), static_cast<const void*>(from), count * sizeof(Run));
}

Leaf* ReallocateLeaf(Leaf* leaf, size_t run_capacity, uint32_t byte_capacity) {
  // If the runs' share shrank the text would have to move first; it never does.
  const size_t runs_before = leaf->run_capacity;
  void* const block =
      std::realloc(static_cast<void*>(leaf), BlockBytes(run_capacity, byte_capacity));
  COEDIT_CHECK(block != nullptr);
  leaf = static_cast<Leaf*>(block);
  if (run_capacity != runs_before) {
    const char* const text = leaf->text();
    leaf->run_capacity = static_cast<uint16_t>(run_capacity);
    std::memmove(leaf->text(), text, leaf->bytes);
  }
  leaf->byte_capacity = byte_capacity;
  return leaf;
}

Leaf* Reserve(Leaf* leaf, size_t runs, size_t bytes) {
  if (runs <= leaf->run_capacity && bytes <= leaf->byte_capacity) return leaf;
  const size_t run_capacity = runs <= leaf->run_capacity ? leaf->run_capacity : runs + runs / 4;
  return ReallocateLeaf(leaf, run_capacity, SpaciousCapacity(run_capacity, bytes));
}

// Gives memory back after deletions.
Leaf* Tighten(Leaf* leaf) {
  const uint32_t wanted = SpaciousCapacity(leaf->run_capacity, leaf->bytes);
  constexpr uint32_t kSlackBytes = 128;
  if (leaf->byte_capacity <= wanted + kSlackBytes) return leaf;
  return ReallocateLeaf(leaf, leaf->run_capacity, wanted);
}

// A place in a leaf: `units` and `bytes` into run `run`, whose characters begin at `run_begin`.
struct Spot {
  int run;
  uint32_t units;
  uint32_t bytes;
  uint32_t run_begin;

  uint32_t byte() const { return run_begin + bytes; }
};

// At the border of two runs: the end of the left one.
Spot FindLeft(const Leaf& leaf, uint32_t offset) {
  Spot spot{0, offset, 0, 0};
  const Run* run = leaf.runs();
  while (spot.units > run->units) {
    spot.units -= run->units;
    spot.run_begin += run->bytes;
    ++run;
    ++spot.run;
  }
  spot.bytes = static_cast<uint32_t>(RunByteOffset(*run, leaf.text() + spot.run_begin, spot.units));
  return spot;
}

// At the border of two runs: the beginning of the right one. offset < leaf.units.
Spot FindRight(const Leaf& leaf, uint32_t offset) {
  Spot spot{0, offset, 0, 0};
  const Run* run = leaf.runs();
  while (spot.units >= run->units) {
    spot.units -= run->units;
    spot.run_begin += run->bytes;
    ++run;
    ++spot.run;
  }
  spot.bytes = static_cast<uint32_t>(RunByteOffset(*run, leaf.text() + spot.run_begin, spot.units));
  return spot;
}

// Destroys runs [begin, end) and closes the gap.
void EraseRuns(Leaf* leaf, int begin, int end) {
  Run* const runs = leaf->runs();
  for (int i = begin; i < end; ++i) runs[i].~Run();
  MoveRuns(runs + begin, runs + end, leaf->run_count - end);
  leaf->run_count = static_cast<uint16_t>(leaf->run_count - (end - begin));
}

// Merges runs `left` and `left` + 1 if both exist and agree.
void MergeRuns(Leaf* leaf, int left) {
  if (left < 0 || left + 1 >= leaf->run_count) return;
  Run& first = leaf->runs()[left];
  const Run& second = leaf->runs()[left + 1];
  if (!first.MergesWith(second)) return;
  first.units += second.units;
  first.bytes += second.bytes;
  EraseRuns(leaf, left + 1, left + 2);
}

// Uninitialised room for `count` runs at `place`.
Run* OpenRuns(Leaf* leaf, int place, int count) {
  Run* const at = leaf->runs() + place;
  MoveRuns(at + count, at, leaf->run_count - place);
  leaf->run_count = static_cast<uint16_t>(leaf->run_count + count);
  return at;
}

void AppendRuns(const Leaf& from, Leaf* to) {
  Run* at = to->runs() + to->run_count;
  for (int i = 0; i < from.run_count; ++i) new (at++) Run(from.runs()[i]);
  std::memcpy(to->text() + to->bytes, from.text(), from.bytes);
  to->run_count = static_cast<uint16_t>(to->run_count + from.run_count);
  to->units += from.units;
  to->bytes += from.bytes;
}

}  // namespace

size_t RunByteOffset(const Run& run, const char* text, uint32_t units) {
  if (units == 0) return 0;
  if (run.units == run.bytes) return units;  // ASCII
  if (units == run.units) return run.bytes;
  const std::optional<size_t> bytes = ByteOffset(absl::string_view(text, run.bytes), units);
  COEDIT_CHECK(bytes.has_value());  // inside a surrogate pair
  return *bytes;
}

void FreeLeaf(Leaf* leaf) {
  for (int i = 0; i < leaf->run_count; ++i) leaf->runs()[i].~Run();
  leaf->~Leaf();
  std::free(leaf);
}

Leaf* CloneLeaf(const Leaf& leaf) {
  Leaf* const copy = AllocateLeaf(leaf.run_count, SpaciousCapacity(leaf.run_count, leaf.bytes));
  AppendRuns(leaf, copy);
  return copy;
}

Leaf* ConcatLeaves(const Leaf& first, const Leaf& second) {
  const size_t runs = first.run_count + second.run_count;
  Leaf* const leaf = AllocateLeaf(runs, SpaciousCapacity(runs, first.bytes + second.bytes));
  AppendRuns(first, leaf);
  AppendRuns(second, leaf);
  MergeRuns(leaf, first.run_count - 1);
  return leaf;
}

bool IsBoundaryInLeaf(const Leaf& leaf, uint32_t offset) {
  if (leaf.units == leaf.bytes) return true;  // ASCII
  const Run* run = leaf.runs();
  const char* text = leaf.text();
  for (; offset > run->units; ++run) {
    offset -= run->units;
    text += run->bytes;
  }
  return offset == 0 || offset == run->units || run->units == run->bytes ||
         ByteOffset(absl::string_view(text, run->bytes), offset).has_value();
}

bool FitsLeaf(const Leaf& leaf, const Component& insert) {
  return leaf.bytes + insert.text.size() <= kLeafBytesMax && leaf.run_count + 2 <= kLeafRunsMax;
}

Leaf* InsertIntoLeaf(Leaf* leaf, uint32_t offset, const Component& insert) {
  const auto units = static_cast<uint32_t>(insert.length);
  const auto bytes = static_cast<uint32_t>(insert.text.size());
  const bool is_embed = insert.kind == Kind::kEmbed;
  const Spot spot = FindLeft(*leaf, offset);
  const auto joins = [&](const Run& run) {
    return !is_embed && !run.is_embed && run.attributes == insert.attributes;
  };

  // The run that takes the text in, or -1.
  int host = -1;
  if (joins(leaf->runs()[spot.run])) {
    host = spot.run;
  } else if (spot.units == leaf->runs()[spot.run].units && spot.run + 1 < leaf->run_count &&
             joins(leaf->runs()[spot.run + 1])) {
    host = spot.run + 1;
  }
  leaf = Reserve(leaf, leaf->run_count + (host >= 0 ? 0 : 2), leaf->bytes + bytes);
  if (host >= 0) {
    leaf->runs()[host].units += units;
    leaf->runs()[host].bytes += bytes;
  } else {
    Run& left = leaf->runs()[spot.run];
    Run* fresh;
    if (spot.units == 0) {
      fresh = OpenRuns(leaf, spot.run, 1);
    } else if (spot.units == left.units) {
      fresh = OpenRuns(leaf, spot.run + 1, 1);
    } else {
      fresh = OpenRuns(leaf, spot.run + 1, 2);
      new (fresh + 1) Run{left.attributes, left.units - spot.units, left.bytes - spot.bytes, 0};
      left.units = spot.units;
      left.bytes = spot.bytes;
    }
    new (fresh) Run{insert.attributes, units, bytes, is_embed};
  }
  char* const at = leaf->text() + spot.byte();
  std::memmove(at + bytes, at, leaf->bytes - spot.byte());
  std::memcpy(at, insert.text.data(), bytes);
  leaf->units += units;
  leaf->bytes += bytes;
  return leaf;
}

Leaf* DeleteFromLeaf(Leaf* leaf, uint32_t begin, uint32_t end) {
  const Spot first = FindRight(*leaf, begin);
  const Spot last = FindLeft(*leaf, end);
  const uint32_t bytes = last.byte() - first.byte();
  std::memmove(leaf->text() + first.byte(), leaf->text() + last.byte(), leaf->bytes - last.byte());
  leaf->units -= end - begin;
  leaf->bytes -= bytes;

  Run* const runs = leaf->runs();
  int seam = first.run;  // the first run behind what was deleted
  if (first.run == last.run) {
    runs[seam].units -= end - begin;
    runs[seam].bytes -= bytes;
    if (runs[seam].units != 0) return Tighten(leaf);
    EraseRuns(leaf, seam, seam + 1);
  } else {
    if (first.units != 0) {
      runs[seam].units = first.units;
      runs[seam].bytes = first.bytes;
      ++seam;
    }
    runs[last.run].units -= last.units;
    runs[last.run].bytes -= last.bytes;
    EraseRuns(leaf, seam, last.run + (runs[last.run].units == 0 ? 1 : 0));
  }
  MergeRuns(leaf, seam - 1);
  return Tighten(leaf);
}

Leaf* FormatLeaf(Leaf* leaf, uint32_t begin, uint32_t end, const Attributes& change) {
  // The new runs are made beside the old ones; a leaf has few.
  std::vector<Run> formatted;
  formatted.reserve(leaf->run_count + 2);
  const auto add = [&](const Run& run, size_t units, size_t bytes, const Attributes& attributes) {
    if (units == 0) return;
    Run next{attributes, static_cast<uint32_t>(units), static_cast<uint32_t>(bytes), run.is_embed};
    if (!formatted.empty() && formatted.back().MergesWith(next)) {
      formatted.back().units += next.units;
      formatted.back().bytes += next.bytes;
    } else {
      formatted.push_back(std::move(next));
    }
  };
  uint32_t position = 0;
  ForEachRun(*leaf, [&](const Run& run, absl::string_view text) {
    const uint32_t from = std::clamp(begin, position, position + run.units) - position;
    const uint32_t to = std::clamp(end, position, position + run.units) - position;
    const size_t from_byte = RunByteOffset(run, text.data(), from);
    const size_t to_byte = RunByteOffset(run, text.data(), to);
    add(run, from, from_byte, run.attributes);
    if (from < to) {
      add(run, to - from, to_byte - from_byte, ComposeAttributes(run.attributes, change, false));
    }
    add(run, run.units - to, run.bytes - to_byte, run.attributes);
    position += run.units;
  });
  if (formatted.size() > kLeafRunsMax && formatted.size() > leaf->run_count) return nullptr;

  leaf = Reserve(leaf, formatted.size(), leaf->bytes);
  for (int i = 0; i < leaf->run_count; ++i) leaf->runs()[i].~Run();
  leaf->run_count = 0;
  for (Run& run : formatted) new (leaf->runs() + leaf->run_count++) Run(std::move(run));
  return leaf;
}

LeafPacker::LeafPacker(size_t bytes) {
  const size_t leaves =
      bytes <= kLeafBytesMax ? 1 : (bytes + kPackedLeafBytes - 1) / kPackedLeafBytes;
  leaf_bytes_ = std::max<size_t>(1, (bytes + leaves - 1) / leaves);
}

void LeafPacker::Add(const Component& insert) {
  if (insert.kind == Kind::kEmbed) {
    COEDIT_CHECK(insert.text.size() <= kComponentUnitsMax);
    AddRun({insert.attributes, 1, static_cast<uint32_t>(insert.text.size()), 1}, insert.text);
  } else {
    AddText(insert.text, insert.length, insert.attributes);
  }
}

void LeafPacker::AddSlice(const Leaf& leaf, uint32_t begin, uint32_t end,
                          const Attributes& change) {
  uint32_t position = 0;
  ForEachRun(leaf, [&](const Run& run, absl::string_view text) {
    const uint32_t from = std::clamp(begin, position, position + run.units) - position;
    const uint32_t to = std::clamp(end, position, position + run.units) - position;
    position += run.units;
    if (from == to) return;
    const Attributes attributes = ComposeAttributes(run.attributes, change, false);
    if (run.is_embed) {
      AddRun({attributes, 1, run.bytes, 1}, text);
      return;
    }
    const size_t from_byte = RunByteOffset(run, text.data(), from);
    const size_t to_byte = RunByteOffset(run, text.data(), to);
    AddText(text.substr(from_byte, to_byte - from_byte), to - from, attributes);
  });
}

void LeafPacker::AddText(absl::string_view text, int64_t units, const Attributes& attributes) {
  while (!text.empty()) {
    if (text_.size() >= leaf_bytes_) CloseLeaf();
    size_t bytes = text.size();
    int64_t taken = units;
    if (text_.size() + bytes > leaf_bytes_) {
      // Up to the next beginning of a character, so that at least one is taken.
      bytes = leaf_bytes_ - text_.size();
      while (bytes < text.size() && (text[bytes] & 0xC0) == 0x80) ++bytes;
      taken = Utf16Length(text.substr(0, bytes));
    }
    AddRun({attributes, static_cast<uint32_t>(taken), static_cast<uint32_t>(bytes), 0},
           text.substr(0, bytes));
    text.remove_prefix(bytes);
    units -= taken;
  }
}

void LeafPacker::AddRun(Run run, absl::string_view text) {
  if (!runs_.empty() && runs_.back().MergesWith(run)) {
    runs_.back().units += run.units;
    runs_.back().bytes += run.bytes;
  } else {
    if (runs_.size() >= kPackedLeafRuns ||
        (!runs_.empty() && text_.size() + text.size() > kLeafBytesMax)) {
      CloseLeaf();
    }
    runs_.push_back(std::move(run));
  }
  text_.append(text.data(), text.size());
}

void LeafPacker::CloseLeaf() {
  Leaf* const leaf = AllocateLeaf(runs_.size(), TightCapacity(runs_.size(), text_.size()));
  for (Run& run : runs_) {
    leaf->units += run.units;
    new (leaf->runs() + leaf->run_count++) Run(std::move(run));
  }
  leaf->bytes = static_cast<uint32_t>(text_.size());
  std::memcpy(leaf->text(), text_.data(), text_.size());
  leaves_.push_back(leaf);
  runs_.clear();
  text_.clear();
}

std::vector<Node*> LeafPacker::Finish() {
  if (!runs_.empty()) CloseLeaf();
  return std::move(leaves_);
}

}  // namespace coedit::ot::text_internal
