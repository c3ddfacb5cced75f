// A delta in the flat form of the binary encoding (message Delta in coedit.proto): a list of
// numbers, one text, and JSON texts for embeds and attribute sets.
//
//   =5{"bold":true} +"ab" -3    ops 5<<3|4|0, 0, 2<<3|2, 3<<3|1   text "ab"   attributes
//   {"bold":true}
#ifndef COEDIT_PROTO_FLAT_DELTA_H_
#define COEDIT_PROTO_FLAT_DELTA_H_

#include <cstdint>
#include <string>

#include "absl/container/inlined_vector.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "ot/delta.h"
#include "proto/codec.h"

namespace coedit::proto {

// To be sent.
struct FlatDelta {
  absl::InlinedVector<uint64_t, 8> ops;
  std::string text;
  absl::InlinedVector<absl::string_view, 1> embeds;  // point into the delta it was made from
  absl::InlinedVector<std::string, 1> attributes;
};
FlatDelta Flatten(const ot::Delta& delta);

// As received; points into the received bytes.
struct FlatDeltaView {
  absl::InlinedVector<uint64_t, 8> ops;
  absl::string_view text;
  absl::InlinedVector<absl::string_view, 1> embeds;
  absl::InlinedVector<absl::string_view, 1> attributes;
};
// kInvalidArgument names what is not legal.
absl::StatusOr<ot::Delta> Unflatten(const FlatDeltaView& flat, const DecodeLimits& limits);

// The fields of the encoded message Delta, numbered from `first_field` on: in its own message from
// 1, in Committed from the number of `ops`.
void AppendWireDelta(const ot::Delta& delta, std::string* out, int first_field = 1);
absl::StatusOr<ot::Delta> ReadWireDelta(absl::string_view bytes, const DecodeLimits& limits);

}  // namespace coedit::proto

#endif  // COEDIT_PROTO_FLAT_DELTA_H_
