#include "proto/flat_delta.h"

#include <optional>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "ot/canonical.h"
#include "ot/check.h"
#include "ot/unicode.h"
#include "proto/coedit.pb.h"
#include "proto/delta_rules.h"
#include "proto/error_text.h"
#include "proto/json_delta.h"
#include "proto/json_tree.h"
#include "proto/wire_format.h"

namespace coedit::proto {
namespace {

constexpr uint64_t kKindMask = 3;
constexpr uint64_t kHasAttributes = 4;
constexpr int kLengthShift = 3;
// From the number of `ops` to those of the other fields of Delta.
constexpr int kTextOffset = v1::Delta::kTextFieldNumber - v1::Delta::kOpsFieldNumber;
constexpr int kEmbedsOffset = v1::Delta::kEmbedsFieldNumber - v1::Delta::kOpsFieldNumber;
constexpr int kAttributesOffset = v1::Delta::kAttributesFieldNumber - v1::Delta::kOpsFieldNumber;

static_assert(static_cast<int>(ot::Kind::kRetain) == 0 &&
                  static_cast<int>(ot::Kind::kDelete) == 1 &&
                  static_cast<int>(ot::Kind::kInsert) == 2 &&
                  static_cast<int>(ot::Kind::kEmbed) == 3,
              "the kinds are numbers of the wire");

// Hands out the foreign text of a flat delta, insert by insert.
class TextCutter {
 public:
  explicit TextCutter(absl::string_view text) : rest_(text), units_left_(ot::Utf16Length(text)) {}

  int64_t units_left() const { return units_left_; }

  absl::StatusOr<absl::string_view> Cut(uint64_t units) {
    if (units > static_cast<uint64_t>(units_left_)) {
      return Wrong("insert", units, " units, but the text has only ", units_left_, " left");
    }
    const std::optional<size_t> bytes = units == static_cast<uint64_t>(units_left_)
                                            ? rest_.size()
                                            : ot::ByteOffset(rest_, static_cast<int64_t>(units));
    if (!bytes) return Wrong("insert", units, " units end inside a surrogate pair");
    const absl::string_view cut = rest_.substr(0, *bytes);
    rest_.remove_prefix(*bytes);
    units_left_ -= static_cast<int64_t>(units);
    return cut;
  }

 private:
  absl::string_view rest_;
  int64_t units_left_;
};

// The foreign attribute sets, each parsed when it is first used.
class AttributeSets {
 public:
  explicit AttributeSets(const FlatDeltaView& flat) : flat_(flat), sets_(flat.attributes.size()) {}

  absl::StatusOr<ot::Attributes> Get(uint64_t index, const DeltaRules& rules) {
    if (index >= sets_.size()) {
      return Wrong("attributes", "set ", index, " of ", sets_.size(), " does not exist");
    }
    if (!sets_[index]) {
      const absl::StatusOr<JsonTree> tree = JsonTree::Parse(flat_.attributes[index]);
      if (!tree.ok()) return Wrong("attributes", tree.status().message());
      absl::StatusOr<ot::Attributes> read = rules.ReadAttributes(tree->root());
      if (!read.ok()) return read.status();
      sets_[index] = *std::move(read);
    }
    return *sets_[index];
  }

  // Whatever is sent is read, checked and used.
  absl::Status CheckAllUsed() const {
    for (size_t i = 0; i < sets_.size(); ++i) {
      if (!sets_[i]) return Wrong("attributes", "set ", i, " is not used");
    }
    return absl::OkStatus();
  }

