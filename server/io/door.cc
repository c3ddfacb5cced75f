#include "server/io/door.h"

#include <exception>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/io/asio_types.h"
#include "server/io/event_loop.h"
#include "server/io/log.h"

namespace coedit::server {
namespace {

constexpr std::chrono::seconds kSweepInterval(1);

}  // namespace

struct Door::Timer {
  explicit Timer(net::io_context* context) : timer(context->get_executor()) {}
  SteadyTimer timer;
};

Door::Door()
    : context_(std::make_unique<net::io_context>(1)),
      timer_(std::make_unique<Timer>(context_.get())) {}

Door::~Door() = default;

void Door::Run() {
  SweepLater();
  for (;;) {
    // As in EventLoop: one step is lost, not the server.
    try {
      context_->run();
      return;
    } catch (const std::exception& exception) {
      LogError(absl::StrCat("a step at the door failed: ", exception.what()));
    }
  }
}

void Door::Stop() { context_->stop(); }

void Door::Clear() {
  on_sweep_ = nullptr;
  connections_.Clear();
  timer_.reset();
  context_.reset();
}

void Door::Remove(Connection* connection) {
  connections_.Remove(connection);
  if (connections_.size() == 0 && on_sweep_) on_sweep_();
}

void Door::SweepLater() {
  timer_->timer.expires_after(kSweepInterval);
  timer_->timer.async_wait([this](const ErrorCode& error) {
    if (error) return;
    SweepLater();
    connections_.Sweep(EventLoop::Now());
    if (on_sweep_) on_sweep_();
  });
}

}  // namespace coedit::server
