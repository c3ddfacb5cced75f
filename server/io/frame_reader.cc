#include "server/io/frame_reader.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "ot/unicode.h"

namespace coedit::server {
namespace {

constexpr uint8_t kFinal = 0x80;
constexpr uint8_t kReserved = 0x70;
constexpr uint8_t kOpcode = 0x0f;
constexpr uint8_t kMasked = 0x80;
constexpr uint8_t kLength = 0x7f;
constexpr size_t kControlBytesMax = 125;
constexpr size_t kMaskBytes = 4;
constexpr float kControlBurst = 2;  // times the rate of a second

enum Opcode : uint8_t {
  kContinuation = 0,
  kText = 1,
  kBinary = 2,
  kClose = 8,
  kPing = 9,
  kPong = 10
};

bool IsControl(uint8_t first) { return (first & 0x08) != 0; }

// Bytes of the length behind the first two of the header.
size_t LengthBytes(uint8_t second) {
  const uint8_t length = second & kLength;
  return length == 126 ? 2 : length == 127 ? 8 : 0;
}

// How many bytes the header has, as far as its first two tell.
size_t HeaderBytes(uint8_t second) {
  return 2 + LengthBytes(second) + ((second & kMasked) != 0 ? kMaskBytes : 0);
}

// Those that an endpoint may send (RFC 6455, 7.4, and what is registered).
bool IsCloseCode(uint16_t code) {
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) ||
         (code >= 3000 && code <= 4999);
}

absl::string_view View(const uint8_t* bytes, size_t count) {
  return {reinterpret_cast<const char*>(bytes), count};
}

}  // namespace

void FrameReader::SkipMessages() {
  skips_ = true;
  (void)TakeGathered(&Gathered::message);
}

void FrameReader::Gather(std::string Gathered::*part, absl::string_view bytes) {
  if (gathered_ == nullptr) gathered_ = std::make_unique<Gathered>();
  (gathered_.get()->*part).append(bytes.data(), bytes.size());
}

std::string FrameReader::TakeGathered(std::string Gathered::*part) {
  if (gathered_ == nullptr) return "";
  std::string taken = std::exchange(gathered_.get()->*part, std::string());
  if (gathered_->message.empty() && gathered_->control.empty()) gathered_.reset();
  return taken;
}

FrameReader::Fault FrameReader::Take(uint8_t* bytes, size_t count, absl::Duration now,
                                     const Limits& limits, FrameHandler* handler) {
  Fault first = Fault::kNone;
  const auto note = [&](Fault fault) {
    if (fault == Fault::kNone) return;
    if (first == Fault::kNone) first = fault;
    broken_ = broken_ || fault == Fault::kProtocol || fault == Fault::kTooLarge ||
              fault == Fault::kNotUtf8;
    SkipMessages();
  };
  while (!broken_ && (count > 0 || (in_payload_ && left_ == 0))) {
    if (!in_payload_) {
      if (unfinished_since_ == absl::InfiniteDuration()) unfinished_since_ = now;
      header_[header_bytes_++] = *bytes++;
      --count;
      if (header_bytes_ >= 2 && header_bytes_ == HeaderBytes(header_[1])) {
        note(OnHeader(now, limits, *handler));
      }
      continue;
    }
    const auto here = static_cast<size_t>(std::min<uint64_t>(left_, count));
    Unmask(bytes, here);
    const absl::string_view part = View(bytes, here);
    bytes += here;
    count -= here;
    left_ -= here;
    const bool frame_ends = left_ == 0;
    if (frame_ends) {
      in_payload_ = false;
      header_bytes_ = 0;
    }
    if (IsControl(header_[0])) {
      const bool in_parts = !frame_ends || HasGathered(&Gathered::control);
      if (in_parts) Gather(&Gathered::control, part);
      if (!frame_ends) continue;
      // A control frame may stand between the fragments of a message that is still owed.
      if (!in_message_) unfinished_since_ = absl::InfiniteDuration();
      const std::string gathered = TakeGathered(&Gathered::control);
      note(OnControl(in_parts ? gathered : part, handler));
      continue;
    }
    const bool message_ends = frame_ends && !in_message_;
    if (message_ends) unfinished_since_ = absl::InfiniteDuration();
    if (skips_) continue;
    if (message_ends && !HasGathered(&Gathered::message)) {
      note(OnMessageEnd(part, handler));
      continue;
    }
    Gather(&Gathered::message, part);
    if (!message_ends) continue;
    note(OnMessageEnd(TakeGathered(&Gathered::message), handler));
  }
  return first;
}

