#include "storage/maintenance/verify.h"

#include <algorithm>
#include <map>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "storage/maintenance/database_view.h"
#include "storage/maintenance/history.h"

namespace coedit::storage {
namespace {

constexpr size_t kProblemsPerDocument = 20;
constexpr ot::Revision kCommitsPerStep = 1024;

// What the log says of an author, up to a revision.
struct AuthorInLog {
  ot::Sequence last_sequence = 0;
  ot::Revision last_revision = 0;
};

class Verifier {
 public:
  Verifier(DatabaseView* database, int64_t commits_total, VerifyReport* report, Progress* progress)
      : database_(database), commits_total_(commits_total), report_(report), progress_(progress) {}

  // A status is not about damage: the check cannot go on.
  absl::Status CheckDocument(const std::string& id) {
    problems_.clear();
    ++report_->documents;
    const absl::Status done = Look(id);
    if (absl::IsNotFound(done)) {
      Complain("its row stands in the table, but not in the index");
    } else if (absl::IsDataLoss(done)) {
      Complain(done.message());
    } else if (!done.ok()) {
      return done;
    }
    if (!problems_.empty()) ++report_->damaged_documents;
    const size_t more = problems_.size() - std::min(problems_.size(), kProblemsPerDocument);
    if (more > 0) {
      problems_.resize(kProblemsPerDocument);
      problems_.back() = absl::StrCat("and ", more + 1, " problems more");
    }
    for (std::string& problem : problems_) {
      report_->problems.push_back({.document = id, .text = std::move(problem)});
    }
    return absl::OkStatus();
  }

 private:
  template <typename... Parts>
  void Complain(const Parts&... parts) {
    problems_.push_back(absl::StrCat(parts...));
  }

  absl::Status Look(const std::string& id) {
    const absl::StatusOr<DocumentDetails> details = database_->ReadDetails(id);
    if (!details.ok()) return details.status();
    report_->authors += static_cast<int64_t>(details->authors.size());
    for (const std::string& damage : details->damage) Complain(damage);
    if (details->snapshots.empty() || details->snapshots.back() != details->row.snapshot_revision) {
      Complain("the newest snapshot is not at revision ", details->row.snapshot_revision,
               ", as its row says");
    }
    CheckVersions(*details);
    std::map<ot::AuthorNumber, AuthorInLog> authors;
    size_t next_snapshot = 0;
    const absl::Status replayed = Replay(*details, &authors, &next_snapshot);
    if (!replayed.ok() && !absl::IsDataLoss(replayed)) return replayed;
    if (replayed.ok()) {
      CompareAuthors(*details, authors);
      return absl::OkStatus();
    }
    Complain(replayed.message());
    // Beyond the damage a snapshot can only be looked at by itself.
    for (; next_snapshot < details->snapshots.size(); ++next_snapshot) {
      const absl::Status checked =
          CheckSnapshot(details->row, details->snapshots[next_snapshot], nullptr);
      if (!checked.ok()) return checked;
    }
    return absl::OkStatus();
  }

  absl::Status Replay(const DocumentDetails& details,
                      std::map<ot::AuthorNumber, AuthorInLog>* authors, size_t* next_snapshot) {
    for (const Author& author : details.authors) (*authors)[author.number] = {};
    absl::StatusOr<History> history = History::Begin(database_, &details);
    if (!history.ok()) return history.status();
    for (;;) {
      while (*next_snapshot < details.snapshots.size() &&
             details.snapshots[*next_snapshot] <= history->head().revision) {
        const absl::Status checked =
            CheckSnapshot(details.row, details.snapshots[*next_snapshot], &*history);
        if (!checked.ok()) return checked;
        ++*next_snapshot;
      }
      if (history->head().revision % kCommitsPerStep == 0 || history->AtEnd()) {
        const absl::Status step =
            progress_->Step("verifying", report_->commits, commits_total_, "commits");
        if (!step.ok()) return step;
      }
      if (history->AtEnd()) break;
      const absl::StatusOr<const ot::Commit*> commit = history->Next();
      if (!commit.ok()) return commit.status();
      ++report_->commits;
      const auto author = authors->find((*commit)->author);
      // Damaged rows of authors have been told already.
      if (author == authors->end() && details.damage.empty()) {
        Complain("author ", (*commit)->author, " of commit ", (*commit)->revision, " is missing");
        (*authors)[(*commit)->author] = {};
        continue;
      }
      if (author == authors->end()) continue;
      if ((*commit)->sequence <= author->second.last_sequence) {
        Complain("commit ", (*commit)->revision, ": sequence ", (*commit)->sequence, " of author ",
                 (*commit)->author, " does not follow ", author->second.last_sequence);
      }
      author->second = {(*commit)->sequence, (*commit)->revision};
    }
    if (*next_snapshot < details.snapshots.size()) {
      Complain("a snapshot of revision ", details.snapshots[*next_snapshot],
               " lies beyond the head, which is ", details.row.head.revision);
      *next_snapshot = details.snapshots.size();
    }
    return absl::OkStatus();
  }

