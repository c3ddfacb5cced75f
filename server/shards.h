// Shards: the documents of one process, spread over executors.
//
// A shard is one executor with a hub, the actors of that hub's documents, and the sessions whose
// connection lives there. Nothing of one shard is touched by another's tasks: what crosses is
// posted, as a value. A document's shard is decided by its id alone, so whoever wants it knows
// where to ask; with one shard everything is where it is asked for, and nothing crosses.
//
//   Environment environments[] = {...};          // alike but for `executor`
//   Shards shards({&environments[0], &environments[1]});
//   Session::Make(&shards, shard, sink, encoding);   // on the executor of `shard`
//
// A connection begins wherever it was accepted. Its session's first `open` asks the transport to
// move to the document's shard (FrameSink::MoveTo), where an operation then crosses nothing. A
// document of another shard is reached from where the session is:
//
//   session's shard                               document's shard
//   Session ── Hub::Open, Submit, Leave ... ─post─▶ DocumentActor
//   Session ◀─post─ RemoteLink ◀─ Deliver ───────── Room
//
// Each executor keeps the order of what one thread posts to it. So all that one actor delivers to
// one session arrives in order, and so does all that one session asks of one document.
#ifndef COEDIT_SERVER_SHARDS_H_
#define COEDIT_SERVER_SHARDS_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "absl/strings/string_view.h"
#include "server/environment.h"
#include "server/hub.h"
#include "server/process_counts.h"
#include "server/seams.h"

namespace coedit::server {

class Shards {
 public:
  // At least one environment, each with an executor of its own and all with the same limits; they
  // outlive this. It outlives every session and every task that was posted to their executors.
  explicit Shards(const std::vector<const Environment*>& environments);
  Shards(const Shards&) = delete;
  Shards& operator=(const Shards&) = delete;
  // When no executor runs any more.
  ~Shards();

  // Any thread.
  size_t count() const { return hubs_.size(); }
  size_t ShardOf(absl::string_view document) const;
  const Environment& environment(size_t shard) const { return *environments_[shard]; }
  Executor* executor(size_t shard) const { return environments_[shard]->executor; }
  ProcessCounts& counts() { return counts_; }
  // Of all shards.
  int64_t open_documents() const { return counts_.documents(); }

  // Its calls belong to the shard's executor.
  Hub& hub(size_t shard) { return *hubs_[shard]; }
  Hub& HubOf(absl::string_view document) { return hub(ShardOf(document)); }

  // Hub::Shutdown of all; `done` is posted to `executor` once each has done its part. Any thread.
  void Shutdown(Executor* executor, Task done);

 private:
  const std::vector<const Environment*> environments_;
  ProcessCounts counts_;
  std::vector<std::unique_ptr<Hub>> hubs_;
};

}  // namespace coedit::server

#endif  // COEDIT_SERVER_SHARDS_H_
