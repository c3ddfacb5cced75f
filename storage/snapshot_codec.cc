#include "storage/snapshot_codec.h"

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "ot/canonical.h"
#include "storage/bytes.h"

namespace coedit::storage {
namespace {

constexpr char kFormat = 1;
constexpr char kPackedFormat = 2;
// Larger ones are never packed, so no small one unfolds into more.
constexpr size_t kUnpackedBytesMax = size_t{256} << 20;

absl::Status Damaged(absl::string_view what) {
  return absl::DataLossError(absl::StrCat("snapshot: ", what));
}

std::string Begin(char format, const Head& head) {
  std::string bytes(1, format);
  ot::AppendVarint(head.revision, &bytes);
  AppendFixed64(head.digest, &bytes);
  return bytes;
}

}  // namespace

std::string EncodeSnapshot(const Head& head, const ot::Text& text) {
  std::string bytes = Begin(kFormat, head);
  ot::AppendCanonical(text.ToDelta(), &bytes);
  AppendChecksum(&bytes);
  return bytes;
}

std::string EncodePackedSnapshot(const Head& head, const ot::Text& text, Effort effort) {
  std::string unpacked;
  ot::AppendCanonical(text.ToDelta(), &unpacked);
  if (unpacked.size() > kUnpackedBytesMax) return EncodeSnapshot(head, text);
  std::string bytes = Begin(kPackedFormat, head);
  ot::AppendVarint(unpacked.size(), &bytes);
  bytes += Compress(unpacked, Content::kText, effort);
  AppendChecksum(&bytes);
  return bytes;
}

bool IsPackedSnapshot(absl::string_view bytes) {
  return !bytes.empty() && bytes.front() == kPackedFormat;
}

absl::StatusOr<Snapshot> ParseSnapshot(absl::string_view bytes) {
  absl::StatusOr<absl::string_view> body = StripChecksum(bytes, "snapshot");
  if (!body.ok()) return body.status();
  if (body->empty() || (body->front() != kFormat && body->front() != kPackedFormat)) {
    return Damaged("unknown format");
  }
  const bool is_packed = body->front() == kPackedFormat;
  body->remove_prefix(1);
  Snapshot snapshot;
  if (!ot::ConsumeVarint(&*body, &snapshot.head.revision) ||
      !ConsumeFixed64(&*body, &snapshot.head.digest)) {
    return Damaged("cut short in its head");
  }
  std::string unpacked;
  if (is_packed) {
    uint64_t size;
    if (!ot::ConsumeVarint(&*body, &size) || size > kUnpackedBytesMax ||
        !Decompress(*body, size, &unpacked)) {
      return Damaged("does not decompress");
    }
    *body = unpacked;
  }
  absl::StatusOr<ot::Delta> text = ot::ParseCanonical(*body);
  if (!text.ok()) return Damaged(text.status().message());
  if (!text->IsDocument()) return Damaged("its text holds more than inserts");
  snapshot.text = ot::Text(*text);
  return snapshot;
}

}  // namespace coedit::storage
