// StoreProbe: asks the store now and then whether it still answers, so that /healthz need not.
//
// On the executor's thread.
#ifndef COEDIT_SERVER_IO_STORE_PROBE_H_
#define COEDIT_SERVER_IO_STORE_PROBE_H_

#include <memory>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "server/seams.h"
#include "storage/store.h"

namespace coedit::server {

class StoreProbe {
 public:
  // Both outlive the probe.
  StoreProbe(storage::Store* store, Executor* executor) : store_(store), executor_(executor) {}

  // Starts a probe if the last one is old enough. Call it about once a second.
  void OnTick(absl::Duration now);

  // OK until the store says otherwise; kDeadlineExceeded if it has owed an answer for long.
  absl::Status Health(absl::Duration now) const;

 private:
  struct State {
    absl::Status status;
    absl::Duration asked = -absl::InfiniteDuration();
    bool waiting = false;
  };

  storage::Store* store_;
  Executor* executor_;
  // An answer may come after the probe is gone.
  std::shared_ptr<State> state_ = std::make_shared<State>();
};

}  // namespace coedit::server

#endif  // COEDIT_SERVER_IO_STORE_PROBE_H_
