// Compression of what is written once and read seldom: brotli, with both ends bounded.
#ifndef COEDIT_STORAGE_COMPRESSION_H_
#define COEDIT_STORAGE_COMPRESSION_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace coedit::storage {

enum class Effort : uint8_t {
  kQuick,  // for what will be packed again
  kBest,   // for what stays; some microseconds per byte
};

// What the bytes are: decides how they are modelled.
enum class Content : uint8_t { kNumbers, kText };

// Empty for empty `bytes`.
std::string Compress(absl::string_view bytes, Content content, Effort effort);

// Reads what Compress made of `size` bytes. False if it is anything else. Memory is taken as bytes
// come out, not on the word of `size`.
bool Decompress(absl::string_view compressed, size_t size, std::string* bytes);

}  // namespace coedit::storage

#endif  // COEDIT_STORAGE_COMPRESSION_H_
