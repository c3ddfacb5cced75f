#include "proto/json_delta.h"

#include <optional>

#include "absl/strings/str_cat.h"
#include "proto/delta_rules.h"
#include "proto/error_text.h"
#include "proto/json_writer.h"

namespace coedit::proto {
namespace {

absl::StatusOr<uint64_t> ReadUnits(absl::string_view name, JsonValue value) {
  if (name == "retain" && value.Is(JsonKind::kObject)) {
    return Wrong(name, "a retain of an embed is not supported");
  }
  const std::optional<uint64_t> units = value.Integer(1, ot::kComponentUnitsMax);
  if (!units) {
    return Wrong(name, value.Describe(), " is not an integer from 1 to ", ot::kComponentUnitsMax);
  }
  return *units;
}

absl::Status ReadOp(JsonValue op, DeltaRules* rules) {
  if (!op.Is(JsonKind::kObject)) {
    return Wrong(rules->Place(), op.Describe(), " is not an object");
  }
  if (absl::Status fault = op.Fault(); !fault.ok()) return Wrong(rules->Place(), fault.message());
  std::optional<JsonMember> kind;
  ot::Attributes attributes;
  for (const JsonMember member : op.members()) {
    if (member.key == "attributes") {
      absl::StatusOr<ot::Attributes> read = rules->ReadAttributes(member.value);
      if (!read.ok()) return In(rules->Place(), read.status());
      attributes = *std::move(read);
    } else if (member.key == "insert" || member.key == "retain" || member.key == "delete") {
      if (kind) {
        return Wrong(rules->Place(), "both ", kind->key, " and ", member.key, " in one op");
      }
      kind = member;
    } else {
      return Wrong(rules->Place(), "unknown key ", Quoted(member.key));
    }
  }
  if (!kind) return Wrong(rules->Place(), "neither insert nor retain nor delete");
  if (kind->key == "insert") {
    return kind->value.Is(JsonKind::kString) ? rules->Insert(kind->value.string(), attributes)
                                             : rules->Embed(kind->value, attributes);
  }
  const absl::StatusOr<uint64_t> units = ReadUnits(kind->key, kind->value);
  if (!units.ok()) return In(rules->Place(), units.status());
  return kind->key == "retain" ? rules->Retain(*units, attributes)
                               : rules->Delete(*units, attributes);
}

}  // namespace

void AppendJsonAttributes(const ot::Attributes& attributes, std::string* out) {
  out->push_back('{');
  bool first = true;
  for (const ot::Attributes::Entry& entry : attributes.entries()) {
    if (!first) out->push_back(',');
    first = false;
    AppendJsonString(entry.key, out);
    absl::StrAppend(out, ":", entry.value);
  }
  out->push_back('}');
}

void AppendJsonOps(const ot::Delta& delta, std::string* out) {
  AppendJsonArray(delta, out, [out](const ot::Component& component) {
    JsonObjectWriter op(out);
    switch (component.kind) {
      case ot::Kind::kRetain:
        op.Number("retain", static_cast<uint64_t>(component.length));
        break;
      case ot::Kind::kDelete:
        op.Number("delete", static_cast<uint64_t>(component.length));
        break;
      case ot::Kind::kInsert:
        op.Text("insert", component.text);
        break;
      case ot::Kind::kEmbed:
        op.Json("insert", component.text);
        break;
    }
    if (!component.attributes.empty()) {
      AppendJsonAttributes(component.attributes, op.Key("attributes"));
    }
  });
}

void AppendJsonDelta(const ot::Delta& delta, std::string* out) {
  JsonObjectWriter object(out);
  AppendJsonOps(delta, object.Key("ops"));
}

absl::StatusOr<ot::Delta> ReadJsonOps(JsonValue array, const DecodeLimits& limits) {
  if (!array.Is(JsonKind::kArray)) return Wrong("ops", array.Describe(), " is not an array");
  DeltaRules rules(limits);
  if (absl::Status status = rules.CheckCount(array.size()); !status.ok()) return status;
  for (const JsonValue op : array.items()) {
    if (absl::Status status = ReadOp(op, &rules); !status.ok()) return status;
  }
  return rules.Build();
}

absl::StatusOr<ot::Delta> ReadJsonDelta(JsonValue object, const DecodeLimits& limits) {
  if (!object.Is(JsonKind::kObject)) return Wrong("", object.Describe(), " is not an object");
  if (absl::Status fault = object.Fault(); !fault.ok()) return Wrong("", fault.message());
  const std::optional<JsonValue> ops = object.Find("ops");
  if (!ops) return Wrong("ops", "is missing");
  return ReadJsonOps(*ops, limits);
}

}  // namespace coedit::proto
