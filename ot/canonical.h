// Canonical bytes of a Delta: the one encoding that is hashed and stored.
//
// For each component one varint (length << 3 | has_attributes << 2 | kind); an insert or embed is
// followed by varint(text bytes) and the bytes; attributes by varint(count) and, for each key in
// order, varint(bytes) key varint(bytes) value. Varints are LEB128, shortest form.
//
//   Retain(5) Insert("x") Delete(2)   is the five bytes 28 0A 01 78 11
//
// Equal changes have equal bytes, and nothing else is read: ParseCanonical(bytes) is an error, or
// the one delta whose AppendCanonical gives `bytes`. docs/storage.md has a longer example.
#ifndef COEDIT_OT_CANONICAL_H_
#define COEDIT_OT_CANONICAL_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "ot/delta.h"

namespace coedit::ot {

void AppendVarint(uint64_t value, std::string* out);
// Takes a varint from the front of `bytes`. False if it is cut short, longer than ten bytes or over
// 64 bits; `bytes` is unspecified then.
bool ConsumeVarint(absl::string_view* bytes, uint64_t* value);

void AppendCanonical(const Delta& delta, std::string* out);

// Reads what AppendCanonical wrote, all of `bytes`. kDataLoss if they are no canonical delta: the
// bytes come from a disk that may lie.
absl::StatusOr<Delta> ParseCanonical(absl::string_view bytes);

// Stable 64-bit hash (XXH3) for identities and digests. Not cryptographic.
uint64_t HashBytes(absl::string_view bytes, uint64_t seed);

// FNV-1a of 32 bits that goes on from `state`: a few lines in any language.
uint32_t Fnv1a(absl::string_view bytes, uint32_t state);

}  // namespace coedit::ot

#endif  // COEDIT_OT_CANONICAL_H_
