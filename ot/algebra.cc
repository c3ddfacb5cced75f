#include "ot/algebra.h"

#include <algorithm>
#include <limits>
#include <optional>

#include "ot/check.h"
#include "ot/delta_writer.h"
#include "ot/unicode.h"

namespace coedit::ot {
namespace {

using Piece = Delta::Piece;

// Walks a delta in slices of any length. After its end it is an endless plain retain. What the
// loops below call for each component is always inlined: a call would keep the cursor and the
// writer in memory and cost up to a quarter of the speed.
class Cursor {
 public:
  explicit Cursor(const Delta& delta)
      : at_(delta.pieces().data()), end_(at_ + delta.size()), text_(delta.texts()) {
    Load();
  }

  bool done() const { return at_ == &kEnd; }
  Kind kind() const { return at_->kind(); }
  bool AtInsert() const { return at_->IsInsert(); }
  bool AtPlainRetain() const { return at_->IsPlainRetain(); }
  // What is left of the current component.
  int64_t length() const { return length_; }
  const Attributes& attributes() const { return at_->attributes; }

  // Skips `units` of the current component, 0 <= units <= length().
  void Skip(int64_t units) {
    if (units == length_) {
      Next();
    } else {
      Shorten(units, TextBytes(units));
    }
  }
  // The same, and hands them on.
  [[gnu::always_inline]] void HandOn(int64_t units, const Attributes& attributes,
                                     DeltaWriter* out) {
    const size_t bytes = TextBytes(units);
    out->Push(kind(), units, absl::string_view(text_, bytes), attributes);
    Shorten(units, bytes);
    if (length_ == 0) Next();
  }
  // Hands on what is left of the component.
  [[gnu::always_inline]] void HandOn(DeltaWriter* out) {
    out->Push(kind(), length_, absl::string_view(text_, text_bytes_), attributes());
    Next();
  }

  // Hands on as it is what lies within `units` units of the text that this change was made on
  // (Over::kBase) or of the one it makes (Over::kTarget). Returns how many were there: fewer than
  // `units` only at the end.
  enum class Over { kBase, kTarget };
  template <Over over>
  [[gnu::always_inline]] int64_t HandOnWithin(int64_t units, DeltaWriter* out) {
    int64_t left = units;
    while (left > 0 && !done()) {
      const bool has_width = over == Over::kBase ? !AtInsert() : kind() != Kind::kDelete;
      const int64_t width = has_width ? length_ : 0;
      if (width > left) {
        HandOn(left, attributes(), out);
        return units;
      }
      left -= width;
      HandOn(out);
    }
    return units - left;
  }

  // Skips what lies within `units` units of the base; returns what this change makes of them. Stops
  // before an insert at their end.
  int64_t SkipWithin(int64_t units) {
    int64_t made = 0;
    while (units > 0) {
      const int64_t step = AtInsert() ? length_ : std::min(length_, units);
      units -= AtInsert() ? 0 : step;
      made += kind() == Kind::kDelete ? 0 : step;
      length_ -= step;  // never a part of an insert
      if (length_ == 0) Next();
    }
    return made;
  }

 private:
  static constexpr int64_t kEndless = std::numeric_limits<int64_t>::max();
  static const Piece kEnd;  // a plain retain

  void Next() {
    text_ += text_bytes_;
    ++at_;
    Load();
  }
  void Load() {
    if (at_ == end_) {
      at_ = &kEnd;
      length_ = kEndless;
      text_bytes_ = 0;
      return;
    }
    length_ = at_->length;
    text_bytes_ = at_->text_bytes();
  }
  void Shorten(int64_t units, size_t bytes) {
    length_ -= units;
    text_ += bytes;
    text_bytes_ -= bytes;
  }
  // Bytes of the first `units` of what is left.
  size_t TextBytes(int64_t units) const {
    if (text_bytes_ == 0 || units == length_) return text_bytes_;
    if (text_bytes_ == static_cast<size_t>(length_)) return static_cast<size_t>(units);  // ASCII
    const std::optional<size_t> bytes = ByteOffset(absl::string_view(text_, text_bytes_), units);
    COEDIT_CHECK(bytes.has_value());  // valid changes never cut a surrogate pair
    return *bytes;
  }

