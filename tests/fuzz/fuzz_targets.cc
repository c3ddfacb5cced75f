#include "tests/fuzz/fuzz_targets.h"

namespace coedit::fuzz {

absl::Span<const FuzzTarget> FuzzTargets() {
  static constexpr FuzzTarget kTargets[] = {
      {"delta_pair", DeltaPair},
      {"delta_lengths", DeltaLengths},
      {"text_edits", TextEdits},
      {"canonical_delta", CanonicalDelta},
      {"stored_segment", StoredSegment},
      {"stored_recent_append", StoredRecentAppend},
      {"stored_snapshot", StoredSnapshot},
      {"client_protobuf", ClientProtobuf},
      {"client_json", ClientJson},
      {"server_protobuf", ServerProtobuf},
      {"server_json", ServerJson},
      {"http_head", HttpHead},
      {"websocket_frames", WebSocketFrames},
  };
  return kTargets;
}

}  // namespace coedit::fuzz
