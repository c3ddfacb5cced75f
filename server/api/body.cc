#include "server/api/body.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "ot/unicode.h"
#include "proto/delta_rules.h"
#include "proto/error_text.h"
#include "proto/json_delta.h"
#include "server/document_types.h"

namespace coedit::server::api {
namespace {

// C0, DEL and C1, in well-formed UTF-8.
bool HasControl(absl::string_view text) {
  for (size_t at = 0; at < text.size(); ++at) {
    const auto byte = static_cast<unsigned char>(text[at]);
    if (byte < 0x20 || byte == 0x7f) return true;
    if (byte == 0xc2 && static_cast<unsigned char>(text[at + 1]) < 0xa0) return true;
  }
  return false;
}

absl::StatusOr<ot::Delta> ReadContentDelta(proto::JsonValue value,
                                           const proto::DecodeLimits& decode) {
  if (!value.Is(proto::JsonKind::kString)) {
    absl::StatusOr<ot::Delta> delta = proto::ReadJsonDelta(value, decode);
    if (delta.ok() && !delta->IsDocument()) {
      return proto::Wrong("content", "only inserts make a text");
    }
    if (!delta.ok()) return proto::In("content", delta.status());
    return delta;
  }
  proto::DeltaRules rules(decode);
  if (!value.string().empty()) {
    if (absl::Status legal = rules.Insert(value.string(), {}); !legal.ok()) {
      return proto::Wrong("content", legal.message());
    }
  }
  return rules.Build();
}

// True if the text ends with a line feed.
bool EndsLine(const ot::Delta& document) {
  bool ends = false;
  for (const ot::Component component : document) {
    ends = component.kind == ot::Kind::kInsert && component.text.back() == '\n';
  }
  return ends;
}

}  // namespace

absl::StatusOr<proto::JsonTree> ParseBody(absl::string_view text,
                                          std::initializer_list<absl::string_view> known) {
  absl::StatusOr<proto::JsonTree> tree = proto::JsonTree::Parse(text);
  if (!tree.ok()) return proto::Wrong("body", tree.status().message());
  const proto::JsonValue root = tree->root();
  if (!root.Is(proto::JsonKind::kObject)) {
    return proto::Wrong("body", root.Describe(), " is not an object");
  }
  if (const absl::Status fault = root.Fault(); !fault.ok()) {
    return proto::Wrong("body", fault.message());
  }
  for (const proto::JsonMember member : root.members()) {
    if (std::find(known.begin(), known.end(), member.key) == known.end()) {
      return proto::Wrong(proto::Quoted(member.key), "there is no such field here");
    }
  }
  return tree;
}

absl::Status CheckTitle(absl::string_view field, absl::string_view title) {
  const int64_t units = ot::Utf16Length(title);
  if (units > kTitleUnitsMax) {
    return proto::Wrong(field, units, " units; at most ", kTitleUnitsMax, " are allowed");
  }
  if (HasControl(title)) {
    return proto::Wrong(field, proto::Quoted(title), " has a control character");
  }
  return absl::OkStatus();
}

std::optional<std::string> ReadTitle(proto::JsonFields* fields, absl::string_view name) {
  std::optional<std::string> title = fields->OptionalText(name);
  if (!title.has_value() || title->empty()) return std::nullopt;
  if (const absl::Status legal = CheckTitle(name, *title); !legal.ok()) fields->Fail(legal);
  return title;
}

std::optional<std::string> ReadDocumentId(proto::JsonFields* fields, absl::string_view name) {
  std::optional<std::string> id = fields->OptionalText(name);
  if (id.has_value() && fields->ok() && !proto::IsDocumentId(*id)) {
    fields->Fail(proto::Wrong(name, proto::Quoted(*id), " is not a document id"));
  }
  return id;
}

std::string ReadClientId(proto::JsonFields* fields, absl::string_view name) {
  std::string id = fields->Text(name);
  // What it is instead is not told: it is a secret.
  if (fields->ok() && !proto::IsClientId(id)) {
    fields->Fail(proto::Wrong(name, "is not 32 lower-case hex digits"));
  }
  return id;
}

absl::StatusOr<ot::Text> ReadContent(std::optional<proto::JsonValue> value, ot::DocumentType type,
                                     const proto::DecodeLimits& decode,
                                     const ot::DocumentLimits& limits) {
  if (!value.has_value()) return InitialText(type);
  absl::StatusOr<ot::Delta> read = ReadContentDelta(*value, decode);
  if (!read.ok()) return read.status();
  ot::DeltaBuilder builder;
  for (const ot::Component component : *read) {
    const bool plain = component.kind == ot::Kind::kInsert && component.attributes.empty();
    if (type == ot::DocumentType::kPlainText && !plain) {
      return proto::Wrong("content", component.kind == ot::Kind::kEmbed
                                         ? "an embed in a plain-text document"
                                         : "attributes in a plain-text document");
    }
    builder.Push(component);
  }
  if (type == ot::DocumentType::kRichText && !EndsLine(*read)) builder.Insert("\n");
  ot::Text text(builder.Build());
  if (text.length() > limits.document_units_max || text.run_count() > limits.document_runs_max) {
    return absl::ResourceExhaustedError(absl::StrCat(
        "content: ", text.length(), " units in ", text.run_count(), " components; at most ",
        limits.document_units_max, " and ", limits.document_runs_max, " are allowed"));
  }
  return text;
}

}  // namespace coedit::server::api
