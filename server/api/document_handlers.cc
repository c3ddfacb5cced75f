// Documents as such: making, listing, showing, naming, copying, deleting them.
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "proto/document_types.h"
#include "proto/error_text.h"
#include "proto/json_delta.h"
#include "server/api/answers.h"
#include "server/api/body.h"
#include "server/api/formats.h"
#include "server/api/handlers.h"
#include "server/api/html.h"
#include "server/api/markdown.h"
#include "server/api/query.h"
#include "server/epoch.h"

namespace coedit::server::api {
namespace {

constexpr uint64_t kListMax = 500;
constexpr uint64_t kListDefault = 50;
constexpr size_t kSearchBytesMax = 1024;

// 96 random bits: who has not been told an id does not find the document.
std::string NewDocumentId(RandomSource* random) { return random->Hex(12); }

// Makes the document and answers 201. `made` says all of it but the times.
void Create(const ExchangePtr& exchange, storage::DocumentInfo made, ot::Text text) {
  made.created_ms = made.changed_ms = exchange->environment().clock->WallMs();
  const auto answer = [exchange](const storage::DocumentInfo& created) {
    Response response = JsonResponse(201, DocumentJson(created));
    response.fields.emplace_back("Location", absl::StrCat("/v1/documents/", created.id));
    exchange->Answer(std::move(response));
  };
  exchange->store().Create(made.id, made.type, std::move(text),
                           NewEpoch(exchange->environment().random), made.created_ms,
                           exchange->Then<storage::StoredDocument>(
                               [exchange, made, answer](const storage::StoredDocument&) {
                                 if (!made.title.has_value()) return answer(made);
                                 exchange->store().SetTitle(
                                     made.id, made.title,
                                     exchange->ThenDone([made, answer] { answer(made); }));
                               }));
}

struct Shown {
  storage::DocumentInfo document;
  storage::Snapshot snapshot;
  std::optional<int64_t> at_ms;
};

Response ShownAs(Format format, const Shown& shown) {
  const storage::DocumentInfo& info = shown.document;
  std::string body;
  const ot::Text& text = shown.snapshot.text;
  switch (format) {
    case Format::kJson: {
      storage::DocumentInfo told = info;
      told.head = shown.snapshot.head;
      proto::JsonObjectWriter object(&body);
      WriteDocument(told, &object);
      object.Number("headRevision", info.head.revision);
      if (shown.at_ms.has_value()) WriteTime("atMs", *shown.at_ms, &object);
      proto::AppendJsonDelta(text.ToDelta(), object.Key("delta"));
      break;
    }
    case Format::kText:
      body = text.ToString();
      break;
    case Format::kHtml:
      body = RenderHtml(text.ToDelta(), info.type, info.title.value_or(info.id));
      break;
    case Format::kMarkdown:
      body = RenderMarkdown(text.ToDelta(), info.type);
      break;
  }
  Response response{.content_type = std::string(ContentTypeOf(format))};
  response.body = std::make_shared<const std::string>(std::move(body));
  response.fields.emplace_back("Coedit-Revision", absl::StrCat(shown.snapshot.head.revision));
  response.fields.emplace_back("Vary", "Accept");
  if (format == Format::kHtml) {
    // It is made of what strangers wrote. There is no script in it, and none would run.
    response.fields.emplace_back(
        "Content-Security-Policy",
        "default-src 'none'; img-src https: data:; style-src 'unsafe-inline'; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'none'; sandbox allow-popups");
  }
  return response;
}

// Reads the time of the revision, if it has to be read, and answers.
void ShowTimed(const ExchangePtr& exchange, Format format, Shown shown) {
  const auto answer = [exchange, format](Shown all) {
    const int64_t bytes = all.snapshot.text.bytes() + 16 * all.snapshot.text.run_count();
    exchange->AnswerComputed(bytes,
                             [format, all = std::move(all)] { return ShownAs(format, all); });
  };
  const ot::Revision revision = shown.snapshot.head.revision;
  if (revision == 0) shown.at_ms = shown.document.created_ms;
  if (revision != 0 && revision == shown.document.head.revision) {
    shown.at_ms = shown.document.changed_ms;
  }
  if (shown.at_ms.has_value() || format != Format::kJson) return answer(std::move(shown));
  exchange->store().ReadCommits(
      exchange->document, revision, revision,
      exchange->Then<std::vector<ot::Commit>>(
          [answer, shown = std::move(shown)](const std::vector<ot::Commit>& commits) mutable {
            shown.at_ms = commits.front().time_ms;
            answer(std::move(shown));
          }));
}

void ShowRevision(const ExchangePtr& exchange, Format format, storage::DocumentInfo info,
                  ot::Revision revision) {
  exchange->store().ReadRevision(
      exchange->document, revision,
      exchange->Then<storage::Snapshot>(
          [exchange, format, info = std::move(info)](storage::Snapshot snapshot) mutable {
            // The head may have moved on since the info was read.
            if (snapshot.head.revision > info.head.revision) info.head = snapshot.head;
            ShowTimed(exchange, format, {std::move(info), std::move(snapshot), std::nullopt});
          }));
}

}  // namespace

void CreateDocument(ExchangePtr exchange) {
  const absl::StatusOr<proto::JsonTree> tree =
      ParseBody(exchange->request.body, {"id", "type", "title", "content"});
  if (!tree.ok()) return exchange->RefuseBad(tree.status());
  proto::JsonFields fields(tree->root());
  storage::DocumentInfo made;
  made.id = ReadDocumentId(&fields, "id").value_or("");
  const std::string type = fields.OptionalText("type").value_or("rich-text");
  made.title = ReadTitle(&fields, "title");
  const std::optional<proto::JsonValue> content = fields.Optional("content");
  if (!fields.ok()) return exchange->RefuseBad(fields.status());
  const std::optional<ot::DocumentType> known = proto::ParseDocumentType(type);
  if (!known.has_value()) {
    return exchange->RefuseBad(
        proto::Wrong("type", proto::Quoted(type), " is neither \"rich-text\" nor \"plain-text\""));
  }
  made.type = *known;
  absl::StatusOr<ot::Text> text =
      ReadContent(content, made.type, exchange->limits().decode(), exchange->limits().document());
  if (!text.ok()) {
    return exchange->Refuse(absl::IsResourceExhausted(text.status()) ? WireCode::kDocumentLimit
                                                                     : WireCode::kInvalidOperation,
                            text.status().message());
  }
  if (made.id.empty()) made.id = NewDocumentId(exchange->environment().random);
  Create(exchange, std::move(made), *std::move(text));
}

void ListDocuments(ExchangePtr exchange) {
  Query query(exchange->request.query, {"prefix", "search", "after", "limit"});
  storage::DocumentQuery wanted{
      .prefix = query.Text("prefix").value_or(""),
      .search = query.Text("search").value_or(""),
      .after = query.Text("after").value_or(""),
      .limit = static_cast<int64_t>(query.Integer("limit", 1, kListMax).value_or(kListDefault))};
  for (const std::string* text : {&wanted.prefix, &wanted.search, &wanted.after}) {
    if (text->size() > kSearchBytesMax) {
      query.Fail(proto::Wrong(proto::Quoted(*text), text->size(), " bytes; at most ",
                              kSearchBytesMax, " are allowed"));
    }
  }
  if (!query.status().ok()) return exchange->RefuseBad(query.status());
  exchange->store().List(
      std::move(wanted),
      exchange->Then<storage::DocumentPage>([exchange](const storage::DocumentPage& page) {
        std::string json;
        {
          proto::JsonObjectWriter object(&json);
          std::string* out = object.Key("documents");
          proto::AppendJsonArray(page.documents, out, [out](const auto& one) {
            proto::JsonObjectWriter document(out);
            WriteDocument(one, &document);
          });
          if (!page.next.empty()) object.Text("next", page.next);
        }
        exchange->Answer(JsonResponse(200, std::move(json)));
      }));
}

void GetDocument(ExchangePtr exchange) {
  Query query(exchange->request.query, {"revision", "at", "format"});
  const std::optional<uint64_t> revision = query.Integer("revision", 0, proto::kSafeInteger);
  const std::optional<uint64_t> at_ms = query.Integer("at", 0, proto::kSafeInteger);
  const std::optional<std::string> named = query.Text("format");
  std::optional<Format> format;
  if (named.has_value()) {
    format = ParseFormat(*named);
    if (!format.has_value()) {
      query.Fail(proto::Wrong("format", proto::Quoted(*named),
                              " is none of json, text, html and markdown"));
    }
  } else {
    format = AcceptedFormat(exchange->request.accept);
  }
  if (revision.has_value() && at_ms.has_value()) {
    query.Fail(proto::Wrong("at", "stands beside revision; only one of them can count"));
  }
  if (!query.status().ok()) return exchange->RefuseBad(query.status());
  if (!format.has_value()) {
    return exchange->Answer(ErrorResponse(
        WireCode::kBadMessage, 406, /*retry=*/false,
        "a document comes as application/json, text/plain, text/html or text/markdown"));
  }
  exchange->store().Info(
      exchange->document,
      exchange->Then<storage::DocumentInfo>(
          [exchange, revision, at_ms, format = *format](storage::DocumentInfo info) {
            if (at_ms.has_value()) {
              exchange->store().FindRevision(
                  exchange->document, static_cast<int64_t>(*at_ms),
                  exchange->Then<ot::Revision>([exchange, format, info](ot::Revision found) {
                    ShowRevision(exchange, format, info, found);
                  }));
              return;
            }
            const ot::Revision shown = revision.value_or(info.head.revision);
            ShowRevision(exchange, format, std::move(info), shown);
          }));
}

void PatchDocument(ExchangePtr exchange) {
  const absl::StatusOr<proto::JsonTree> tree = ParseBody(exchange->request.body, {"title"});
  if (!tree.ok()) return exchange->RefuseBad(tree.status());
  proto::JsonFields fields(tree->root());
  fields.Required("title");  // null is a value: it takes the title away
  std::optional<std::string> title = ReadTitle(&fields, "title");
  if (!fields.ok()) return exchange->RefuseBad(fields.status());
  exchange->store().SetTitle(exchange->document, std::move(title), exchange->ThenDone([exchange] {
    exchange->store().Info(exchange->document,
                           exchange->Then<storage::DocumentInfo>([exchange](const auto& info) {
                             exchange->Answer(JsonResponse(200, DocumentJson(info)));
                           }));
  }));
}

void DeleteDocument(ExchangePtr exchange) {
  exchange->documents().Delete(exchange->document,
                               exchange->ThenDone([exchange] { exchange->Answer(NoContent()); }));
}

void CopyDocument(ExchangePtr exchange) {
  const absl::StatusOr<proto::JsonTree> tree =
      ParseBody(exchange->request.body, {"id", "title", "revision"});
  if (!tree.ok()) return exchange->RefuseBad(tree.status());
  proto::JsonFields fields(tree->root());
  storage::DocumentInfo made;
  made.id = ReadDocumentId(&fields, "id").value_or("");
  made.title = ReadTitle(&fields, "title");
  const std::optional<uint64_t> revision =
      fields.OptionalInteger("revision", 0, proto::kSafeInteger);
  if (!fields.ok()) return exchange->RefuseBad(fields.status());
  if (made.id.empty()) made.id = NewDocumentId(exchange->environment().random);
  exchange->store().Info(
      exchange->document,
      exchange->Then<storage::DocumentInfo>(
          [exchange, made = std::move(made), revision](const storage::DocumentInfo& info) mutable {
            made.type = info.type;
            exchange->store().ReadRevision(
                exchange->document, revision.value_or(info.head.revision),
                exchange->Then<storage::Snapshot>(
                    [exchange, made = std::move(made)](storage::Snapshot snapshot) {
                      Create(exchange, made, std::move(snapshot.text));
                    }));
          }));
}

void ListMembers(ExchangePtr exchange) {
  const auto answer = [exchange](const std::vector<PresentMember>& members) {
    std::string json;
    {
      proto::JsonObjectWriter object(&json);
      std::string* out = object.Key("members");
      proto::AppendJsonArray(members, out, [out](const PresentMember& member) {
        proto::JsonObjectWriter(out)
            .Text("sessionId", member.session_id)
            .Number("author", member.author)
            .Text("name", member.user.name)
            .Text("color", member.user.color);
      });
    }
    exchange->Answer(JsonResponse(200, std::move(json)));
  };
  exchange->documents().ListMembers(
      exchange->document, [exchange, answer](const std::vector<PresentMember>& members) {
        // Who is in the room opened what exists.
        if (!members.empty()) return answer(members);
        exchange->store().Info(exchange->document, exchange->Then<storage::DocumentInfo>(
                                                       [answer](const auto&) { answer({}); }));
      });
}

}  // namespace coedit::server::api
