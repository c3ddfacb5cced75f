// What ot_oracle writes, one JSON object a line, for node to check against other implementations.
#ifndef COEDIT_TESTS_ORACLE_CASES_H_
#define COEDIT_TESTS_ORACLE_CASES_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "ot/delta.h"
#include "proto/json_writer.h"

namespace coedit::oracle {

// "name":[ops], as quill-delta writes them.
void WriteOps(absl::string_view name, const ot::Delta& delta, proto::JsonObjectWriter* out);

// delta_cases.cc. A document `s`; `a` and `b` made on it at the same time; `c` made after `a`; a
// caret; and what ot/ makes of them.
//
// Where coedit is stricter on purpose (docs/ot.md) quill-delta is no oracle, and nothing of the
// kind is made: embed retains (D2), lengths of zero or out of range (D3), changes that pass the end
// (D4), nulls on inserts (D5), names of Object.prototype as keys (D6), boundaries inside surrogate
// pairs (D12). deviations.mjs shows each of them.
std::string DeltaCase(uint64_t seed);

// session_cases.cc. What one client sees of a document that others edit too, event by event, and
// what ot::Client makes of it: its submissions, the changes of its view, its texts.
std::string SessionCase(uint64_t seed);

// bridge.cc. Answers requests from standard input, one line each, until it ends.
int ServeBridge();

}  // namespace coedit::oracle

#endif  // COEDIT_TESTS_ORACLE_CASES_H_
