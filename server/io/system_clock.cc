#include "server/io/system_clock.h"

#include <chrono>

#include "absl/time/clock.h"

namespace coedit::server {

absl::Duration SystemClock::Steady() const {
  return absl::FromChrono(std::chrono::steady_clock::now().time_since_epoch());
}

int64_t SystemClock::WallMs() const { return absl::ToUnixMillis(absl::Now()); }

}  // namespace coedit::server
