#include "storage/store_errors.h"

#include "absl/strings/str_cat.h"

namespace coedit::storage {
namespace {

std::string HeadText(const Head& head) {
  return absl::StrCat(head.revision, "/", absl::Hex(head.digest, absl::kZeroPad16));
}

AppendResult Conflict(std::string text) {
  return {.outcome = AppendOutcome::kConflict, .text = std::move(text)};
}

}  // namespace

absl::Status NoSuchDocument(absl::string_view document) {
  return absl::NotFoundError(absl::StrCat("no document '", document, "'"));
}

absl::Status DocumentExists(absl::string_view document) {
  return absl::AlreadyExistsError(absl::StrCat("document '", document, "' exists"));
}

absl::Status NoSuchCommits(absl::string_view document, ot::Revision first, ot::Revision last,
                           ot::Revision head) {
  return absl::OutOfRangeError(absl::StrCat("commits ", first, " to ", last, " of document '",
                                            document, "' asked for, it has 1 to ", head));
}

absl::Status NoSuchRevision(absl::string_view document, ot::Revision revision, ot::Revision head) {
  return absl::OutOfRangeError(absl::StrCat("revision ", revision, " of document '", document,
                                            "' asked for, its head is ", head));
}

absl::Status NoSuchVersion(absl::string_view document, VersionNumber number) {
  return absl::OutOfRangeError(
      absl::StrCat("no version ", number, " of document '", document, "'"));
}

absl::Status TooManyVersions(absl::string_view document) {
  return absl::FailedPreconditionError(
      absl::StrCat("document '", document, "' has ", kVersionsMax, " versions, which is the most"));
}

AppendResult UnknownDocumentConflict(absl::string_view document) {
  return Conflict(absl::StrCat("no document '", document, "'"));
}

AppendResult HeadConflict(absl::string_view document, const Head& expected, const Head& found) {
  return Conflict(absl::StrCat("head of document '", document, "' is ", HeadText(found),
                               ", expected ", HeadText(expected)));
}

AppendResult AuthorConflict(absl::string_view document, ot::AuthorNumber author) {
  return Conflict(absl::StrCat("author ", author, " of document '", document,
                               "' is another client or has a later sequence"));
}

}  // namespace coedit::storage
