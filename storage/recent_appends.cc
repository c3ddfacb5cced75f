#include "storage/recent_appends.h"

#include <string>
#include <utility>

namespace coedit::storage {
namespace {

// What SQLite takes for a row beside its body.
constexpr int64_t kRowBytes = 8;

}  // namespace

absl::Status RecentAppends::Prepare(sqlite::Connection* connection) {
  for (const auto& [statement, sql] :
       {std::pair(&insert_,
                  "INSERT INTO recent_appends (number, document, body) "
                  "VALUES (?1, ?2, ?3)"),
        std::pair(&delete_, "DELETE FROM recent_appends WHERE number BETWEEN ?1 AND ?2")}) {
    absl::StatusOr<sqlite::Statement> prepared = connection->Prepare(sql);
    if (!prepared.ok()) return prepared.status();
    *statement = *std::move(prepared);
  }
  return absl::OkStatus();
}

absl::Status RecentAppends::Insert(const RecentAppend& append, KnownDocument* document) {
  const RecentAppendKey key = {next_number_, document->row.number};
  const std::string body = EncodeRecentAppend(key, append);
  const absl::Status done =
      insert_->BindInt64(1, key.number).BindInt64(2, key.document).BindBlob(3, body).Run();
  if (done.ok()) Add(key, static_cast<int64_t>(body.size()), document);
  return done;
}

KnownDocument* RecentAppends::Oldest() {
  while (!rows_.empty()) {
    const Row& row = rows_.front();
    const auto first = first_.find(row.key.document);
    if (first != first_.end() && first->second.number <= row.key.number) {
      return first->second.document;
    }
    if (!taken_.empty() && taken_.back().last + 1 == row.key.number) {
      ++taken_.back().last;
    } else {
      taken_.push_back({row.key.number, row.key.number});
    }
    bytes_ -= row.bytes;
    rows_.pop_front();
  }
  return nullptr;
}

absl::Status RecentAppends::DeleteTaken() {
  Oldest();
  for (const Range& range : taken_) {
    const absl::Status done = delete_->BindInt64(1, range.first).BindInt64(2, range.last).Run();
    if (!done.ok()) return done;
  }
  taken_.clear();
  return absl::OkStatus();
}

void RecentAppends::Clear() {
  rows_.clear();
  taken_.clear();
  first_.clear();
  bytes_ = 0;
  next_number_ = 1;
}

void RecentAppends::Add(const RecentAppendKey& key, int64_t bytes, KnownDocument* document) {
  rows_.push_back({key, bytes + kRowBytes});
  bytes_ += rows_.back().bytes;
  next_number_ = key.number + 1;
  if (document != nullptr) first_.try_emplace(key.document, First{key.number, document});
}

}  // namespace coedit::storage
