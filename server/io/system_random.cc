#include "server/io/system_random.h"

#include <sys/random.h>

#include <cerrno>

#include "absl/strings/escaping.h"
#include "ot/check.h"

namespace coedit::server {

std::string SystemRandom::Hex(int bytes) {
  COEDIT_CHECK(bytes > 0);
  std::string raw(static_cast<size_t>(bytes), '\0');
  size_t filled = 0;
  while (filled < raw.size()) {
    const ssize_t got = getrandom(raw.data() + filled, raw.size() - filled, 0);
    // Only a signal may interrupt it; ids from a source that failed would not be unpredictable.
    if (got < 0) {
      COEDIT_CHECK(errno == EINTR);
      continue;
    }
    filled += static_cast<size_t>(got);
  }
  return absl::BytesToHexString(raw);
}

}  // namespace coedit::server
