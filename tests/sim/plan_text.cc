#include <algorithm>
#include <array>
#include <cstdio>
#include <iterator>
#include <optional>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "tests/sim/plan.h"

namespace coedit::sim {
namespace {

struct Setting {
  const char* name;
  int64_t Plan::*field;
};
constexpr Setting kSettings[] = {
    {"clients", &Plan::clients},
    {"documents", &Plan::documents},
    {"documents_each", &Plan::documents_each},
    {"rich", &Plan::rich},
    {"twins", &Plan::twins},
    {"shards", &Plan::shards},
    {"fresh_disk", &Plan::fresh_disk},
    {"duration_ms", &Plan::duration_ms},
    {"checkpoint_bytes", &Plan::checkpoint_bytes},
    {"snapshot_bytes", &Plan::snapshot_bytes},
};

struct FaultSetting {
  const char* name;
  int64_t Faults::*field;
};
constexpr FaultSetting kFaults[] = {
    {"wire_delay_ms_max", &Faults::wire_delay_ms_max},
    {"store_delay_ms_max", &Faults::store_delay_ms_max},
    {"spike", &Faults::spike},
    {"bad_submit", &Faults::bad_submit},
    {"never_composed", &Faults::never_composed},
    {"resend_frozen", &Faults::resend_frozen},
    {"abandon_open", &Faults::abandon_open},
    {"duplicate", &Faults::duplicate},
};

struct KindText {
  const char* name;
  std::array<const char*, 4> how = {};  // names of its ways, if it has any
};
// In the order of EventKind.
constexpr KindText kKinds[] = {
    {"type"},
    {"branch"},
    {"caret"},
    {"spoil"},
    {"leave"},
    {"cut", {"both", "half-open", "to-server", "to-client"}},
    {"offline"},
    {"late"},
    {"slow"},
    {"persist"},
    {"client-crash"},
    {"forget"},
    {"kill"},
    {"power-cut", {"keep", "lose", "prefix", "scatter"}},
    {"stall"},
    {"fsync-fails", {"keeps", "loses", "forgets"}},
    {"io-fails"},
    {"disk-full"},
    {"clock-jump"},
    {"backup"},
    {"restore", {"same-epoch", "new-epoch"}},
};

struct NumberText {
  const char* name;
  int64_t Event::*field;
};
constexpr NumberText kNumbers[] = {
    {"client", &Event::client},
    {"document", &Event::document},
    {"count", &Event::count},
    {"ms", &Event::ms},
};

std::optional<Event> ParseEvent(const std::vector<std::string>& words) {
  Event event;
  int64_t seconds = 0;
  int64_t microseconds = 0;
  // Not as a floating-point number: a plan read back is the same plan.
  const std::vector<std::string> time = absl::StrSplit(words[0].substr(1), '.');
  if (words.size() < 2 || time.size() != 2 || time[1].size() != 6 ||
      !absl::SimpleAtoi(time[0], &seconds) || !absl::SimpleAtoi(time[1], &microseconds)) {
    return std::nullopt;
  }
  event.at = absl::Seconds(seconds) + absl::Microseconds(microseconds);
  const auto* const kind = std::find_if(std::begin(kKinds), std::end(kKinds),
                                        [&](const KindText& k) { return words[1] == k.name; });
  if (kind == std::end(kKinds)) return std::nullopt;
  event.kind = static_cast<EventKind>(kind - std::begin(kKinds));
  for (size_t i = 2; i < words.size(); ++i) {
    const std::pair<std::string, std::string> pair = absl::StrSplit(words[i], '=');
    bool understood = false;
    for (const NumberText& number : kNumbers) {
      if (pair.first == number.name) {
        understood = absl::SimpleAtoi(pair.second, &(event.*number.field));
      }
    }
    if (pair.first == "seed") understood = absl::SimpleAtoi(pair.second, &event.seed);
    if (pair.first == "how") {
      for (size_t way = 0; way < kind->how.size() && kind->how[way] != nullptr; ++way) {
        if (pair.second != kind->how[way]) continue;
        event.how = static_cast<int64_t>(way);
        understood = true;
      }
    }
    if (!understood) return std::nullopt;
  }
  return event;
}

bool ParseSetting(const std::vector<std::string>& words, Plan* plan) {
  if (words.size() == 3 && words[0] == "limit") {
    // Also below what the command line allows.
    for (const server::LimitInfo& limit : server::AllLimits()) {
      if (words[1] == limit.name) return absl::SimpleAtoi(words[2], &(plan->limits.*limit.field));
    }
    return false;
  }
  if (words.size() == 3 && words[0] == "fault") {
    for (const FaultSetting& fault : kFaults) {
      if (words[1] == fault.name) return absl::SimpleAtoi(words[2], &(plan->faults.*fault.field));
    }
    return false;
  }
  if (words.size() != 2) return false;
  if (words[0] == "seed") return absl::SimpleAtoi(words[1], &plan->seed);
  for (const Setting& setting : kSettings) {
    if (words[0] == setting.name) return absl::SimpleAtoi(words[1], &(plan->*setting.field));
  }
  return false;
}

}  // namespace

std::string FormatEvent(const Event& event) {
  const KindText& kind = kKinds[static_cast<size_t>(event.kind)];
  char time[32];
  std::snprintf(time, sizeof(time), "@%.6f", absl::ToDoubleSeconds(event.at));
  std::string line = absl::StrCat(time, " ", kind.name);
  for (const NumberText& number : kNumbers) {
    if (event.*number.field != 0) {
      absl::StrAppend(&line, " ", number.name, "=", event.*number.field);
    }
  }
  if (kind.how[0] != nullptr) absl::StrAppend(&line, " how=", kind.how[event.how]);
  if (event.seed != 0) absl::StrAppend(&line, " seed=", event.seed);
  return line;
}

std::string FormatPlan(const Plan& plan) {
  const server::Limits defaults;
  std::string text = absl::StrCat("seed ", plan.seed, "\n");
  for (const Setting& setting : kSettings) {
    absl::StrAppend(&text, setting.name, " ", plan.*setting.field, "\n");
  }
  for (const server::LimitInfo& limit : server::AllLimits()) {
    if (plan.limits.*limit.field == defaults.*limit.field) continue;
    absl::StrAppend(&text, "limit ", limit.name, " ", plan.limits.*limit.field, "\n");
  }
  for (const FaultSetting& fault : kFaults) {
    absl::StrAppend(&text, "fault ", fault.name, " ", plan.faults.*fault.field, "\n");
  }
  for (const Event& event : plan.events) absl::StrAppend(&text, FormatEvent(event), "\n");
  return text;
}

absl::StatusOr<Plan> ParsePlan(absl::string_view text) {
  Plan plan;
  int64_t line_number = 0;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    ++line_number;
    line = absl::StripAsciiWhitespace(line.substr(0, line.find('#')));
    if (line.empty()) continue;
    const std::vector<std::string> words = absl::StrSplit(line, ' ', absl::SkipEmpty());
    bool understood = false;
    if (words[0][0] == '@') {
      if (const std::optional<Event> event = ParseEvent(words)) {
        plan.events.push_back(*event);
        understood = true;
      }
    } else {
      understood = ParseSetting(words, &plan);
    }
    if (!understood) {
      return absl::InvalidArgumentError(
          absl::StrCat("line ", line_number, " is not understood: ", line));
    }
  }
  if (plan.clients < 1 || plan.documents < 1 || plan.shards < 1) {
    return absl::InvalidArgumentError("a plan needs a client, a document and a shard");
  }
  for (const Event& event : plan.events) {
    if (event.client < -1 || event.client >= plan.clients || event.document < 0) {
      return absl::InvalidArgumentError(absl::StrCat("no such client: ", FormatEvent(event)));
    }
  }
  return plan;
}

}  // namespace coedit::sim
