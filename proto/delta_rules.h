// What makes a foreign delta legal in itself: one set of rules for both encodings.
//
// A codec hands over the components from left to right, as they came. Each is checked before
// anything is built from it; what comes out is in normal form (neighbours merged, keys sorted).
// Normalising never changes text or attributes: its author gets only an ack, so what was acked must
// be what the author has. Whether the delta fits a document is not asked here.
//
// Every refusal is kInvalidArgument and names the component: "ops[3].retain: 0 is not ...".
#ifndef COEDIT_PROTO_DELTA_RULES_H_
#define COEDIT_PROTO_DELTA_RULES_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "ot/attributes.h"
#include "ot/delta.h"
#include "proto/codec.h"
#include "proto/json_tree.h"

namespace coedit::proto {

// Deltas from a peer that is believed (a client reading its server). Still well formed, never large
// by a limit.
const DecodeLimits& NoDecodeLimits();

class DeltaRules {
 public:
  // `limits` outlives the object.
  explicit DeltaRules(const DecodeLimits& limits) : limits_(limits) {}

  // Asked before anything is read: a delta of that many components, as submitted.
  absl::Status CheckCount(uint64_t components) const;

  // One component each. `units` is any number a peer may send.
  absl::Status Retain(uint64_t units, const ot::Attributes& attributes);
  absl::Status Delete(uint64_t units, const ot::Attributes& attributes);
  // Well-formed UTF-8.
  absl::Status Insert(absl::string_view text, const ot::Attributes& attributes);
  absl::Status Embed(JsonValue object, const ot::Attributes& attributes);

  // An attribute map, or null for none. Its place is told by the caller.
  absl::StatusOr<ot::Attributes> ReadAttributes(JsonValue object) const;

  // "ops[3]" while component 3 is the next to come.
  std::string Place() const;

  ot::Delta Build() { return builder_.Build(); }

 private:
  absl::Status CheckUnits(absl::string_view name, uint64_t units) const;
  absl::Status CheckInsertAttributes(const ot::Attributes& attributes) const;
  absl::Status AddUnits(absl::string_view name, uint64_t units, int64_t* sum) const;

  const DecodeLimits& limits_;
  ot::DeltaBuilder builder_;
  int64_t index_ = 0;
  // Sums of what was submitted; each stays below 2^31, so that merging neighbours cannot overflow.
  int64_t consumed_units_ = 0;
  int64_t inserted_units_ = 0;
};

}  // namespace coedit::proto

#endif  // COEDIT_PROTO_DELTA_RULES_H_
