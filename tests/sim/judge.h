// Judge: what a cold reader finds on the disk after a run, and whether the promises were kept.
#ifndef COEDIT_TESTS_SIM_JUDGE_H_
#define COEDIT_TESTS_SIM_JUDGE_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "storage/store.h"
#include "tests/sim/plan.h"
#include "tests/sim/sim_client.h"
#include "tests/storage/simulated_disk.h"

namespace coedit::sim {

// A document as it is stored, whole.
struct ColdDocument {
  storage::StoredDocument stored;  // the newest snapshot and what follows
  std::vector<ot::Commit> log;     // all of it
};
using ColdDocuments = std::map<std::string, ColdDocument>;

// Opens the database, recovers it and reads everything; nothing else may have it open. A status
// tells of damage, also of what SQLite's integrity check finds (L7).
absl::StatusOr<ColdDocuments> ReadCold(const Plan& plan, const storage::SimulatedDisk& disk);

// Writes these documents into an empty database, with epochs made of theirs and `suffix`.
absl::Status WriteAnew(const Plan& plan, const storage::SimulatedDisk& disk,
                       const ColdDocuments& documents, const std::string& suffix);

// Empty if all is well, else what is broken. `backups[i]` is when the copy was made that replaced
// the disk the i-th time: what was promised after it, and before it was restored, may be gone.
std::string JudgeDocuments(const ColdDocuments& documents,
                           const std::vector<std::unique_ptr<SimClient>>& clients,
                           const std::vector<absl::Duration>& backups);

}  // namespace coedit::sim

#endif  // COEDIT_TESTS_SIM_JUDGE_H_
