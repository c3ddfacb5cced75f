#include "server/io/compute_threads.h"

#include <utility>

namespace coedit::server {

ComputeThreads::ComputeThreads(Executor* executor, int64_t waiting_max)
    : executor_(executor), waiting_max_(static_cast<size_t>(waiting_max)) {
  for (Queue& queue : queues_) {
    queue.thread = std::thread([this, &queue] { Serve(queue); });
  }
}

bool ComputeThreads::Run(api::Lane lane, Task work, Task done) {
  Queue& queue = queues_[static_cast<size_t>(lane)];
  {
    const std::lock_guard lock(queue.mutex);
    if (queue.stopping || queue.jobs.size() >= waiting_max_) return false;
    queue.jobs.push_back({std::move(work), std::move(done)});
  }
  queue.wakeup.notify_one();
  return true;
}

void ComputeThreads::Serve(Queue& queue) {
  for (;;) {
    Job job;
    {
      std::unique_lock lock(queue.mutex);
      queue.wakeup.wait(lock, [&queue] { return queue.stopping || !queue.jobs.empty(); });
      if (queue.stopping) return;
      job = std::move(queue.jobs.front());
      queue.jobs.pop_front();
    }
    std::move(job.work)();
    job.work = nullptr;  // what it holds is large, and is freed here
    executor_->Post(std::move(job.done));
  }
}

void ComputeThreads::Stop() {
  for (Queue& queue : queues_) {
    {
      const std::lock_guard lock(queue.mutex);
      queue.stopping = true;
    }
    queue.wakeup.notify_one();
  }
  for (Queue& queue : queues_) {
    if (queue.thread.joinable()) queue.thread.join();
    queue.jobs.clear();
  }
}

}  // namespace coedit::server
