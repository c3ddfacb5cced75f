// A simulated connection: two directions with delay, in order, that may be lost at any moment, at
// once or unnoticed.
#ifndef COEDIT_TESTS_SIM_NETWORK_H_
#define COEDIT_TESTS_SIM_NETWORK_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "ot/check.h"
#include "proto/codec.h"
#include "server/seams.h"
#include "server/session.h"
#include "server/shards.h"
#include "tests/ot/generators.h"
#include "tests/sim/plan.h"
#include "tests/sim/sim_executor.h"

namespace coedit::sim {

// The server's end is the sink of a Session; the client's end is two callbacks.
class Connection final : public server::FrameSink, public std::enable_shared_from_this<Connection> {
 public:
  struct ClientEnd {
    std::function<void(const std::string& frame)> on_frame;
    std::function<void(uint16_t close_code)> on_closed;  // 1006: cut
  };

  // `history`: how often the disk had been replaced when this connection was made.
  Connection(Timeline* timeline, const Faults* faults, ot::testing::Rng rng,
             proto::Encoding encoding, int64_t history, ClientEnd client_end)
      : timeline_(timeline),
        faults_(faults),
        rng_(rng),
        encoding_(encoding),
        history_(history),
        client_end_(std::move(client_end)) {}

  int64_t history() const { return history_; }

  // Attaches the server's half; both are of that life of the server.
  void Accept(server::Shards* shards, SimThreads* threads) {
    threads_ = threads;
    if (shards->count() > 1) {
      shard_ = rng_.Below(shards->count());
      can_move_ = rng_.Chance(60);
    }
    OnShard([&] { session_ = server::Session::Make(shards, shard_, this, encoding_); });
    heard_ = timeline_->now();
    silence_max_ = absl::Seconds(shards->environment(0).limits.silence_seconds);
    Tick();
  }

  // From the client.
  void SendToServer(std::string frame) {
    if (cut_ || lost_to_server_) return;
    Travel(&to_server_free_at_, [this, frame = std::move(frame)] {
      heard_ = timeline_->now();
      if (session_ == nullptr || !server_open_) return;
      // Of what comes while it moves, some was in the same read as what made it move.
      if (moves_to_.has_value() && (!unread_.empty() || rng_.Chance(50))) {
        return unread_.push_back(frame);
      }
      OnShard([&] { session_->OnFrame(frame); });
    });
  }

