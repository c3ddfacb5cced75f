#include "tests/sim/plan.h"

#include <algorithm>
#include <functional>

#include "tests/ot/generators.h"

namespace coedit::sim {
namespace {

using ot::testing::Rng;

// Draws the events of a plan.
class EventDice {
 public:
  EventDice(Plan* plan, Rng* rng) : plan_(plan), rng_(rng) {}

  // One event about every `mean_ms`, made by `make`.
  template <typename Make>
  void Every(int64_t mean_ms, Make make) {
    int64_t at_us = 0;
    for (;;) {
      at_us += rng_->Between(1, 2000 * mean_ms);
      if (at_us >= plan_->duration_ms * 1000) return;
      Event event = make();
      event.at = absl::Microseconds(at_us);
      plan_->events.push_back(event);
    }
  }
  // The same, in `percent` of all worlds.
  template <typename Make>
  void Maybe(int percent, int64_t least_mean_ms, int64_t most_mean_ms, Make make) {
    if (rng_->Chance(percent)) Every(rng_->Between(least_mean_ms, most_mean_ms), make);
  }
  int64_t Client() { return rng_->Below(plan_->clients); }
  Event Of(EventKind kind) { return {.kind = kind, .client = Client()}; }
  Event Server(EventKind kind, int64_t ms_max) {
    return {.kind = kind, .ms = rng_->Between(1, ms_max), .seed = Seed()};
  }
  uint64_t Seed() { return rng_->Next() >> 32 | 1; }

