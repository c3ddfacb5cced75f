#include "bench/ot/cases.h"

#include <malloc.h>

#include <cmath>
#include <optional>
#include <thread>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "ot/algebra.h"
#include "ot/apply.h"
#include "ot/check.h"
#include "ot/log_composer.h"
#include "storage/maintenance/sha256.h"

namespace coedit::bench {
namespace {

absl::Status CheckSha256(absl::string_view name, absl::string_view text,
                         absl::string_view expected) {
  const std::string actual = storage::Sha256Hex(text);
  if (actual == expected) return absl::OkStatus();
  return absl::DataLossError(
      absl::StrCat(name, ": the final text has the sha256 ", actual, ", expected ", expected));
}

// Measures `run`, which fills `text`, and checks the outcome of each run.
absl::StatusOr<Figure> MeasureText(std::string name, std::string peer, std::string unit,
                                   double parts, absl::string_view expected,
                                   absl::FunctionRef<ot::Text()> prepare,
                                   absl::FunctionRef<void(ot::Text*)> run,
                                   absl::FunctionRef<std::string(const ot::Text&)> content) {
  absl::Status status;
  std::optional<ot::Text> text;
  const auto check = [&] {
    if (text.has_value()) status.Update(CheckSha256(name, content(*text), expected));
  };
  const Timing timing = Measure(
      [&] {
        check();
        text = prepare();
      },
      [&] { run(&*text); });
  check();
  if (!status.ok()) return status;
  return MakeFigure(std::move(name), std::move(peer), std::move(unit), timing, parts);
}

ot::Text Empty() { return ot::Text(); }
std::string Content(const ot::Text& text) { return text.ToString(); }

ot::Text TextOf(absl::string_view content) {
  return ot::Text(ot::DeltaBuilder().Insert(content).Build());
}

void Splice(const Patch& patch, int64_t units, ot::Text* text) {
  static const ot::Attributes plain;
  if (patch.deleted > 0) text->Delete(patch.position, patch.deleted);
  if (units > 0) {
    text->Insert(patch.position, {ot::Kind::kInsert, units, patch.inserted, plain});
  }
}

// A server gets the length of an insert with it; here it is counted once, outside the time.
std::vector<int64_t> InsertedUnits(const std::vector<Patch>& patches) {
  std::vector<int64_t> units;
  for (const Patch& patch : patches) units.push_back(PatchDelta(patch).growth() + patch.deleted);
  return units;
}

void ReplayRich(const std::vector<RichEdit>& edits, ot::Text* text) {
  const ot::Attributes bold{{"bold", "true"}}, not_bold{{"bold", "null"}};
  ot::Attributes formats[8];
  for (uint8_t i = 0; i < 8; ++i) formats[i] = FormatAttributes(i);
  for (const RichEdit& edit : edits) {
    ot::DeltaBuilder builder;
    builder.Retain(edit.patch.position);
    if (edit.format_units > 0) {
      builder.Retain(edit.format_units, edit.bold ? bold : not_bold);
    } else {
      builder.Insert(edit.patch.inserted, formats[edit.formats]).Delete(edit.patch.deleted);
    }
    ot::Apply(builder.Build(), text);
  }
}

ot::Delta ComposeLog(const std::vector<ot::Delta>& log) {
  ot::LogComposer composer;
  for (const ot::Delta& delta : log) composer.Add(delta);
  return composer.Finish();
}

size_t HeapBytes() {
  const struct mallinfo2 heap = mallinfo2();
  return heap.uordblks + heap.hblkhd;
}

}  // namespace

absl::StatusOr<Figures> ReplayCases(const Replay& replay) {
  Figures figures;
  const std::string peer = absl::StrCat("replay ", replay.name);
  const std::vector<int64_t> units = InsertedUnits(replay.patches);

  absl::StatusOr<Figure> splices = MeasureText(
      absl::StrCat(peer, ", splices"), peer, "ms", 1, replay.final_sha256, Empty,
      [&](ot::Text* text) {
        for (size_t i = 0; i < replay.patches.size(); ++i) {
          Splice(replay.patches[i], units[i], text);
        }
      },
      Content);
  if (!splices.ok()) return splices.status();
  figures.push_back(*std::move(splices));

  absl::StatusOr<Figure> deltas = MeasureText(
      absl::StrCat(peer, ", deltas"), peer, "ms", 1, replay.final_sha256, Empty,
      [&](ot::Text* text) {
        for (const Patch& patch : replay.patches) ot::Apply(PatchDelta(patch), text);
      },
      Content);
  if (!deltas.ok()) return deltas.status();
  figures.push_back(*std::move(deltas));

  const std::string rich_name = absl::StrCat(peer, ", rich");
  absl::StatusOr<Figure> rich = MeasureText(
      rich_name, rich_name, "ms", 1, replay.rich_sha256, Empty,
      [&](ot::Text* text) { ReplayRich(replay.rich_edits, text); }, Canonical);
  if (!rich.ok()) return rich.status();
  figures.push_back(*std::move(rich));
  return figures;
}

absl::StatusOr<Figure> ComposeLogCase(const Replay& replay) {
  const std::string name = absl::StrCat("compose log ", replay.name);
  const std::vector<ot::Delta> log = PatchDeltas(replay.patches);
  ot::Delta composed;
  const Timing timing = Measure([] {}, [&] { composed = ComposeLog(log); });
  absl::Status status =
      CheckSha256(name, ot::Applied(ot::Text(), composed).ToString(), replay.final_sha256);
  if (!status.ok()) return status;
  return MakeFigure(name, name, "ms", timing, 1);
}

absl::StatusOr<Figures> MemoryCases(const Replay& replay) {
  // Freed blocks that malloc caches per thread count as used: a thread of its own begins with none,
  // and beside eight megabytes of documents those it gathers do not show.
  constexpr size_t kTextBytes = size_t{8} << 20;
  Figures figures;
  for (const bool typed : {true, false}) {
    const std::string name = absl::StrCat("memory ", replay.name, typed ? ", typed" : ", loaded");
    ot::Text content;
    for (const Patch& patch : replay.patches) ot::Apply(PatchDelta(patch), &content);
    const ot::Delta loaded = content.ToDelta();
    const size_t documents = kTextBytes / static_cast<size_t>(content.bytes()) + 1;
    absl::Status status;
    double ratio = 0;
    std::thread([&] {
      std::vector<ot::Text> texts(documents);
      const size_t before = HeapBytes();
      for (ot::Text& text : texts) {
        if (!typed) {
          text = ot::Text(loaded);
          continue;
        }
        for (const Patch& patch : replay.patches) ot::Apply(PatchDelta(patch), &text);
      }
      const auto used = static_cast<double>(HeapBytes() - before + documents * sizeof(ot::Text));
      for (const ot::Text& text : texts) {
        status.Update(CheckSha256(name, text.ToString(), replay.final_sha256));
      }
      ratio = used / static_cast<double>(documents) / static_cast<double>(content.bytes());
    }).join();
    if (!status.ok()) return status;
    figures.push_back({.name = name,
                       .peer = absl::StrCat("memory ", replay.name),
                       .unit = "bytes/byte",
                       .value = ratio,
                       .lowest = ratio,
                       .highest = ratio,
                       .runs = 1});
  }
  return figures;
}

absl::StatusOr<Figure> PairsCase(const Pairs& pairs) {
  const std::string name = absl::StrCat(pairs.compose ? "compose " : "transform ", pairs.name);
  const auto run = [&](const Pair& pair) {
    return pairs.compose ? ot::Compose(pair.left, pair.right)
                         : ot::Transform(pair.right, pair.left, ot::Side::kLeft);
  };
  for (const Pair& pair : pairs.pairs) {
    ot::Text text = TextOf(pairs.text);
    if (!pairs.compose) ot::Apply(pair.left, &text);
    ot::Apply(run(pair), &text);
    absl::Status status = CheckSha256(name, text.ToString(), pair.final_sha256);
    if (!status.ok()) return status;
  }
  // As often as takes some ten milliseconds; the sum keeps the work from being optimised away.
  int64_t rounds = 1, sum = 0;
  const auto rounds_run = [&] {
    for (int64_t round = 0; round < rounds; ++round) {
      for (const Pair& pair : pairs.pairs) sum += run(pair).target_length();
    }
  };
  while (true) {
    const int64_t begin = ProcessorNs();
    rounds_run();
    if (ProcessorNs() - begin > 20'000'000) break;
    rounds *= 2;
  }
  const Timing timing = Measure([] {}, rounds_run);
  COEDIT_CHECK(sum > 0);
  const double parts = static_cast<double>(rounds) * static_cast<double>(pairs.pairs.size());
  return MakeFigure(name, name, timing.median_ns / parts < 2000 ? "ns" : "us", timing, parts);
}

absl::StatusOr<Figure> SessionCase(const Session& session) {
  const std::string name = absl::StrCat("server step ", session.name);
  absl::Status status;
  std::optional<ot::Document> document;
  const auto check = [&] {
    if (!document.has_value()) return;
    status.Update(CheckSha256(name, document->text().ToString(), session.final_sha256));
  };
  const Timing timing = Measure(
      [&] {
        check();
        document.emplace(ot::DocumentType::kPlainText, ot::Text(), 0, 0,
                         absl::flat_hash_map<ot::AuthorNumber, ot::AuthorState>(),
                         ot::DocumentLimits());
      },
      [&] {
        for (const ot::Operation& operation : session.operations) {
          COEDIT_CHECK(std::holds_alternative<ot::Committed>(document->Submit(operation)));
        }
      });
  check();
  if (!status.ok()) return status;
  return MakeFigure(name, name, "ns", timing, static_cast<double>(session.operations.size()));
}

absl::StatusOr<Figures> MergeCases(const std::vector<Merge>& merges) {
  Figures figures;
  for (const Merge& merge : merges) {
    const std::vector<ot::Delta> left = PatchDeltas(merge.left), right = PatchDeltas(merge.right);
    ot::Text server = TextOf(merge.text);
    for (const ot::Delta& delta : left) ot::Apply(delta, &server);
    const std::string name = absl::StrCat("offline merge ", merge.edits);
    absl::StatusOr<Figure> figure = MeasureText(
        name, name, "ms", 1, merge.final_sha256, [&] { return server; },
        [&](ot::Text* text) {
          ot::Apply(ot::Transform(ComposeLog(right), ComposeLog(left), ot::Side::kLeft), text);
        },
        Content);
    if (!figure.ok()) return figure.status();
    figures.push_back(*std::move(figure));
  }
  const size_t measured = figures.size();
  for (size_t i = 1; i < measured; ++i) {
    const double exponent =
        std::log(figures[i].value / figures[i - 1].value) /
        std::log(static_cast<double>(merges[i].edits) / static_cast<double>(merges[i - 1].edits));
    figures.push_back(
        {.name = absl::StrCat("growth ", merges[i - 1].edits, " to ", merges[i].edits),
         .peer = "",
         .unit = "exponent",
         .value = exponent,
         .lowest = exponent,
         .highest = exponent,
         .runs = 1});
  }
  return figures;
}

}  // namespace coedit::bench
