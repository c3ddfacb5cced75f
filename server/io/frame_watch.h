// Watches the bytes of a WebSocket as they come in and counts what the WebSocket library does not
// tell: frames in a message, control frames in a second, and since when a message is unfinished.
// Pure; it reads frame headers and skips what they announce, and leaves every check of the protocol
// to the library.
#ifndef COEDIT_SERVER_IO_FRAME_WATCH_H_
#define COEDIT_SERVER_IO_FRAME_WATCH_H_

#include <cstddef>
#include <cstdint>

#include "absl/time/time.h"

namespace coedit::server {

class FrameWatch {
 public:
  struct Limits {
    int64_t fragments_per_message = 0;      // 0: no bound
    int64_t control_frames_per_second = 0;  // with a burst of twice that; 0: no bound
  };
  enum class Excess : uint8_t { kNone, kFragments, kControlFrames };

  // Bytes as the socket gave them, in order; `now` never goes backwards.
  void OnBytes(const uint8_t* bytes, size_t count, absl::Duration now, const Limits& limits);

  // What was exceeded first, for good.
  Excess excess() const { return excess_; }
  // Since when the peer owes the rest of a frame or message; InfiniteDuration: it owes nothing.
  absl::Duration unfinished_since() const { return unfinished_since_; }

 private:
  void OnFrameHeader(absl::Duration now, const Limits& limits);
  void OnFrameEnd();

  uint64_t skip_ = 0;      // payload bytes of the current frame still to come
  int64_t fragments_ = 0;  // data frames of the current message so far
  absl::Duration unfinished_since_ = absl::InfiniteDuration();
  absl::Duration control_since_ = absl::ZeroDuration();  // when the tokens were counted last
  float control_tokens_ = 0;
  uint8_t header_[14] = {};   // of the frame that comes in
  uint8_t header_bytes_ = 0;  // of them have arrived
  bool in_payload_ = false;
  bool control_seen_ = false;
  Excess excess_ = Excess::kNone;
};

}  // namespace coedit::server

#endif  // COEDIT_SERVER_IO_FRAME_WATCH_H_
