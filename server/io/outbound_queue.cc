#include "server/io/outbound_queue.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "ot/check.h"

namespace coedit::server {
namespace {

// Up to here nothing is copied; beyond it, small pieces are cheaper copied than gathered by the
// kernel.
constexpr size_t kPiecesInPlaceMax = 6;  // with glue: 2 * 6 + 1
constexpr size_t kCopiedPieceBytesMax = 4 << 10;
// Room that a burst has made goes back when it has left.
constexpr size_t kKeptPiecesMax = 8;

constexpr char kFinalText = '\x81';
constexpr char kFinalBinary = '\x82';
constexpr size_t kLengthInOneByteMax = 125;
constexpr size_t kLengthInTwoBytesMax = 0xffff;

template <typename Vector>
void ClearKeepingLittle(Vector& vector) {
  if (vector.capacity() > kKeptPiecesMax) {
    Vector().swap(vector);
  } else {
    vector.clear();
  }
}

void AppendBigEndian(size_t value, int bytes, char* header, size_t* used) {
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) {
    header[(*used)++] = static_cast<char>(value >> shift);
  }
}

// The header of an unmasked frame; answers its length.
size_t WriteHeader(char first, size_t payload, char* header) {
  header[0] = first;
  size_t used = 2;
  if (payload <= kLengthInOneByteMax) {
    header[1] = static_cast<char>(payload);
  } else if (payload <= kLengthInTwoBytesMax) {
    header[1] = 126;
    AppendBigEndian(payload, 2, header, &used);
  } else {
    header[1] = 127;
    AppendBigEndian(payload, 8, header, &used);
  }
  return used;
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

void OutboundQueue::TakeFrame() {
  COEDIT_CHECK(!in_flight() && !empty());
  const proto::FrameGlue glue = proto::GlueFor(encoding_);
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
  // Reserved in one go: buffers point into it.
  size_t bytes = control_.size();
  if (copies) {
    bytes += glue.prefix.size() + glue.suffix.size();
    for (const Piece& piece : flying_) {
      bytes += glue.separator.size();
      if (piece->size() <= kCopiedPieceBytesMax) bytes += piece->size();
    }
  }
  copied_.reserve(bytes);
  if (!control_.empty()) {
    Append(control_);
    std::string().swap(control_);
  }
  if (flying_.empty()) return;

  const size_t payload = flying_bytes_ + glue.prefix.size() + glue.suffix.size() +
                         glue.separator.size() * (flying_.size() - 1);
  const char first = encoding_ == proto::Encoding::kJson ? kFinalText : kFinalBinary;
  Add({header_, WriteHeader(first, payload, header_)});
  const auto add_glue = [this, copies](absl::string_view text) {
    if (text.empty()) return;
    if (copies) {
      Append(text);
    } else {
      Add(text);
    }
  };
  add_glue(glue.prefix);
  for (size_t index = 0; index < flying_.size(); ++index) {
    if (index > 0) add_glue(glue.separator);
    const std::string& piece = *flying_[index];
    if (copies && piece.size() <= kCopiedPieceBytesMax) {
      Append(piece);
    } else {
      Add(piece);
    }
  }
  add_glue(glue.suffix);
}

void OutboundQueue::Append(absl::string_view bytes) {
  const char* begin = copied_.data() + copied_.size();
  copied_.append(bytes.data(), bytes.size());
  if (!buffers_.empty()) {
    iovec& last = buffers_.back();
    if (static_cast<const char*>(last.iov_base) + last.iov_len == begin) {
      last.iov_len += bytes.size();
      return;
    }
  }
  Add({begin, bytes.size()});
}

void OutboundQueue::Add(absl::string_view bytes) {
  // The kernel only reads it.
  buffers_.push_back({const_cast<char*>(bytes.data()), bytes.size()});
}

void OutboundQueue::OnTaken(size_t count) {
  // Headers, glue and control frames count here and not in queued_bytes: it is a little low.
  flying_bytes_ -= std::min(count, flying_bytes_);
  while (next_ < buffers_.size() && count >= buffers_[next_].iov_len) {
    count -= buffers_[next_++].iov_len;
  }
  if (next_ == buffers_.size()) return OnFrameWritten();
  buffers_[next_].iov_base = static_cast<char*>(buffers_[next_].iov_base) + count;
  buffers_[next_].iov_len -= count;
}

void OutboundQueue::OnFrameWritten() {
  flying_bytes_ = 0;
  next_ = 0;
  ClearKeepingLittle(flying_);
  ClearKeepingLittle(buffers_);
  std::string().swap(copied_);
}

void OutboundQueue::Trim() {
  if (!empty() || in_flight()) return;
  std::vector<Piece>().swap(waiting_);
  std::vector<Piece>().swap(flying_);
  std::vector<iovec>().swap(buffers_);
}

}  // namespace coedit::server
