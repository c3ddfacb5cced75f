#include "server/io/store_probe.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "server/io/log.h"

namespace coedit::server {
namespace {

constexpr absl::Duration kInterval = absl::Seconds(2);
constexpr absl::Duration kAnswerMax = absl::Seconds(5);

}  // namespace

void StoreProbe::OnTick(absl::Duration now) {
  if (state_->waiting || now - state_->asked < kInterval) return;
  state_->waiting = true;
  state_->asked = now;
  store_->List({.limit = 1}, [state = state_, executor = executor_](
                                 absl::StatusOr<storage::DocumentPage> documents) {
    executor->Post([state, status = documents.status()] {
      if (status.ok() != state->status.ok()) {
        if (status.ok()) {
          LogInfo("the store answers again");
        } else {
          LogError(absl::StrCat("the store fails: ", status.ToString()));
        }
      }
      state->status = status;
      state->waiting = false;
    });
  });
}

absl::Status StoreProbe::Health(absl::Duration now) const {
  if (state_->waiting && now - state_->asked > kAnswerMax) {
    return absl::DeadlineExceededError("the store does not answer");
  }
  return state_->status;
}

}  // namespace coedit::server
