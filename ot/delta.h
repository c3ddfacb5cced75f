// Delta: a change to a document, as an immutable value in normal form.
//
// A delta walks over the text it applies to: `retain n` keeps n units (with attributes: formats
// them), `delete n` removes n units, `insert` adds text or one embed. What follows the last
// component is kept. On "Gandalf the Grey"
//
//   Insert("Go, ") Retain(12) Insert("White") Delete(4)       gives "Go, Gandalf the White"
//
// Normal form, so that equal effects have equal bytes: no empty component; neighbours of one kind
// with equal attributes are merged (embeds never); an insert stands before a delete at the same
// spot; no trailing retain without attributes. A document is a delta of inserts only.
//
// Semantics are those of npm quill-delta 5.1.0; docs/ot.md lists where we are stricter.
#ifndef COEDIT_OT_DELTA_H_
#define COEDIT_OT_DELTA_H_

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"
#include "ot/attributes.h"
#include "ot/check.h"
#include "ot/small_buffer.h"

namespace coedit::ot {

enum class Kind : uint8_t { kRetain = 0, kDelete = 1, kInsert = 2, kEmbed = 3 };

// No component is longer than this (UTF-16 units) or holds more text (UTF-8); what is foreign is
// checked at the door.
inline constexpr int64_t kComponentUnitsMax = (int64_t{1} << 31) - 1;
inline constexpr size_t kComponentBytesMax = (size_t{1} << 30) - 1;

// One component, as seen while walking a Delta; `text` and `attributes` point into it.
struct Component {
  Kind kind;
  int64_t length;  // UTF-16 code units; 1 for an embed
  absl::string_view
      text;  // kInsert: UTF-8. kEmbed: canonical JSON object with one key. Else empty.
  const Attributes& attributes;

  bool IsInsert() const { return kind == Kind::kInsert || kind == Kind::kEmbed; }
};

class Delta {
 public:
  class Iterator;

  Delta() = default;

  // True for the change that changes nothing (and for the empty document).
  bool empty() const { return pieces_.empty(); }
  // Number of components.
  size_t size() const { return pieces_.size(); }
  Iterator begin() const;
  Iterator end() const;

  // Units the delta consumes (retain + delete): the text it applies to is at least this long.
  int64_t base_length() const { return base_length_; }
  // Units it produces (retain + insert).
  int64_t target_length() const { return target_length_; }
  // Units it adds to the length of a document; negative if it shrinks.
  int64_t growth() const { return target_length_ - base_length_; }
  // Bytes of all inserted texts and embeds.
  size_t text_bytes() const { return text_.size(); }
  // True if it holds inserts only.
  bool IsDocument() const;

  friend bool operator==(const Delta& a, const Delta& b);

  // Readable form for tests and logs of our own making: =5{"bold":true} -3 +"abc" +{"image":"x"}.
  std::string DebugString() const;

 private:
  friend class DeltaBuilder;

  // The texts of all inserts and embeds stand one after another in text_, so a small delta is one
  // object without an allocation (up to three components and 16 bytes of text).
  struct Piece {
    uint32_t length;           // units
    uint32_t text_bytes : 30;  // inserts and embeds only
    uint32_t kind_bits : 2;
    Attributes attributes;

    Kind kind() const { return static_cast<Kind>(kind_bits); }
  };
  static_assert(sizeof(Piece) == 16);

  SmallBuffer<Piece, 3> pieces_;
  SmallBuffer<char, 16> text_;
  int64_t base_length_ = 0;
  int64_t target_length_ = 0;
};

class Delta::Iterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = Component;
  using difference_type = std::ptrdiff_t;

  Component operator*() const {
    return {piece_->kind(), piece_->length, absl::string_view(text_, piece_->text_bytes),
            piece_->attributes};
  }
  Iterator& operator++() {
    text_ += piece_->text_bytes;
    ++piece_;
    return *this;
  }
  friend bool operator==(const Iterator& a, const Iterator& b) { return a.piece_ == b.piece_; }

 private:
  friend class Delta;
  friend class DeltaBuilder;
  Iterator(const Piece* piece, const char* text) : piece_(piece), text_(text) {}

  const Piece* piece_;
  const char* text_;
};

inline Delta::Iterator Delta::begin() const { return Iterator(pieces_.data(), text_.data()); }
inline Delta::Iterator Delta::end() const {
  return Iterator(pieces_.data() + pieces_.size(), text_.data() + text_.size());
}

// The only way to make a Delta: push components from left to right, Build() gives normal form.
// Empty text and lengths of zero are ignored; negative or oversize lengths are CHECKed.
class DeltaBuilder {
 public:
  DeltaBuilder() = default;