 private:
  const FlatDeltaView& flat_;
  std::vector<std::optional<ot::Attributes>> sets_;
};

uint64_t CountComponents(const FlatDeltaView& flat) {
  uint64_t components = 0;
  for (size_t i = 0; i < flat.ops.size(); ++i) {
    ++components;
    if (flat.ops[i] & kHasAttributes) ++i;
  }
  return components;
}

absl::Status AddEmbed(uint64_t units, absl::string_view json, const ot::Attributes& attributes,
                      DeltaRules* rules) {
  if (units != 1) return In(rules->Place(), Wrong("insert", "an embed of length ", units));
  const absl::StatusOr<JsonTree> tree = JsonTree::Parse(json);
  if (!tree.ok()) return In(rules->Place(), Wrong("insert", tree.status().message()));
  return rules->Embed(tree->root(), attributes);
}

}  // namespace

FlatDelta Flatten(const ot::Delta& delta) {
  FlatDelta flat;
  absl::flat_hash_map<std::string, uint64_t> set_numbers;
  for (const ot::Component component : delta) {
    const bool has_attributes = !component.attributes.empty();
    flat.ops.push_back(static_cast<uint64_t>(component.length) << kLengthShift |
                       (has_attributes ? kHasAttributes : 0) |
                       static_cast<uint64_t>(component.kind));
    if (has_attributes) {
      std::string json;
      AppendJsonAttributes(component.attributes, &json);
      const auto [found, inserted] = set_numbers.emplace(std::move(json), flat.attributes.size());
      if (inserted) flat.attributes.push_back(found->first);
      flat.ops.push_back(found->second);
    }
    if (component.kind == ot::Kind::kInsert) {
      flat.text.append(component.text.data(), component.text.size());
    } else if (component.kind == ot::Kind::kEmbed) {
      flat.embeds.push_back(component.text);
    }
  }
  return flat;
}

absl::StatusOr<ot::Delta> Unflatten(const FlatDeltaView& flat, const DecodeLimits& limits) {
  DeltaRules rules(limits);
  if (absl::Status status = rules.CheckCount(CountComponents(flat)); !status.ok()) return status;
  if (!ot::IsValidUtf8(flat.text)) {
    return Wrong("text", flat.text.size(), " bytes that are not UTF-8");
  }
  TextCutter text(flat.text);
  AttributeSets sets(flat);
  size_t embeds_used = 0;
  for (size_t i = 0; i < flat.ops.size(); ++i) {
    const uint64_t units = flat.ops[i] >> kLengthShift;
    const auto kind = static_cast<ot::Kind>(flat.ops[i] & kKindMask);
    ot::Attributes attributes;
    if (flat.ops[i] & kHasAttributes) {
      if (++i == flat.ops.size()) {
        return In(rules.Place(), Wrong("attributes", "the number of the set is missing"));
      }
      absl::StatusOr<ot::Attributes> read = sets.Get(flat.ops[i], rules);
      if (!read.ok()) return In(rules.Place(), read.status());
      attributes = *std::move(read);
    }
    absl::Status status;
    switch (kind) {
      case ot::Kind::kRetain:
        status = rules.Retain(units, attributes);
        break;
      case ot::Kind::kDelete:
        status = rules.Delete(units, attributes);
        break;
      case ot::Kind::kInsert: {
        const absl::StatusOr<absl::string_view> cut = text.Cut(units);
        status = cut.ok() ? rules.Insert(*cut, attributes) : In(rules.Place(), cut.status());
        break;
      }
      case ot::Kind::kEmbed:
        status = embeds_used < flat.embeds.size()
                     ? AddEmbed(units, flat.embeds[embeds_used], attributes, &rules)
                     : In(rules.Place(), Wrong("insert", "embed ", embeds_used, " of ",
                                               flat.embeds.size(), " does not exist"));
        ++embeds_used;
        break;
    }
    if (!status.ok()) return status;
  }
  if (text.units_left() != 0) {
    return Wrong("text", text.units_left(), " units at its end belong to no insert");
  }
  if (embeds_used != flat.embeds.size()) {
    return Wrong("embeds", flat.embeds.size() - embeds_used, " at the end belong to no insert");
  }
  if (absl::Status status = sets.CheckAllUsed(); !status.ok()) return status;
  return rules.Build();
}

static_assert(v1::Committed::kTextFieldNumber - v1::Committed::kOpsFieldNumber == kTextOffset &&
                  v1::Committed::kEmbedsFieldNumber - v1::Committed::kOpsFieldNumber ==
                      kEmbedsOffset &&
                  v1::Committed::kAttributesFieldNumber - v1::Committed::kOpsFieldNumber ==
                      kAttributesOffset,
              "Committed has the fields of Delta in their order");

void AppendWireDelta(const ot::Delta& delta, std::string* out, int first_field) {
  const FlatDelta flat = Flatten(delta);
  WireWriter writer(out);
  if (!flat.ops.empty()) {
    writer.Message(first_field, [&flat, out] {
      for (const uint64_t number : flat.ops) ot::AppendVarint(number, out);
    });
  }
  writer.Text(first_field + kTextOffset, flat.text);
  for (const absl::string_view embed : flat.embeds) {
    writer.Text(first_field + kEmbedsOffset, embed);
  }
  for (const std::string& set : flat.attributes) {
    writer.Text(first_field + kAttributesOffset, set);
  }
}

absl::StatusOr<ot::Delta> ReadWireDelta(absl::string_view bytes, const DecodeLimits& limits) {
  const auto components_max = static_cast<uint64_t>(limits.delta_components_max);
  FlatDeltaView flat;
  WireReader reader(bytes);
  // Each bound is checked before the vector grows: what is built is in proportion to the limits.
  const auto check_room = [&reader, components_max](absl::string_view name, size_t used) {
    if (used < components_max) return;
    reader.Fail(Wrong(name, "more than ", components_max, " entries"));
  };
  const auto add_number = [&](uint64_t number) {
    check_room("ops", flat.ops.size() / 2);
    flat.ops.push_back(number);
  };
  while (reader.Next()) {
    switch (reader.field()) {
      case v1::Delta::kOpsFieldNumber:
        if (reader.type() == WireType::kVarint) {  // not packed: legal protobuf all the same
          add_number(reader.Varint("ops"));
          break;
        }
        for (absl::string_view packed = reader.Bytes("ops");
             !packed.empty() && reader.status().ok();) {
          uint64_t number = 0;
          if (!ot::ConsumeVarint(&packed, &number)) {
            reader.Fail(Wrong("ops", "number ", flat.ops.size(), " is cut short"));
            break;
          }
          add_number(number);
        }
        break;
      case v1::Delta::kTextFieldNumber:
        flat.text = reader.Bytes("text");
        break;
      case v1::Delta::kEmbedsFieldNumber:
        check_room("embeds", flat.embeds.size());
        flat.embeds.push_back(reader.Bytes("embeds"));
        break;
      case v1::Delta::kAttributesFieldNumber:
        check_room("attributes", flat.attributes.size());
        flat.attributes.push_back(reader.Bytes("attributes"));
        break;
      default:
        break;  // unknown fields are ignored
    }
  }
  if (!reader.status().ok()) return reader.status();
  return Unflatten(flat, limits);
}

}  // namespace coedit::proto
