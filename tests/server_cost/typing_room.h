// A document that people have open, down to the store in memory, for counting what one operation
// costs.
#ifndef COEDIT_TESTS_SERVER_COST_TYPING_ROOM_H_
#define COEDIT_TESTS_SERVER_COST_TYPING_ROOM_H_

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "ot/check.h"
#include "tests/ot_cost/heap.h"
#include "tests/server/harness.h"

namespace coedit::server::testing {

// Counts what it is given, and keeps nothing.
class CountingSink final : public FrameSink {
 public:
  int64_t pieces = 0;
  int64_t pieces_that_wait = 0;  // among them
  int64_t bytes = 0;

  void Send(Piece piece) override {
    ++pieces;
    bytes += static_cast<int64_t>(piece->size());
  }
  void SendPaced(Piece piece, absl::Duration) override {
    ++pieces_that_wait;
    Send(std::move(piece));
  }
  size_t queued_bytes() const override { return 0; }
  void Close(uint16_t, absl::string_view) override { COEDIT_CHECK(false); }
};

// A document with one writer and some readers, all in the binary encoding.
class TypingRoom {
 public:
  explicit TypingRoom(size_t members) : harness_(NoRates()), sinks_(members) {
    for (size_t index = 0; index < members; ++index) {
      sessions_.push_back(Session::Make(harness_.shards.get(), 0, &sinks_[index], kEncoding));
      proto::Hello hello;
      hello.protocol = 1;
      hello.client_id = absl::StrCat(absl::Hex(index + 1, absl::kZeroPad16), "0123456789abcdef");
      hello.attempt = 1;
      Say(index, hello);
      Say(index, proto::Open{.request = 1, .document = "d", .create = "plain-text"});
      harness_.Run();
    }
    for (int warm_up = 0; warm_up < 300; ++warm_up) Type(1);
    Reset();
  }
  ~TypingRoom() {
    for (const auto& session : sessions_) session->OnDisconnected();
  }

  // The writer types letters, each in an operation of its own.
  void Type(int letters) {
    for (int letter = 0; letter < letters; ++letter) {
      const proto::ClientMessage submit =
          proto::Submit{.channel = 1,
                        .sequence = revision_ + 1,
                        .revision = revision_,
                        .delta = ot::DeltaBuilder().Retain(revision_).Insert("x").Build()};
      const std::string frame = proto::EncodeClientFrame(kEncoding, {&submit, 1});
      const int64_t before = coedit::testing::HeapNow().allocations;
      sessions_[0]->OnFrame(frame);
      harness_.Run();
      allocations_ += coedit::testing::HeapNow().allocations - before;
      ++revision_;
    }
  }

  int64_t allocations() const { return allocations_; }
  const CountingSink& writer() const { return sinks_[0]; }
  const CountingSink& reader() const { return sinks_[1]; }

 private:
  static constexpr proto::Encoding kEncoding = proto::Encoding::kProtobuf;

  static Limits NoRates() {
    Limits limits;
    limits.submits_per_second = 0;
    return limits;
  }

  void Say(size_t index, const proto::ClientMessage& message) {
    sessions_[index]->OnFrame(proto::EncodeClientFrame(kEncoding, {&message, 1}));
    harness_.Run();
  }

  void Reset() {
    allocations_ = 0;
    for (CountingSink& sink : sinks_) sink = CountingSink();
  }

  Harness harness_;
  std::vector<CountingSink> sinks_;
  std::vector<std::shared_ptr<Session>> sessions_;
  uint64_t revision_ = 0;
  int64_t allocations_ = 0;
};

}  // namespace coedit::server::testing

#endif  // COEDIT_TESTS_SERVER_COST_TYPING_ROOM_H_
