#include "ot/delta.h"

#include <cstring>

#include "absl/strings/str_cat.h"
#include "ot/canonical.h"
#include "ot/check.h"
#include "ot/unicode.h"

namespace coedit::ot {
namespace {

void AppendAttributes(const Attributes& attributes, std::string* out) {
  char separator = '{';
  for (const Attributes::Entry& entry : attributes.entries()) {
    absl::StrAppend(out, absl::string_view(&separator, 1), "\"", entry.key, "\":", entry.value);
    separator = ',';
  }
  if (!attributes.empty()) out->push_back('}');
}

void AppendQuoted(absl::string_view text, std::string* out) {
  out->push_back('"');
  for (const char c : text) {
    switch (c) {
      case '"':
        out->append("\\\"");
        break;
      case '\\':
        out->append("\\\\");
        break;
      case '\n':
        out->append("\\n");
        break;
      default:
        out->push_back(c);
    }
  }
  out->push_back('"');
}

}  // namespace

bool Delta::IsDocument() const { return base_length_ == 0; }

bool operator==(const Delta& a, const Delta& b) {
  if (a.base_length_ != b.base_length_ || a.target_length_ != b.target_length_ ||
      a.pieces_.size() != b.pieces_.size() || a.text_.size() != b.text_.size() ||
      std::memcmp(a.text_.data(), b.text_.data(), a.text_.size()) != 0) {
    return false;
  }
  for (size_t i = 0; i < a.pieces_.size(); ++i) {
    const Delta::Piece& left = a.pieces_[i];
    const Delta::Piece& right = b.pieces_[i];
    if (left.kind() != right.kind() || left.length != right.length ||
        left.text_bytes != right.text_bytes || !(left.attributes == right.attributes)) {
      return false;
    }
  }
  return true;
}

std::string Delta::DebugString() const {
  std::string out;
  for (const Component component : *this) {
    if (!out.empty()) out.push_back(' ');
    switch (component.kind) {
      case Kind::kRetain:
        absl::StrAppend(&out, "=", component.length);
        break;
      case Kind::kDelete:
        absl::StrAppend(&out, "-", component.length);
        break;
      case Kind::kInsert:
        out.push_back('+');
        AppendQuoted(component.text, &out);
        break;
      case Kind::kEmbed:
        absl::StrAppend(&out, "+", component.text);
        break;
    }
    AppendAttributes(component.attributes, &out);
  }
  return out;
}

DeltaBuilder& DeltaBuilder::Insert(absl::string_view utf8, const Attributes& attributes) {
  return Insert(utf8, Utf16Length(utf8), attributes);
}

DeltaBuilder& DeltaBuilder::Push(const Component& component) {
  switch (component.kind) {
    case Kind::kRetain:
      return Retain(component.length, component.attributes);
    case Kind::kDelete:
      return Delete(component.length);
    case Kind::kInsert:
      return Insert(component.text, component.length, component.attributes);
    case Kind::kEmbed:
      return InsertEmbed(component.text, component.attributes);
  }
  COEDIT_CHECK(false);
}

DeltaBuilder& DeltaBuilder::PushRest(Delta::Iterator begin, const Delta::Iterator& end) {
  // The first may merge with what is here, and inserts go before a delete that stands last. What
  // follows is in normal form already.
  for (bool settled = false; begin != end && !settled; ++begin) {
    const Piece* const last = Last();
    const Component component = *begin;
    settled = last == nullptr || last->kind() != Kind::kDelete || !component.IsInsert();
    Push(component);
  }
  const auto pieces = static_cast<size_t>(end.piece_ - begin.piece_);
  delta_.pieces_.Append(begin.piece_, pieces);
  delta_.text_.Append(begin.text_, static_cast<size_t>(end.text_ - begin.text_));
  for (; begin != end; ++begin) {
    const Component component = *begin;
    if (!component.IsInsert()) delta_.base_length_ += component.length;
    if (component.kind != Kind::kDelete) delta_.target_length_ += component.length;
  }
  return *this;
}

Delta DeltaBuilder::Build() {
  auto& pieces = delta_.pieces_;
  // More than one only if lengths exceed kComponentUnitsMax together.
  while (!pieces.empty() && pieces.back().kind() == Kind::kRetain &&
         pieces.back().attributes.empty()) {
    delta_.base_length_ -= pieces.back().length;
    delta_.target_length_ -= pieces.back().length;
    pieces.PopBack();
  }
  pieces.Tighten();
  delta_.text_.Tighten();
  Delta result = std::move(delta_);
  delta_.base_length_ = 0;
  delta_.target_length_ = 0;
  return result;
}

uint64_t HashDelta(const Delta& delta) {
  std::string bytes;
  AppendCanonical(delta, &bytes);
  return HashBytes(bytes, 0);
}

}  // namespace coedit::ot
