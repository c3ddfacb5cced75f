#include "server/io/outbound_frame.h"

#include <algorithm>
#include <iterator>

#include "ot/check.h"

namespace coedit::server {
namespace {

// Up to here nothing is copied; beyond it, small pieces are cheaper copied than gathered by the
// kernel.
constexpr size_t kPiecesInPlaceMax = 6;  // with glue: 2 * 6 + 1
constexpr size_t kCopiedPieceBytesMax = 4 << 10;
// Room that a burst has made goes back when it has left.
constexpr size_t kKeptPiecesMax = 64;
constexpr size_t kKeptBytesMax = 16 << 10;

constexpr char kFinalText = '\x81';
constexpr char kFinalBinary = '\x82';
constexpr size_t kLengthInOneByteMax = 125;
constexpr size_t kLengthInTwoBytesMax = 0xffff;

template <typename Container>
void ClearKeeping(size_t kept_max, Container& container) {
  if (container.capacity() > kept_max) {
    Container().swap(container);
  } else {
    container.clear();
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

void OutboundFrame::Begin(absl::string_view control, proto::Encoding encoding,
                          absl::Span<Piece> pieces) {
  COEDIT_CHECK(empty() && pieces_.empty());
  pieces_.assign(std::make_move_iterator(pieces.begin()), std::make_move_iterator(pieces.end()));
  for (const Piece& piece : pieces_) piece_bytes_ += piece->size();

  const proto::FrameGlue glue = proto::GlueFor(encoding);
  const bool copies = pieces_.size() > kPiecesInPlaceMax;
  // Reserved in one go: buffers point into it.
  size_t bytes = control.size();
  if (copies) {
    bytes += glue.prefix.size() + glue.suffix.size();
    for (const Piece& piece : pieces_) {
      bytes += glue.separator.size();
      if (piece->size() <= kCopiedPieceBytesMax) bytes += piece->size();
    }
  }
  copied_.reserve(bytes);
  if (!control.empty()) Append(control);
  if (pieces_.empty()) return;

  const size_t payload = piece_bytes_ + glue.prefix.size() + glue.suffix.size() +
                         glue.separator.size() * (pieces_.size() - 1);
  const char first = encoding == proto::Encoding::kJson ? kFinalText : kFinalBinary;
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
  for (size_t index = 0; index < pieces_.size(); ++index) {
    if (index > 0) add_glue(glue.separator);
    const std::string& piece = *pieces_[index];
    if (copies && piece.size() <= kCopiedPieceBytesMax) {
      Append(piece);
    } else {
      Add(piece);
    }
  }
  add_glue(glue.suffix);
}

void OutboundFrame::Append(absl::string_view bytes) {
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

void OutboundFrame::Add(absl::string_view bytes) {
  // The kernel only reads it.
  buffers_.push_back({const_cast<char*>(bytes.data()), bytes.size()});
}

void OutboundFrame::OnTaken(size_t count) {
  // Headers, glue and control frames count here and not in piece_bytes_: it is a little low.
  piece_bytes_ -= std::min(count, piece_bytes_);
  while (next_ < buffers_.size() && count >= buffers_[next_].iov_len) {
    count -= buffers_[next_++].iov_len;
  }
  if (next_ < buffers_.size()) {
    buffers_[next_].iov_base = static_cast<char*>(buffers_[next_].iov_base) + count;
    buffers_[next_].iov_len -= count;
    return;
  }
  piece_bytes_ = 0;
  next_ = 0;
  ClearKeeping(kKeptPiecesMax, pieces_);
  ClearKeeping(2 * kKeptPiecesMax, buffers_);
  ClearKeeping(kKeptBytesMax, copied_);
}

}  // namespace coedit::server
