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
#include "absl/types/span.h"
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

  // A component as it is stored, without its text. Kind and size of the text are one number: a
  // number just written in parts is slow to read as a whole, and pieces are copied all the time.
  struct Piece {
    uint32_t length;  // units
    uint32_t kind_and_text_bytes;
    Attributes attributes;

    static constexpr int kKindShift = 30;
    static constexpr uint32_t Pack(Kind kind, size_t text_bytes = 0) {
      return static_cast<uint32_t>(kind) << kKindShift | static_cast<uint32_t>(text_bytes);
    }
    Kind kind() const { return static_cast<Kind>(kind_and_text_bytes >> kKindShift); }
    size_t text_bytes() const { return kind_and_text_bytes & kComponentBytesMax; }
    bool IsInsert() const { return kind() >= Kind::kInsert; }
    bool IsPlainRetain() const { return kind_and_text_bytes == 0 && attributes.empty(); }
  };
  static_assert(sizeof(Piece) == 16);

  Delta() = default;

  // True for the change that changes nothing (and for the empty document).
  bool empty() const { return pieces_.empty(); }
  // Number of components.
  size_t size() const { return pieces_.size(); }
  Iterator begin() const;
  Iterator end() const;

  // The lengths are added up on each call.
  // Units the delta consumes (retain + delete): the text it applies to is at least this long.
  int64_t base_length() const;
  // Units it produces (retain + insert).
  int64_t target_length() const;
  // Units it adds to the length of a document; negative if it shrinks.
  int64_t growth() const { return target_length() - base_length(); }
  // Bytes of all inserted texts and embeds.
  size_t text_bytes() const { return text_.size(); }
  // True if it holds inserts only.
  bool IsDocument() const;

  friend bool operator==(const Delta& a, const Delta& b);

  // Readable form for tests and logs of our own making: =5{"bold":true} -3 +"abc" +{"image":"x"}.
  std::string DebugString() const;

  // How it is stored, for the algebra: the components, and the texts of all inserts side by side.
  absl::Span<const Piece> pieces() const;
  const char* texts() const { return text_.data(); }

 private:
  friend class DeltaBuilder;
  friend class DeltaWriter;

  // The texts of all inserts and embeds stand one after another in text_, so a small delta is one
  // object without an allocation (up to four components, what two edits far apart compose to, and
  // 16 bytes of text).
  SmallBuffer<Piece, 4> pieces_;
  SmallBuffer<char, 16> text_;
};

class Delta::Iterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = Component;
  using difference_type = std::ptrdiff_t;

  Component operator*() const {
    return {piece_->kind(), piece_->length, absl::string_view(text_, piece_->text_bytes()),
            piece_->attributes};
  }
  Iterator& operator++() {
    text_ += piece_->text_bytes();
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

inline absl::Span<const Delta::Piece> Delta::pieces() const {
  return {pieces_.data(), pieces_.size()};
}
inline Delta::Iterator Delta::begin() const { return Iterator(pieces_.data(), text_.data()); }
inline Delta::Iterator Delta::end() const {
  return Iterator(pieces_.data() + pieces_.size(), text_.data() + text_.size());
}

namespace delta_internal {

// What makes normal form, shared by DeltaBuilder and DeltaWriter.

// Merges a component into [begin, end), which it follows without a plain retain between, if that
// makes one of two: into the last one or, as an insert goes before a delete, into the one before.
bool MergeIntoLast(Delta::Piece* begin, Delta::Piece* end, uint32_t units,
                   uint32_t kind_and_text_bytes, const Attributes& attributes);
// If an insert stands last and a delete before it, they change places.
inline void PutInsertBeforeDelete(Delta::Piece* begin, Delta::Piece* end) {
  if (end[-1].IsInsert() && end - begin > 1 && end[-2].kind() == Kind::kDelete) {
    std::swap(end[-2], end[-1]);
  }
}

}  // namespace delta_internal

// Makes a Delta: push components from left to right, Build() gives normal form.
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
  DeltaBuilder& Retain(int64_t units, const Attributes& attributes = {}) {
    CheckLength(units);
    if (attributes.empty()) {
      retained_ += units;
    } else {
      Add(Kind::kRetain, units, 0, attributes);
    }
    return *this;
  }
  DeltaBuilder& Delete(int64_t units) {
    CheckLength(units);
    Add(Kind::kDelete, units, 0, {});
    return *this;
  }
  // Any component as it is.
  DeltaBuilder& Push(const Component& component);

  // Components so far, before the trailing retain is dropped.
  size_t size() const;

  // Normal form; the builder is empty afterwards.
  Delta Build();

 private:
  static void CheckLength(int64_t units) {
    COEDIT_CHECK(units >= 0 && units <= kComponentUnitsMax);
  }
  void AddInsert(Kind kind, absl::string_view text, int64_t units, const Attributes& attributes) {
    COEDIT_CHECK(units > 0 && units <= kComponentUnitsMax && text.size() <= kComponentBytesMax);
    delta_.text_.Append(text.data(), text.size());
    Add(kind, units, text.size(), attributes);
  }
  // Anything but a plain retain. The text of an insert stands in delta_.text_ already.
  void Add(Kind kind, int64_t units, size_t text_bytes, const Attributes& attributes) {
    if (units == 0) return;
    const auto length = static_cast<uint32_t>(units);
    const uint32_t packed = Delta::Piece::Pack(kind, text_bytes);
    auto& pieces = delta_.pieces_;
    if (retained_ != 0) {
      PushRetained();
    } else if (delta_internal::MergeIntoLast(pieces.begin(), pieces.end(), length, packed,
                                             attributes)) {
      return;
    }
    pieces.Emplace(length, packed, attributes);
    delta_internal::PutInsertBeforeDelete(pieces.begin(), pieces.end());
  }
  // Lengths that exceed one component together stand side by side.
  void PushRetained() {
    constexpr uint32_t kRetain = Delta::Piece::Pack(Kind::kRetain);
    for (; retained_ > kComponentUnitsMax; retained_ -= kComponentUnitsMax) {
      delta_.pieces_.Emplace(static_cast<uint32_t>(kComponentUnitsMax), kRetain, Attributes());
    }
    delta_.pieces_.Emplace(static_cast<uint32_t>(retained_), kRetain, Attributes());
    retained_ = 0;
  }

  Delta delta_;
  int64_t retained_ = 0;  // the plain retain that stands last; it grows until something follows
};

// Stable hash of the canonical bytes (canonical.h): equal deltas have equal hashes for
// ever, on every machine.
uint64_t HashDelta(const Delta& delta);

}  // namespace coedit::ot

#endif  // COEDIT_OT_DELTA_H_
