#include "bench/load/commit_cache.h"

#include "absl/hash/hash.h"

namespace coedit::bench {
namespace {

constexpr size_t kEntries = 4096;  // a power of two
constexpr size_t kBytesMax = 256;
constexpr char kMessagesField = 0x0a;  // field 1, length-delimited

}  // namespace

CommitCache::CommitCache() : entries_(kEntries) {}

std::optional<absl::string_view> CommitCache::TakeMessage(absl::string_view* frame) {
  if (frame->empty() || frame->front() != kMessagesField) return std::nullopt;
  uint64_t size = 0;
  size_t used = 1;
  for (int shift = 0;; shift += 7) {
    if (used == frame->size() || shift > 28) return std::nullopt;
    const auto byte = static_cast<uint8_t>((*frame)[used++]);
    size |= static_cast<uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80) break;
  }
  if (size > frame->size() - used) return std::nullopt;
  const absl::string_view message = frame->substr(0, used + size);
  frame->remove_prefix(message.size());
  return message;
}

size_t CommitCache::PlaceOf(absl::string_view message) { return absl::HashOf(message) % kEntries; }

const proto::Committed* CommitCache::Find(absl::string_view message) const {
  if (message.size() > kBytesMax) return nullptr;
  const Entry& entry = entries_[PlaceOf(message)];
  return entry.message == message ? &entry.committed : nullptr;
}

void CommitCache::Remember(absl::string_view message, const proto::Committed& committed) {
  if (message.size() > kBytesMax) return;
  Entry& entry = entries_[PlaceOf(message)];
  entry.message.assign(message.data(), message.size());
  entry.committed = committed;
}

}  // namespace coedit::bench
