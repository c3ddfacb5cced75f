#include "ot/algebra.h"

#include <algorithm>
#include <limits>

#include "ot/check.h"
#include "ot/unicode.h"

namespace coedit::ot {
namespace {

constinit const Attributes kNoAttributes;
constexpr size_t kSmall = 16;  // components

// Walks a delta in slices of any length. After its end it is an endless plain retain.
class Cursor {
 public:
  explicit Cursor(const Delta& delta) : at_(delta.begin()), end_(delta.end()) { Load(); }

  bool done() const { return at_ == end_; }
  Kind kind() const { return kind_; }
  // What is left of the current component.
  int64_t length() const { return length_; }
  const Attributes& attributes() const { return *attributes_; }
  bool AtInsert() const { return kind_ >= Kind::kInsert; }

  void Next() {
    ++at_;
    Load();
  }

  // Skips `units` of the current component, 0 < units <= length().
  void Skip(int64_t units) {
    if (units == length_) {
      Next();
      return;
    }
    if (kind_ == Kind::kInsert) text_.remove_prefix(TextBytes(units));
    length_ -= units;
  }

  // Pushes `units` of the insert at the cursor with `attributes` and skips them.
  void MoveInsert(int64_t units, const Attributes& attributes, DeltaBuilder* out) {
    if (kind_ == Kind::kEmbed) {
      out->InsertEmbed(text_, attributes);
      Next();
    } else if (units == length_) {
      out->Insert(text_, units, attributes);
      Next();
    } else {
      const size_t bytes = TextBytes(units);
      out->Insert(text_.substr(0, bytes), units, attributes);
      text_.remove_prefix(bytes);
      length_ -= units;
    }
  }

  // Pushes everything that is left.
  void MoveRest(DeltaBuilder* out) {
    if (done()) return;
    out->Push({kind_, length_, text_, *attributes_});
    ++at_;
    out->PushRest(at_, end_);
    at_ = end_;
  }

 private:
  static constexpr int64_t kEndless = std::numeric_limits<int64_t>::max();

  void Load() {
    if (at_ == end_) {
      kind_ = Kind::kRetain;
      length_ = kEndless;
      attributes_ = &kNoAttributes;
      return;
    }
    const Component component = *at_;
    kind_ = component.kind;
    length_ = component.length;
    text_ = component.text;
    attributes_ = &component.attributes;
  }

  size_t TextBytes(int64_t units) const {
    if (text_.size() == static_cast<size_t>(length_)) return static_cast<size_t>(units);  // ASCII
    const std::optional<size_t> bytes = ByteOffset(text_, units);
    COEDIT_CHECK(bytes.has_value());  // valid changes never cut a surrogate pair
    return *bytes;
  }

  Delta::Iterator at_;
  const Delta::Iterator end_;
  Kind kind_;
  int64_t length_;
  absl::string_view text_;
  const Attributes* attributes_;
};

// ComposeAttributes without a copy where one of the two is the result.
inline const Attributes& Composed(const Attributes& first, const Attributes& second,
                                  bool keep_removals, Attributes* scratch) {
  if (second.empty()) return first;
  *scratch = ComposeAttributes(first, second, keep_removals);
  return *scratch;
}

}  // namespace

Delta Compose(const Delta& first, const Delta& second) {
  Cursor a(first);
  Cursor b(second);
  DeltaBuilder out;
  // Small results mostly need no memory at all: two edits that follow each other become one.
  if (const size_t components = first.size() + second.size(); components > kSmall) {
    out.Reserve(components, first.text_bytes() + second.text_bytes());
  }
  Attributes scratch;
  while (!a.done() && !b.done()) {
    if (b.AtInsert()) {
      b.MoveInsert(b.length(), b.attributes(), &out);
      continue;
    }
    if (a.kind() == Kind::kDelete) {
      out.Delete(a.length());
      a.Next();
      continue;
    }
    const int64_t units = std::min(a.length(), b.length());
    if (b.kind() == Kind::kDelete) {
      if (a.kind() == Kind::kRetain) out.Delete(units);
      a.Skip(units);
    } else if (a.kind() == Kind::kRetain) {
      out.Retain(units, Composed(a.attributes(), b.attributes(), true, &scratch));
      a.Skip(units);
    } else {
      a.MoveInsert(units, Composed(a.attributes(), b.attributes(), false, &scratch), &out);
    }
    b.Skip(units);
  }
  a.MoveRest(&out);
  b.MoveRest(&out);
  return out.Build();
}

Delta Transform(const Delta& delta, const Delta& over, Side over_side) {
  const bool over_first = over_side == Side::kLeft;
  Cursor a(over);
  Cursor b(delta);
  DeltaBuilder out;
  out.Reserve(delta.size(), delta.text_bytes());
  while (!b.done()) {
    if (a.AtInsert() && (over_first || !b.AtInsert())) {
      out.Retain(a.length());
      a.Next();
      continue;
    }
    if (b.AtInsert()) {
      b.MoveInsert(b.length(), b.attributes(), &out);
      continue;
    }
    if (a.done()) {
      b.MoveRest(&out);
      break;
    }
    const int64_t units = std::min(a.length(), b.length());
    if (a.kind() != Kind::kDelete) {
      if (b.kind() == Kind::kDelete) {
        out.Delete(units);
      } else if (!over_first || a.attributes().empty() || b.attributes().empty()) {
        out.Retain(units, b.attributes());
      } else {
        out.Retain(units, TransformAttributes(b.attributes(), a.attributes(), true));
      }
    }
    a.Skip(units);
    b.Skip(units);
  }
  return out.Build();
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
