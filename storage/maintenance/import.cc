#include "storage/maintenance/import.h"

#include <algorithm>
#include <map>
#include <memory>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "ot/apply.h"
#include "proto/error_text.h"
#include "storage/data_directory.h"
#include "storage/log_check.h"
#include "storage/maintenance/export_format.h"
#include "storage/maintenance/history.h"
#include "storage/maintenance/line_reader.h"
#include "storage/maintenance/sha256.h"
#include "storage/segment.h"
#include "storage/snapshot_codec.h"
#include "storage/sqlite_writer.h"

namespace coedit::storage {
namespace {

// The longest legal line is a first text of 4 Mi units in many small runs.
constexpr int64_t kLineBytesMax = int64_t{128} << 20;
// Of one segment.
constexpr size_t kSegmentCommits = 1024;
constexpr int64_t kSegmentBytes = int64_t{1} << 20;
constexpr absl::Duration kCheckpointWait = absl::Seconds(5);

template <typename... Parts>
absl::Status Refuse(const Parts&... parts) {
  return absl::InvalidArgumentError(absl::StrCat(parts...));
}

// Takes the lines in order and writes what they say, within one transaction of `writer`.
class Importer {
 public:
  Importer(SqliteWriter* writer, const ImportOptions& options)
      : writer_(writer), options_(options), decode_(options.decode) {
    // A commit, carried over others, may have more components than were submitted.
    decode_.delta_components_max =
        std::max(decode_.delta_components_max, options.limits.document_runs_max);
  }

  absl::Status Take(absl::string_view text) {
    if (ended_) return Refuse("a line after the end");
    absl::StatusOr<ExportLine> line = ReadExportLine(text, decode_);
    if (!line.ok()) return line.status();
    if (std::holds_alternative<ExportHeader>(*line) == header_.has_value()) {
      return Refuse(header_ ? "a second header" : "the first line is not the header");
    }
    return std::visit([this](auto& value) { return TakeLine(&value); }, *line);
  }

  absl::StatusOr<Imported> Finish() {
    if (!header_) return Refuse("the file is empty");
    if (!ended_) return Refuse("the file is cut short: its end is missing");
    return Imported{.document = id_,
                    .commits = head_.revision,
                    .authors = static_cast<int64_t>(authors_.size()),
                    .digest = head_.digest};
  }

 private:
  struct ImportedAuthor {
    Author author;
    bool changed = false;  // since the last segment
  };

  absl::Status TakeLine(ExportHeader* header) {
    id_ = options_.document.value_or(header->document);
    header_ = std::move(*header);
    return absl::OkStatus();
  }

  absl::Status TakeLine(ExportAuthor* line) {
    if (started_) return Refuse("an author after the initial text");
    if (options_.authors_max > 0 && static_cast<int64_t>(authors_.size()) == options_.authors_max) {
      return Refuse("more than ", options_.authors_max, " authors");
    }
    ImportedAuthor& entry = authors_[line->number];
    if (entry.author.number != 0) return Refuse("author ", line->number, " stands twice");
    entry.author = {.number = line->number,
                    .client_id = options_.new_client_id(),
                    .user_id = std::move(line->user_id),
                    .name = std::move(line->name),
                    .color = std::move(line->color),
                    .state = {}};
    return absl::OkStatus();
  }

  absl::Status TakeLine(ExportInitial* line) {
    if (started_) return Refuse("a second initial text");
    started_ = true;
    if (line->delta.target_length() > options_.limits.document_units_max) {
      return Refuse("the initial text has ", line->delta.target_length(), " units; at most ",
                    options_.limits.document_units_max, " are allowed");
    }
    if (header_->type == ot::DocumentType::kPlainText && !IsPlain(line->delta)) {
      return Refuse("a format or an embed in a plain-text document");
    }
    text_ = ot::Text(line->delta);
    return writer_->Create({.document = id_,
                            .type = header_->type,
                            .epoch = options_.epoch,
                            .now_ms = header_->created_ms,
                            .snapshot = EncodeSnapshot(Head{}, text_),
                            .title = header_->title});
  }

