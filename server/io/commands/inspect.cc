#include "storage/maintenance/inspect.h"

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/time.h"
#include "proto/document_types.h"
#include "proto/json_writer.h"
#include "server/io/commands/commands.h"
#include "server/io/commands/console.h"

namespace coedit::server {
namespace {

using storage::DocumentFigures;
using storage::Inspection;

std::string Hex16(uint64_t value) { return absl::StrCat(absl::Hex(value, absl::kZeroPad16)); }

std::string ReadableTime(int64_t ms) {
  return absl::FormatTime("%Y-%m-%d %H:%M:%SZ", absl::FromUnixMillis(ms), absl::UTCTimeZone());
}

uint64_t Unsigned(int64_t value) { return static_cast<uint64_t>(std::max<int64_t>(value, 0)); }

void AppendDocument(const DocumentFigures& document, bool with_authors, std::string* out) {
  const storage::DocumentRow& row = document.details.row;
  proto::JsonObjectWriter object(out);
  object.Text("id", row.id);
  if (row.title) object.Text("title", *row.title);
  object.Text("type", proto::TypeName(row.type))
      .Text("epoch", row.epoch)
      .Number("revision", row.head.revision)
      .Text("digest", Hex16(row.head.digest))
      .Number("createdMs", Unsigned(row.created_ms))
      .Number("changedMs", Unsigned(row.changed_ms))
      .Number("blocks", Unsigned(document.sizes.blocks))
      .Number("blockBytes", Unsigned(document.sizes.block_bytes))
      .Number("segments", Unsigned(document.sizes.segments))
      .Number("segmentBytes", Unsigned(document.sizes.segment_bytes))
      .Number("recentAppends", Unsigned(document.sizes.recent_appends))
      .Number("recentAppendBytes", Unsigned(document.sizes.recent_append_bytes))
      .Number("snapshotBytes", Unsigned(document.sizes.snapshot_bytes));
  proto::AppendJsonArray(document.details.snapshots, object.Key("snapshots"),
                         [out](ot::Revision revision) { absl::StrAppend(out, revision); });
  object.Number("versionCount", document.details.versions.size());
  object.Number("authorCount", document.details.authors.size());
  if (!with_authors) return;
  proto::AppendJsonArray(document.details.authors, object.Key("authors"),
                         [out](const storage::Author& author) {
                           proto::JsonObjectWriter(out)
                               .Number("number", author.number)
                               .Text("userId", author.user_id)
                               .Text("name", author.name)
                               .Number("lastSequence", author.state.last_sequence)
                               .Number("lastRevision", author.state.last_revision);
                         });
  proto::AppendJsonArray(document.details.versions, object.Key("versions"),
                         [out](const storage::Version& version) {
                           proto::JsonObjectWriter(out)
                               .Number("number", version.number)
                               .Number("revision", version.revision)
                               .Text("name", version.name)
                               .Number("createdMs", Unsigned(version.created_ms));
                         });
}

std::string Json(const Inspection& inspection, bool one_document) {
  std::string out;
  {
    proto::JsonObjectWriter object(&out);
    {
      proto::JsonObjectWriter(object.Key("file"))
          .Text("path", inspection.file.path)
          .Number("bytes", Unsigned(inspection.file.bytes))
          .Number("logBytes", Unsigned(inspection.file.log_bytes))
          .Number("freeBytes", Unsigned(inspection.file.free_bytes))
          .Number("schemaVersion", Unsigned(inspection.file.schema_version));
    }
    proto::AppendJsonArray(
        inspection.documents, object.Key("documents"),
        [&](const DocumentFigures& document) { AppendDocument(document, one_document, &out); });
    proto::AppendJsonArray(
        inspection.damaged, object.Key("damaged"), [&out](const storage::DamagedEntry& document) {
          proto::JsonObjectWriter(&out).Text("id", document.id).Text("problem", document.text);
        });
  }
  return out;
}

void PrintFile(const storage::FileFigures& file, Console* console) {
  console->Print(absl::StrCat(
      file.path, ": ", ReadableBytes(file.bytes), ", of which ", ReadableBytes(file.free_bytes),
      " free; log ", ReadableBytes(file.log_bytes), "; schema version ", file.schema_version));
}

// One line for each document.
void PrintTable(const Inspection& inspection, Console* console) {
  size_t width = 8;
  for (const DocumentFigures& document : inspection.documents) {
    width = std::max(width, document.details.row.id.size());
  }
  const int id_width = static_cast<int>(width);
  console->Print(absl::StrFormat("%-*s %-10s %10s %8s %6s %9s %12s %5s %12s  %s", id_width,
                                 "document", "type", "revision", "authors", "blocks", "segments",
                                 "history", "snaps", "snapshots", "changed"));
  for (const DocumentFigures& document : inspection.documents) {
    const storage::DocumentRow& row = document.details.row;
    console->Print(absl::StrFormat(
        "%-*s %-10s %10d %8d %6d %9d %12s %5d %12s  %s", id_width, row.id,
        proto::TypeName(row.type), row.head.revision, document.details.authors.size(),
        document.sizes.blocks, document.sizes.segments,
        ReadableBytes(document.sizes.block_bytes + document.sizes.segment_bytes +
                      document.sizes.recent_append_bytes),
        document.sizes.snapshots, ReadableBytes(document.sizes.snapshot_bytes),
        ReadableTime(row.changed_ms)));
  }
}

void PrintDocument(const DocumentFigures& document, Console* console) {
  const storage::DocumentRow& row = document.details.row;
  const auto print = [console](absl::string_view name, absl::string_view value) {
    console->Print(absl::StrFormat("%-10s %s", name, value));
  };
  print("document", row.id);
  if (row.title) print("title", *row.title);
  print("type", proto::TypeName(row.type));
  print("epoch", row.epoch);
  print("head", absl::StrCat("revision ", row.head.revision, ", digest ", Hex16(row.head.digest)));
  print("created", ReadableTime(row.created_ms));
  print("changed", ReadableTime(row.changed_ms));
  print("history", absl::StrCat(Counted(document.sizes.blocks, "block"), ", ",
                                ReadableBytes(document.sizes.block_bytes), "; ",
                                Counted(document.sizes.segments, "segment"), ", ",
                                ReadableBytes(document.sizes.segment_bytes), "; ",
                                Counted(document.sizes.recent_appends, "recent append"), ", ",
                                ReadableBytes(document.sizes.recent_append_bytes)));
  std::string revisions;
  for (const ot::Revision revision : document.details.snapshots) {
    absl::StrAppend(&revisions, revisions.empty() ? "" : ", ", revision);
  }
  print("snapshots",
        absl::StrCat("at ", revisions, "; ", ReadableBytes(document.sizes.snapshot_bytes)));
  for (const storage::Author& author : document.details.authors) {
    print(absl::StrCat("author ", author.number),
          absl::StrCat(author.name, " (", author.user_id, "), last sequence ",
                       author.state.last_sequence, " at revision ", author.state.last_revision));
  }
  for (const storage::Version& version : document.details.versions) {
    print(absl::StrCat("version ", version.number),
          absl::StrCat(version.name, " (", version.by.value_or("-"), "), revision ",
                       version.revision, ", ", ReadableTime(version.created_ms)));
  }
  for (const std::string& damage : document.details.damage) print("damaged", damage);
}

}  // namespace

int RunInspect(const InspectCommand& command) {
  Console console;
  const absl::StatusOr<Inspection> inspection =
      storage::Inspect(command.data, command.document, &console);
  if (!inspection.ok()) return console.Fail(inspection.status());
  const bool one_document = command.document.has_value();
  if (command.json) {
    console.Print(Json(*inspection, one_document));
  } else if (one_document && !inspection->documents.empty()) {
    PrintDocument(inspection->documents.front(), &console);
  } else {
    PrintFile(inspection->file, &console);
    PrintTable(*inspection, &console);
  }
  for (const storage::DamagedEntry& document : inspection->damaged) {
    console.PrintError(document.text);
  }
  return inspection->damaged.empty() ? kExitDone : kExitFailed;
}

}  // namespace coedit::server
