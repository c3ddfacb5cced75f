#include "server/io/asio_executor.h"

#include <boost/asio/post.hpp>
#include <memory>
#include <utility>

#include "server/io/asio_types.h"

namespace coedit::server {

void AsioExecutor::Post(Task task) {
  net::post(*context_, [task = std::move(task)]() mutable { std::move(task)(); });
}

void AsioExecutor::PostAfter(absl::Duration delay, Task task) {
  // A timer may only be touched by the context's own thread, PostAfter may be called from any.
  const auto due = std::chrono::steady_clock::now() + absl::ToChronoNanoseconds(delay);
  net::post(*context_, [context = context_, due, task = std::move(task)]() mutable {
    auto timer = std::make_unique<SteadyTimer>(context->get_executor(), due);
    SteadyTimer& waiting = *timer;
    waiting.async_wait(
        [timer = std::move(timer), task = std::move(task)](const ErrorCode& error) mutable {
          if (!error) std::move(task)();
        });
  });
}

}  // namespace coedit::server
