#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "ot/check.h"
#include "ot/unicode.h"
#include "server/io/frame_reader.h"
#include "tests/fuzz/fuzz_targets.h"

namespace coedit::fuzz {
namespace {

using server::FrameReader;

// Small ones, so that short inputs reach them.
constexpr size_t kMessageBytesMax = 300;
constexpr FrameReader::Limits kLimits = {.fragments_per_message = 4,
                                         .control_frames_per_second = 3};

// Writes down what it is told.
class Listener final : public server::FrameHandler {
 public:
  explicit Listener(bool expects_text) : expects_text_(expects_text) {}
  std::vector<std::string> heard;

 private:
  void OnMessage(absl::string_view message) override {
    COEDIT_CHECK(message.size() <= kMessageBytesMax);
    COEDIT_CHECK(!expects_text_ || ot::IsValidUtf8(message));
    heard.push_back(absl::StrCat("message ", message));
  }
  void OnPing(absl::string_view payload) override {
    COEDIT_CHECK(payload.size() <= 125);
    heard.push_back(absl::StrCat("ping ", payload));
  }
  void OnCloseFrame(uint16_t code) override { heard.push_back(absl::StrCat("close ", code)); }
  size_t MessageBytesMax() const override { return kMessageBytesMax; }

  const bool expects_text_;
};

struct Outcome {
  FrameReader::Fault first = FrameReader::Fault::kNone;
  std::vector<std::string> heard;
  bool owes = false;  // the peer, the rest of something
  friend bool operator==(const Outcome&, const Outcome&) = default;
};

Outcome Read(bool expects_text, std::string bytes, size_t step) {
  FrameReader reader(expects_text);
  Listener listener(expects_text);
  Outcome outcome;
  for (size_t at = 0; at < bytes.size(); at += step) {
    const FrameReader::Fault fault =
        reader.Take(reinterpret_cast<uint8_t*>(bytes.data()) + at,
                    std::min(step, bytes.size() - at), absl::Seconds(1), kLimits, &listener);
    if (outcome.first == FrameReader::Fault::kNone) outcome.first = fault;
  }
  outcome.heard = std::move(listener.heard);
  outcome.owes = reader.unfinished_since() != absl::InfiniteDuration();
  return outcome;
}

}  // namespace

void WebSocketFrames(absl::string_view bytes) {
  if (bytes.empty()) return;
  const bool expects_text = (bytes.front() & 1) != 0;
  const std::string frames(bytes.substr(1));
  const Outcome whole = Read(expects_text, frames, std::max<size_t>(frames.size(), 1));
  for (const size_t step : {size_t{1}, size_t{2}, size_t{3}, size_t{7}, size_t{64}}) {
    COEDIT_CHECK(Read(expects_text, frames, step) == whole);
  }
  // A close frame is the last word.
  for (size_t at = 0; at + 1 < whole.heard.size(); ++at) {
    COEDIT_CHECK(whole.heard[at].substr(0, 6) != "close ");
  }
}

}  // namespace coedit::fuzz
