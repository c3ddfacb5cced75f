#include "proto/json_tree.h"

#include <algorithm>
#include <boost/json/basic_parser_impl.hpp>
#include <charconv>
#include <cmath>
#include <limits>
#include <string>

#include "absl/container/inlined_vector.h"
#include "absl/strings/str_cat.h"
#include "proto/canonical_json.h"
#include "proto/error_text.h"

namespace coedit::proto {

// What Boost.JSON tells while it reads. Its own tree is not used: it keeps the last of two equal
// keys, reads 1e999 as infinity, and its doubles can be off by one unit in the last place.
class JsonTreeBuilder {
 public:
  static constexpr std::size_t max_object_size = std::numeric_limits<uint32_t>::max();
  static constexpr std::size_t max_array_size = std::numeric_limits<uint32_t>::max();
  static constexpr std::size_t max_key_size = std::numeric_limits<uint32_t>::max();
  static constexpr std::size_t max_string_size = std::numeric_limits<uint32_t>::max();

  // A value takes two bytes at least (`1,`): with this room the nodes never move, and cost no more
  // than eight times the text.
  explicit JsonTreeBuilder(std::size_t text_bytes) { tree_.nodes_.reserve(text_bytes / 2 + 1); }

  JsonTree Take() { return std::move(tree_); }

  using View = boost::json::string_view;
  using Error = boost::json::error_code;

  bool on_document_begin(Error&) { return true; }
  bool on_document_end(Error&) { return true; }
  bool on_object_begin(Error&) { return Begin(JsonKind::kObject); }
  bool on_array_begin(Error&) { return Begin(JsonKind::kArray); }
  bool on_object_end(std::size_t size, Error&) {
    MarkDuplicate(End(size));
    return true;
  }
  bool on_array_end(std::size_t size, Error&) {
    End(size);
    return true;
  }
  bool on_key_part(View part, std::size_t, Error&) { return AddText(part); }
  bool on_key(View last, std::size_t bytes, Error&) { return AddString(last, bytes); }
  bool on_string_part(View part, std::size_t, Error&) { return AddText(part); }
  bool on_string(View last, std::size_t bytes, Error&) { return AddString(last, bytes); }
  bool on_number_part(View part, Error&) {
    number_start_.append(part.data(), part.size());
    return true;
  }
  bool on_int64(std::int64_t value, View last, Error&) {
    const uint64_t magnitude =
        value < 0 ? uint64_t{0} - static_cast<uint64_t>(value) : static_cast<uint64_t>(value);
    const std::string literal = TakeLiteral(last);
    if (magnitude > kSafeInteger) return AddFaulty(literal, JsonTree::NodeFault::kUnsafeInteger);
    return AddNumber(static_cast<double>(value));
  }
  bool on_uint64(std::uint64_t, View last, Error&) {  // beyond int64, so beyond 2^53
    return AddFaulty(TakeLiteral(last), JsonTree::NodeFault::kUnsafeInteger);
  }
  bool on_double(double approximate, View last, Error&) {
    const std::string literal = TakeLiteral(last);
    if (literal.find_first_of(".eE") == std::string::npos && std::abs(approximate) >= 1) {
      return AddFaulty(literal, JsonTree::NodeFault::kUnsafeInteger);
    }
    double value = 0;
    const auto [end, error] =
        std::from_chars(literal.data(), literal.data() + literal.size(), value);
    if (error == std::errc::result_out_of_range) {
      // Too large for a double, or too small: the latter is zero, as in ECMAScript.
      value = std::abs(approximate) > 1 ? std::numeric_limits<double>::infinity() : 0;
    }
    if (!std::isfinite(value)) return AddFaulty(literal, JsonTree::NodeFault::kOverflow);
    // Its canonical form would be an integer beyond 2^53; from 1e21 on the form has an exponent.
    if (std::abs(value) > static_cast<double>(kSafeInteger) && std::abs(value) < 1e21) {
      return AddFaulty(literal, JsonTree::NodeFault::kUnsafeInteger);
    }
    return AddNumber(value);
  }
  bool on_bool(bool value, Error&) {
    NewNode(value ? JsonKind::kTrue : JsonKind::kFalse);
    return true;
  }
  bool on_null(Error&) {
    NewNode(JsonKind::kNull);
    return true;
  }
  bool on_comment_part(View, Error&) { return true; }
  bool on_comment(View, Error&) { return true; }

 private:
  using Node = JsonTree::Node;

  Node& NewNode(JsonKind kind) {
    Node node{};
    node.kind = kind;
    node.fault = JsonTree::NodeFault::kNone;
    node.end = static_cast<uint32_t>(tree_.nodes_.size() + 1);
    tree_.nodes_.push_back(node);
    return tree_.nodes_.back();
  }

  bool Begin(JsonKind kind) {
    open_.push_back(static_cast<uint32_t>(tree_.nodes_.size()));
    NewNode(kind);
    return true;
  }

  uint32_t End(std::size_t size) {
    const uint32_t index = open_.back();
    open_.pop_back();
    Node& node = tree_.nodes_[index];
    node.end = static_cast<uint32_t>(tree_.nodes_.size());
    node.container = {static_cast<uint32_t>(size), 0};
    return index;
  }

  bool AddText(View part) {
    tree_.text_.append(part.data(), part.size());
    return true;
  }

