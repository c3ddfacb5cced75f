// Compression of whole files, done once at start. Pure.
#ifndef COEDIT_SERVER_IO_COMPRESSION_H_
#define COEDIT_SERVER_IO_COMPRESSION_H_

#include <string>

#include "absl/strings/string_view.h"

namespace coedit::server {

// Empty if the library failed (out of memory): the file is then served as it is.
std::string Gzip(absl::string_view text);
std::string Brotli(absl::string_view text);

}  // namespace coedit::server

#endif  // COEDIT_SERVER_IO_COMPRESSION_H_
