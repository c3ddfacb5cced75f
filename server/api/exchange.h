// Exchange: one request on its way through the handlers, and the ways to go on from there: asking
// the store, computing, answering. It is answered exactly once, on the executor; a step whose
// exchange was answered already is passed over.
#ifndef COEDIT_SERVER_API_EXCHANGE_H_
#define COEDIT_SERVER_API_EXCHANGE_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/api/compute.h"
#include "server/api/documents.h"
#include "server/api/message.h"
#include "server/environment.h"
#include "storage/store.h"

namespace coedit::server::api {

class BlameCache;

// What handlers work with; outlives every exchange.
struct Context {
  const Environment* environment = nullptr;
  Documents* documents = nullptr;
  Compute* compute = nullptr;
  BlameCache* blames = nullptr;
};

class Exchange : public std::enable_shared_from_this<Exchange> {
 public:
  Exchange(const Context* context, Request request, Respond respond)
      : request(std::move(request)), context_(*context), respond_(std::move(respond)) {}

  const Request request;
  std::string document;  // of the path, a legal id; empty if the path has none
  uint64_t version = 0;  // of the path

  const Limits& limits() const { return context_.environment->limits; }
  const Environment& environment() const { return *context_.environment; }
  storage::Store& store() const { return *context_.environment->store; }
  Documents& documents() const { return *context_.documents; }
  BlameCache& blames() const { return *context_.blames; }
  bool answered() const { return respond_ == nullptr; }

  void Answer(Response response) {
    if (!answered()) std::exchange(respond_, nullptr)(std::move(response));
  }
  void Refuse(WireCode code, absl::string_view text) { Answer(ErrorResponse(code, text)); }
  // A request that is wrong in itself.
  void RefuseBad(const absl::Status& status) { Refuse(WireCode::kBadMessage, status.message()); }
  // What the store answered instead.
  void RefuseFor(const absl::Status& status);

  // A callback for the store that goes on with `next(T)` on the executor, or refuses.
  template <typename T, typename Next>
  storage::Store::Callback<absl::StatusOr<T>> Then(Next next) {
    return [self = shared_from_this(), next = std::move(next)](absl::StatusOr<T> result) mutable {
      Executor* executor = self->environment().executor;
      executor->Post(
          [self = std::move(self), next = std::move(next), result = std::move(result)]() mutable {
            if (self->answered()) return;
            if (!result.ok()) return self->RefuseFor(result.status());
            next(*std::move(result));
          });
    };
  }
  // The same for changes that answer with a status alone.
  template <typename Next>
  storage::Store::Callback<absl::Status> ThenDone(Next next) {
    return [self = shared_from_this(), next = std::move(next)](absl::Status status) mutable {
      Executor* executor = self->environment().executor;
      executor->Post([self = std::move(self), next = std::move(next), status]() mutable {
        if (self->answered()) return;
        if (!status.ok()) return self->RefuseFor(status);
        next();
      });
    };
  }

  // Does `work()` off this thread, then `next(result)` on it. Refused `unavailable` where too much
  // waits for that already.
  template <typename Work, typename Next>
  void Compute(Lane lane, Work work, Next next) {
    using Result = decltype(work());
    auto result = std::make_shared<std::optional<Result>>();
    const bool taken = context_.compute->Run(
        lane, [result, work = std::move(work)]() mutable { result->emplace(work()); },
        [self = shared_from_this(), result, next = std::move(next)]() mutable {
          if (!self->answered()) next(*std::move(*result));
        });
    if (!taken) Refuse(WireCode::kUnavailable, "too much is being computed at this moment");
  }
  // Answers with what `work()` writes, off this thread if `bytes`, about what it walks over, are
  // many.
  template <typename Work>
  void AnswerComputed(int64_t bytes, Work work) {
    if (bytes <= kInlineBytesMax) return Answer(work());
    Compute(Lane::kShort, std::move(work),
            [self = this](Response response) { self->Answer(std::move(response)); });
  }

 private:
  // Written out in about a hundredth of a millisecond.
  static constexpr int64_t kInlineBytesMax = 8 << 10;

  const Context& context_;
  Respond respond_;
};

using ExchangePtr = std::shared_ptr<Exchange>;

}  // namespace coedit::server::api

#endif  // COEDIT_SERVER_API_EXCHANGE_H_
