#include "server/io/outbound_queue.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "ot/check.h"

namespace coedit::server {
namespace {

// Asio hands the kernel at most 16 buffers in one call, and the frame header is one. Up to here
// nothing is copied; beyond it, small pieces are cheaper copied than sent by several calls.
constexpr size_t kPiecesInPlaceMax = 6;  // with glue: 2 * 6 + 1
constexpr size_t kCopiedPieceBytesMax = 4 << 10;
// Room that a burst has made goes back when the queue is empty, so that an idle connection holds
// next to nothing.
constexpr size_t kKeptPiecesMax = 8;

template <typename Vector>
void ClearKeepingLittle(Vector& vector) {
  if (vector.capacity() > kKeptPiecesMax) {
    Vector().swap(vector);
  } else {
    vector.clear();
  }
}

}  // namespace

void OutboundQueue::Push(Piece piece) {
  waiting_bytes_ += piece->size();
  waiting_.push_back(std::move(piece));
}

void OutboundQueue::DropWaiting() {
  waiting_bytes_ = 0;
  ClearKeepingLittle(waiting_);
}

FrameBuffers OutboundQueue::TakeFrame() {
  COEDIT_CHECK(!in_flight_ && !waiting_.empty());
  in_flight_ = true;
  size_t count = 0;
  while (count < waiting_.size() && (count == 0 || frame_bytes_max_ == 0 ||
                                     flying_bytes_ + waiting_[count]->size() <= frame_bytes_max_)) {
    flying_bytes_ += waiting_[count]->size();
    ++count;
  }
  waiting_bytes_ -= flying_bytes_;
  if (count == waiting_.size()) {
    std::swap(flying_, waiting_);
  } else {
    const auto end = waiting_.begin() + static_cast<ptrdiff_t>(count);
    flying_.assign(std::make_move_iterator(waiting_.begin()), std::make_move_iterator(end));
    waiting_.erase(waiting_.begin(), end);
  }

  const bool copies = flying_.size() > kPiecesInPlaceMax;
  if (copies) {
    // Reserved in one go: buffers point into it.
    size_t bytes = glue_.prefix.size() + glue_.suffix.size();
    for (const Piece& piece : flying_) {
      bytes += glue_.separator.size();
      if (piece->size() <= kCopiedPieceBytesMax) bytes += piece->size();
    }
    copied_.reserve(bytes);
  }
  const auto add_glue = [this, copies](absl::string_view glue) {
    if (glue.empty()) return;
    if (copies) {
      Append(glue);
    } else {
      buffers_.emplace_back(glue.data(), glue.size());
    }
  };
  add_glue(glue_.prefix);
  for (size_t index = 0; index < flying_.size(); ++index) {
    if (index > 0) add_glue(glue_.separator);
    const std::string& piece = *flying_[index];
    if (copies && piece.size() <= kCopiedPieceBytesMax) {
      Append(piece);
    } else {
      buffers_.emplace_back(piece.data(), piece.size());
    }
  }
  add_glue(glue_.suffix);
  return {buffers_.data(), buffers_.data() + buffers_.size()};
}

void OutboundQueue::Append(absl::string_view bytes) {
  const char* begin = copied_.data() + copied_.size();
  copied_.append(bytes.data(), bytes.size());
  if (!buffers_.empty()) {
    boost::asio::const_buffer& last = buffers_.back();
    if (static_cast<const char*>(last.data()) + last.size() == begin) {
      last = boost::asio::const_buffer(last.data(), last.size() + bytes.size());
      return;
    }
  }
  buffers_.emplace_back(begin, bytes.size());
}

void OutboundQueue::OnTaken(size_t count) { flying_bytes_ -= std::min(count, flying_bytes_); }

void OutboundQueue::OnFrameWritten() {
  in_flight_ = false;
  flying_bytes_ = 0;
  ClearKeepingLittle(flying_);
  ClearKeepingLittle(buffers_);
  std::string().swap(copied_);
}

}  // namespace coedit::server
