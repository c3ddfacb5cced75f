// The machine's clocks, as server/seams.h wants them. Any thread.
#ifndef COEDIT_SERVER_IO_SYSTEM_CLOCK_H_
#define COEDIT_SERVER_IO_SYSTEM_CLOCK_H_

#include "server/seams.h"

namespace coedit::server {

class SystemClock final : public Clock {
 public:
  absl::Duration Steady() const override;
  int64_t WallMs() const override;
};

}  // namespace coedit::server

#endif  // COEDIT_SERVER_IO_SYSTEM_CLOCK_H_