 private:
  Plan* plan_;
  Rng* rng_;
};

void DrawSettings(Rng& rng, Plan* plan) {
  plan->clients = rng.Between(2, 6);
  plan->documents = rng.Between(1, 2);
  if (rng.Chance(10)) plan->documents = rng.Between(3, 8);
  plan->documents_each = rng.Chance(50) ? 1 : std::min<int64_t>(plan->documents, 3);
  plan->rich = rng.Chance(70) ? 1 : 0;
  plan->fresh_disk = rng.Chance(5) ? 1 : 0;
  plan->duration_ms = rng.Between(8'000, 40'000);
  plan->checkpoint_bytes = rng.Between(8'000, 400'000);
  plan->snapshot_bytes = rng.Between(1'000, 128 << 10);

  Faults& faults = plan->faults;
  faults.wire_delay_ms_max = rng.Between(1, 400);
  faults.store_delay_ms_max = rng.Between(1, 100);
  if (rng.Chance(20)) faults.spike = rng.Between(1, 4);
  if (rng.Chance(30)) faults.bad_submit = rng.Between(0, 10);
  if (rng.Chance(50)) faults.never_composed = rng.Between(0, 100);
  if (rng.Chance(40)) faults.resend_frozen = rng.Between(0, 100);
  if (rng.Chance(30)) faults.abandon_open = rng.Between(0, 50);
  if (rng.Chance(40)) faults.duplicate = rng.Between(0, 30);

  // Small bounds, so that their consequences happen.
  server::Limits& limits = plan->limits;
  if (rng.Chance(50)) limits.history_in_memory = rng.Between(1, 64);
  if (rng.Chance(30)) limits.document_idle_seconds = rng.Between(0, 5);
  if (rng.Chance(20)) limits.catch_up_revisions = rng.Between(20, 200);
  if (rng.Chance(10)) limits.catch_up_composed_revisions = rng.Between(20, 200);
  if (rng.Chance(50)) limits.catch_up_single_commits = rng.Between(0, 8);
  if (rng.Chance(20)) limits.part_bytes = 1024;
  if (rng.Chance(20)) limits.outbound_bytes = 4096;
  if (rng.Chance(20)) limits.submits_per_second = rng.Between(1, 10);
  if (rng.Chance(20)) limits.submits_burst = rng.Between(1, 5);
  if (rng.Chance(5)) limits.mailbox_operations = rng.Between(1, 4);
}

void DrawConnectionFaults(EventDice& dice, Rng& rng) {
  const int64_t half_open = rng.Between(0, 60);
  dice.Maybe(70, 500, 20'000, [&] {
    Event event = dice.Of(EventKind::kCut);
    event.how = rng.Chance(static_cast<int>(half_open)) ? kCutHalfOpen : kCutBoth;
    return event;
  });
  dice.Maybe(15, 5'000, 20'000, [&] {
    Event event = dice.Of(EventKind::kCut);
    event.how = rng.Chance(50) ? kCutToServer : kCutToClient;
    return event;
  });
  dice.Maybe(20, 2'000, 20'000, [&] {
    Event event = dice.Of(EventKind::kOffline);
    event.ms = rng.Between(500, 10'000);
    return event;
  });
  dice.Maybe(20, 2'000, 15'000, [&] {
    Event event = dice.Of(EventKind::kSlow);
    event.ms = rng.Between(500, 8'000);
    return event;
  });
  dice.Maybe(15, 2'000, 15'000, [&] {
    Event event = dice.Of(EventKind::kLate);
    event.ms = rng.Between(500, 8'000);
    return event;
  });
  dice.Maybe(20, 1'000, 10'000, [&] {
    Event event = dice.Of(EventKind::kLeave);
    event.ms = rng.Between(1, 5'000);
    return event;
  });
}

void DrawClientFaults(EventDice& dice) {
  if (dice.Client() != 0) return;  // in one world of some
  dice.Every(4'000, [&] { return dice.Of(EventKind::kPersist); });
  dice.Maybe(60, 3'000, 20'000, [&] { return dice.Of(EventKind::kClientCrash); });
  dice.Maybe(20, 10'000, 30'000, [&] { return dice.Of(EventKind::kForget); });
}

void DrawServerFaults(EventDice& dice, Rng& rng) {
  dice.Maybe(45, 2'000, 30'000, [&] { return dice.Server(EventKind::kKill, 3'000); });
  dice.Maybe(45, 2'000, 30'000, [&] {
    Event event = dice.Server(EventKind::kPowerCut, 3'000);
    event.how = rng.Below(4);
    event.count = rng.Chance(50) ? rng.Between(1, 40) : 0;
    return event;
  });
  dice.Maybe(20, 3'000, 20'000, [&] {
    Event event = dice.Server(EventKind::kFsyncFails, 1);
    event.how = rng.Below(3);
    event.count = rng.Between(1, 2);
    event.document = rng.Chance(25) ? 1 : 0;
    return event;
  });
  dice.Maybe(15, 3'000, 20'000, [&] {
    Event event = dice.Server(EventKind::kIoFails, 1);
    event.count = rng.Between(0, 60);
    return event;
  });
  dice.Maybe(10, 5'000, 20'000, [&] { return dice.Server(EventKind::kDiskFull, 5'000); });
  dice.Maybe(10, 5'000, 20'000, [&] { return dice.Server(EventKind::kStall, 4'000); });
  dice.Maybe(10, 5'000, 20'000, [&] {
    Event event = dice.Server(EventKind::kClockJump, 1);
    event.ms = rng.Between(-10, 10) * 365 * 86'400'000 / rng.Between(1, 4'000);
    return event;
  });
}

// By dice of its own: a seed's world is otherwise the same as before there were shards.
void DrawShards(Plan* plan) {
  Rng rng(Rng(plan->seed + 0x5a).Next());
  plan->shards = rng.Chance(50) ? 1 : rng.Between(2, 3);
  // On one document alone few meet.
  if (plan->shards > 1 && plan->documents > 1 && rng.Chance(50)) {
    plan->documents_each = std::min<int64_t>(plan->documents, 3);
  }
}

// Everyone leaves while the disk stalls: what was sent is to be finished all the same.
void DrawDesertion(EventDice& dice, Rng& rng, Plan* plan) {
  plan->limits.document_idle_seconds = 0;
  plan->limits.history_in_memory = server::Limits().history_in_memory;
  plan->limits.mailbox_operations = server::Limits().mailbox_operations;
  plan->limits.catch_up_revisions = server::Limits().catch_up_revisions;
  dice.Every(5'000, [&] {
    Event stall = dice.Server(EventKind::kStall, 1);
    stall.ms = rng.Between(1'500, 5'000);
    return stall;
  });
  std::vector<Event> leaves;
  for (const Event& event : plan->events) {
    if (event.kind != EventKind::kStall) continue;
    Event leave{.at = event.at + absl::Milliseconds(rng.Between(1, 1'000)),
                .kind = EventKind::kLeave,
                .client = -1,
                .ms = rng.Between(2'000, 8'000)};
    leaves.push_back(leave);
  }
  plan->events.insert(plan->events.end(), leaves.begin(), leaves.end());
}

// A backup, and later the disk is made what it was then.
void DrawRestore(EventDice& dice, Rng& rng, Plan* plan) {
  const int64_t backup_ms = rng.Between(1, plan->duration_ms * 2 / 3);
  plan->events.push_back({.at = absl::Milliseconds(backup_ms), .kind = EventKind::kBackup});
  Event restore = dice.Server(EventKind::kRestore, 2'000);
  restore.at = absl::Milliseconds(rng.Between(backup_ms + 1, plan->duration_ms));
  restore.how = rng.Chance(60) ? kRestoreNewEpoch : kRestoreSameEpoch;
  plan->events.push_back(restore);
}

// A failed fsync and, before much else is written, the end of the process: what SQLite finds in the
// log afterwards is what counts.
void DrawFailedFsyncThenKill(Rng& rng, Plan* plan) {
  std::vector<Event> kills;
  for (const Event& event : plan->events) {
    if (event.kind != EventKind::kFsyncFails || !rng.Chance(60)) continue;
    kills.push_back({.at = event.at + absl::Milliseconds(rng.Between(1, 1'500)),
                     .kind = EventKind::kPowerCut,
                     .ms = rng.Between(1, 500),
                     .how = rng.Below(4),
                     .seed = rng.Next() >> 32 | 1});
  }
  plan->events.insert(plan->events.end(), kills.begin(), kills.end());
}

// One client is away and writes thousands of edits; the others write thousands meanwhile.
void DrawBranch(EventDice& dice, Rng& rng, Plan* plan) {
  plan->clients = 3;
  plan->documents = plan->documents_each = 1;
  plan->duration_ms = 20'000;
  plan->faults.wire_delay_ms_max = 2;
  plan->faults.store_delay_ms_max = 2;
  plan->faults.spike = 0;
  plan->limits.delta_components = 100'000;
  plan->limits.transform_steps = 1'000'000'000;
  plan->limits.submits_per_second = 100'000;
  plan->limits.submits_burst = 100'000;
  plan->events.push_back({.at = absl::Seconds(1), .kind = EventKind::kOffline, .ms = 14'000});
  plan->events.push_back({.at = absl::Seconds(2),
                          .kind = EventKind::kBranch,
                          .count = rng.Between(1'000, 4'000),
                          .seed = dice.Seed()});
  plan->duration_ms = 14'000;
  dice.Every(8, [&] {
    return Event{.kind = EventKind::kType, .client = rng.Between(1, 2), .seed = dice.Seed()};
  });
  plan->duration_ms = 20'000;
}

}  // namespace

Plan RandomPlan(uint64_t seed) {
  Rng rng(seed);
  Plan plan;
  plan.seed = seed;
  DrawSettings(rng, &plan);
  EventDice dice(&plan, &rng);
  DrawConnectionFaults(dice, rng);
  DrawServerFaults(dice, rng);
  DrawClientFaults(dice);
  if (rng.Chance(10)) DrawRestore(dice, rng, &plan);
  if (rng.Chance(8)) DrawDesertion(dice, rng, &plan);
  DrawFailedFsyncThenKill(rng, &plan);
  if (rng.Below(200) == 0) {
    plan.events.clear();
    DrawBranch(dice, rng, &plan);
    dice.Maybe(50, 3'000, 10'000, [&] { return dice.Server(EventKind::kKill, 500); });
  } else {
    // About this many edits, whatever the number of clients.
    const int64_t edits = rng.Between(20, rng.Chance(10) ? 2'000 : 500);
    dice.Every(std::max<int64_t>(plan.duration_ms / edits, 1), [&] {
      Event event = dice.Of(EventKind::kType);
      event.document = rng.Below(plan.documents_each);
      event.seed = dice.Seed();
      return event;
    });
    dice.Every(std::max<int64_t>(plan.duration_ms * 3 / edits, 1), [&] {
      Event event = dice.Of(EventKind::kCaret);
      event.seed = dice.Seed();
      return event;
    });
  }
  std::stable_sort(plan.events.begin(), plan.events.end(),
                   [](const Event& a, const Event& b) { return a.at < b.at; });
  DrawShards(&plan);
  return plan;
}

}  // namespace coedit::sim
