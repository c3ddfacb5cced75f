// ColdReader: somebody who comes to a document later and sees what the server says it holds.
#ifndef COEDIT_BENCH_LOAD_COLD_READER_H_
#define COEDIT_BENCH_LOAD_COLD_READER_H_

#include <optional>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "bench/load/connection.h"
#include "bench/load/convergence.h"

namespace coedit::bench {

class ColdReader final : private Connection::Listener {
 public:
  using Done = absl::AnyInvocable<void(absl::StatusOr<Holding>) &&>;

  // Opens options.document, which has to exist, and calls `done` once. `done` may not destroy the
  // reader.
  ColdReader(EventLoop* loop, Connection::Options options, Done done);

 private:
  void OnOpened(const proto::Opened& opened, std::optional<ot::Text> text) override;
  void OnCommitted(const proto::Committed&) override {}
  void OnAck(const proto::Ack&) override {}
  void OnFailed(const absl::Status& reason) override;

  Done done_;
  Connection connection_;
};

}  // namespace coedit::bench

#endif  // COEDIT_BENCH_LOAD_COLD_READER_H_
