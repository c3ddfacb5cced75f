// ProcessCounts: what is unique or bounded in the whole process, however many shards it has.
//
// Any thread. Everything here is asked when a client comes, opens or goes, never for an operation.
#ifndef COEDIT_SERVER_PROCESS_COUNTS_H_
#define COEDIT_SERVER_PROCESS_COUNTS_H_

#include <atomic>
#include <cstdint>

#include "proto/messages.h"
#include "server/admission.h"
#include "server/catch_up.h"
#include "server/limits.h"
#include "server/member.h"

namespace coedit::server {

class ProcessCounts {
 public:
  // `limits` outlive it.
  explicit ProcessCounts(const Limits* limits)
      : documents_max_(limits->documents_open),
        admission_(limits),
        catch_up_budget_(limits->catch_up_bytes) {}

  MemberId NextMember() { return last_member_.fetch_add(1, std::memory_order_relaxed) + 1; }
  // One connection may have documents of several shards, so channels differ between them. They are
  // counted and not divided among the shards because a small number is a small varint.
  proto::Channel NextChannel() { return last_channel_.fetch_add(1, std::memory_order_relaxed) + 1; }

  // One more document is open. False: as many as may be are already.
  [[nodiscard]] bool AddDocument();
  void RemoveDocument() { documents_.fetch_sub(1, std::memory_order_relaxed); }
  int64_t documents() const { return documents_.load(std::memory_order_relaxed); }

  Admission& admission() { return admission_; }
  CatchUpBudget& catch_up_budget() { return catch_up_budget_; }

 private:
  const int64_t documents_max_;  // 0: no bound
  std::atomic<MemberId> last_member_ = 0;
  std::atomic<proto::Channel> last_channel_ = 0;
  std::atomic<int64_t> documents_ = 0;
  Admission admission_;
  CatchUpBudget catch_up_budget_;
};

}  // namespace coedit::server

#endif  // COEDIT_SERVER_PROCESS_COUNTS_H_
