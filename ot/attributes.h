// Formatting of a run of text: a small sorted map from key to the canonical JSON text of its value.
//
// The engine never looks inside a value; values are compared as bytes, so whoever makes an
// Attributes (the codecs) hands in canonical JSON (RFC 8785). The value `null` means "remove this
// key" and is legal on retains only.
//
//   {"bold":true} and then {"bold":null,"color":"red"}   is {"color":"red"} as a format of text,
//                                                        {"bold":null,"color":"red"} as a change
//   both at once, the first one standing left            ends as {"bold":true,"color":"red"}
#ifndef COEDIT_OT_ATTRIBUTES_H_
#define COEDIT_OT_ATTRIBUTES_H_

#include <atomic>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"

namespace coedit::ot {

// The value that removes a key.
inline constexpr absl::string_view kRemove = "null";

// Immutable value; copying shares one reference-counted block, the empty map has none. Safe to
// share between threads.
class Attributes {
 public:
  struct Entry {
    std::string key;
    std::string value;  // canonical JSON
    friend bool operator==(const Entry&, const Entry&) = default;
  };

  Attributes() = default;
  // Keys in any order; CHECKs that none stands twice.
  explicit Attributes(std::vector<Entry> entries);
  Attributes(std::initializer_list<std::pair<absl::string_view, absl::string_view>> entries);
  Attributes(const Attributes& other) : rep_(other.rep_) {
    if (rep_ != nullptr) rep_->references.fetch_add(1, std::memory_order_relaxed);
  }
  Attributes(Attributes&& other) noexcept : rep_(std::exchange(other.rep_, nullptr)) {}
  Attributes& operator=(Attributes other) noexcept {
    std::swap(rep_, other.rep_);
    return *this;
  }
  ~Attributes() {
    if (rep_ != nullptr) Release(rep_);
  }

  bool empty() const { return rep_ == nullptr; }
  // Sorted by key, as bytes.
  const std::vector<Entry>& entries() const;
  // nullptr if absent.
  const std::string* Find(absl::string_view key) const;
  bool HasRemovals() const { return rep_ != nullptr && rep_->has_removals; }

  // Equal maps mostly share a block; the hash tells different ones apart without a look inside.
  friend bool operator==(const Attributes& a, const Attributes& b) {
    if (a.rep_ == b.rep_) return true;
    return a.rep_ != nullptr && b.rep_ != nullptr && a.rep_->hash == b.rep_->hash &&
           a.rep_->entries == b.rep_->entries;
  }

 private:
  struct Rep {
    std::atomic<uint32_t> references;
    bool has_removals;
    uint64_t hash;  // of the entries; in this process only
    std::vector<Entry> entries;
  };
  static void Release(Rep* rep);
  // Takes sorted entries.
  static Rep* MakeRep(std::vector<Entry> entries);

  Rep* rep_ = nullptr;
};

// `second` applied after `first`. `keep_removals` where the result is a change (retain over
// retain); otherwise removals vanish because the result is text.
Attributes ComposeAttributes(const Attributes& first, const Attributes& second, bool keep_removals);

// `attributes` rewritten to apply after the concurrent `over`. With `over_wins` keys that `over`
// sets (or removes) are dropped; otherwise `attributes` stays as it is.
Attributes TransformAttributes(const Attributes& attributes, const Attributes& over,
                               bool over_wins);

// What undoes `attributes` on a run that carries `base`. A removal that found nothing to remove did
// nothing, so nothing undoes it: a removal in return would hit what others set there later.
Attributes InvertAttributes(const Attributes& attributes, const Attributes& base);

// What turns `from` into `to`.
Attributes DiffAttributes(const Attributes& from, const Attributes& to);

}  // namespace coedit::ot

#endif  // COEDIT_OT_ATTRIBUTES_H_
