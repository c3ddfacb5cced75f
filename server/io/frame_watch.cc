#include "server/io/frame_watch.h"

#include <algorithm>

namespace coedit::server {
namespace {

constexpr uint8_t kFinal = 0x80;
constexpr uint8_t kControl = 0x08;  // of the opcode: close, ping, pong
constexpr uint8_t kMasked = 0x80;
constexpr float kControlBurst = 2;  // times the rate of a second

// How many bytes the header has, as far as its first two tell.
uint8_t HeaderBytes(uint8_t second) {
  const uint8_t length = second & 0x7f;
  return static_cast<uint8_t>(2 +
                              (length == 126   ? 2
                               : length == 127 ? 8
                                               : 0) +
                              ((second & kMasked) != 0 ? 4 : 0));
}

}  // namespace

void FrameWatch::OnBytes(const uint8_t* bytes, size_t count, absl::Duration now,
                         const Limits& limits) {
  while (count > 0) {
    if (in_payload_) {
      const size_t skipped = static_cast<size_t>(std::min<uint64_t>(skip_, count));
      bytes += skipped;
      count -= skipped;
      skip_ -= skipped;
      if (skip_ == 0) OnFrameEnd();
      continue;
    }
    if (unfinished_since_ == absl::InfiniteDuration()) unfinished_since_ = now;
    header_[header_bytes_++] = *bytes++;
    --count;
    if (header_bytes_ >= 2 && header_bytes_ == HeaderBytes(header_[1])) OnFrameHeader(now, limits);
  }
}

void FrameWatch::OnFrameHeader(absl::Duration now, const Limits& limits) {
  const uint8_t length = header_[1] & 0x7f;
  const int extended = length == 126 ? 2 : length == 127 ? 8 : 0;
  skip_ = extended == 0 ? length : 0;
  for (int at = 0; at < extended; ++at) skip_ = skip_ << 8 | header_[2 + at];

  if ((header_[0] & kControl) != 0) {
    if (limits.control_frames_per_second != 0) {
      const float rate = static_cast<float>(limits.control_frames_per_second);
      const float elapsed =
          control_seen_ ? static_cast<float>(absl::ToDoubleSeconds(now - control_since_)) : 1e6F;
      control_tokens_ = std::min(control_tokens_ + rate * elapsed, rate * kControlBurst);
      control_since_ = now;
      control_seen_ = true;
      if (control_tokens_ < 1) {
        if (excess_ == Excess::kNone) excess_ = Excess::kControlFrames;
      } else {
        control_tokens_ -= 1;
      }
    }
  } else {
    ++fragments_;
    if (limits.fragments_per_message != 0 && fragments_ > limits.fragments_per_message &&
        excess_ == Excess::kNone) {
      excess_ = Excess::kFragments;
    }
  }
  in_payload_ = true;
  if (skip_ == 0) OnFrameEnd();
}

void FrameWatch::OnFrameEnd() {
  in_payload_ = false;
  header_bytes_ = 0;
  if ((header_[0] & kControl) != 0) {
    // A control frame may stand between the fragments of a message that is still owed.
    if (fragments_ == 0) unfinished_since_ = absl::InfiniteDuration();
    return;
  }
  if ((header_[0] & kFinal) != 0) {
    fragments_ = 0;
    unfinished_since_ = absl::InfiniteDuration();
  }
}

}  // namespace coedit::server
