// Blame: who wrote which span. The log is read some thousand commits at a time and folded on the
// long lane, from the latest blame of the document that can be gone on from, or from revision 0.
#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "proto/error_text.h"
#include "server/api/answers.h"
#include "server/api/authorship.h"
#include "server/api/blame_cache.h"
#include "server/api/handlers.h"
#include "server/api/query.h"

namespace coedit::server::api {
namespace {

// Others who read wait for one such piece at most.
constexpr uint64_t kFoldCommits = 16384;
constexpr size_t kSpansMax = 200000;  // of an answer: about 16 MiB

// One blame that is being made. Counted by BlameCache as long as it lives.
class Folding {
 public:
  explicit Folding(ExchangePtr exchange) : exchange(std::move(exchange)) {}
  ~Folding() { exchange->blames().End(); }
  Folding(const Folding&) = delete;
  Folding& operator=(const Folding&) = delete;

  const ExchangePtr exchange;
  ot::Revision wanted = 0;
  Blame blame;  // as far as it is made; the lane's while that is at it
};
using FoldingPtr = std::shared_ptr<Folding>;

Response WriteBlame(const Blame& blame, const std::vector<storage::Author>& authors) {
  const std::vector<AuthorSpan> spans = blame.authorship.Spans();
  if (spans.size() > kSpansMax) {
    return ErrorResponse(WireCode::kTooComplex,
                         absl::StrCat("the text has ", spans.size(), " spans; at most ", kSpansMax,
                                      " are answered"));
  }
  AuthorNumbers named;
  std::string json;
  {
    proto::JsonObjectWriter object(&json);
    object.Number("revision", blame.revision);
    std::string* out = object.Key("spans");
    proto::AppendJsonArray(spans, out, [&](const AuthorSpan& span) {
      named.insert(span.author);
      proto::JsonObjectWriter one(out);
      one.Number("length", static_cast<uint64_t>(span.length))
          .Number("author", span.author)
          .Number("revision", span.revision);
      WriteTime("atMs", span.at_ms, &one);
    });
    WriteAuthors(authors, named, &object);
  }
  return JsonResponse(200, std::move(json));
}

void AnswerBlame(const ExchangePtr& exchange, std::shared_ptr<const Blame> blame) {
  exchange->store().Authors(
      exchange->document,
      exchange->Then<std::vector<storage::Author>>(
          [exchange, blame = std::move(blame)](std::vector<storage::Author> authors) {
            exchange->Compute(
                Lane::kLong,
                [blame, authors = std::move(authors)] { return WriteBlame(*blame, authors); },
                [exchange](Response response) { exchange->Answer(std::move(response)); });
          }));
}

void Fold(FoldingPtr folding) {
  const ExchangePtr& exchange = folding->exchange;
  if (folding->blame.revision == folding->wanted) {
    auto blame = std::make_shared<const Blame>(std::move(folding->blame));
    exchange->blames().Keep(blame);
    return AnswerBlame(exchange, std::move(blame));
  }
  const ot::Revision first = folding->blame.revision + 1;
  const ot::Revision last = std::min(folding->wanted, folding->blame.revision + kFoldCommits);
  exchange->store().ReadCommits(
      exchange->document, first, last,
      exchange->Then<std::vector<ot::Commit>>([folding, last](std::vector<ot::Commit> commits) {
        folding->exchange->Compute(
            Lane::kLong,
            [folding, last, commits = std::move(commits)] {
              for (const ot::Commit& commit : commits) {
                if (absl::Status fits = folding->blame.authorship.Add(commit); !fits.ok()) {
                  return fits;
                }
              }
              folding->blame.revision = last;
              return absl::OkStatus();
            },
            [folding](const absl::Status& folded) {
              if (!folded.ok()) return folding->exchange->RefuseFor(folded);
              Fold(folding);
            });
      }));
}

void Begin(const ExchangePtr& exchange, const storage::DocumentInfo& info, ot::Revision revision) {
  std::shared_ptr<const Blame> known =
      exchange->blames().Find(exchange->document, info.epoch, revision);
  if (known != nullptr && known->revision == revision) return AnswerBlame(exchange, known);
  if (!exchange->blames().Begin()) {
    return exchange->Refuse(WireCode::kUnavailable, "too many blames are made at this moment");
  }
  auto folding = std::make_shared<Folding>(exchange);
  folding->wanted = revision;
  if (known != nullptr) {
    folding->blame = *known;
    return Fold(std::move(folding));
  }
  folding->blame.document = exchange->document;
  folding->blame.epoch = info.epoch;
  exchange->store().ReadRevision(
      exchange->document, 0,
      exchange->Then<storage::Snapshot>(
          [folding, created_ms = info.created_ms](const storage::Snapshot& snapshot) {
            folding->blame.authorship = Authorship(snapshot.text.length(), created_ms);
            Fold(folding);
          }));
}

}  // namespace

void GetBlame(ExchangePtr exchange) {
  Query query(exchange->request.query, {"revision"});
  const std::optional<uint64_t> revision = query.Integer("revision", 0, proto::kSafeInteger);
  if (!query.status().ok()) return exchange->RefuseBad(query.status());
  exchange->store().Info(
      exchange->document,
      exchange->Then<storage::DocumentInfo>(
          [exchange, revision](const storage::DocumentInfo& info) {
            if (revision.value_or(0) > info.head.revision) {
              return exchange->RefuseBad(proto::Wrong(
                  "revision", *revision, " is ahead of the head ", info.head.revision));
            }
            Begin(exchange, info, revision.value_or(info.head.revision));
          }));
}

}  // namespace coedit::server::api