  absl::Status TakeLine(ExportCommit* line) {
    if (!started_) return Refuse("a commit before the initial text");
    if (versions_ > 0) return Refuse("a commit after a version");
    ot::Commit& commit = line->commit;
    if (commit.revision != head_.revision + 1) {
      return Refuse("commit ", commit.revision, " after revision ", head_.revision);
    }
    if (commit.revision > header_->commits) {
      return Refuse("commit ", commit.revision, ", but the header says ", header_->commits);
    }
    const auto author = authors_.find(commit.author);
    if (author == authors_.end()) {
      return Refuse("commit ", commit.revision, ": there is no author ", commit.author);
    }
    ot::AuthorState& state = author->second.author.state;
    if (commit.sequence <= state.last_sequence) {
      return Refuse("commit ", commit.revision, ": sequence ", commit.sequence, " does not follow ",
                    state.last_sequence, " of author ", commit.author);
    }
    if (header_->type == ot::DocumentType::kPlainText && !IsPlain(commit.delta)) {
      return Refuse("commit ", commit.revision, ": a format or an embed in a plain-text document");
    }
    if (const absl::Status valid = ot::Validate(commit.delta, text_); !valid.ok()) {
      return Refuse("commit ", commit.revision, " does not fit the text: ", valid.message());
    }
    if (text_.length() + commit.delta.growth() > options_.limits.document_units_max) {
      return Refuse("commit ", commit.revision, " makes a text of ",
                    text_.length() + commit.delta.growth(), " units; at most ",
                    options_.limits.document_units_max, " are allowed");
    }
    ot::Apply(commit.delta, &text_);
    if (text_.run_count() > options_.limits.document_runs_max) {
      return Refuse("commit ", commit.revision, " makes a text of ", text_.run_count(),
                    " runs and embeds; at most ", options_.limits.document_runs_max,
                    " are allowed");
    }
    state = {.last_sequence = commit.sequence,
             .last_revision = commit.revision,
             // The operation as it was submitted is not known; nobody can send it again either,
             // because nobody has the client id.
             .last_hash = ot::OperationHash(head_.revision, commit.delta)};
    author->second.changed = true;
    head_ = {commit.revision,
             ot::ExtendDigest(head_.digest, commit.author, commit.sequence, commit.delta)};
    commit.digest = head_.digest;
    waiting_bytes_ += static_cast<int64_t>(commit.delta.text_bytes() + 16 * commit.delta.size());
    waiting_.push_back(std::move(commit));
    const bool full = waiting_.size() >= kSegmentCommits || waiting_bytes_ >= kSegmentBytes;
    return full ? Write() : absl::OkStatus();
  }

  absl::Status TakeLine(ExportVersion* line) {
    if (!started_) return Refuse("a version before the initial text");
    Version& version = line->version;
    if (version.revision > head_.revision) {
      return Refuse("a version of revision ", version.revision, " after revision ", head_.revision);
    }
    if (versions_ == kVersionsMax) return Refuse("more than ", kVersionsMax, " versions");
    // It needs the commits it speaks of.
    if (!waiting_.empty()) {
      if (absl::Status written = Write(); !written.ok()) return written;
    }
    ++versions_;
    return writer_->Change({id_, NewVersion{std::move(version)}}).status();
  }

  absl::Status TakeLine(ExportEnd* end) {
    if (!started_) return Refuse("the end before the initial text");
    if (end->versions != static_cast<uint64_t>(versions_)) {
      return Refuse("the file holds ", versions_, " versions, its end says ", end->versions);
    }
    if (end->commits != head_.revision || header_->commits != head_.revision) {
      return Refuse("the file holds ", head_.revision, " commits, its header says ",
                    header_->commits, " and its end ", end->commits);
    }
    if (end->digest != head_.digest) {
      return Refuse("the commits have digest ", absl::Hex(head_.digest, absl::kZeroPad16),
                    ", the end says ", absl::Hex(end->digest, absl::kZeroPad16));
    }
    if (const std::string sha256 = Sha256Hex(text_.ToString()); sha256 != end->sha256) {
      return Refuse("the text has SHA-256 ", sha256, ", the end says ", end->sha256);
    }
    for (const auto& [number, entry] : authors_) {
      if (entry.author.state.last_revision == 0) {
        return Refuse("author ", number, " has no commit");
      }
    }
    ended_ = true;
    return waiting_.empty() ? absl::OkStatus() : Write();
  }