  const Piece* at_;
  const Piece* const end_;
  int64_t length_;
  const char* text_;  // what is left of the text at the cursor, or where the next one begins
  size_t text_bytes_;
};

constinit const Piece Cursor::kEnd = {0, Piece::Pack(Kind::kRetain), Attributes()};

}  // namespace

// Both loops rest on one thought: where one change only retains, the other one passes as it is.
// What remains is the table of who meets whom.

Delta Compose(const Delta& first, const Delta& second) {
  Cursor a(first);
  Cursor b(second);
  DeltaWriter::Room room(first.size() + second.size(), first.text_bytes() + second.text_bytes());
  DeltaWriter out(&room);
  while (!a.done() || !b.done()) {
    if (a.AtPlainRetain() && !b.done()) {
      a.Skip(b.HandOnWithin<Cursor::Over::kBase>(a.length(), &out));
    } else if (b.AtPlainRetain()) {
      b.Skip(a.HandOnWithin<Cursor::Over::kTarget>(b.length(), &out));
    } else if (b.AtInsert()) {
      b.HandOn(&out);
    } else if (a.kind() == Kind::kDelete) {
      a.HandOn(&out);
    } else {
      const int64_t units = std::min(a.length(), b.length());
      if (b.kind() == Kind::kDelete) {
        if (a.kind() == Kind::kRetain) out.Push(Kind::kDelete, units, {}, {});
        a.Skip(units);
      } else {
        const bool keep_removals = a.kind() == Kind::kRetain;
        a.HandOn(units, ComposeAttributes(a.attributes(), b.attributes(), keep_removals), &out);
      }
      b.Skip(units);
    }
  }
  return out.Finish();
}

Delta Transform(const Delta& delta, const Delta& over, Side over_side) {
  const bool over_first = over_side == Side::kLeft;
  Cursor a(over);
  Cursor b(delta);
  DeltaWriter::Room room(delta.size() + over.size(), delta.text_bytes());
  DeltaWriter out(&room);
  while (!b.done()) {
    if (a.AtPlainRetain()) {
      a.Skip(b.HandOnWithin<Cursor::Over::kBase>(a.length(), &out));
    } else if (b.AtPlainRetain()) {
      const int64_t units = b.length();
      out.Retain(a.SkipWithin(units));
      b.Skip(units);
    } else if (a.AtInsert() && (over_first || !b.AtInsert())) {
      out.Retain(a.length());
      a.Skip(a.length());
    } else if (b.AtInsert()) {
      b.HandOn(&out);
    } else {
      const int64_t units = std::min(a.length(), b.length());
      if (a.kind() == Kind::kDelete) {
        b.Skip(units);
      } else {
        b.HandOn(units, TransformAttributes(b.attributes(), a.attributes(), over_first), &out);
      }
      a.Skip(units);
    }
  }
  return out.Finish();
}

Diamond TransformPair(const Delta& left, const Delta& right) {
  return {Transform(left, right, Side::kRight), Transform(right, left, Side::kLeft)};
}

int64_t TransformPosition(int64_t position, const Delta& over, AtInsert at_insert) {
  int64_t offset = 0;
  for (const Component component : over) {
    if (offset > position) break;
    switch (component.kind) {
      case Kind::kRetain:
        offset += component.length;
        break;
      case Kind::kDelete:
        position -= std::min(component.length, position - offset);
        break;
      case Kind::kInsert:
      case Kind::kEmbed:
        if (offset < position || at_insert == AtInsert::kMove) position += component.length;
        offset += component.length;
        break;
    }
  }
  return position;
}

}  // namespace coedit::ot
