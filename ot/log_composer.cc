#include "ot/log_composer.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "ot/algebra.h"
#include "ot/check.h"
#include "ot/unicode.h"

namespace coedit::ot {
namespace {

// A longer run is ended: an edit in its middle moves what is behind it.
constexpr size_t kRunBytesMax = 4096;

// Byte at which unit `units` of `text`, which has `length`, begins.
size_t ByteAt(absl::string_view text, int64_t length, int64_t units) {
  if (units == length) return text.size();
  if (text.size() == static_cast<size_t>(length)) return static_cast<size_t>(units);  // ASCII
  const std::optional<size_t> bytes = ByteOffset(text, units);
  COEDIT_CHECK(bytes.has_value());  // valid changes never cut a surrogate pair
  return *bytes;
}

}  // namespace

bool LogComposer::ReadSplice(const Delta& delta, Splice* splice) {
  const absl::Span<const Delta::Piece> pieces = delta.pieces();
  size_t i = 0;
  if (i < pieces.size() && pieces[i].IsPlainRetain()) splice->position = pieces[i++].length;
  if (i < pieces.size() && pieces[i].kind() == Kind::kInsert) {
    splice->text = absl::string_view(delta.texts(), pieces[i].text_bytes());
    splice->units = pieces[i].length;
    splice->attributes = &pieces[i++].attributes;
  }
  if (i < pieces.size() && pieces[i].kind() == Kind::kDelete) splice->deleted = pieces[i++].length;
  return i == pieces.size() && splice->text.size() <= kRunBytesMax;
}

void LogComposer::BeginRun(const Splice& first) {
  in_run_ = true;
  position_ = first.position;
  text_.assign(first.text.data(), first.text.size());
  units_ = first.units;
  deleted_ = first.deleted;
  attributes_ = first.attributes != nullptr ? *first.attributes : Attributes();
}

bool LogComposer::JoinRun(const Splice& next) {
  if (!in_run_ || next.position > position_ + units_ || next.position + next.deleted < position_) {
    return false;
  }
  if (next.units != 0) {
    if (text_.size() + next.text.size() > kRunBytesMax) return false;
    if (units_ == 0) {
      attributes_ = *next.attributes;
    } else if (!(attributes_ == *next.attributes)) {
      return false;
    }
  }
  // What `next` deletes lies before the text of the run, in it, and behind it.
  const int64_t before = std::max<int64_t>(0, position_ - next.position);
  const int64_t begin = std::max<int64_t>(0, next.position - position_);
  const int64_t inside = std::min(next.deleted - before, units_ - begin);
  const size_t begin_byte = ByteAt(text_, units_, begin);
  const size_t end_byte = ByteAt(text_, units_, begin + inside);
  text_.replace(begin_byte, end_byte - begin_byte, next.text.data(), next.text.size());
  position_ -= before;
  units_ += next.units - inside;
  deleted_ += next.deleted - inside;
  return true;
}

void LogComposer::EndRun() {
  if (!std::exchange(in_run_, false)) return;
  DeltaBuilder builder;
  builder.Retain(position_).Insert(text_, units_, attributes_).Delete(deleted_);
  AddToTree(builder.Build(), 0);
}

Delta LogComposer::Composed(const Delta& first, const Delta& second) {
  components_composed_ += static_cast<int64_t>(first.size() + second.size());
  return Compose(first, second);
}

void LogComposer::AddToTree(Delta delta, int height) {
  for (; !tree_.empty() && tree_.back().height == height; ++height) {
    delta = Composed(tree_.back().delta, delta);
    tree_.pop_back();
  }
  tree_.push_back({std::move(delta), height});
}

void LogComposer::Add(const Delta& delta) {
  Splice splice;
  if (!ReadSplice(delta, &splice)) {
    EndRun();
    AddToTree(delta, 0);
  } else if (!JoinRun(splice)) {
    EndRun();
    BeginRun(splice);
  }
}

Delta LogComposer::Finish() {
  EndRun();
  Delta result;
  if (!tree_.empty()) {
    result = std::move(tree_.back().delta);
    tree_.pop_back();
  }
  for (; !tree_.empty(); tree_.pop_back()) result = Composed(tree_.back().delta, result);
  return result;
}

}  // namespace coedit::ot
