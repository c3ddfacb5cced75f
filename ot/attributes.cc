#include "ot/attributes.h"

#include <algorithm>

#include "absl/hash/hash.h"
#include "ot/check.h"

namespace coedit::ot {
namespace {

using Entry = Attributes::Entry;
using Entries = std::vector<Entry>;

bool KeyLess(const Entry& a, const Entry& b) { return a.key < b.key; }

// Walks two sorted lists at once and calls visit(of_a, of_b) for each key of either; the side that
// lacks the key is nullptr.
template <typename Visit>
void ForEachKey(const Entries& a, const Entries& b, Visit visit) {
  auto at_a = a.begin();
  auto at_b = b.begin();
  while (at_a != a.end() || at_b != b.end()) {
    const int order = at_a == a.end() ? 1 : at_b == b.end() ? -1 : at_a->key.compare(at_b->key);
    visit(order <= 0 ? &*at_a : nullptr, order >= 0 ? &*at_b : nullptr);
    if (order <= 0) ++at_a;
    if (order >= 0) ++at_b;
  }
}

bool IsRemoval(const Entry& entry) { return entry.value == kRemove; }

}  // namespace

Attributes::Rep* Attributes::MakeRep(Entries entries) {
  if (entries.empty()) return nullptr;
  // absl::Hash is seeded per process; the hash never leaves it.
  uint64_t hash = 0;
  bool has_removals = false;
  for (const Entry& entry : entries) {
    hash = absl::HashOf(hash, entry.key, entry.value);
    has_removals |= IsRemoval(entry);
  }
  return new Rep{1, has_removals, hash, std::move(entries)};
}

void Attributes::Release(Rep* rep) {
  // A sole owner needs no atomic decrement: nobody else can copy what nobody else can see.
  if (rep->references.load(std::memory_order_acquire) == 1 ||
      rep->references.fetch_sub(1, std::memory_order_acq_rel) == 1) {
    delete rep;
  }
}

Attributes::Attributes(Entries entries) {
  std::sort(entries.begin(), entries.end(), KeyLess);
  for (size_t i = 1; i < entries.size(); ++i) {
    COEDIT_CHECK(entries[i - 1].key != entries[i].key);
  }
  rep_ = MakeRep(std::move(entries));
}

Attributes::Attributes(
    std::initializer_list<std::pair<absl::string_view, absl::string_view>> entries) {
  Entries list;
  list.reserve(entries.size());
  for (const auto& [key, value] : entries) list.push_back({std::string(key), std::string(value)});
  *this = Attributes(std::move(list));
}

const Entries& Attributes::entries() const {
  static const Entries* const kNone = new Entries();
  return rep_ != nullptr ? rep_->entries : *kNone;
}

const std::string* Attributes::Find(absl::string_view key) const {
  const Entries& all = entries();
  const auto found = std::lower_bound(
      all.begin(), all.end(), key,
      [](const Entry& entry, absl::string_view wanted) { return entry.key < wanted; });
  return found != all.end() && found->key == key ? &found->value : nullptr;
}

Attributes ComposeAttributes(const Attributes& first, const Attributes& second,
                             bool keep_removals) {
  if (second.empty()) return first;
  if (first.empty() && (keep_removals || !second.HasRemovals())) return second;
  Entries result;
  bool equals_first = true;
  bool equals_second = true;
  ForEachKey(first.entries(), second.entries(), [&](const Entry* old, const Entry* set) {
    const bool removed = set != nullptr && !keep_removals && IsRemoval(*set);
    const Entry* taken = removed ? nullptr : set != nullptr ? set : old;
    equals_first &= taken == old || (taken != nullptr && old != nullptr && *taken == *old);
    equals_second &= taken == set;
    if (taken != nullptr) result.push_back(*taken);
  });
  // Sharing a block keeps later comparisons down to one of pointers.
  if (equals_first) return first;
  if (equals_second) return second;
  return Attributes(std::move(result));
}

Attributes TransformAttributes(const Attributes& attributes, const Attributes& over,
                               bool over_wins) {
  if (!over_wins || over.empty() || attributes.empty()) return attributes;
  Entries result;
  ForEachKey(attributes.entries(), over.entries(), [&](const Entry* own, const Entry* other) {
    if (own != nullptr && other == nullptr) result.push_back(*own);
  });
  if (result.size() == attributes.entries().size()) return attributes;
  return Attributes(std::move(result));
}

Attributes InvertAttributes(const Attributes& attributes, const Attributes& base) {
  Entries result;
  ForEachKey(attributes.entries(), base.entries(), [&](const Entry* set, const Entry* old) {
    if (set == nullptr) return;
    if (old == nullptr) {
      if (!IsRemoval(*set)) result.push_back({set->key, std::string(kRemove)});
    } else if (old->value != set->value) {
      result.push_back(*old);
    }
  });
  return Attributes(std::move(result));
}

Attributes DiffAttributes(const Attributes& from, const Attributes& to) {
  if (from == to) return {};
  Entries result;
  ForEachKey(from.entries(), to.entries(), [&](const Entry* old, const Entry* wanted) {
    if (wanted == nullptr) {
      result.push_back({old->key, std::string(kRemove)});
    } else if (old == nullptr || *old != *wanted) {
      result.push_back(*wanted);
    }
  });
  return Attributes(std::move(result));
}

}  // namespace coedit::ot
