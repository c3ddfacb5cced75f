// A load: documents full of clients, some of whom type, for a time; and, where asked for, what
// disturbs them: presence, visitors who come and go, readers who stop reading, idle connections, a
// cut of all connections at once.
//
// The same for every protocol (member.h). A run proves before it reports: every edit was
// acknowledged and reached everybody once and in order (ledger.h), and at the end all clients and a
// newcomer hold one document.
#ifndef COEDIT_BENCH_LOAD_LOAD_H_
#define COEDIT_BENCH_LOAD_LOAD_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "bench/load/endpoint.h"
#include "bench/load/member.h"

namespace coedit::bench {

struct LoadReport;

struct LoadOptions {
  std::string label;  // of what is spoken and typed, for the report
  Protocol protocol = Protocol::kCoedit;
  bool keeps_text = false;
  proto::Encoding encoding = proto::Encoding::kProtobuf;
  ot::DocumentType type = ot::DocumentType::kRichText;
  Endpoint endpoint;
  size_t documents = 1;
  size_t clients = 1;                         // per document
  size_t writers = 1;                         // of these, who type
  uint64_t letters = 1;                       // in an edit, where no text is kept
  absl::Duration warm_up = absl::Seconds(1);  // typing, not measured
  absl::Duration time = absl::Seconds(10);    // measured
  // Edits per second of each writer: an open loop, in which an edit has its time whatever the
  // server does. Unset: a closed loop, in which the next edit follows the acknowledgement of the
  // last.
  std::optional<double> rate;
  std::optional<double> presence_rate;  // of each client, an open loop
  // Visitors per second, over all documents, and how long one stays.
  std::optional<double> join_rate;
  absl::Duration stay = absl::Seconds(2);
  size_t slow_readers = 0;  // more clients, over all documents, who stop reading
  // In the middle of the (last) measured time all connections are cut; each comes back at a time
  // drawn from this, all at once where it is zero.
  std::optional<absl::Duration> storm_jitter;
  // Total numbers of open connections, rising; the load is measured once at each. All but documents
  // x clients of them are idle, spread over so many documents of their own; 0: they open none.
  std::vector<size_t> connections;
  size_t idle_documents = 1000;
  std::optional<int64_t> server_pid;
  absl::Duration deadline = absl::Seconds(120);  // for all but warm-up and time
  uint64_t seed = 1;
};

// kInvalidArgument names what does not fit together.
absl::Status CheckOptions(const LoadOptions& options);

// Descriptors this process needs for the load.
size_t DescriptorsNeeded(const LoadOptions& options);

absl::StatusOr<LoadReport> RunLoad(const LoadOptions& options);

}  // namespace coedit::bench

#endif  // COEDIT_BENCH_LOAD_LOAD_H_