  // `history` stands at the snapshot's revision; nullptr if nobody knows the text there.
  absl::Status CheckSnapshot(const DocumentRow& row, ot::Revision revision,
                             const History* history) {
    const absl::StatusOr<Snapshot> snapshot = database_->ReadSnapshot(row, revision);
    if (absl::IsNotFound(snapshot.status())) return absl::OkStatus();  // a server removed it
    if (!snapshot.ok() && !absl::IsDataLoss(snapshot.status())) return snapshot.status();
    ++report_->snapshots;
    if (!snapshot.ok()) {
      Complain("snapshot of revision ", revision, ": ", snapshot.status().message());
    } else if (history != nullptr && snapshot->head != history->head()) {
      Complain("snapshot of revision ", revision, ": its digest is not that of the log");
    } else if (history != nullptr && !(snapshot->text == history->text())) {
      Complain("snapshot of revision ", revision, ": its text is not what the commits make");
    }
    return absl::OkStatus();
  }

  void CheckVersions(const DocumentDetails& details) {
    report_->versions += static_cast<int64_t>(details.versions.size());
    for (const Version& version : details.versions) {
      if (version.revision > details.row.head.revision) {
        Complain("version ", version.number, " is of revision ", version.revision,
                 ", beyond the head, which is ", details.row.head.revision);
      }
      if (version.number == 0 || version.number > details.row.last_version) {
        Complain("version ", version.number, ", but the last number given is ",
                 details.row.last_version);
      }
    }
    if (static_cast<int64_t>(details.versions.size()) > kVersionsMax) {
      Complain(details.versions.size(), " versions; at most ", kVersionsMax, " can be");
    }
  }

  void CompareAuthors(const DocumentDetails& details,
                      const std::map<ot::AuthorNumber, AuthorInLog>& authors) {
    for (const Author& author : details.authors) {
      const AuthorInLog& in_log = authors.at(author.number);
      if (author.state.last_sequence == in_log.last_sequence &&
          author.state.last_revision == in_log.last_revision) {
        continue;
      }
      Complain("author ", author.number, ": last sequence ", author.state.last_sequence,
               " at revision ", author.state.last_revision, ", but in the log ",
               in_log.last_sequence, " at revision ", in_log.last_revision);
    }
  }

  DatabaseView* const database_;
  const int64_t commits_total_;
  VerifyReport* const report_;
  Progress* const progress_;
  std::vector<std::string> problems_;  // of the document that is looked at
};

}  // namespace

absl::StatusOr<VerifyReport> Verify(const std::string& path,
                                    const std::optional<std::string>& document,
                                    Progress* progress) {
  VerifyReport report;
  absl::StatusOr<std::unique_ptr<DatabaseView>> opened = DatabaseView::Open(path);
  const auto damaged_file = [&report](const absl::Status& status) {
    report.problems.push_back({.document = {}, .text = std::string(status.message())});
    return report;
  };
  if (absl::IsDataLoss(opened.status())) return damaged_file(opened.status());
  if (!opened.ok()) return opened.status();
  DatabaseView* const database = opened->get();

  if (!document) {
    absl::StatusOr<std::vector<std::string>> problems = database->CheckIntegrity(progress);
    if (!problems.ok()) return problems.status();
    for (std::string& problem : *problems) {
      report.problems.push_back({.document = {}, .text = std::move(problem)});
    }
  }
  const absl::StatusOr<std::vector<DatabaseView::Entry>> entries = database->ListDocuments();
  if (absl::IsDataLoss(entries.status())) return damaged_file(entries.status());
  if (!entries.ok()) return entries.status();
  int64_t commits_total = 0;
  bool found = false;
  for (const DatabaseView::Entry& entry : *entries) {
    if (document && entry.id != *document) continue;
    found = true;
    commits_total += static_cast<int64_t>(entry.head);
  }
  if (document && !found) {
    return absl::NotFoundError(absl::StrCat("there is no document '", *document, "'"));
  }
  Verifier verifier(database, commits_total, &report, progress);
  for (const DatabaseView::Entry& entry : *entries) {
    if (document && entry.id != *document) continue;
    if (const absl::Status checked = verifier.CheckDocument(entry.id); !checked.ok()) {
      return checked;
    }
  }
  return report;
}

}  // namespace coedit::storage
