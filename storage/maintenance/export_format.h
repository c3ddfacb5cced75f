// The lines of an exported document: JSON Lines, each an object with one member that says what the
// line is. docs/storage.md shows the format.
//
//   {"header":{...}} {"author":{...}}... {"initial":{...}} {"commit":{...}}... {"version":{...}}...
//   {"end":{...}}
//
// Client ids are secrets of their clients and not in it.
#ifndef COEDIT_STORAGE_MAINTENANCE_EXPORT_FORMAT_H_
#define COEDIT_STORAGE_MAINTENANCE_EXPORT_FORMAT_H_

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "ot/document.h"
#include "ot/text.h"
#include "proto/codec.h"
#include "storage/store.h"

namespace coedit::storage {

struct ExportHeader {
  std::string document;
  ot::DocumentType type = ot::DocumentType::kRichText;
  std::string epoch;  // of the document it was made from; an import gives its own
  int64_t created_ms = 0;
  uint64_t commits = 0;
  std::optional<std::string> title;
};
struct ExportAuthor {
  ot::AuthorNumber number = 0;
  std::string user_id;
  std::string name;
  std::string color;
};
struct ExportInitial {
  ot::Delta delta;
};
struct ExportCommit {
  ot::Commit commit;  // its digest follows from the chain and is not in the line
};
struct ExportVersion {
  Version version;  // its number is not in the line: an import counts anew
};
struct ExportEnd {
  uint64_t commits = 0;
  uint64_t versions = 0;
  ot::Digest digest = 0;
  std::string sha256;  // of the final text as UTF-8, embeds left out
};
using ExportLine =
    std::variant<ExportHeader, ExportAuthor, ExportInitial, ExportCommit, ExportVersion, ExportEnd>;

// With the line feed.
std::string WriteExportLine(const ExportLine& line);

// `text` without the line feed, foreign. kInvalidArgument names what is wrong.
absl::StatusOr<ExportLine> ReadExportLine(absl::string_view text,
                                          const proto::DecodeLimits& limits);

}  // namespace coedit::storage

#endif  // COEDIT_STORAGE_MAINTENANCE_EXPORT_FORMAT_H_
