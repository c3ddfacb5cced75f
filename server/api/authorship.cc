#include "server/api/authorship.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

namespace coedit::server::api {
namespace {

bool Joins(const AuthorSpan& left, const AuthorSpan& right) {
  if (left.author != right.author) return false;
  const int64_t first = std::min(left.first_ms, right.first_ms);
  return std::max(left.at_ms, right.at_ms) - first < kSameSpanMs;
}

void JoinInto(AuthorSpan* into, const AuthorSpan& other) {
  into->length += other.length;
  into->first_ms = std::min(into->first_ms, other.first_ms);
  if (other.revision > into->revision) {
    into->revision = other.revision;
    into->at_ms = other.at_ms;
  }
}

}  // namespace

Authorship::Authorship(int64_t length, int64_t created_ms) {
  if (length == 0) return;
  Insert(
      0,
      {.length = length, .author = 0, .revision = 0, .at_ms = created_ms, .first_ms = created_ms});
}

absl::Status Authorship::Add(const ot::Commit& commit) {
  int64_t position = 0;
  for (const ot::Delta::Piece& piece : commit.delta.pieces()) {
    const int64_t units = piece.length;
    if (piece.IsInsert()) {
      Insert(position, {.length = units,
                        .author = commit.author,
                        .revision = commit.revision,
                        .at_ms = commit.time_ms,
                        .first_ms = commit.time_ms});
      position += units;
      continue;
    }
    if (position + units > length_) {
      return absl::DataLossError(absl::StrCat("commit ", commit.revision,
                                              " passes the end of a text of ", length_, " units"));
    }
    if (piece.kind() == ot::Kind::kDelete) {
      Delete(position, units);
    } else {
      position += units;
    }
  }
  return absl::OkStatus();
}

void Authorship::Seek(int64_t position) {
  if (blocks_.empty()) blocks_.emplace_back();
  if (block_ >= blocks_.size()) block_ = 0, block_begin_ = 0;
  while (position < block_begin_) block_begin_ -= blocks_[--block_].length;
  while (position > block_begin_ + blocks_[block_].length) {
    block_begin_ += blocks_[block_++].length;
  }
  if (blocks_[block_].spans.size() < kBlockSpansMax) return;
  Block right;
  {
    Block& left = blocks_[block_];
    const auto half = left.spans.begin() + kBlockSpansMax / 2;
    right.spans.assign(half, left.spans.end());
    left.spans.erase(half, left.spans.end());
    for (const AuthorSpan& moved : right.spans) right.length += moved.length;
    left.length -= right.length;
  }
  blocks_.insert(blocks_.begin() + block_ + 1, std::move(right));
  Seek(position);
}

size_t Authorship::Cut(int64_t position) {
  Block& block = blocks_[block_];
  int64_t begin = block_begin_;
  size_t index = 0;
  // The end is as near as the beginning, and people write at the end.
  if (position - begin > block.length / 2) {
    index = block.spans.size();
    begin += block.length;
    while (begin > position) begin -= block.spans[--index].length;
  } else {
    while (index < block.spans.size() && begin + block.spans[index].length <= position) {
      begin += block.spans[index++].length;
    }
  }
  if (begin == position) return index;
  AuthorSpan right = block.spans[index];
  block.spans[index].length = position - begin;
  right.length -= position - begin;
  block.spans.insert(block.spans.begin() + index + 1, right);
  ++span_count_;
  return index + 1;
}

void Authorship::Insert(int64_t position, const AuthorSpan& span) {
  Seek(position);
  Block& block = blocks_[block_];
  const size_t index = Cut(position);
  block.length += span.length;
  length_ += span.length;
  if (index > 0 && Joins(block.spans[index - 1], span)) {
    return JoinInto(&block.spans[index - 1], span);
  }
  block.spans.insert(block.spans.begin() + index, span);
  ++span_count_;
}

void Authorship::Delete(int64_t position, int64_t length) {
  length_ -= length;
  Seek(position);
  while (length > 0) {
    Block& block = blocks_[block_];
    if (position == block_begin_ + block.length) {  // it goes on in the next block
      block_begin_ += block.length;
      ++block_;
      continue;
    }
    const size_t first = Cut(position);
    size_t last = first;
    while (last < block.spans.size() && length >= block.spans[last].length) {
      length -= block.spans[last].length;
      block.length -= block.spans[last].length;
      ++last;
    }
    if (last < block.spans.size() && length > 0) {
      block.spans[last].length -= length;
      block.length -= length;
      length = 0;
    }
    block.spans.erase(block.spans.begin() + first, block.spans.begin() + last);
    span_count_ -= static_cast<int64_t>(last - first);
    if (block.spans.empty() && blocks_.size() > 1) {
      blocks_.erase(blocks_.begin() + block_);
      if (block_ == blocks_.size()) block_begin_ -= blocks_[--block_].length;
    }
  }
}

std::vector<AuthorSpan> Authorship::Spans() const {
  std::vector<AuthorSpan> joined;
  for (const Block& block : blocks_) {
    for (const AuthorSpan& span : block.spans) {
      if (!joined.empty() && Joins(joined.back(), span)) {
        JoinInto(&joined.back(), span);
      } else {
        joined.push_back(span);
      }
    }
  }
  return joined;
}

}  // namespace coedit::server::api
