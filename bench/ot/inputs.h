// Inputs: what is measured, as data. The peers (bench/peers/ot) get the same, written as JSON, with
// the sha256 each final text must have.
#ifndef COEDIT_BENCH_OT_INPUTS_H_
#define COEDIT_BENCH_OT_INPUTS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "bench/traces.h"
#include "ot/delta.h"
#include "ot/document.h"
#include "ot/text.h"

namespace coedit::bench {

// Formats of the overlay, as bits.
enum Format : uint8_t { kBold = 1, kItalic = 2, kColor = 4 };

// One edit of a document with the overlay: a patch whose text carries `formats`; or, where `patch`
// inserts and deletes nothing, `format_units` after its position become bold or stop being so.
struct RichEdit {
  Patch patch;
  uint8_t formats = 0;
  int64_t format_units = 0;
  bool bold = false;
};

// A recorded text, typed by one author.
struct Replay {
  std::string name;
  std::vector<Patch> patches;
  std::string final_sha256;  // of the text, as its recording says
  std::vector<RichEdit> rich_edits;
  std::string rich_sha256;  // of Canonical(), from a model that knows no runs: formats per unit
};

// Two changes of one text, with the text both orders lead to (the left one is the earlier); or, for
// compose, one after the other.
struct Pair {
  ot::Delta left, right;
  std::string final_sha256;
};
struct Pairs {
  std::string name;  // "1x1"
  std::string text;  // ASCII
  bool compose = false;
  std::vector<Pair> pairs;
};

// The operations of a recorded session as a server gets them.
struct Session {
  std::string name;
  std::vector<ot::Operation> operations;
  std::string final_sha256;
};

// Two authors who typed n edits each without seeing each other.
struct Merge {
  int64_t edits = 0;  // n
  std::string text;   // ASCII
  std::vector<Patch> left, right;
  std::string final_sha256;
};

struct Inputs {
  std::vector<Replay> replays;
  std::vector<Pairs> pairs;
  std::vector<Session> sessions;
  std::vector<Merge> merges;
};

// Reads the traces of `trace_folders`: sequential ones are replayed, sessions (which must be known
// by name) are served. Makes the rest, always the same.
absl::StatusOr<Inputs> MakeInputs(const std::vector<std::string>& trace_folders);

absl::Status WriteInputs(const Inputs& inputs, const std::string& path);

ot::Delta PatchDelta(const Patch& patch);
std::vector<ot::Delta> PatchDeltas(const std::vector<Patch>& patches);

ot::Attributes FormatAttributes(uint8_t formats);

// The content with its formats as one string: per run "<formats>:<text>\x1f".
std::string Canonical(const ot::Text& text);

}  // namespace coedit::bench

#endif  // COEDIT_BENCH_OT_INPUTS_H_
