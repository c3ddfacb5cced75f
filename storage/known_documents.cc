#include "storage/known_documents.h"

#include <algorithm>
#include <utility>

namespace coedit::storage {
namespace {

// About half a kilobyte for a document, a quarter for an author. When more are written than these,
// their rows are read again.
constexpr int64_t kDocumentsMax = 4096;
constexpr int64_t kAuthorsMax = 8192;

}  // namespace

KnownDocument* KnownDocuments::Find(absl::string_view id) {
  const auto found = documents_.find(id);
  return found == documents_.end() ? nullptr : found->second.get();
}

KnownDocument* KnownDocuments::Add(DocumentRow row) {
  std::string id = row.id;
  auto document = std::make_unique<KnownDocument>();
  document->row = std::move(row);
  std::unique_ptr<KnownDocument>& slot = documents_[std::move(id)];
  slot = std::move(document);
  return slot.get();
}

bool KnownDocuments::Stage(const Author& author, KnownDocument* document) {
  auto known = std::lower_bound(
      document->authors.begin(), document->authors.end(), author.number,
      [](const KnownAuthor& at, ot::AuthorNumber number) { return at.author.number < number; });
  if (known == document->authors.end() || known->author.number != author.number) {
    known = document->authors.insert(known, KnownAuthor{.author = author});
    ++authors_;
  } else {
    Author& row = known->author;
    if (row.client_id != author.client_id ||
        row.state.last_sequence >= author.state.last_sequence) {
      return false;
    }
    if (row.user_id == author.user_id && row.name == author.name && row.color == author.color) {
      row.state = author.state;
    } else {
      row = author;
      known->has_row = false;
    }
  }
  if (!std::exchange(known->is_staged, true)) known->first_sequence = author.state.last_sequence;
  return true;
}

void KnownDocuments::Forget(absl::string_view id) {
  const auto found = documents_.find(id);
  if (found == documents_.end()) return;
  authors_ -= static_cast<int64_t>(found->second->authors.size());
  documents_.erase(found);
}

void KnownDocuments::Clear() {
  documents_ = {};
  authors_ = 0;
}

void KnownDocuments::KeepSmall() {
  if (static_cast<int64_t>(documents_.size()) <= kDocumentsMax && authors_ <= kAuthorsMax) return;
  absl::erase_if(documents_, [](const auto& entry) { return entry.second->recent.empty(); });
  authors_ = 0;
  for (const auto& [id, document] : documents_) {
    authors_ += static_cast<int64_t>(document->authors.size());
  }
}

}  // namespace coedit::storage
