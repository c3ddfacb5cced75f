// Pieces that the stored byte formats are made of, beside the varints of ot/canonical.h.
#ifndef COEDIT_STORAGE_BYTES_H_
#define COEDIT_STORAGE_BYTES_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace coedit::storage {

// Eight bytes, little-endian.
void AppendFixed64(uint64_t value, std::string* out);
// Takes them from the front. False if `bytes` is shorter; unchanged then.
bool ConsumeFixed64(absl::string_view* bytes, uint64_t* value);

// Signed numbers near zero as small unsigned ones: 0, -1, 1, -2 become 0, 1, 2, 3.
uint64_t ZigZag(int64_t value);
int64_t UnZigZag(uint64_t value);

// Varint of the size, then the bytes.
void AppendSized(absl::string_view value, std::string* out);
bool ConsumeSized(absl::string_view* bytes, absl::string_view* value);

// The checksum that ends every stored value, over all that stands before it.
uint64_t Checksum(absl::string_view bytes);
void AppendChecksum(std::string* out);
// What stands before the checksum. kDataLoss if it does not fit, naming `what`.
absl::StatusOr<absl::string_view> StripChecksum(absl::string_view bytes, absl::string_view what);

}  // namespace coedit::storage

#endif  // COEDIT_STORAGE_BYTES_H_
