// FrameReader: the receiving half of WebSocket (RFC 6455) for a server. Pure; bytes in, messages
// out.
//
// It takes bytes as the socket gave them and unmasks them where they lie. A message that is whole
// in one piece of bytes is handed on as a view of them, so that nothing is copied or held; only
// what comes in parts is gathered, and never more memory than the peer has sent. An idle reader
// holds no memory.
//
// It also counts what a peer may do too much of: fragments of a message, control frames in a
// second, and since when a frame or message is unfinished.
#ifndef COEDIT_SERVER_IO_FRAME_READER_H_
#define COEDIT_SERVER_IO_FRAME_READER_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace coedit::server {

class FrameHandler {
 public:
  // A message of the expected kind. The view is valid during the call.
  virtual void OnMessage(absl::string_view message) = 0;
  virtual void OnPing(absl::string_view payload) = 0;
  // `code` is 0 if the frame names none.
  virtual void OnCloseFrame(uint16_t code) = 0;
  // How long the message that begins or goes on may become; bytes.
  virtual size_t MessageBytesMax() const = 0;

 protected:
  ~FrameHandler() = default;
};

class FrameReader {
 public:
  struct Limits {
    int64_t fragments_per_message = 0;      // 0: no bound
    int64_t control_frames_per_second = 0;  // with a burst of twice that; 0: no bound
  };
  enum class Fault : uint8_t {
    kNone,
    kProtocol,       // frames that RFC 6455 forbids
    kTooLarge,       // a message over its bound
    kNotUtf8,        // a text that is none
    kWrongKind,      // text where binary is expected, or the other way round
    kFragments,      // over fragments_per_message
    kControlFrames,  // over control_frames_per_second
  };

  explicit FrameReader(bool expects_text) : expects_text_(expects_text) {}

  // Takes `count` bytes that came at `now`, which never goes backwards, and changes them. The first
  // fault is answered, and from then on only close frames are looked for where frames can still be
  // told apart (kWrongKind, kFragments, kControlFrames), and nothing after the others.
  Fault Take(uint8_t* bytes, size_t count, absl::Duration now, const Limits& limits,
             FrameHandler* handler);

  // From here on messages are skipped: only close frames are told.
  void SkipMessages();

  // Since when the peer owes the rest of a frame or message; InfiniteDuration: it owes nothing.
  absl::Duration unfinished_since() const { return unfinished_since_; }

 private:
  // What is kept of a message while its parts come in; of a control frame too.
  struct Gathered {
    std::string message;
    std::string control;
  };

  Fault OnHeader(absl::Duration now, const Limits& limits, const FrameHandler& handler);
  Fault CheckControlRate(absl::Duration now, const Limits& limits);
  void Unmask(uint8_t* bytes, size_t count);
  bool HasGathered(std::string Gathered::*part) const {
    return gathered_ != nullptr && !(gathered_.get()->*part).empty();
  }
  void Gather(std::string Gathered::*part, absl::string_view bytes);
  std::string TakeGathered(std::string Gathered::*part);
  // The whole payload of a control frame.
  Fault OnControl(absl::string_view payload, FrameHandler* handler);
  Fault OnMessageEnd(absl::string_view message, FrameHandler* handler);

  const bool expects_text_;
  bool skips_ = false;
  bool broken_ = false;  // frames can't be told apart any more
  bool in_payload_ = false;
  bool in_message_ = false;  // a first frame came, and no last one
  bool control_seen_ = false;
  uint8_t header_bytes_ = 0;  // of header_ have arrived
  uint8_t header_[14] = {};   // of the frame that comes in
  uint8_t mask_at_ = 0;
  int32_t fragments_ = 0;  // data frames of the current message so far
  float control_tokens_ = 0;
  uint64_t left_ = 0;  // payload bytes of the current frame still to come
  absl::Duration unfinished_since_ = absl::InfiniteDuration();
  absl::Duration control_since_ = absl::ZeroDuration();  // when the tokens were counted last
  std::unique_ptr<Gathered> gathered_;                   // nullptr: nothing is kept
};

}  // namespace coedit::server

#endif  // COEDIT_SERVER_IO_FRAME_READER_H_
