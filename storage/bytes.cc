#include "storage/bytes.h"

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "ot/canonical.h"

namespace coedit::storage {
namespace {

constexpr size_t kFixed64Bytes = 8;
// Keeps checksums apart from digests and operation hashes, which use the same function.
constexpr uint64_t kChecksumSeed = 0x636f65646974;  // "coedit"

}  // namespace

void AppendFixed64(uint64_t value, std::string* out) {
  char bytes[kFixed64Bytes];
  for (size_t i = 0; i < kFixed64Bytes; ++i) bytes[i] = static_cast<char>(value >> (8 * i));
  out->append(bytes, kFixed64Bytes);
}

bool ConsumeFixed64(absl::string_view* bytes, uint64_t* value) {
  if (bytes->size() < kFixed64Bytes) return false;
  *value = 0;
  for (size_t i = 0; i < kFixed64Bytes; ++i) {
    *value |= uint64_t{static_cast<unsigned char>((*bytes)[i])} << (8 * i);
  }
  bytes->remove_prefix(kFixed64Bytes);
  return true;
}

uint64_t ZigZag(int64_t value) {
  return (static_cast<uint64_t>(value) << 1) ^ static_cast<uint64_t>(value >> 63);
}

int64_t UnZigZag(uint64_t value) { return static_cast<int64_t>((value >> 1) ^ (~(value & 1) + 1)); }

void AppendSized(absl::string_view value, std::string* out) {
  ot::AppendVarint(value.size(), out);
  out->append(value.data(), value.size());
}

bool ConsumeSized(absl::string_view* bytes, absl::string_view* value) {
  uint64_t size;
  if (!ot::ConsumeVarint(bytes, &size) || size > bytes->size()) return false;
  *value = bytes->substr(0, size);
  bytes->remove_prefix(size);
  return true;
}

uint64_t Checksum(absl::string_view bytes) { return ot::HashBytes(bytes, kChecksumSeed); }

void AppendChecksum(std::string* out) { AppendFixed64(Checksum(*out), out); }

absl::StatusOr<absl::string_view> StripChecksum(absl::string_view bytes, absl::string_view what) {
  if (bytes.size() < kFixed64Bytes) {
    return absl::DataLossError(absl::StrCat(what, " is cut short: ", bytes.size(), " bytes"));
  }
  absl::string_view end = bytes.substr(bytes.size() - kFixed64Bytes);
  bytes.remove_suffix(kFixed64Bytes);
  uint64_t stored;
  ConsumeFixed64(&end, &stored);
  const uint64_t computed = Checksum(bytes);
  if (stored != computed) {
    return absl::DataLossError(absl::StrCat(what, " has checksum ",
                                            absl::Hex(computed, absl::kZeroPad16), ", stored is ",
                                            absl::Hex(stored, absl::kZeroPad16)));
  }
  return bytes;
}

}  // namespace coedit::storage
