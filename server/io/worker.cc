#include "server/io/worker.h"

#include <algorithm>
#include <utility>

namespace coedit::server {
namespace {

constexpr absl::Duration kSweepInterval = absl::Seconds(1);

}  // namespace

Worker::Worker() {
  loop_.set_on_turn_end([this] { Flush(); });
}

void Worker::Run() {
  SweepLater();
  loop_.Run();
}

void Worker::Clear() {
  to_flush_.clear();
  paced_.clear();
  loop_.Clear();
  connections_.Clear();
}

void Worker::Add(std::shared_ptr<Connection> connection) {
  connections_.Add(std::move(connection));
  connection_count_ = connections_.size();
}

void Worker::Remove(Connection* connection) {
  connections_.Remove(connection);
  connection_count_ = connections_.size();
  if (connections_.size() == 0 && on_empty_) on_empty_();
}

void Worker::GoAway(absl::Duration come_back_after, absl::Duration spread) {
  come_back_after_ = come_back_after;
  const auto count = static_cast<int64_t>(std::max<size_t>(connections_.size(), 1));
  int64_t index = 0;
  connections_.ForEach([&](Connection& connection) {
    connection.OnGoAway(come_back_after + spread * index++ / count);
  });
}

void Worker::End() {
  connections_.ForEach([](Connection& connection) { connection.OnEnd(); });
}

std::unique_ptr<OutboundFrame> Worker::TakeFrame() {
  return frame_ != nullptr ? std::move(frame_) : std::make_unique<OutboundFrame>();
}

void Worker::FlushSoon(std::shared_ptr<Connection> connection) {
  // What is flushed while all are has its turn after the next look at the sockets.
  if (to_flush_.empty()) loop_.Post([] {});
  to_flush_.push_back(std::move(connection));
}

void Worker::Flush() {
  if (to_flush_.empty()) return;
  std::swap(to_flush_, flushing_);
  for (const std::shared_ptr<Connection>& connection : flushing_) connection->OnFlush();
  flushing_.clear();
}

void Worker::FlushPaced(std::shared_ptr<Connection> connection, absl::Duration pace) {
  Paced& paced = paced_[pace];
  if (paced.to_flush.empty()) {
    loop_.PostAfter(paced.flushed + pace - EventLoop::Now(), [this, pace] { FlushPacedNow(pace); });
  }
  paced.to_flush.push_back(std::move(connection));
}

void Worker::FlushPacedNow(absl::Duration pace) {
  Paced& paced = paced_[pace];
  paced.flushed = EventLoop::Now();
  const std::vector<std::shared_ptr<Connection>> ready = std::exchange(paced.to_flush, {});
  for (const std::shared_ptr<Connection>& connection : ready) connection->OnFlush();
}

void Worker::SweepLater() {
  loop_.PostAfter(kSweepInterval, [this] {
    SweepLater();
    connections_.Sweep(EventLoop::Now());
  });
}

}  // namespace coedit::server
