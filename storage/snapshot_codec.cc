#include "storage/snapshot_codec.h"

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "ot/canonical.h"
#include "storage/bytes.h"

namespace coedit::storage {
namespace {

constexpr char kFormat = 1;

absl::Status Damaged(absl::string_view what) {
  return absl::DataLossError(absl::StrCat("snapshot: ", what));
}

}  // namespace

std::string EncodeSnapshot(const Head& head, const ot::Text& text) {
  std::string bytes(1, kFormat);
  ot::AppendVarint(head.revision, &bytes);
  AppendFixed64(head.digest, &bytes);
  ot::AppendCanonical(text.ToDelta(), &bytes);
  AppendChecksum(&bytes);
  return bytes;
}

absl::StatusOr<Snapshot> ParseSnapshot(absl::string_view bytes) {
  absl::StatusOr<absl::string_view> body = StripChecksum(bytes, "snapshot");
  if (!body.ok()) return body.status();
  if (body->empty() || body->front() != kFormat) return Damaged("unknown format");
  body->remove_prefix(1);
  Snapshot snapshot;
  if (!ot::ConsumeVarint(&*body, &snapshot.head.revision) ||
      !ConsumeFixed64(&*body, &snapshot.head.digest)) {
    return Damaged("cut short in its head");
  }
  absl::StatusOr<ot::Delta> text = ot::ParseCanonical(*body);
  if (!text.ok()) return Damaged(text.status().message());
  if (!text->IsDocument()) return Damaged("its text holds more than inserts");
  snapshot.text = ot::Text(*text);
  return snapshot;
}

}  // namespace coedit::storage