  // FrameSink, from the session.
  void Send(server::Piece piece) override {
    CheckThread();
    queued_bytes_ += piece->size();
    waiting_.push_back(std::move(piece));
    if (waiting_.size() > 1) return;
    // What gathers before the socket is free leaves as one frame.
    const bool slow = timeline_->now() < slow_until_;
    Later(slow ? rng_.Between(100'000, 3'000'000) : rng_.Between(0, 2000), [this] { Flush(); });
  }
  size_t queued_bytes() const override { return queued_bytes_; }
  bool MoveTo(size_t shard) override {
    CheckThread();
    if (!can_move_) return false;
    moves_to_ = shard;
    Later(rng_.Between(1, 5'000), [this] { Arrive(); });
    return true;
  }
  void Close(uint16_t close_code, absl::string_view) override {
    CheckThread();
    server_open_ = false;
    Later(2001, [this, close_code] {
      if (!lost_to_client_) {
        Travel(&to_client_free_at_, [this, close_code] { EndClient(close_code); });
      }
      DropSession();
    });
  }

  // What the client sends from now on arrives only after this time.
  void HoldToServer(absl::Duration duration) {
    to_server_free_at_ = std::max(to_server_free_at_, timeline_->now() + duration);
  }
  void SlowFor(absl::Duration duration) { slow_until_ = timeline_->now() + duration; }

  // The wire breaks. The client notices at once; the server at once or, half open, much later.
  // What is on its way arrives or not. A wire that loses one direction goes on in the other, until
  // somebody misses something.
  void Cut(CutHow how) {
    if (how == kCutToServer || how == kCutToClient) {
      (how == kCutToServer ? lost_to_server_ : lost_to_client_) = true;
      return;
    }
    EndClient(1006);
    if (cut_) return;
    cut_ = true;
    if (how == kCutHalfOpen || lost_to_server_) {
      Later(rng_.Between(1'000'000, 45'000'000), [this] { DropSession(); });
    } else {
      DropSession();
    }
  }
  // The server's process is gone.
  void ServerDied() {
    session_ = nullptr;
    server_open_ = false;
    if (cut_) return;
    cut_ = true;
    // A machine without power says nothing; whoever runs there next says that it knows nothing.
    if (!lost_to_client_) Later(rng_.Between(0, 500'000), [this] { EndClient(1006); });
  }

 private:
  // Everything of the session happens on its shard's thread.
  template <typename Step>
  void OnShard(Step step) {
    if (threads_ == nullptr) return step();
    threads_->RunOn(shard_, step);
  }
  void CheckThread() const { COEDIT_CHECK(threads_ == nullptr || threads_->running() == shard_); }
  void Arrive() {
    shard_ = *std::exchange(moves_to_, std::nullopt);
    if (session_ == nullptr) return;
    threads_->CountMove();
    OnShard([&] { session_->OnMoved(shard_); });
    for (const std::string& frame : std::exchange(unread_, {})) {
      if (session_ == nullptr || !server_open_) return;
      OnShard([&] { session_->OnFrame(frame); });
    }
  }
  void Later(int64_t microseconds, std::function<void()> task) {
    timeline_->Schedule(absl::Microseconds(microseconds),
                        [self = shared_from_this(), task = std::move(task)] { task(); });
  }
  // In order: never before what was sent earlier.
  void Travel(absl::Duration* free_at, std::function<void()> arrive) {
    int64_t most_us = 1000 * faults_->wire_delay_ms_max;
    if (rng_.Chance(static_cast<int>(faults_->spike))) most_us = 8'000'000;
    const absl::Duration at = timeline_->now() + absl::Microseconds(rng_.Between(10, most_us));
    *free_at = std::max(at, *free_at);
    timeline_->Schedule(*free_at - timeline_->now(),
                        [self = shared_from_this(), arrive = std::move(arrive)] { arrive(); });
  }
  void Flush() {
    const proto::FrameGlue glue = proto::GlueFor(encoding_);
    std::string frame(glue.prefix);
    for (size_t i = 0; i < waiting_.size(); ++i) {
      if (i > 0) frame.append(glue.separator.data(), glue.separator.size());
      frame += *waiting_[i];
    }
    frame.append(glue.suffix.data(), glue.suffix.size());
    waiting_.clear();
    queued_bytes_ = 0;
    if (!cut_ && !lost_to_client_) {
      Travel(&to_client_free_at_, [this, frame = std::move(frame)] {
        if (client_open_) client_end_.on_frame(frame);
      });
    }
    if (session_ == nullptr || moves_to_.has_value()) return;
    OnShard([&] { session_->OnDrained(); });
  }
  void Tick() {
    if (session_ == nullptr) return;
    if (!moves_to_.has_value()) OnShard([&] { session_->OnTick(); });
    if (timeline_->now() - heard_ > silence_max_) return DropSession();
    Later(1'000'000, [this] { Tick(); });
  }
  void EndClient(uint16_t close_code) {
    if (!client_open_) return;
    client_open_ = false;
    client_end_.on_closed(close_code);
  }
  void DropSession() {
    server_open_ = false;
    if (session_ == nullptr) return;
    const std::shared_ptr<server::Session> session = std::move(session_);
    session_ = nullptr;
    // On the way it is noticed where the way leads.
    shard_ = moves_to_.value_or(shard_);
    OnShard([&] { session->OnDisconnected(); });
  }

  Timeline* timeline_;
  const Faults* faults_;
  ot::testing::Rng rng_;
  proto::Encoding encoding_;
  int64_t history_;
  ClientEnd client_end_;
  SimThreads* threads_ = nullptr;
  size_t shard_ = 0;
  bool can_move_ = false;
  std::optional<size_t> moves_to_;
  std::vector<std::string> unread_;  // while it moves
  std::shared_ptr<server::Session> session_;
  absl::Duration heard_;
  absl::Duration silence_max_;
  bool cut_ = false;
  bool lost_to_server_ = false;
  bool lost_to_client_ = false;
  bool client_open_ = true;
  bool server_open_ = true;
  absl::Duration slow_until_;
  std::vector<server::Piece> waiting_;
  size_t queued_bytes_ = 0;
  absl::Duration to_server_free_at_;
  absl::Duration to_client_free_at_;
};

}  // namespace coedit::sim

#endif  // COEDIT_TESTS_SIM_NETWORK_H_
