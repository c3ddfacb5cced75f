// SHA-256, as 64 lower-case hex digits: how a text is named to people and other programs.
#ifndef COEDIT_STORAGE_MAINTENANCE_SHA256_H_
#define COEDIT_STORAGE_MAINTENANCE_SHA256_H_

#include <string>

#include "absl/strings/string_view.h"

namespace coedit::storage {

std::string Sha256Hex(absl::string_view bytes);

}  // namespace coedit::storage

#endif  // COEDIT_STORAGE_MAINTENANCE_SHA256_H_
