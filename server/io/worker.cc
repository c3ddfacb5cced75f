#include "server/io/worker.h"

#include <boost/asio/post.hpp>
#include <exception>
#include <utility>

#include "absl/strings/str_cat.h"
#include "ot/check.h"
#include "server/io/asio_types.h"
#include "server/io/log.h"

namespace coedit::server {
namespace {

constexpr std::chrono::seconds kSweepInterval(1);
// Long enough that several commits leave together, too short to be seen.
constexpr absl::Duration kPace = absl::Milliseconds(5);

}  // namespace

struct Worker::Timer {
  explicit Timer(net::io_context* context)
      : timer(context->get_executor()), pace(context->get_executor()) {}
  SteadyTimer timer;
  SteadyTimer pace;
};

Worker::Worker()
    : context_(std::make_unique<net::io_context>(1)),
      timer_(std::make_unique<Timer>(context_.get())) {}

Worker::~Worker() = default;

void Worker::Run() {
  ScheduleSweep();
  for (;;) {
    // Connections catch their own exceptions; this is for a document's task or an allocation that
    // failed between two of them. Losing one step is better than losing every session.
    try {
      context_->run();
      return;
    } catch (const std::exception& exception) {
      LogError(absl::StrCat("a step of the event loop failed: ", exception.what()));
    }
  }
}

void Worker::Stop() { context_->stop(); }

void Worker::Clear() {
  on_sweep_ = nullptr;
  to_flush_.clear();
  to_flush_paced_.clear();
  timer_.reset();
  context_.reset();
}

void Worker::Add(Connection* connection) {
  connection->index_ = connections_.size();
  connections_.push_back(connection);
}

void Worker::Remove(Connection* connection) {
  const size_t index = connection->index_;
  COEDIT_CHECK(index < connections_.size() && connections_[index] == connection);
  connections_[index] = connections_.back();
  connections_[index]->index_ = index;
  connections_.pop_back();
  if (connections_.empty() && on_sweep_) on_sweep_();
}

void Worker::ForEach(const std::function<void(Connection&)>& visit) {
  // From the back: one that goes is replaced by one already visited.
  for (size_t index = connections_.size(); index-- > 0;) {
    if (index < connections_.size()) visit(*connections_[index]);
  }
}

void Worker::FlushSoon(std::shared_ptr<Connection> connection) {
  if (to_flush_.empty()) net::post(*context_, [this] { Flush(); });
  to_flush_.push_back(std::move(connection));
}

void Worker::Flush() {
  const std::vector<std::shared_ptr<Connection>> ready = std::exchange(to_flush_, {});
  for (const std::shared_ptr<Connection>& connection : ready) connection->OnFlush();
}

void Worker::FlushPaced(std::shared_ptr<Connection> connection) {
  if (to_flush_paced_.empty()) {
    const absl::Duration wait = flushed_paced_ + kPace - Now();
    if (wait <= absl::ZeroDuration()) {
      net::post(*context_, [this] { FlushPacedNow(); });
    } else {
      timer_->pace.expires_after(absl::ToChronoNanoseconds(wait));
      timer_->pace.async_wait([this](const ErrorCode& error) {
        if (!error) FlushPacedNow();
      });
    }
  }
  to_flush_paced_.push_back(std::move(connection));
}

void Worker::FlushPacedNow() {
  flushed_paced_ = Now();
  const std::vector<std::shared_ptr<Connection>> ready = std::exchange(to_flush_paced_, {});
  for (const std::shared_ptr<Connection>& connection : ready) connection->OnFlush();
}

absl::Duration Worker::Now() {
  return absl::FromChrono(std::chrono::steady_clock::now().time_since_epoch());
}

void Worker::ScheduleSweep() {
  timer_->timer.expires_after(kSweepInterval);
  timer_->timer.async_wait([this](const ErrorCode& error) {
    if (error) return;
    ScheduleSweep();
    Sweep();
  });
}

void Worker::Sweep() {
  const absl::Duration now = Now();
  ForEach([now](Connection& connection) { connection.OnTick(now); });
  if (on_sweep_) on_sweep_();
}

}  // namespace coedit::server