  absl::Status Write() {
    EncodedAppend append = {.document = id_,
                            .expected = written_,
                            .after = head_,
                            .commit_count = static_cast<int64_t>(waiting_.size()),
                            .changed_ms = waiting_.back().time_ms,
                            .segment = EncodeSegment(written_, waiting_),
                            .authors = {},
                            .text = text_};
    for (auto& [number, entry] : authors_) {
      if (std::exchange(entry.changed, false)) append.authors.push_back(entry.author);
    }
    AppendResult conflict;
    const absl::StatusOr<SqliteWriter::Appended> appended = writer_->Append(append, &conflict);
    if (!appended.ok()) return appended.status();
    if (*appended == SqliteWriter::Appended::kConflict) return absl::InternalError(conflict.text);
    if (const absl::Status flushed = writer_->Flush(); !flushed.ok()) return flushed;
    written_ = head_;
    waiting_.clear();
    waiting_bytes_ = 0;
    return absl::OkStatus();
  }

  SqliteWriter* const writer_;
  const ImportOptions& options_;
  proto::DecodeLimits decode_;

  std::string id_;
  std::optional<ExportHeader> header_;
  bool started_ = false;  // the document is made
  bool ended_ = false;
  std::map<ot::AuthorNumber, ImportedAuthor> authors_;
  ot::Text text_;
  Head head_;     // of the lines taken
  Head written_;  // of the segments written
  std::vector<ot::Commit> waiting_;
  int64_t waiting_bytes_ = 0;
  int64_t versions_ = 0;  // taken
};

// Where in the file the problem is, unless it is none of the file.
absl::Status AtLine(const LineReader& reader, const std::string& file, const absl::Status& status) {
  if (!absl::IsInvalidArgument(status)) return status;
  return absl::InvalidArgumentError(
      absl::StrCat("'", file, "', line ", reader.line_number(), ": ", status.message()));
}

}  // namespace

absl::StatusOr<Imported> Import(const std::string& directory, const std::string& file,
                                const ImportOptions& options, Progress* progress) {
  if (options.document && !proto::IsDocumentId(*options.document)) {
    return Refuse(proto::Quoted(*options.document), " is no document id");
  }
  absl::StatusOr<std::unique_ptr<LineReader>> reader = LineReader::Open(file, kLineBytesMax);
  if (!reader.ok()) return reader.status();
  absl::StatusOr<std::unique_ptr<DataDirectory>> held = DataDirectory::Open(directory);
  if (!held.ok()) return held.status();
  if (const absl::Status lost = RefuseLostCommits(**held); !lost.ok()) return lost;
  absl::StatusOr<std::unique_ptr<SqliteWriter>> writer =
      SqliteWriter::Open((*held)->database_path(), /*vfs=*/"", SnapshotRule(),
                         /*recent_bytes_max=*/0);
  if (!writer.ok()) return writer.status();

  absl::StatusOr<Imported> imported;
  {
    absl::StatusOr<sqlite::Transaction> transaction = (*writer)->Begin();
    if (!transaction.ok()) return transaction.status();
    Importer importer(writer->get(), options);
    for (;;) {
      const absl::StatusOr<std::optional<absl::string_view>> line = (*reader)->Next();
      if (!line.ok()) return AtLine(**reader, file, line.status());
      if (!line->has_value()) break;
      if (const absl::Status taken = importer.Take(**line); !taken.ok()) {
        return AtLine(**reader, file, taken);
      }
      const absl::Status step =
          progress->Step("importing", (*reader)->bytes_read(), (*reader)->bytes_total(), "bytes");
      if (!step.ok()) return step;
    }
    imported = importer.Finish();
    if (!imported.ok()) return AtLine(**reader, file, imported.status());
    if (const absl::Status committed = (*writer)->Commit(&*transaction); !committed.ok())
      return committed;
  }
  // It is durable already; what the log took of the disk is given back.
  (void)(*writer)->RunCheckpoint(SqliteWriter::Checkpoint::kTruncate, kCheckpointWait);
  if (const absl::Status synced = (*held)->Sync(); !synced.ok()) return synced;
  return imported;
}

}  // namespace coedit::storage
