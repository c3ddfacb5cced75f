// Where work that takes long is done, so that it does not hold up everyone's thread. A seam like
// those of server/seams.h: production has threads (server/io/compute_threads.h), tests run the work
// at once.
#ifndef COEDIT_SERVER_API_COMPUTE_H_
#define COEDIT_SERVER_API_COMPUTE_H_

#include <cstdint>

#include "server/seams.h"

namespace coedit::server::api {

// Two lanes, each with a bounded queue and a thread of its own: a page of text must not wait for a
// blame.
enum class Lane : uint8_t {
  kShort,  // milliseconds: writing out a text
  kLong,   // up to about a second: blame, differences
};

class Compute {
 public:
  virtual ~Compute() = default;
  // Runs `work` elsewhere, then `done` on the executor. `work` shares nothing with this thread that
  // changes. False if the lane's queue is full: neither is run.
  virtual bool Run(Lane lane, Task work, Task done) = 0;
};

}  // namespace coedit::server::api

#endif  // COEDIT_SERVER_API_COMPUTE_H_
