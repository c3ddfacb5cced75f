#include "proto/delta_rules.h"

#include <limits>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "ot/unicode.h"
#include "proto/canonical_json.h"
#include "proto/error_text.h"

namespace coedit::proto {

const DecodeLimits& NoDecodeLimits() {
  static const DecodeLimits limits = [] {
    DecodeLimits none;
    for (int64_t* bound :
         {&none.messages_per_frame_max, &none.delta_components_max,
          &none.attributes_per_component_max, &none.attribute_key_bytes_max,
          &none.attribute_value_bytes_max, &none.embed_bytes_max, &none.json_depth_max,
          &none.presence_bytes_max, &none.presence_ranges_max, &none.signal_bytes_max,
          &none.signal_topic_bytes_max, &none.string_bytes_max, &none.token_bytes_max,
          &none.capabilities_max}) {
      *bound = std::numeric_limits<int64_t>::max();
    }
    return none;
  }();
  return limits;
}

std::string DeltaRules::Place() const { return absl::StrCat("ops[", index_, "]"); }

absl::Status DeltaRules::CheckCount(uint64_t components) const {
  if (components <= static_cast<uint64_t>(limits_.delta_components_max)) return absl::OkStatus();
  return Wrong("ops", components, " components are more than ", limits_.delta_components_max);
}

absl::Status DeltaRules::CheckUnits(absl::string_view name, uint64_t units) const {
  if (units >= 1 && units <= static_cast<uint64_t>(ot::kComponentUnitsMax)) {
    return absl::OkStatus();
  }
  return In(Place(), Wrong(name, units, " is not an integer from 1 to ", ot::kComponentUnitsMax));
}

absl::Status DeltaRules::AddUnits(absl::string_view name, uint64_t units, int64_t* sum) const {
  const int64_t total = *sum + static_cast<int64_t>(units);
  if (total > ot::kComponentUnitsMax) {
    return In(Place(), Wrong(name, "with ", units, " the lengths of the delta add up to ", total,
                             ", more than ", ot::kComponentUnitsMax));
  }
  *sum = total;
  return absl::OkStatus();
}

absl::Status DeltaRules::Retain(uint64_t units, const ot::Attributes& attributes) {
  if (absl::Status status = CheckUnits("retain", units); !status.ok()) return status;
  if (absl::Status status = AddUnits("retain", units, &consumed_units_); !status.ok()) {
    return status;
  }
  builder_.Retain(static_cast<int64_t>(units), attributes);
  ++index_;
  return absl::OkStatus();
}

absl::Status DeltaRules::Delete(uint64_t units, const ot::Attributes& attributes) {
  if (absl::Status status = CheckUnits("delete", units); !status.ok()) return status;
  if (!attributes.empty()) {
    return In(Place(), Wrong("attributes", Quoted(attributes.entries().front().key),
                             " stands on a delete, which has none"));
  }
  if (absl::Status status = AddUnits("delete", units, &consumed_units_); !status.ok()) {
    return status;
  }
  builder_.Delete(static_cast<int64_t>(units));
  ++index_;
  return absl::OkStatus();
}

absl::Status DeltaRules::CheckInsertAttributes(const ot::Attributes& attributes) const {
  for (const ot::Attributes::Entry& entry : attributes.entries()) {
    if (entry.value != ot::kRemove) continue;
    return In(Place(), Wrong("attributes", Quoted(entry.key), " is null on an insert"));
  }
  return absl::OkStatus();
}

absl::Status DeltaRules::Insert(absl::string_view text, const ot::Attributes& attributes) {
  if (text.empty()) return In(Place(), Wrong("insert", "the text is empty"));
  const size_t found = text.find_first_of(absl::string_view("\r\0", 2));
  if (found != absl::string_view::npos) {
    return In(Place(), Wrong("insert", text[found] == '\r' ? "U+000D" : "U+0000", " at byte ",
                             found, " of the text"));
  }
  if (absl::Status status = CheckInsertAttributes(attributes); !status.ok()) return status;
  const int64_t units = ot::Utf16Length(text);
  if (absl::Status status = AddUnits("insert", static_cast<uint64_t>(units), &inserted_units_);
      !status.ok()) {
    return status;
  }
  builder_.Insert(text, units, attributes);
  ++index_;
  return absl::OkStatus();
}

absl::Status DeltaRules::Embed(JsonValue object, const ot::Attributes& attributes) {
  if (!object.Is(JsonKind::kObject) || object.size() != 1) {
    return In(Place(),
              Wrong("insert", object.Describe(), " is neither a text nor an object with one key"));
  }
  std::string canonical;
  if (absl::Status status = AppendCanonicalJson(object, limits_.json_depth_max, &canonical);
      !status.ok()) {
    return In(Place(), Wrong("insert", status.message()));
  }
  if (static_cast<int64_t>(canonical.size()) > limits_.embed_bytes_max) {
    return In(Place(), Wrong("insert", "an embed of ", canonical.size(), " bytes, more than ",
                             limits_.embed_bytes_max));
  }
  if (absl::Status status = CheckInsertAttributes(attributes); !status.ok()) return status;
  if (absl::Status status = AddUnits("insert", 1, &inserted_units_); !status.ok()) return status;
  builder_.InsertEmbed(canonical, attributes);
  ++index_;
  return absl::OkStatus();
}

absl::StatusOr<ot::Attributes> DeltaRules::ReadAttributes(JsonValue object) const {
  if (object.Is(JsonKind::kNull)) return ot::Attributes();
  if (!object.Is(JsonKind::kObject)) {
    return Wrong("attributes", object.Describe(), " is not an object");
  }
  if (absl::Status fault = object.Fault(); !fault.ok()) {
    return Wrong("attributes", fault.message());
  }
  if (object.size() > static_cast<uint64_t>(limits_.attributes_per_component_max)) {
    return Wrong("attributes", object.size(), " keys are more than ",
                 limits_.attributes_per_component_max);
  }
  std::vector<ot::Attributes::Entry> entries;
  entries.reserve(object.size());
  for (const JsonMember member : object.members()) {
    if (static_cast<int64_t>(member.key.size()) > limits_.attribute_key_bytes_max) {
      return Wrong("attributes", "key ", Quoted(member.key), " has ", member.key.size(),
                   " bytes, more than ", limits_.attribute_key_bytes_max);
    }
    if (IsPrototypeName(member.key)) {
      return Wrong("attributes", "key ", Quoted(member.key), " is a name of Object.prototype");
    }
    std::string value;
    if (absl::Status status = AppendCanonicalJson(member.value, limits_.json_depth_max, &value);
        !status.ok()) {
      return Wrong("attributes", "value of ", Quoted(member.key), ": ", status.message());
    }
    if (static_cast<int64_t>(value.size()) > limits_.attribute_value_bytes_max) {
      return Wrong("attributes", "value of ", Quoted(member.key), " has ", value.size(),
                   " bytes, more than ", limits_.attribute_value_bytes_max);
    }
    entries.push_back({std::string(member.key), std::move(value)});
  }
  return ot::Attributes(std::move(entries));
}

}  // namespace coedit::proto
