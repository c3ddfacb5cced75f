#include "bench/storage/figures.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <future>
#include <utility>

#include "ot/check.h"
#include "storage/sqlite.h"

namespace coedit::bench {
namespace {

template <typename T, typename Call>
T Await(Call call) {
  std::promise<T> promise;
  std::future<T> future = promise.get_future();
  call([promise = std::move(promise)](T answer) mutable { promise.set_value(std::move(answer)); });
  return future.get();
}

}  // namespace

double NowMs() {
  return std::chrono::duration<double, std::milli>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

double ProcessorMs() {
  timespec time;
  COEDIT_CHECK(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time) == 0);
  return 1e3 * static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_nsec);
}

double Samples::Quantile(double share) const {
  COEDIT_CHECK(!values_.empty());
  std::sort(values_.begin(), values_.end());
  const double last = static_cast<double>(values_.size() - 1);
  return values_[static_cast<size_t>(std::ceil(share * last))];
}

BenchDirectory::BenchDirectory(const std::string& parent) : path_(parent + "/bench-XXXXXX") {
  COEDIT_CHECK(mkdtemp(path_.data()) != nullptr);
}

BenchDirectory::~BenchDirectory() {
  std::error_code error;
  std::filesystem::remove_all(path_, error);
}

absl::Status CreateDocument(storage::Store* store, const std::string& document,
                            const ot::Text& text) {
  return Await<absl::StatusOr<storage::StoredDocument>>([&](auto done) {
           store->Create(document, ot::DocumentType::kRichText, text, "epoch", 1'700'000'000'000,
                         std::move(done));
         })
      .status();
}

absl::StatusOr<storage::StoredDocument> LoadDocument(storage::Store* store,
                                                     const std::string& document) {
  return Await<absl::StatusOr<storage::StoredDocument>>(
      [&](auto done) { store->Load(document, std::move(done)); });
}

absl::StatusOr<storage::Snapshot> ReadTextAt(storage::Store* store, const std::string& document,
                                             ot::Revision revision) {
  return Await<absl::StatusOr<storage::Snapshot>>(
      [&](auto done) { store->ReadRevision(document, revision, std::move(done)); });
}

absl::StatusOr<std::vector<ot::Commit>> ReadHistory(storage::Store* store,
                                                    const std::string& document, ot::Revision first,
                                                    ot::Revision last) {
  return Await<absl::StatusOr<std::vector<ot::Commit>>>(
      [&](auto done) { store->ReadCommits(document, first, last, std::move(done)); });
}

absl::StatusOr<storage::Timeline> ReadTimeline(storage::Store* store, const std::string& document,
                                               int64_t points) {
  return Await<absl::StatusOr<storage::Timeline>>(
      [&](auto done) { store->ReadTimeline(document, points, std::move(done)); });
}

absl::StatusOr<ot::Revision> FindRevision(storage::Store* store, const std::string& document,
                                          int64_t at_ms) {
  return Await<absl::StatusOr<ot::Revision>>(
      [&](auto done) { store->FindRevision(document, at_ms, std::move(done)); });
}

absl::Status DeleteDocument(storage::Store* store, const std::string& document) {
  return Await<absl::Status>([&](auto done) { store->Delete(document, std::move(done)); });
}

absl::Status AppendAndWait(storage::Store* store, storage::AppendRequest request) {
  const storage::AppendResult result = Await<storage::AppendResult>(
      [&](auto done) { store->Append(std::move(request), std::move(done)); });
  if (result.outcome == storage::AppendOutcome::kCommitted) return absl::OkStatus();
  return absl::InternalError(result.text);
}

storage::AppendRequest OneAuthorRequest(const std::string& document, const storage::Head& expected,
                                        std::vector<ot::Commit> commits) {
  const ot::Commit& last = commits.back();
  storage::Author author{.number = 1,
                         .client_id = std::string(32, 'a'),
                         .user_id = "user",
                         .name = "Name",
                         .color = "#d9480f",
                         .state = {last.sequence, last.revision, last.digest}};
  return {.document = document,
          .expected = expected,
          .commits = std::move(commits),
          .authors = {std::move(author)},
          .text = std::nullopt};
}

ot::Commit NextCommit(const storage::Head& head, ot::Delta delta, int64_t time_ms) {
  const ot::Revision revision = head.revision + 1;
  return {.revision = revision,
          .digest = ot::ExtendDigest(head.digest, 1, revision, delta),
          .author = 1,
          .sequence = revision,
          .time_ms = time_ms,
          .delta = std::move(delta)};
}

absl::StatusOr<int64_t> QueryDatabase(const std::string& path, const std::string& sql) {
  absl::StatusOr<storage::sqlite::Connection> connection =
      storage::sqlite::Connection::Open(path, storage::sqlite::Access::kReadOnly, "");
  if (!connection.ok()) return connection.status();
  return connection->QueryInt64(sql);
}

}  // namespace coedit::bench
