#include "ot/delta.h"

#include <algorithm>
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

int64_t Delta::base_length() const {
  int64_t units = 0;
  for (const Piece& piece : pieces()) units += piece.IsInsert() ? 0 : int64_t{piece.length};
  return units;
}

int64_t Delta::target_length() const {
  int64_t units = 0;
  for (const Piece& piece : pieces()) {
    units += piece.kind() == Kind::kDelete ? 0 : int64_t{piece.length};
  }
  return units;
}

bool Delta::IsDocument() const {
  return std::all_of(pieces().begin(), pieces().end(),
                     [](const Piece& piece) { return piece.IsInsert(); });
}

bool operator==(const Delta& a, const Delta& b) {
  if (a.pieces_.size() != b.pieces_.size() || a.text_.size() != b.text_.size() ||
      std::memcmp(a.text_.data(), b.text_.data(), a.text_.size()) != 0) {
    return false;
  }
  for (size_t i = 0; i < a.pieces_.size(); ++i) {
    const Delta::Piece& left = a.pieces_[i];
    const Delta::Piece& right = b.pieces_[i];
    if (left.length != right.length || left.kind_and_text_bytes != right.kind_and_text_bytes ||
        !(left.attributes == right.attributes)) {
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

size_t DeltaBuilder::size() const {
  return delta_.pieces_.size() +
         static_cast<size_t>((retained_ + kComponentUnitsMax - 1) / kComponentUnitsMax);
}

Delta DeltaBuilder::Build() {
  retained_ = 0;
  return std::move(delta_);  // an empty one stays behind
}

namespace delta_internal {

bool MergeIntoLast(Delta::Piece* begin, Delta::Piece* end, uint32_t units,
                   uint32_t kind_and_text_bytes, const Attributes& attributes) {
  const auto kind = static_cast<Kind>(kind_and_text_bytes >> Delta::Piece::kKindShift);
  const size_t text_bytes = kind_and_text_bytes & kComponentBytesMax;
  if (end != begin && kind >= Kind::kInsert && end[-1].kind() == Kind::kDelete) --end;
  if (end == begin || kind == Kind::kEmbed) return false;
  Delta::Piece& last = end[-1];
  if (last.kind() != kind || int64_t{last.length} + units > kComponentUnitsMax ||
      last.text_bytes() + text_bytes > kComponentBytesMax || !(last.attributes == attributes)) {
    return false;
  }
  last.length += units;
  last.kind_and_text_bytes += static_cast<uint32_t>(text_bytes);
  return true;
}

}  // namespace delta_internal

uint64_t HashDelta(const Delta& delta) {
  std::string bytes;
  AppendCanonical(delta, &bytes);
  return HashBytes(bytes, 0);
}

}  // namespace coedit::ot
