#include "storage/maintenance/export_format.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "proto/document_types.h"
#include "proto/error_text.h"
#include "proto/json_delta.h"
#include "proto/json_fields.h"
#include "proto/json_tree.h"
#include "proto/json_writer.h"
#include "storage/overloaded.h"

namespace coedit::storage {
namespace {

using proto::JsonFields;
using proto::JsonObjectWriter;
using proto::JsonValue;
using proto::kSafeInteger;
using proto::Wrong;

constexpr absl::string_view kFormat = "coedit-history";
// Version 1 had no titles and no named versions; all it has stands in version 2 as well.
constexpr uint64_t kVersion = 2;

bool IsHex(absl::string_view text, size_t digits) {
  return text.size() == digits && std::all_of(text.begin(), text.end(), [](char c) {
           return ('0' <= c && c <= '9') || ('a' <= c && c <= 'f');
         });
}

// "#rrggbb": it ends up in style sheets.
bool IsColor(absl::string_view text) {
  return text.size() == 7 && text[0] == '#' && IsHex(text.substr(1), 6);
}

absl::StatusOr<ot::Delta> ReadOps(JsonFields* fields, const proto::DecodeLimits& limits) {
  const std::optional<JsonValue> ops = fields->Required("ops");
  if (!ops) return fields->status();
  return proto::ReadJsonOps(*ops, limits);
}

// A text for people.
absl::Status CheckText(absl::string_view name, const std::string& text,
                       const proto::DecodeLimits& limits) {
  if (text.size() > static_cast<size_t>(limits.string_bytes_max)) {
    return Wrong(name, text.size(), " bytes; at most ", limits.string_bytes_max);
  }
  const auto is_control = [](unsigned char byte) { return byte < 0x20 || byte == 0x7f; };
  if (std::any_of(text.begin(), text.end(), is_control)) {
    return Wrong(name, proto::Quoted(text), " holds a control character");
  }
  return absl::OkStatus();
}

absl::StatusOr<ExportLine> ReadHeader(JsonFields fields, const proto::DecodeLimits& limits) {
  const std::string format = fields.Text("format");
  if (fields.ok() && format != kFormat) {
    return Wrong("format", proto::Quoted(format), " is not \"", kFormat, "\"");
  }
  const uint64_t version = fields.Integer("version", 1, kSafeInteger);
  if (fields.ok() && version > kVersion) {
    return Wrong("version", version, " is not known, only up to ", kVersion,
                 ": use a newer coedit");
  }
  ExportHeader header = {.document = fields.Text("document")};
  const std::string type = fields.Text("type");
  header.epoch = fields.Text("epoch");
  header.created_ms = static_cast<int64_t>(fields.Integer("createdMs", 0, kSafeInteger));
  header.commits = fields.Integer("commits", 0, kSafeInteger);
  header.title = fields.OptionalText("title");
  if (!fields.ok()) return fields.status();
  if (header.title) {
    if (absl::Status fits = CheckText("title", *header.title, limits); !fits.ok()) return fits;
  }
  if (!proto::IsDocumentId(header.document)) {
    return Wrong("document", proto::Quoted(header.document), " is no document id");
  }
  const std::optional<ot::DocumentType> known = proto::ParseDocumentType(type);
  if (!known) return Wrong("type", proto::Quoted(type), " is no document type");
  header.type = *known;
  if (header.epoch.size() > static_cast<size_t>(limits.string_bytes_max)) {
    return Wrong("epoch", header.epoch.size(), " bytes; at most ", limits.string_bytes_max);
  }
  return header;
}

absl::StatusOr<ExportLine> ReadAuthor(JsonFields fields, const proto::DecodeLimits& limits) {
  ExportAuthor author = {.number = fields.Integer("number", 1, kSafeInteger),
                         .user_id = fields.Text("userId"),
                         .name = fields.Text("name"),
                         .color = fields.Text("color")};
  if (!fields.ok()) return fields.status();
  for (const auto& [name, text] :
       {std::pair("userId", &author.user_id), std::pair("name", &author.name),
        std::pair("color", &author.color)}) {
    if (absl::Status fits = CheckText(name, *text, limits); !fits.ok()) return fits;
  }
  if (!IsColor(author.color)) {
    return Wrong("color", proto::Quoted(author.color),
                 " is not \"#\" and six lower-case hex digits");
  }
  return author;
}

absl::StatusOr<ExportLine> ReadInitial(JsonFields fields, const proto::DecodeLimits& limits) {
  absl::StatusOr<ot::Delta> delta = ReadOps(&fields, limits);
  if (!delta.ok()) return delta.status();
  if (!delta->IsDocument()) return Wrong("ops", "a text consists of inserts alone");
  return ExportInitial{*std::move(delta)};
}

absl::StatusOr<ExportLine> ReadCommit(JsonFields fields, const proto::DecodeLimits& limits) {
  ot::Commit commit;
  commit.revision = fields.Integer("revision", 1, kSafeInteger);
  commit.author = fields.Integer("author", 1, kSafeInteger);
  commit.sequence = fields.Integer("sequence", 1, kSafeInteger);
  commit.time_ms = static_cast<int64_t>(fields.Integer("timeMs", 0, kSafeInteger));
  absl::StatusOr<ot::Delta> delta = ReadOps(&fields, limits);
  if (!fields.ok()) return fields.status();
  if (!delta.ok()) return delta.status();
  commit.delta = *std::move(delta);
  return ExportCommit{std::move(commit)};
}

absl::StatusOr<ExportLine> ReadVersion(JsonFields fields, const proto::DecodeLimits& limits) {
  Version version = {
      .revision = fields.Integer("revision", 0, kSafeInteger),
      .name = fields.Text("name"),
      .by = fields.OptionalText("by"),
      .created_ms = static_cast<int64_t>(fields.Integer("createdMs", 0, kSafeInteger))};
  if (!fields.ok()) return fields.status();
  if (absl::Status fits = CheckText("name", version.name, limits); !fits.ok()) return fits;
  if (version.by) {
    if (absl::Status fits = CheckText("by", *version.by, limits); !fits.ok()) return fits;
  }
  return ExportVersion{std::move(version)};
}

absl::StatusOr<ExportLine> ReadEnd(JsonFields fields) {
  ExportEnd end = {.commits = fields.Integer("commits", 0, kSafeInteger),
                   .versions = fields.OptionalInteger("versions", 0, kVersionsMax).value_or(0)};
  const std::string digest = fields.Text("digest");
  end.sha256 = fields.Text("sha256");
  if (!fields.ok()) return fields.status();
  if (!IsHex(digest, 16) || !absl::SimpleHexAtoi(digest, &end.digest)) {
    return Wrong("digest", proto::Quoted(digest), " is not 16 lower-case hex digits");
  }
  if (!IsHex(end.sha256, 64)) {
    return Wrong("sha256", proto::Quoted(end.sha256), " is not 64 lower-case hex digits");
  }
  return end;
}

}  // namespace

std::string WriteExportLine(const ExportLine& line) {
  std::string out;
  {
    JsonObjectWriter outer(&out);
    std::visit(Overloaded{
                   [&](const ExportHeader& header) {
                     JsonObjectWriter inner(outer.Key("header"));
                     inner.Text("format", kFormat)
                         .Number("version", kVersion)
                         .Text("document", header.document)
                         .Text("type", proto::TypeName(header.type))
                         .Text("epoch", header.epoch)
                         .Number("createdMs", static_cast<uint64_t>(header.created_ms))
                         .Number("commits", header.commits);
                     if (header.title) inner.Text("title", *header.title);
                   },
                   [&](const ExportAuthor& author) {
                     JsonObjectWriter(outer.Key("author"))
                         .Number("number", author.number)
                         .Text("userId", author.user_id)
                         .Text("name", author.name)
                         .Text("color", author.color);
                   },
                   [&](const ExportInitial& initial) {
                     JsonObjectWriter inner(outer.Key("initial"));
                     proto::AppendJsonOps(initial.delta, inner.Key("ops"));
                   },
                   [&](const ExportCommit& entry) {
                     const ot::Commit& commit = entry.commit;
                     JsonObjectWriter inner(outer.Key("commit"));
                     inner.Number("revision", commit.revision)
                         .Number("author", commit.author)
                         .Number("sequence", commit.sequence)
                         .Number("timeMs", static_cast<uint64_t>(commit.time_ms));
                     proto::AppendJsonOps(commit.delta, inner.Key("ops"));
                   },
                   [&](const ExportVersion& entry) {
                     const Version& version = entry.version;
                     JsonObjectWriter inner(outer.Key("version"));
                     inner.Number("revision", version.revision).Text("name", version.name);
                     if (version.by) inner.Text("by", *version.by);
                     inner.Number("createdMs", static_cast<uint64_t>(version.created_ms));
                   },
                   [&](const ExportEnd& end) {
                     JsonObjectWriter(outer.Key("end"))
                         .Number("commits", end.commits)
                         .Number("versions", end.versions)
                         .Text("digest", absl::StrCat(absl::Hex(end.digest, absl::kZeroPad16)))
                         .Text("sha256", end.sha256);
                   },
               },
               line);
  }
  out.push_back('\n');
  return out;
}

absl::StatusOr<ExportLine> ReadExportLine(absl::string_view text,
                                          const proto::DecodeLimits& limits) {
  const absl::StatusOr<proto::JsonTree> tree = proto::JsonTree::Parse(text);
  if (!tree.ok()) return tree.status();
  const JsonValue root = tree->root();
  if (!root.Is(proto::JsonKind::kObject) || root.size() != 1) {
    return absl::InvalidArgumentError(
        absl::StrCat(root.Describe(), " is not an object with one member"));
  }
  const proto::JsonMember member = *root.members().begin();
  absl::StatusOr<ExportLine> line;
  if (member.key == "header") {
    line = ReadHeader(JsonFields(member.value), limits);
  } else if (member.key == "author") {
    line = ReadAuthor(JsonFields(member.value), limits);
  } else if (member.key == "initial") {
    line = ReadInitial(JsonFields(member.value), limits);
  } else if (member.key == "commit") {
    line = ReadCommit(JsonFields(member.value), limits);
  } else if (member.key == "version") {
    line = ReadVersion(JsonFields(member.value), limits);
  } else if (member.key == "end") {
    line = ReadEnd(JsonFields(member.value));
  } else {
    return Wrong("", "there is no line ", proto::Quoted(member.key));
  }
  if (!line.ok()) return proto::In(member.key, line.status());
  return line;
}

}  // namespace coedit::storage
