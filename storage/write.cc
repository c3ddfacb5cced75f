#include "storage/write.h"

#include <utility>

#include "storage/append_check.h"
#include "storage/overloaded.h"
#include "storage/segment.h"
#include "storage/snapshot_codec.h"

namespace coedit::storage {
namespace {

// Of a change that has no number to tell.
ChangeWrite MakeChangeWrite(DocumentChange change, Store::Callback<absl::Status> done) {
  ChangeWrite write;
  write.change = std::move(change);
  write.done = [done = std::move(done)](absl::StatusOr<VersionNumber> result) mutable {
    std::move(done)(result.status());
  };
  return write;
}

}  // namespace

AppendWrite MakeAppendWrite(AppendRequest request, Store::Callback<AppendResult> done) {
  CheckAppendRequest(request);
  const ot::Commit& last = request.commits.back();
  AppendWrite write;
  write.append = {.document = std::move(request.document),
                  .expected = request.expected,
                  .after = {last.revision, last.digest},
                  .commit_count = static_cast<int64_t>(request.commits.size()),
                  .changed_ms = last.time_ms,
                  .segment = EncodeSegment(request.expected, request.commits),
                  .authors = std::move(request.authors),
                  .text = std::move(request.text)};
  write.done = std::move(done);
  return write;
}

CreateWrite MakeCreateWrite(std::string document, ot::DocumentType type, ot::Text initial,
                            std::string epoch, int64_t now_ms,
                            Store::Callback<absl::StatusOr<StoredDocument>> done) {
  CreateWrite write;
  write.create = {.document = std::move(document),
                  .type = type,
                  .epoch = epoch,
                  .now_ms = now_ms,
                  .snapshot = EncodeSnapshot(Head{}, initial),
                  .title = {}};
  write.created = {.type = type,
                   .epoch = std::move(epoch),
                   .snapshot = {Head{}, std::move(initial)},
                   .tail = {},
                   .authors = {}};
  write.done = std::move(done);
  return write;
}

ChangeWrite MakeTitleWrite(std::string document, std::optional<std::string> title,
                           Store::Callback<absl::Status> done) {
  return MakeChangeWrite({std::move(document), NewTitle{std::move(title)}}, std::move(done));
}

ChangeWrite MakeVersionWrite(std::string document, Version version,
                             Store::Callback<absl::StatusOr<Version>> done) {
  ChangeWrite write;
  write.change = {std::move(document), NewVersion{version}};
  write.done = [version = std::move(version),
                done = std::move(done)](absl::StatusOr<VersionNumber> number) mutable {
    if (!number.ok()) return std::move(done)(number.status());
    version.number = *number;
    std::move(done)(std::move(version));
  };
  return write;
}

ChangeWrite MakeVersionDeletionWrite(std::string document, VersionNumber number,
                                     Store::Callback<absl::Status> done) {
  return MakeChangeWrite({std::move(document), VersionDeletion{number}}, std::move(done));
}

ChangeWrite MakeDeletionWrite(std::string document, Store::Callback<absl::Status> done) {
  return MakeChangeWrite({std::move(document), Deletion{}}, std::move(done));
}

const std::string& DocumentOf(const Write& write) {
  return std::visit(
      Overloaded{
          [](const AppendWrite& w) -> const std::string& { return w.append.document; },
          [](const CreateWrite& w) -> const std::string& { return w.create.document; },
          [](const ChangeWrite& w) -> const std::string& { return w.change.document; },
      },
      write);
}

void CallBack(Write write) {
  std::visit(Overloaded{
                 [](AppendWrite& w) { std::move(w.done)(std::move(w.result)); },
                 [](CreateWrite& w) {
                   if (!w.result.ok()) return std::move(w.done)(std::move(w.result));
                   std::move(w.done)(std::move(w.created));
                 },
                 [](ChangeWrite& w) { std::move(w.done)(std::move(w.result)); },
             },
             write);
}

}  // namespace coedit::storage
