// Unpredictable bytes of the kernel, as server/seams.h wants them. Any thread.
#ifndef COEDIT_SERVER_IO_SYSTEM_RANDOM_H_
#define COEDIT_SERVER_IO_SYSTEM_RANDOM_H_

#include <string>

#include "server/seams.h"

namespace coedit::server {

class SystemRandom final : public RandomSource {
 public:
  std::string Hex(int bytes) override;
};

}  // namespace coedit::server

#endif  // COEDIT_SERVER_IO_SYSTEM_RANDOM_H_
