#include "server/api/answers.h"

#include <algorithm>

#include "proto/document_types.h"

namespace coedit::server::api {
namespace {

void WriteOptionalText(absl::string_view name, const std::optional<std::string>& text,
                       proto::JsonObjectWriter* object) {
  if (text.has_value()) {
    object->Text(name, *text);
  } else {
    object->Json(name, "null");
  }
}

}  // namespace

void WriteDocument(const storage::DocumentInfo& document, proto::JsonObjectWriter* object) {
  object->Text("id", document.id).Text("type", proto::TypeName(document.type));
  WriteOptionalText("title", document.title, object);
  object->Number("revision", document.head.revision);
  WriteTime("createdMs", document.created_ms, object);
  WriteTime("changedMs", document.changed_ms, object);
}

std::string DocumentJson(const storage::DocumentInfo& document) {
  std::string json;
  {
    proto::JsonObjectWriter object(&json);
    WriteDocument(document, &object);
  }
  return json;
}

std::string VersionJson(const storage::Version& version) {
  std::string json;
  {
    proto::JsonObjectWriter object(&json);
    object.Number("version", version.number)
        .Text("name", version.name)
        .Number("revision", version.revision);
    WriteTime("createdMs", version.created_ms, &object);
    WriteOptionalText("by", version.by, &object);
  }
  return json;
}

void WriteTime(absl::string_view name, int64_t ms, proto::JsonObjectWriter* object) {
  object->Number(name, static_cast<uint64_t>(std::max<int64_t>(ms, 0)));
}

void WriteAuthors(const std::vector<storage::Author>& authors, const AuthorNumbers& of,
                  proto::JsonObjectWriter* object) {
  std::vector<const storage::Author*> named;
  for (const storage::Author& author : authors) {
    if (of.contains(author.number)) named.push_back(&author);
  }
  std::string* out = object->Key("authors");
  proto::AppendJsonArray(named, out, [out](const storage::Author* author) {
    proto::JsonObjectWriter(out)
        .Number("author", author->number)
        .Text("name", author->name)
        .Text("color", author->color);
  });
}

}  // namespace coedit::server::api
