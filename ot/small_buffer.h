// SmallBuffer: a vector with room for a few items inside itself, for items that may be moved in
// memory as bytes (numbers, characters, a counted pointer). Grows with realloc, so that a move
// never runs a constructor. Private to Delta, whose usual size decides kInline.
#ifndef COEDIT_OT_SMALL_BUFFER_H_
#define COEDIT_OT_SMALL_BUFFER_H_

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <new>
#include <type_traits>
#include <utility>

#include "ot/check.h"

namespace coedit::ot {

// memcpy for what is mostly a few bytes: a call costs more than these moves.
inline void CopyShort(char* to, const char* from, size_t bytes) {
  if (bytes > 8) {
    std::memcpy(to, from, bytes);
  } else if (bytes >= 4) {  // the two halves may overlap
    std::memcpy(to, from, 4);
    std::memcpy(to + bytes - 4, from + bytes - 4, 4);
  } else if (bytes != 0) {
    to[0] = from[0];
    to[bytes / 2] = from[bytes / 2];
    to[bytes - 1] = from[bytes - 1];
  }
}

template <typename Item, uint32_t kInline>
class SmallBuffer {
 public:
  SmallBuffer() : items_(Inline()), size_(0), capacity_(kInline) {}
  SmallBuffer(const SmallBuffer& other) : SmallBuffer() { Append(other.data(), other.size_); }
  SmallBuffer(SmallBuffer&& other) noexcept { Take(&other); }
  SmallBuffer& operator=(const SmallBuffer& other) { return *this = SmallBuffer(other); }
  SmallBuffer& operator=(SmallBuffer&& other) noexcept {
    if (this == &other) return *this;
    Destroy();
    Take(&other);
    return *this;
  }
  ~SmallBuffer() { Destroy(); }

  Item* data() { return items_; }
  const Item* data() const { return items_; }
  Item* begin() { return items_; }
  Item* end() { return items_ + size_; }
  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  const Item& operator[](size_t i) const { return items_[i]; }

  template <typename... Arguments>
  Item* Emplace(Arguments&&... arguments) {
    if (size_ == capacity_) [[unlikely]] {
      Grow(1);
    }
    return new (items_ + size_++) Item{std::forward<Arguments>(arguments)...};
  }
  // Copies of `count` items that stand elsewhere.
  void Append(const Item* items, size_t count) {
    if (count > capacity_ - size_) [[unlikely]] {
      Grow(count);
    }
    if constexpr (std::is_same_v<Item, char>) {
      CopyShort(items_ + size_, items, count);
    } else {
      for (size_t i = 0; i < count; ++i) new (items_ + size_ + i) Item(items[i]);
    }
    size_ += static_cast<uint32_t>(count);
  }
  void Reserve(size_t items) {
    if (items > capacity_) Grow(items - size_);
  }
  // Takes the first `size` items out of `room`, a buffer whose items were made in place up to there
  // and whose own count is zero. Memory it does not need goes back. This buffer is new.
  template <uint32_t kRoom>
  void TakeFrom(SmallBuffer<Item, kRoom>* room, size_t size) {
    if (size > kInline && room->items_ != room->Inline()) {
      items_ = std::exchange(room->items_, room->Inline());
      capacity_ = std::exchange(room->capacity_, kRoom);
      size_ = static_cast<uint32_t>(size);
      if (capacity_ - size_ > size_ / 4) Reallocate(size_);
      return;
    }
    if (size <= kInline) {
      static_assert(kRoom >= kInline);
      // A fixed number of bytes is cheaper than the exact one.
      std::memcpy(inline_, static_cast<const void*>(room->items_), sizeof(inline_));
    } else {
      Reserve(size);
      std::memcpy(static_cast<void*>(items_), static_cast<const void*>(room->items_),
                  size * sizeof(Item));
    }
    size_ = static_cast<uint32_t>(size);
  }

 private:
  template <typename OtherItem, uint32_t kOtherInline>
  friend class SmallBuffer;

  Item* Inline() { return reinterpret_cast<Item*>(inline_); }

  // Takes over the items of `other`, which is empty then. This buffer holds nothing to free.
  void Take(SmallBuffer* other) {
    size_ = std::exchange(other->size_, 0);
    if (other->items_ == other->Inline()) {
      items_ = Inline();
      capacity_ = kInline;
      // A fixed number of bytes is cheaper than the exact one.
      std::memcpy(inline_, other->inline_, sizeof(inline_));
      return;
    }
    items_ = std::exchange(other->items_, other->Inline());
    capacity_ = std::exchange(other->capacity_, kInline);
  }

  void Destroy() {
    if constexpr (!std::is_trivially_destructible_v<Item>) {
      for (uint32_t i = 0; i < size_; ++i) items_[i].~Item();
    }
    if (items_ != Inline()) [[unlikely]] {
      std::free(static_cast<void*>(items_));
    }
  }

  [[gnu::noinline]] void Grow(size_t more) {
    const size_t needed = size_ + more;
    COEDIT_CHECK(needed <= std::numeric_limits<uint32_t>::max() / 2);
    Reallocate(static_cast<uint32_t>(needed > size_t{2} * capacity_ ? needed : 2 * capacity_));
  }

  void Reallocate(uint32_t capacity) {
    const bool was_inline = items_ == Inline();
    void* const old = was_inline ? nullptr : static_cast<void*>(items_);
    void* const block = std::realloc(old, capacity * sizeof(Item));
    COEDIT_CHECK(block != nullptr);
    if (was_inline) std::memcpy(block, inline_, size_ * sizeof(Item));
    items_ = static_cast<Item*>(block);
    capacity_ = capacity;
  }

  Item* items_;  // inline_ or a block
  uint32_t size_;
  uint32_t capacity_;
  alignas(Item) unsigned char inline_[kInline * sizeof(Item)];
};

}  // namespace coedit::ot

#endif  // COEDIT_OT_SMALL_BUFFER_H_
