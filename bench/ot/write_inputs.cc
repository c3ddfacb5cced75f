#include <boost/json.hpp>
#include <fstream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "bench/ot/inputs.h"

namespace coedit::bench {
namespace {

namespace json = boost::json;

// [position, deleted, inserted]
json::array PatchJson(const Patch& patch) {
  return {patch.position, patch.deleted, patch.inserted};
}

json::array PatchesJson(const std::vector<Patch>& patches) {
  json::array result;
  result.reserve(patches.size());
  for (const Patch& patch : patches) result.push_back(PatchJson(patch));
  return result;
}

// Plain changes only: n keeps n units, -n deletes n, a string is inserted.
json::array DeltaJson(const ot::Delta& delta) {
  json::array result;
  for (const ot::Component& component : delta) {
    if (component.kind == ot::Kind::kInsert) {
      result.push_back(json::string_view(component.text.data(), component.text.size()));
    } else {
      result.push_back(component.kind == ot::Kind::kRetain ? component.length : -component.length);
    }
  }
  return result;
}

json::object ReplayJson(const Replay& replay) {
  json::array rich;
  for (const RichEdit& edit : replay.rich_edits) {
    // [position, deleted, inserted, formats] or [position, units, bold]
    if (edit.format_units > 0) {
      rich.push_back(json::array{edit.patch.position, edit.format_units, edit.bold});
    } else {
      json::array patch = PatchJson(edit.patch);
      patch.push_back(edit.formats);
      rich.push_back(std::move(patch));
    }
  }
  return {{"name", replay.name},
          {"patches", PatchesJson(replay.patches)},
          {"final", replay.final_sha256},
          {"rich", std::move(rich)},
          {"richFinal", replay.rich_sha256}};
}

json::object PairsJson(const Pairs& pairs) {
  json::array list;
  for (const Pair& pair : pairs.pairs) {
    list.push_back(json::object{{"left", DeltaJson(pair.left)},
                                {"right", DeltaJson(pair.right)},
                                {"final", pair.final_sha256}});
  }
  return {{"name", pairs.name},
          {"text", pairs.text},
          {"compose", pairs.compose},
          {"pairs", std::move(list)}};
}

json::object SessionJson(const Session& session) {
  json::array operations;
  for (const ot::Operation& operation : session.operations) {
    operations.push_back(json::array{operation.author, operation.base, DeltaJson(operation.delta)});
  }
  return {{"name", session.name},
          {"operations", std::move(operations)},
          {"final", session.final_sha256}};
}

json::object MergeJson(const Merge& merge) {
  return {{"edits", merge.edits},
          {"text", merge.text},
          {"left", PatchesJson(merge.left)},
          {"right", PatchesJson(merge.right)},
          {"final", merge.final_sha256}};
}

}  // namespace

absl::Status WriteInputs(const Inputs& inputs, const std::string& path) {
  json::object root;
  json::array& replays = root["replays"].emplace_array();
  for (const Replay& replay : inputs.replays) replays.push_back(ReplayJson(replay));
  json::array& pairs = root["pairs"].emplace_array();
  for (const Pairs& each : inputs.pairs) pairs.push_back(PairsJson(each));
  json::array& sessions = root["sessions"].emplace_array();
  for (const Session& session : inputs.sessions) sessions.push_back(SessionJson(session));
  json::array& merges = root["merges"].emplace_array();
  for (const Merge& merge : inputs.merges) merges.push_back(MergeJson(merge));
  std::ofstream file(path, std::ios::binary);
  file << json::serialize(root) << "\n";
  if (!file.flush()) return absl::UnavailableError(absl::StrCat("cannot write ", path));
  return absl::OkStatus();
}

}  // namespace coedit::bench
