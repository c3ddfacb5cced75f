// JSON text as a flat tree of small nodes: what both codecs read foreign JSON with.
//
// The syntax is RFC 8259, well-formed UTF-8, no lone surrogates, at most 32 levels deep. Three
// things are legal syntax that a program reading the same text elsewhere may understand otherwise:
// an object with one key twice, a number beyond the range of a double, an integer that a double
// cannot hold. They do not fail the parse; the value carries a fault, and whoever reads the value
// asks for it. So a bad attribute refuses one submit and not the whole connection, and ignored
// fields stay ignored.
//
// One node costs 16 bytes, the shortest value two bytes of text: what a frame unfolds into is
// bounded by the size of the frame.
#ifndef COEDIT_PROTO_JSON_TREE_H_
#define COEDIT_PROTO_JSON_TREE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace coedit::proto {

inline constexpr int kJsonParseDepthMax = 32;
// 2^53: every integer up to here has a double of its own.
inline constexpr uint64_t kSafeInteger = uint64_t{1} << 53;

enum class JsonKind : uint8_t { kNull, kFalse, kTrue, kNumber, kString, kArray, kObject };

class JsonTree;

// One value of a tree; cheap to copy, valid as long as the tree.
class JsonValue {
 public:
  class ItemRange;
  class MemberRange;

  JsonKind kind() const;
  bool Is(JsonKind kind) const { return this->kind() == kind; }
  // kNumber without a fault.
  double number() const;
  // kString: UTF-8.
  absl::string_view string() const;
  // kArray: items, kObject: members, else 0.
  size_t size() const;
  ItemRange items() const;      // kArray
  MemberRange members() const;  // kObject, in the order of the text
  // The first member with that key; kObject.
  std::optional<JsonValue> Find(absl::string_view key) const;

  // The value of a number that is an integer from `min` to `max`, written in whatever way.
  std::optional<uint64_t> Integer(uint64_t min, uint64_t max) const;

  // OK, or what is wrong with this value alone (not with what it holds).
  absl::Status Fault() const;
  // The value for an error text, cut short.
  std::string Describe() const;

 private:
  friend class JsonTree;
  JsonValue(const JsonTree* tree, uint32_t index) : tree_(tree), index_(index) {}

  const JsonTree* tree_;
  uint32_t index_;
};

class JsonTree {
 public:
  // All of `text` is one value. kInvalidArgument names the byte where it is not.
  static absl::StatusOr<JsonTree> Parse(absl::string_view text);

  JsonValue root() const { return JsonValue(this, 0); }

 private:
  friend class JsonValue;
  friend class JsonTreeBuilder;

  enum class NodeFault : uint8_t { kNone, kDuplicateKey, kOverflow, kUnsafeInteger };
  struct Slice {
    uint32_t offset;
    uint32_t bytes;
  };
  struct Container {
    uint32_t size;
    uint32_t duplicate;  // node of a key that stands twice
  };
  // Nodes stand in the order of the text; in an object each value follows its key.
  struct Node {
    JsonKind kind;
    NodeFault fault;
    uint32_t end;  // the node after this one and all it holds
    union {
      double number;
      Slice slice;  // strings and keys; numbers with a fault: as they were written
      Container container;
    };
  };
  static_assert(sizeof(Node) == 16);

  absl::string_view Text(const Node& node) const {
    return absl::string_view(text_.data() + node.slice.offset, node.slice.bytes);
  }

  std::vector<Node> nodes_;
  std::string text_;
};

class JsonValue::ItemRange {
 public:
  class Iterator {
   public:
    JsonValue operator*() const { return JsonValue(tree_, index_); }
    Iterator& operator++() {
      index_ = tree_->nodes_[index_].end;
      return *this;
    }
    friend bool operator==(const Iterator& a, const Iterator& b) { return a.index_ == b.index_; }

   private:
    friend class ItemRange;
    Iterator(const JsonTree* tree, uint32_t index) : tree_(tree), index_(index) {}
    const JsonTree* tree_;
    uint32_t index_;
  };
  Iterator begin() const { return Iterator(array_.tree_, array_.index_ + 1); }
  Iterator end() const { return Iterator(array_.tree_, array_.tree_->nodes_[array_.index_].end); }

 private:
  friend class JsonValue;
  explicit ItemRange(JsonValue array) : array_(array) {}
  JsonValue array_;
};

struct JsonMember {
  absl::string_view key;
  JsonValue value;
};

class JsonValue::MemberRange {
 public:
  class Iterator {
   public:
    JsonMember operator*() const {
      return {tree_->Text(tree_->nodes_[index_]), JsonValue(tree_, index_ + 1)};
    }
    Iterator& operator++() {
      index_ = tree_->nodes_[index_ + 1].end;
      return *this;
    }
    friend bool operator==(const Iterator& a, const Iterator& b) { return a.index_ == b.index_; }

   private:
    friend class MemberRange;
    Iterator(const JsonTree* tree, uint32_t index) : tree_(tree), index_(index) {}
    const JsonTree* tree_;
    uint32_t index_;
  };
  Iterator begin() const { return Iterator(object_.tree_, object_.index_ + 1); }
  Iterator end() const {
    return Iterator(object_.tree_, object_.tree_->nodes_[object_.index_].end);
  }

 private:
  friend class JsonValue;
  explicit MemberRange(JsonValue object) : object_(object) {}
  JsonValue object_;
};

inline JsonKind JsonValue::kind() const { return tree_->nodes_[index_].kind; }
inline double JsonValue::number() const { return tree_->nodes_[index_].number; }
inline absl::string_view JsonValue::string() const { return tree_->Text(tree_->nodes_[index_]); }
inline JsonValue::ItemRange JsonValue::items() const { return ItemRange(*this); }
inline JsonValue::MemberRange JsonValue::members() const { return MemberRange(*this); }

}  // namespace coedit::proto

#endif  // COEDIT_PROTO_JSON_TREE_H_