FrameReader::Fault FrameReader::OnHeader(absl::Duration now, const Limits& limits,
                                         const FrameHandler& handler) {
  const uint8_t opcode = header_[0] & kOpcode;
  const bool final = (header_[0] & kFinal) != 0;
  const size_t length_bytes = LengthBytes(header_[1]);
  left_ = length_bytes == 0 ? header_[1] & kLength : 0;
  for (size_t at = 0; at < length_bytes; ++at) left_ = left_ << 8 | header_[2 + at];
  mask_at_ = 0;
  in_payload_ = true;

  if ((header_[0] & kReserved) != 0 || (header_[1] & kMasked) == 0) return Fault::kProtocol;
  // The shortest form that holds the length.
  if (length_bytes == 2 && left_ <= kControlBytesMax) return Fault::kProtocol;
  if (length_bytes == 8 && left_ <= 0xffff) return Fault::kProtocol;
  if (IsControl(header_[0])) {
    if (opcode > kPong || !final || left_ > kControlBytesMax) return Fault::kProtocol;
    return CheckControlRate(now, limits);
  }
  if (opcode > kBinary) return Fault::kProtocol;
  if (in_message_ != (opcode == kContinuation)) return Fault::kProtocol;
  if (!in_message_) fragments_ = 0;
  ++fragments_;
  in_message_ = !final;
  if (skips_) return Fault::kNone;
  if (opcode != kContinuation && (opcode == kText) != expects_text_) return Fault::kWrongKind;
  const uint64_t most = handler.MessageBytesMax();
  const uint64_t before = gathered_ != nullptr ? gathered_->message.size() : 0;
  if (left_ > most || before + left_ > most) return Fault::kTooLarge;
  if (limits.fragments_per_message != 0 && fragments_ > limits.fragments_per_message) {
    return Fault::kFragments;
  }
  return Fault::kNone;
}

FrameReader::Fault FrameReader::CheckControlRate(absl::Duration now, const Limits& limits) {
  if (limits.control_frames_per_second == 0 || skips_) return Fault::kNone;
  const auto rate = static_cast<float>(limits.control_frames_per_second);
  const float elapsed =
      control_seen_ ? static_cast<float>(absl::ToDoubleSeconds(now - control_since_)) : 1e6F;
  control_tokens_ = std::min(control_tokens_ + rate * elapsed, rate * kControlBurst);
  control_since_ = now;
  control_seen_ = true;
  if (control_tokens_ < 1) return Fault::kControlFrames;
  control_tokens_ -= 1;
  return Fault::kNone;
}

void FrameReader::Unmask(uint8_t* bytes, size_t count) {
  const uint8_t* mask = header_ + 2 + LengthBytes(header_[1]);
  // Eight bytes at a time, the mask turned to where this part begins.
  uint8_t turned[8];
  for (size_t at = 0; at < sizeof turned; ++at) turned[at] = mask[(mask_at_ + at) % kMaskBytes];
  uint64_t wide_mask;
  std::memcpy(&wide_mask, turned, sizeof wide_mask);
  size_t at = 0;
  for (; at + sizeof wide_mask <= count; at += sizeof wide_mask) {
    uint64_t wide;
    std::memcpy(&wide, bytes + at, sizeof wide);
    wide ^= wide_mask;
    std::memcpy(bytes + at, &wide, sizeof wide);
  }
  for (; at < count; ++at) bytes[at] ^= turned[at % kMaskBytes];
  mask_at_ = static_cast<uint8_t>((mask_at_ + count) % kMaskBytes);
}

FrameReader::Fault FrameReader::OnControl(absl::string_view payload, FrameHandler* handler) {
  const uint8_t opcode = header_[0] & kOpcode;
  if (opcode == kPing) {
    if (!skips_) handler->OnPing(payload);
  } else if (opcode == kClose) {
    if (payload.size() == 1) return Fault::kProtocol;
    uint16_t code = 0;
    if (!payload.empty()) {
      code = static_cast<uint16_t>(static_cast<uint8_t>(payload[0]) << 8 |
                                   static_cast<uint8_t>(payload[1]));
      if (!IsCloseCode(code) || !ot::IsValidUtf8(payload.substr(2))) return Fault::kProtocol;
    }
    // Nothing of what follows it counts.
    broken_ = true;
    handler->OnCloseFrame(code);
  }
  return Fault::kNone;
}

FrameReader::Fault FrameReader::OnMessageEnd(absl::string_view message, FrameHandler* handler) {
  if (expects_text_ && !ot::IsValidUtf8(message)) return Fault::kNotUtf8;
  handler->OnMessage(message);
  return Fault::kNone;
}

}  // namespace coedit::server
