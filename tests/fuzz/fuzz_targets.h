// What is fuzzed: functions that take any bytes and CHECK what must hold whatever they are.
//
// fuzz_main.cc drives one of them with libFuzzer (`./dev fuzz`), corpus_test.cc all of them with
// the inputs that were worth keeping, corpus/NAME, in every ordinary test run.
#ifndef COEDIT_TESTS_FUZZ_FUZZ_TARGETS_H_
#define COEDIT_TESTS_FUZZ_FUZZ_TARGETS_H_

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace coedit::fuzz {

struct FuzzTarget {
  absl::string_view name;  // of its corpus too
  void (*run)(absl::string_view bytes);
};

absl::Span<const FuzzTarget> FuzzTargets();

// delta_targets.cc. Changes made of the bytes (byte_source.h), always valid: the laws of
// docs/ot.md.
void DeltaPair(absl::string_view bytes);
// Changes of any lengths, on no text: what holds for lengths alone.
void DeltaLengths(absl::string_view bytes);

// text_target.cc. A text, edits of it and copies, beside the naive model; changes that do not fit.
void TextEdits(absl::string_view bytes);

// stored_targets.cc. What a disk that lies may hand out. The checksum is made right, so that the
// bytes behind it are reached.
void CanonicalDelta(absl::string_view bytes);
void StoredSegment(absl::string_view bytes);
void StoredRecentAppend(absl::string_view bytes);
void StoredSnapshot(absl::string_view bytes);

// codec_targets.cc. What is understood can be said again, in both encodings.
void ClientProtobuf(absl::string_view bytes);
void ClientJson(absl::string_view bytes);
void ServerProtobuf(absl::string_view bytes);
void ServerJson(absl::string_view bytes);

// http_target.cc. The head of a request, however it arrives, and the gate behind it.
void HttpHead(absl::string_view bytes);

// frames_target.cc. WebSocket frames: what is heard of them does not depend on how they arrive.
void WebSocketFrames(absl::string_view bytes);

}  // namespace coedit::fuzz

#endif  // COEDIT_TESTS_FUZZ_FUZZ_TARGETS_H_
