#include "proto/error_text.h"

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "ot/unicode.h"

namespace coedit::proto {
namespace {

constexpr size_t kQuotedBytesMax = 48;

// Not in the middle of a character.
absl::string_view CutFront(absl::string_view utf8, size_t bytes_max) {
  if (utf8.size() <= bytes_max) return utf8;
  size_t end = bytes_max;
  while (end > 0 && (static_cast<unsigned char>(utf8[end]) & 0xC0) == 0x80) --end;
  return utf8.substr(0, end);
}

}  // namespace

std::string Quoted(absl::string_view bytes) {
  const absl::string_view shown = CutFront(bytes, kQuotedBytesMax);
  const std::string escaped =
      ot::IsValidUtf8(shown) ? absl::Utf8SafeCHexEscape(shown) : absl::CHexEscape(shown);
  return absl::StrCat("\"", escaped, shown.size() < bytes.size() ? "...\"" : "\"");
}

absl::Status In(absl::string_view place, const absl::Status& status) {
  if (status.ok()) return status;
  const absl::string_view dot = absl::StartsWith(status.message(), ":") ? "" : ".";
  return absl::Status(status.code(), absl::StrCat(place, dot, status.message()));
}

}  // namespace coedit::proto
