// DeltaWriter: where the algebra writes its results. The same normal form as DeltaBuilder makes,
// but into room taken beforehand (a result of the algebra has no more components than its arguments
// have together), so that the loops of the algebra keep its state in registers. Private to
// algebra.cc.
//
//   DeltaWriter::Room room(components_max, text_bytes_max);
//   DeltaWriter out(&room);
//   out.Retain(5);
//   ...
//   return out.Finish();
#ifndef COEDIT_OT_DELTA_WRITER_H_
#define COEDIT_OT_DELTA_WRITER_H_

#include <cstddef>
#include <cstdint>
#include <new>

#include "ot/delta.h"
#include "ot/small_buffer.h"

namespace coedit::ot {

class DeltaWriter {
 public:
  // The memory; on the stack where it is little. Outlives the writer.
  class Room {
   public:
    Room(size_t components_max, size_t text_bytes_max) {
      pieces_.Reserve(components_max);
      text_.Reserve(text_bytes_max);
    }

   private:
    friend class DeltaWriter;
    SmallBuffer<Delta::Piece, 16> pieces_;
    SmallBuffer<char, 64> text_;
  };

  explicit DeltaWriter(Room* room)
      : room_(room),
        begin_(room->pieces_.data()),
        next_(begin_),
        next_text_(room->text_.data()),
        copied_begin_(nullptr),
        copied_end_(nullptr) {}

  void Retain(int64_t units) { retained_ += units; }
  // Any part of a component. `text` is that of an insert, else empty; it stays where it is until
  // Finish: what stands side by side there is copied at once.
  [[gnu::always_inline]] void Push(Kind kind, int64_t units, absl::string_view text,
                                   const Attributes& attributes) {
    if (kind == Kind::kRetain && attributes.empty()) {
      Retain(units);
      return;
    }
    if (text.data() != copied_end_) {
      CopyText();
      copied_begin_ = text.data();
    }
    copied_end_ = text.data() + text.size();
    const auto length = static_cast<uint32_t>(units);
    const uint32_t packed = Delta::Piece::Pack(kind, text.size());
    if (retained_ != 0) {
      PushRetained();
      new (next_++) Delta::Piece{length, packed, attributes};
    } else if (!delta_internal::MergeIntoLast(begin_, next_, length, packed, attributes)) {
      new (next_++) Delta::Piece{length, packed, attributes};
      delta_internal::PutInsertBeforeDelete(begin_, next_);
    }
  }

  [[gnu::always_inline]] Delta Finish() {
    CopyText();
    Delta result;
    result.pieces_.TakeFrom(&room_->pieces_, static_cast<size_t>(next_ - begin_));
    result.text_.TakeFrom(&room_->text_, static_cast<size_t>(next_text_ - room_->text_.data()));
    return result;
  }

 private:
  void PushRetained() {
    constexpr uint32_t kRetain = Delta::Piece::Pack(Kind::kRetain);
    while (retained_ > kComponentUnitsMax) [[unlikely]] {
        new (next_++) Delta::Piece{kComponentUnitsMax, kRetain, Attributes()};
        retained_ -= kComponentUnitsMax;
      }
    new (next_++) Delta::Piece{static_cast<uint32_t>(retained_), kRetain, Attributes()};
    retained_ = 0;
  }

  void CopyText() {
    const auto bytes = static_cast<size_t>(copied_end_ - copied_begin_);
    CopyShort(next_text_, copied_begin_, bytes);
    next_text_ += bytes;
  }

  Room* const room_;
  Delta::Piece* const begin_;
  Delta::Piece* next_;
  int64_t retained_ = 0;  // the plain retain that stands last; it grows until something follows
  char* next_text_;
  const char* copied_begin_;  // inserted text that is not copied yet
  const char* copied_end_;
};

}  // namespace coedit::ot

#endif  // COEDIT_OT_DELTA_WRITER_H_
