#include "server/io/outbound_queue.h"

#include <utility>

#include "ot/check.h"

namespace coedit::server {
namespace {

// Room that a burst has made goes back when it has left.
constexpr size_t kKeptPiecesMax = 8;

}  // namespace

void OutboundQueue::Push(Piece piece) {
  waiting_bytes_ += piece->size();
  waiting_.push_back(std::move(piece));
}

void OutboundQueue::DropWaiting() {
  waiting_bytes_ = 0;
  std::vector<Piece>().swap(waiting_);
}

void OutboundQueue::TakeFrame(std::unique_ptr<OutboundFrame> frame) {
  COEDIT_CHECK(!in_flight() && !empty());
  size_t bytes = 0;
  size_t count = 0;
  while (count < waiting_.size() && (count == 0 || frame_bytes_max_ == 0 ||
                                     bytes + waiting_[count]->size() <= frame_bytes_max_)) {
    bytes += waiting_[count++]->size();
  }
  frame_ = std::move(frame);
  frame_->Begin(control_, encoding_, absl::MakeSpan(waiting_).first(count));
  std::string().swap(control_);
  waiting_bytes_ -= bytes;
  if (count == waiting_.size() && waiting_.capacity() > kKeptPiecesMax) {
    std::vector<Piece>().swap(waiting_);
  } else {
    waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<ptrdiff_t>(count));
  }
}

std::unique_ptr<OutboundFrame> OutboundQueue::OnTaken(size_t count) {
  frame_->OnTaken(count);
  return frame_->empty() ? std::move(frame_) : nullptr;
}

void OutboundQueue::Trim() {
  if (waiting_.empty()) std::vector<Piece>().swap(waiting_);
}

}  // namespace coedit::server
