// Changes of a document's text. Both ways end in the document's hub: the operation takes its place
// in the one order, is durable, and only then is the request answered.
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "ot/apply.h"
#include "ot/canonical.h"
#include "proto/error_text.h"
#include "proto/json_delta.h"
#include "proto/json_writer.h"
#include "server/api/body.h"
#include "server/api/handlers.h"
#include "server/identity.h"

namespace coedit::server::api {
namespace {

// What a resend of a restore is recognised by. The delta cannot be it: it is made of the head,
// which has moved on when the resend comes.
uint64_t RestoreIdentity(ot::Revision revision) {
  return ot::HashBytes("coedit.restore", revision);
}

// The fields that say who edits.
EditRequest ReadEditor(const Exchange& exchange, proto::JsonFields* fields) {
  EditRequest edit{.document = exchange.document, .member = exchange.documents().NextMember()};
  std::string client_id = ReadClientId(fields, "clientId");
  edit.sequence = fields->Integer("sequence", 1, proto::kSafeInteger);
  proto::Hello hello{.client_id = std::move(client_id),
                     .name = fields->OptionalText("name"),
                     .color = fields->OptionalText("color")};
  const auto bytes_max = static_cast<size_t>(exchange.limits().decode().string_bytes_max);
  if (hello.name.value_or("").size() > bytes_max || hello.color.value_or("").size() > bytes_max) {
    fields->Fail(proto::Wrong("name", "name or color has more than ", bytes_max, " bytes"));
  }
  if (fields->ok()) {
    proto::User user = MakeUser(hello, exchange.limits().name_characters);
    edit.identity =
        std::make_shared<const Identity>(Identity{std::move(hello.client_id), std::move(user)});
  }
  return edit;
}

void AnswerEdited(const ExchangePtr& exchange, const Edited& edited, ot::Digest digest) {
  std::string json;
  proto::JsonObjectWriter(&json)
      .Number("revision", edited.revision)
      .Digest("digest", ot::ToReplica(digest))
      .Number("author", edited.author);
  exchange->Answer(JsonResponse(200, std::move(json)));
}

void SubmitEdit(const ExchangePtr& exchange, EditRequest edit) {
  edit.done = [exchange](EditAnswer answer) {
    if (const auto* refused = std::get_if<EditRefused>(&answer)) {
      return exchange->Answer(ErrorResponse(refused->code, InfoOf(refused->code).http_status,
                                            refused->retry, refused->text));
    }
    const Edited edited = std::get<Edited>(answer);
    if (edited.digest.has_value()) return AnswerEdited(exchange, edited, *edited.digest);
    if (edited.revision == 0) return AnswerEdited(exchange, edited, 0);
    exchange->store().ReadCommits(exchange->document, edited.revision, edited.revision,
                                  exchange->Then<std::vector<ot::Commit>>(
                                      [exchange, edited](const std::vector<ot::Commit>& commits) {
                                        AnswerEdited(exchange, edited, commits.front().digest);
                                      }));
  };
  exchange->documents().Edit(std::move(edit));
}

// `edit.base` is the durable head; `now` and `then` are the texts there and at the revision wanted.
void SubmitRestore(const ExchangePtr& exchange, EditRequest edit, storage::Snapshot then,
                   storage::Snapshot now) {
  edit.base = now.head.revision;
  edit.operation_identity = RestoreIdentity(then.head.revision);
  exchange->Compute(
      Lane::kLong,
      [then = std::move(then), now = std::move(now)] { return ot::Diff(now.text, then.text); },
      [exchange, edit = std::move(edit)](ot::Delta delta) mutable {
        edit.delta = std::move(delta);
        SubmitEdit(exchange, std::move(edit));
      });
}

}  // namespace

void PostOperation(ExchangePtr exchange) {
  const absl::StatusOr<proto::JsonTree> tree = ParseBody(
      exchange->request.body, {"clientId", "sequence", "revision", "delta", "name", "color"});
  if (!tree.ok()) return exchange->RefuseBad(tree.status());
  proto::JsonFields fields(tree->root());
  EditRequest edit = ReadEditor(*exchange, &fields);
  edit.base = fields.Integer("revision", 0, proto::kSafeInteger);
  const std::optional<proto::JsonValue> delta = fields.Required("delta");
  if (!fields.ok()) return exchange->RefuseBad(fields.status());
  absl::StatusOr<ot::Delta> read = proto::ReadJsonDelta(*delta, exchange->limits().decode());
  if (!read.ok()) {
    return exchange->Refuse(WireCode::kInvalidOperation,
                            proto::In("delta", read.status()).message());
  }
  edit.delta = *std::move(read);
  SubmitEdit(exchange, std::move(edit));
}

void RestoreRevision(ExchangePtr exchange) {
  const absl::StatusOr<proto::JsonTree> tree =
      ParseBody(exchange->request.body, {"revision", "clientId", "sequence", "name", "color"});
  if (!tree.ok()) return exchange->RefuseBad(tree.status());
  proto::JsonFields fields(tree->root());
  EditRequest edit = ReadEditor(*exchange, &fields);
  const uint64_t revision = fields.Integer("revision", 0, proto::kSafeInteger);
  if (!fields.ok()) return exchange->RefuseBad(fields.status());
  exchange->store().ReadRevision(
      exchange->document, revision,
      exchange->Then<storage::Snapshot>([exchange,
                                         edit = std::move(edit)](storage::Snapshot then) mutable {
        exchange->store().Info(
            exchange->document,
            exchange->Then<storage::DocumentInfo>(
                [exchange, edit = std::move(edit),
                 then = std::move(then)](const storage::DocumentInfo& info) mutable {
                  exchange->store().ReadRevision(
                      exchange->document, info.head.revision,
                      exchange->Then<storage::Snapshot>([exchange, edit = std::move(edit),
                                                         then = std::move(then)](
                                                            storage::Snapshot now) mutable {
                        SubmitRestore(exchange, std::move(edit), std::move(then), std::move(now));
                      }));
                }));
      }));
}

}  // namespace coedit::server::api
