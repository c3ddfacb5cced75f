// The past of a document: its commits, the difference of two revisions, revisions for a slider, and
// those that people named.
#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "ot/apply.h"
#include "proto/error_text.h"
#include "proto/json_delta.h"
#include "server/api/answers.h"
#include "server/api/body.h"
#include "server/api/handlers.h"
#include "server/api/query.h"

namespace coedit::server::api {
namespace {

constexpr uint64_t kOperationsMax = 1000;
constexpr uint64_t kOperationsDefault = 100;
// Commits are read so many at a time until they hold so many bytes: a page ends early where
// operations are large.
constexpr uint64_t kReadCommits = 128;
constexpr int64_t kPageBytesMax = 1 << 20;
constexpr int64_t kOperationBytes = 128;  // of one in an answer, beside its text

constexpr uint64_t kTimelinePointsDefault = 100;

// A page of operations as it is gathered.
struct OperationPage {
  ot::Revision last_wanted = 0;
  ot::Revision head = 0;
  int64_t bytes = 0;
  std::vector<ot::Commit> commits;
};

Response WriteOperations(const OperationPage& page, const std::vector<storage::Author>& authors) {
  AuthorNumbers named;
  std::string json;
  {
    proto::JsonObjectWriter object(&json);
    std::string* out = object.Key("operations");
    proto::AppendJsonArray(page.commits, out, [&](const ot::Commit& commit) {
      named.insert(commit.author);
      proto::JsonObjectWriter operation(out);
      operation.Number("revision", commit.revision)
          .Number("author", commit.author)
          .Number("sequence", commit.sequence);
      WriteTime("atMs", commit.time_ms, &operation);
      proto::AppendJsonDelta(commit.delta, operation.Key("delta"));
    });
    WriteAuthors(authors, named, &object);
    object.Number("headRevision", page.head);
    if (!page.commits.empty() && page.commits.back().revision < page.head) {
      object.Number("next", page.commits.back().revision);
    }
  }
  return JsonResponse(200, std::move(json));
}

void ReadOperations(const ExchangePtr& exchange, ot::Revision after,
                    std::shared_ptr<OperationPage> page) {
  if (after >= page->last_wanted || page->bytes >= kPageBytesMax) {
    exchange->store().Authors(exchange->document,
                              exchange->Then<std::vector<storage::Author>>(
                                  [exchange, page](std::vector<storage::Author> authors) {
                                    exchange->AnswerComputed(
                                        page->bytes, [page, authors = std::move(authors)] {
                                          return WriteOperations(*page, authors);
                                        });
                                  }));
    return;
  }
  const ot::Revision last = std::min(page->last_wanted, after + kReadCommits);
  exchange->store().ReadCommits(
      exchange->document, after + 1, last,
      exchange->Then<std::vector<ot::Commit>>(
          [exchange, last, page](std::vector<ot::Commit> commits) {
            for (ot::Commit& commit : commits) {
              page->bytes += kOperationBytes + static_cast<int64_t>(commit.delta.text_bytes());
              page->commits.push_back(std::move(commit));
            }
            ReadOperations(exchange, last, page);
          }));
}

Response WriteDiff(const storage::Snapshot& from, const storage::Snapshot& to) {
  std::string json;
  {
    proto::JsonObjectWriter object(&json);
    object.Number("from", from.head.revision).Number("to", to.head.revision);
    proto::AppendJsonDelta(ot::Diff(from.text, to.text), object.Key("delta"));
    proto::AppendJsonDelta(from.text.ToDelta(), object.Key("before"));
  }
  return JsonResponse(200, std::move(json));
}

// Reads both texts, one after the other, and compares them off this thread.
void Compare(const ExchangePtr& exchange, ot::Revision from, ot::Revision to) {
  exchange->store().ReadRevision(
      exchange->document, from,
      exchange->Then<storage::Snapshot>([exchange, to](storage::Snapshot before) {
        exchange->store().ReadRevision(
            exchange->document, to,
            exchange->Then<storage::Snapshot>(
                [exchange, before = std::move(before)](storage::Snapshot after) mutable {
                  exchange->Compute(
                      Lane::kLong,
                      [before = std::move(before), after = std::move(after)] {
                        return WriteDiff(before, after);
                      },
                      [exchange](Response response) { exchange->Answer(std::move(response)); });
                }));
      }));
}

void WriteTimeline(const ExchangePtr& exchange, const storage::Timeline& timeline,
                   const std::vector<storage::Author>& authors) {
  AuthorNumbers named;
  std::string json;
  {
    proto::JsonObjectWriter object(&json);
    object.Number("headRevision", timeline.document.head.revision);
    WriteTime("createdMs", timeline.document.created_ms, &object);
    WriteTime("changedMs", timeline.document.changed_ms, &object);
    std::string* out = object.Key("points");
    proto::AppendJsonArray(timeline.points, out, [&](const storage::TimelinePoint& point) {
      named.insert(point.author);
      proto::JsonObjectWriter one(out);
      one.Number("revision", point.revision);
      WriteTime("atMs", point.time_ms, &one);
      one.Number("author", point.author);
    });
    WriteAuthors(authors, named, &object);
  }
  exchange->Answer(JsonResponse(200, std::move(json)));
}

}  // namespace

void ListOperations(ExchangePtr exchange) {
  Query query(exchange->request.query, {"after", "limit"});
  const uint64_t after = query.Integer("after", 0, proto::kSafeInteger).value_or(0);
  const uint64_t limit = query.Integer("limit", 1, kOperationsMax).value_or(kOperationsDefault);
  if (!query.status().ok()) return exchange->RefuseBad(query.status());
  exchange->store().Info(
      exchange->document,
      exchange->Then<storage::DocumentInfo>(
          [exchange, after, limit](const storage::DocumentInfo& info) {
            if (after > info.head.revision) {
              return exchange->RefuseBad(proto::Wrong(
                  "after", "revision ", after, " is ahead of the head ", info.head.revision));
            }
            auto page = std::make_shared<OperationPage>();
            page->head = info.head.revision;
            page->last_wanted = std::min(info.head.revision, after + limit);
            ReadOperations(exchange, after, std::move(page));
          }));
}

void GetDiff(ExchangePtr exchange) {
  Query query(exchange->request.query, {"from", "to"});
  const std::optional<uint64_t> from = query.Integer("from", 0, proto::kSafeInteger);
  const std::optional<uint64_t> to = query.Integer("to", 0, proto::kSafeInteger);
  if (!from.has_value()) query.Fail(proto::Wrong("from", "is missing"));
  if (!query.status().ok()) return exchange->RefuseBad(query.status());
  if (to.has_value()) return Compare(exchange, *from, *to);
  exchange->store().Info(exchange->document,
                         exchange->Then<storage::DocumentInfo>(
                             [exchange, from = *from](const storage::DocumentInfo& info) {
                               Compare(exchange, from, info.head.revision);
                             }));
}

void GetTimeline(ExchangePtr exchange) {
  Query query(exchange->request.query, {"points"});
  const uint64_t points =
      query.Integer("points", 1, storage::kTimelinePointsMax).value_or(kTimelinePointsDefault);
  if (!query.status().ok()) return exchange->RefuseBad(query.status());
  exchange->store().ReadTimeline(
      exchange->document, static_cast<int64_t>(points),
      exchange->Then<storage::Timeline>([exchange](storage::Timeline timeline) {
        exchange->store().Authors(
            exchange->document,
            exchange->Then<std::vector<storage::Author>>(
                [exchange, timeline = std::move(timeline)](const auto& authors) {
                  WriteTimeline(exchange, timeline, authors);
                }));
      }));
}

void ListVersions(ExchangePtr exchange) {
  exchange->store().ListVersions(
      exchange->document,
      exchange->Then<std::vector<storage::Version>>([exchange](const auto& versions) {
        std::string json;
        {
          proto::JsonObjectWriter object(&json);
          std::string* out = object.Key("versions");
          proto::AppendJsonArray(versions, out, [out](const storage::Version& version) {
            out->append(VersionJson(version));
          });
        }
        exchange->Answer(JsonResponse(200, std::move(json)));
      }));
}

void AddVersion(ExchangePtr exchange) {
  const absl::StatusOr<proto::JsonTree> tree =
      ParseBody(exchange->request.body, {"name", "revision", "by"});
  if (!tree.ok()) return exchange->RefuseBad(tree.status());
  proto::JsonFields fields(tree->root());
  fields.Text("name");
  storage::Version version;
  const std::optional<std::string> name = ReadTitle(&fields, "name");
  version.by = ReadTitle(&fields, "by");
  const std::optional<uint64_t> revision =
      fields.OptionalInteger("revision", 0, proto::kSafeInteger);
  if (!name.has_value()) fields.Fail(proto::Wrong("name", "is empty"));
  if (!fields.ok()) return exchange->RefuseBad(fields.status());
  version.name = *name;
  version.created_ms = exchange->environment().clock->WallMs();
  exchange->store().Info(
      exchange->document,
      exchange->Then<storage::DocumentInfo>(
          [exchange, version, revision](const storage::DocumentInfo& info) mutable {
            version.revision = revision.value_or(info.head.revision);
            auto done = [exchange](absl::StatusOr<storage::Version> added) {
              exchange->environment().executor->Post([exchange, added = std::move(added)] {
                if (absl::IsFailedPrecondition(added.status())) {
                  return exchange->Refuse(WireCode::kDocumentLimit, added.status().message());
                }
                if (!added.ok()) return exchange->RefuseFor(added.status());
                exchange->Answer(JsonResponse(201, VersionJson(*added)));
              });
            };
            exchange->store().AddVersion(exchange->document, std::move(version), std::move(done));
          }));
}

void DeleteVersion(ExchangePtr exchange) {
  exchange->store().DeleteVersion(
      exchange->document, exchange->version, [exchange](const absl::Status& status) {
        exchange->environment().executor->Post([exchange, status] {
          if (absl::IsOutOfRange(status)) {
            return exchange->Refuse(WireCode::kNoSuchDocument,
                                    absl::StrCat("document '", exchange->document,
                                                 "' has no version ", exchange->version));
          }
          if (!status.ok()) return exchange->RefuseFor(status);
          exchange->Answer(NoContent());
        });
      });
}

}  // namespace coedit::server::api
