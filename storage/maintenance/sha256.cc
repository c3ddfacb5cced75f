#include "storage/maintenance/sha256.h"

#include <sha2.h>

namespace coedit::storage {

std::string Sha256Hex(absl::string_view bytes) {
  char hex[SHA256_DIGEST_STRING_LENGTH];
  return SHA256Data(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size(), hex);
}

}  // namespace coedit::storage