  // `units` must be Utf16Length(utf8); the first form counts.
  DeltaBuilder& Insert(absl::string_view utf8, const Attributes& attributes = {});
  DeltaBuilder& Insert(absl::string_view utf8, int64_t units, const Attributes& attributes) {
    if (!utf8.empty()) AddInsert(Kind::kInsert, utf8, units, attributes);
    return *this;
  }
  DeltaBuilder& InsertEmbed(absl::string_view canonical_json, const Attributes& attributes = {}) {
    COEDIT_CHECK(!canonical_json.empty());
    AddInsert(Kind::kEmbed, canonical_json, 1, attributes);
    return *this;
  }
  DeltaBuilder& Retain(int64_t units, const Attributes& attributes = {});
  DeltaBuilder& Delete(int64_t units);
  // Any component as it is.
  DeltaBuilder& Push(const Component& component);
  // All components of [begin, end).
  DeltaBuilder& PushRest(Delta::Iterator begin, const Delta::Iterator& end);

  // Room for so much: spares a large result from growing in steps. What is not used is given back.
  void Reserve(size_t components, size_t text_bytes) {
    delta_.pieces_.Reserve(components);
    delta_.text_.Reserve(text_bytes);
  }

  // Components so far, before the trailing retain is dropped.
  size_t size() const { return delta_.pieces_.size(); }

  // Normal form; the builder is empty afterwards.
  Delta Build();

 private:
  using Piece = Delta::Piece;

  void AddInsert(Kind kind, absl::string_view text, int64_t units, const Attributes& attributes);
  Piece* Last() { return delta_.pieces_.empty() ? nullptr : &delta_.pieces_.back(); }

  Delta delta_;
};

inline DeltaBuilder& DeltaBuilder::Retain(int64_t units, const Attributes& attributes) {
  COEDIT_CHECK(units >= 0 && units <= kComponentUnitsMax);
  if (units == 0) return *this;
  delta_.base_length_ += units;
  delta_.target_length_ += units;
  Piece* const last = Last();
  // Lengths that exceed one component together stand side by side.
  if (last != nullptr && last->kind() == Kind::kRetain && last->attributes == attributes &&
      last->length + units <= kComponentUnitsMax) {
    last->length += static_cast<uint32_t>(units);
    return *this;
  }
  delta_.pieces_.Emplace(static_cast<uint32_t>(units), 0u, static_cast<uint32_t>(Kind::kRetain),
                         attributes);
  return *this;
}

inline DeltaBuilder& DeltaBuilder::Delete(int64_t units) {
  COEDIT_CHECK(units >= 0 && units <= kComponentUnitsMax);
  if (units == 0) return *this;
  delta_.base_length_ += units;
  Piece* const last = Last();
  if (last != nullptr && last->kind() == Kind::kDelete &&
      last->length + units <= kComponentUnitsMax) {
    last->length += static_cast<uint32_t>(units);
    return *this;
  }
  delta_.pieces_.Emplace(static_cast<uint32_t>(units), 0u, static_cast<uint32_t>(Kind::kDelete),
                         Attributes());
  return *this;
}

inline void DeltaBuilder::AddInsert(Kind kind, absl::string_view text, int64_t units,
                                    const Attributes& attributes) {
  COEDIT_CHECK(units > 0 && units <= kComponentUnitsMax && text.size() <= kComponentBytesMax);
  delta_.text_.Append(text.data(), text.size());
  delta_.target_length_ += units;
  auto& pieces = delta_.pieces_;
  // An insert belongs before a delete at the same spot; a delete holds no text, so that the order
  // of texts stays.
  const bool before_delete = !pieces.empty() && pieces.back().kind() == Kind::kDelete;
  const size_t place = pieces.size() - (before_delete ? 1 : 0);
  const auto length = static_cast<uint32_t>(units);
  const auto bytes = static_cast<uint32_t>(text.size());
  if (kind == Kind::kInsert && place > 0) {
    Piece& last = pieces[place - 1];
    if (last.kind() == Kind::kInsert && last.attributes == attributes &&
        last.length + units <= kComponentUnitsMax &&
        last.text_bytes + text.size() <= kComponentBytesMax) {
      last.length += length;
      last.text_bytes += bytes;
      return;
    }
  }
  pieces.Emplace(length, bytes, static_cast<uint32_t>(kind), attributes);
  if (before_delete) std::swap(pieces[place], pieces[place + 1]);
}

// Stable hash of the canonical bytes (canonical.h): equal deltas have equal hashes for
// ever, on every machine.
uint64_t HashDelta(const Delta& delta);

}  // namespace coedit::ot

#endif  // COEDIT_OT_DELTA_H_
