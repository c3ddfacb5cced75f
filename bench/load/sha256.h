// SHA-256 of a text, as 64 lower-case hex digits: how final texts are named.
#ifndef COEDIT_BENCH_LOAD_SHA256_H_
#define COEDIT_BENCH_LOAD_SHA256_H_

#include <string>

#include "absl/strings/string_view.h"

namespace coedit::bench {

std::string Sha256Hex(absl::string_view bytes);

}  // namespace coedit::bench

#endif  // COEDIT_BENCH_LOAD_SHA256_H_
