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
  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  Item& back() { return items_[size_ - 1]; }
  Item& operator[](size_t i) { return items_[i]; }
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
    if constexpr (std::is_trivially_copyable_v<Item>) {
      if (count == 1) {  // one typed letter
        items_[size_] = *items;
      } else if (count != 0) {
        std::memcpy(items_ + size_, items, count * sizeof(Item));
      }
    } else {
      for (size_t i = 0; i < count; ++i) new (items_ + size_ + i) Item(items[i]);
    }
    size_ += static_cast<uint32_t>(count);
  }
  void Reserve(size_t items) {
    if (items > capacity_) Grow(items - size_);
  }
  void PopBack() { items_[--size_].~Item(); }
  // Gives back what was reserved in advance.
  void Tighten() {
    if (items_ == Inline() || capacity_ - size_ <= size_ / 4) return;
    if (size_ > kInline) {
      Reallocate(size_);
      return;
    }
    Item* const block = std::exchange(items_, Inline());
    std::memcpy(inline_, static_cast<const void*>(block), size_ * sizeof(Item));
    capacity_ = kInline;
    std::free(static_cast<void*>(block));
  }

 private:
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
