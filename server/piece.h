// Piece: one encoded server message, shared by every connection it goes to.
//
// It is one pointer, where a shared_ptr is two: in a room of a thousand each message that waits
// stands in a thousand queues. Any thread may hold, copy and drop it; the bytes never change.
#ifndef COEDIT_SERVER_PIECE_H_
#define COEDIT_SERVER_PIECE_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

namespace coedit::server {

class Piece {
 public:
  // None, equal to nullptr.
  Piece() = default;
  Piece(std::nullptr_t) {}  // NOLINT(google-explicit-constructor): as other pointers
  explicit Piece(std::string bytes) : body_(new Body{.bytes = std::move(bytes)}) {}
  // Its size is taken off `charged` when the last holder drops it.
  Piece(std::string bytes, std::shared_ptr<std::atomic<int64_t>> charged)
      : body_(new Body{.bytes = std::move(bytes), .charged = std::move(charged)}) {}

  Piece(const Piece& other) : body_(other.body_) {
    if (body_ != nullptr) body_->holders.fetch_add(1, std::memory_order_relaxed);
  }
  Piece(Piece&& other) noexcept : body_(std::exchange(other.body_, nullptr)) {}
  Piece& operator=(Piece other) noexcept {
    std::swap(body_, other.body_);
    return *this;
  }
  ~Piece() {
    if (body_ != nullptr) Drop();
  }

  const std::string& operator*() const { return body_->bytes; }
  const std::string* operator->() const { return &body_->bytes; }
  friend bool operator==(const Piece& piece, std::nullptr_t) { return piece.body_ == nullptr; }

 private:
  struct Body {
    std::atomic<int64_t> holders = 1;
    const std::string bytes;
    const std::shared_ptr<std::atomic<int64_t>> charged = nullptr;
  };

  void Drop() {
    // What other holders read came before their drop; what is freed comes after.
    if (body_->holders.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
    if (body_->charged != nullptr) {
      body_->charged->fetch_sub(static_cast<int64_t>(body_->bytes.size()));
    }
    delete body_;
  }

  Body* body_ = nullptr;
};

}  // namespace coedit::server

#endif  // COEDIT_SERVER_PIECE_H_
