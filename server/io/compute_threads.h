// ComputeThreads: a thread and a bounded queue for each lane of api::Compute.
#ifndef COEDIT_SERVER_IO_COMPUTE_THREADS_H_
#define COEDIT_SERVER_IO_COMPUTE_THREADS_H_

#include <array>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <thread>

#include "server/api/compute.h"
#include "server/seams.h"

namespace coedit::server {

class ComputeThreads final : public api::Compute {
 public:
  // `executor` outlives it; at most `waiting_max` wait in each lane.
  ComputeThreads(Executor* executor, int64_t waiting_max);
  ~ComputeThreads() override { Stop(); }

  bool Run(api::Lane lane, Task work, Task done) override;

  // Finishes what is being done and drops what waits. Posts nothing afterwards.
  void Stop();

 private:
  struct Job {
    Task work;
    Task done;
  };
  struct Queue {
    std::mutex mutex;
    std::condition_variable wakeup;
    bool stopping = false;
    std::deque<Job> jobs;
    std::thread thread;
  };

  void Serve(Queue& queue);

  Executor* const executor_;
  const size_t waiting_max_;
  std::array<Queue, 2> queues_;
};

}  // namespace coedit::server

#endif  // COEDIT_SERVER_IO_COMPUTE_THREADS_H_
