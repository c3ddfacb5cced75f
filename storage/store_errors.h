// The statuses and texts that every store answers with, so that all say the same.
#ifndef COEDIT_STORAGE_STORE_ERRORS_H_
#define COEDIT_STORAGE_STORE_ERRORS_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "storage/store.h"

namespace coedit::storage {

absl::Status NoSuchDocument(absl::string_view document);
absl::Status DocumentExists(absl::string_view document);
absl::Status NoSuchCommits(absl::string_view document, ot::Revision first, ot::Revision last,
                           ot::Revision head);
absl::Status NoSuchRevision(absl::string_view document, ot::Revision revision, ot::Revision head);
absl::Status NoSuchVersion(absl::string_view document, VersionNumber number);
absl::Status TooManyVersions(absl::string_view document);

// AppendOutcome::kConflict with the reason.
AppendResult UnknownDocumentConflict(absl::string_view document);
AppendResult HeadConflict(absl::string_view document, const Head& expected, const Head& found);
// The author's number, client id or sequence does not fit what the log says of the author.
AppendResult AuthorConflict(absl::string_view document, ot::AuthorNumber author);

}  // namespace coedit::storage

#endif  // COEDIT_STORAGE_STORE_ERRORS_H_