  bool AddString(View last, std::size_t bytes) {
    AddText(last);
    NewNode(JsonKind::kString).slice = {static_cast<uint32_t>(tree_.text_.size() - bytes),
                                        static_cast<uint32_t>(bytes)};
    return true;
  }

  bool AddNumber(double value) {
    NewNode(JsonKind::kNumber).number = value;
    return true;
  }

  bool AddFaulty(const std::string& literal, JsonTree::NodeFault fault) {
    const uint32_t offset = static_cast<uint32_t>(tree_.text_.size());
    tree_.text_.append(literal);
    Node& node = NewNode(JsonKind::kNumber);
    node.fault = fault;
    node.slice = {offset, static_cast<uint32_t>(literal.size())};
    return true;
  }

  std::string TakeLiteral(View last) {
    std::string literal = std::move(number_start_);
    number_start_.clear();
    literal.append(last.data(), last.size());
    return literal;
  }

  void MarkDuplicate(uint32_t object) {
    std::vector<Node>& nodes = tree_.nodes_;
    absl::InlinedVector<uint32_t, 16> keys;
    for (uint32_t key = object + 1; key < nodes[object].end; key = nodes[key + 1].end) {
      keys.push_back(key);
    }
    const auto text = [this, &nodes](uint32_t key) { return tree_.Text(nodes[key]); };
    std::sort(keys.begin(), keys.end(),
              [&text](uint32_t a, uint32_t b) { return text(a) < text(b); });
    const auto found = std::adjacent_find(
        keys.begin(), keys.end(), [&text](uint32_t a, uint32_t b) { return text(a) == text(b); });
    if (found == keys.end()) return;
    nodes[object].fault = JsonTree::NodeFault::kDuplicateKey;
    nodes[object].container.duplicate = *found;
  }

  JsonTree tree_;
  absl::InlinedVector<uint32_t, kJsonParseDepthMax> open_;
  std::string number_start_;
};

absl::StatusOr<JsonTree> JsonTree::Parse(absl::string_view text) {
  // Offsets are 32 bits wide.
  if (text.size() > std::numeric_limits<uint32_t>::max() / 2) {
    return absl::InvalidArgumentError(absl::StrCat("JSON text of ", text.size(), " bytes"));
  }
  boost::json::parse_options options;
  options.max_depth = kJsonParseDepthMax;
  boost::json::basic_parser<JsonTreeBuilder> parser(options, text.size());
  boost::json::error_code error;
  const std::size_t consumed = parser.write_some(false, text.data(), text.size(), error);
  if (!error && consumed < text.size()) error = boost::json::error::extra_data;
  if (error) {
    return absl::InvalidArgumentError(
        absl::StrCat("no JSON at byte ", consumed, " (", error.message(),
                     "): ", Quoted(text.substr(consumed > 8 ? consumed - 8 : 0, 24))));
  }
  return parser.handler().Take();
}

size_t JsonValue::size() const {
  const JsonTree::Node& node = tree_->nodes_[index_];
  return Is(JsonKind::kArray) || Is(JsonKind::kObject) ? node.container.size : 0;
}

std::optional<JsonValue> JsonValue::Find(absl::string_view key) const {
  for (const JsonMember member : members()) {
    if (member.key == key) return member.value;
  }
  return std::nullopt;
}

std::optional<uint64_t> JsonValue::Integer(uint64_t min, uint64_t max) const {
  if (!Is(JsonKind::kNumber) || tree_->nodes_[index_].fault != JsonTree::NodeFault::kNone) {
    return std::nullopt;
  }
  const double value = number();
  if (!(value >= 0 && value <= static_cast<double>(kSafeInteger)) || value != std::floor(value)) {
    return std::nullopt;
  }
  const uint64_t integer = static_cast<uint64_t>(value);
  if (integer < min || integer > max) return std::nullopt;
  return integer;
}

absl::Status JsonValue::Fault() const {
  const JsonTree::Node& node = tree_->nodes_[index_];
  switch (node.fault) {
    case JsonTree::NodeFault::kNone:
      return absl::OkStatus();
    case JsonTree::NodeFault::kDuplicateKey:
      return absl::InvalidArgumentError(absl::StrCat(
          "key ", Quoted(tree_->Text(tree_->nodes_[node.container.duplicate])), " stands twice"));
    case JsonTree::NodeFault::kOverflow:
      return absl::InvalidArgumentError(
          absl::StrCat("number ", Describe(), " is beyond the range of a double"));
    case JsonTree::NodeFault::kUnsafeInteger:
      return absl::InvalidArgumentError(absl::StrCat("integer ", Describe(), " is beyond 2^53"));
  }
  return absl::OkStatus();
}

std::string JsonValue::Describe() const {
  const JsonTree::Node& node = tree_->nodes_[index_];
  switch (node.kind) {
    case JsonKind::kNull:
      return "null";
    case JsonKind::kFalse:
      return "false";
    case JsonKind::kTrue:
      return "true";
    case JsonKind::kString:
      return Quoted(string());
    case JsonKind::kArray:
      return absl::StrCat("an array of ", size());
    case JsonKind::kObject:
      return absl::StrCat("an object of ", size());
    case JsonKind::kNumber:
      break;
  }
  std::string text;
  if (node.fault == JsonTree::NodeFault::kNone) {
    AppendJsonNumber(node.number, &text);
  } else {
    text = std::string(tree_->Text(node).substr(0, 40));
  }
  return text;
}

}  // namespace coedit::proto
