#include "bench/ot/inputs.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <random>
#include <utility>

#include "absl/strings/str_cat.h"
#include "bench/load/recorded_views.h"
#include "ot/algebra.h"
#include "ot/apply.h"
#include "ot/check.h"
#include "ot/unicode.h"
#include "storage/maintenance/sha256.h"

namespace coedit::bench {
namespace {

// The final texts: of the recordings, and of the sessions under coedit's tie rule
// (bench/data/README.md, tests/data/README.md).
const std::map<std::string, std::string>& FinalSha256() {
  static const auto* const table = new std::map<std::string, std::string>{
      {"automerge-paper", "a489e9022976c14e46627aea174d07797edcb3fd17df42605956d4cf01bf9039"},
      {"seph-blog1", "fd42bef4fbb237f8cd748d2c1c628c51b489ea9b98992e6eb815d04a090a70ba"},
      {"rustcode", "2cde7bd1dedbcd198e3f5a66a4135f120571a4349d48d057009f311622a0894c"},
      {"sveltecomponent", "d8bb93b7cf87b4c3a0394fddc028284a093d90d5794a213d1ccb0794eb4ede8f"},
      {"json-crdt-patch", "9540c169a3b43734e045b140e0ece3dec26e48e5b26795a4b600384f92cf2177"},
      {"json-crdt-blog-post", "6ec88c8b06c91f84f614be16552dba3d7997e1197dde149010caa706a6853314"},
      {"friendsforever_flat", "4720ec330c91e288c00b71cab318f7a1cdde689dfc401f269c353acfd6cb03f6"},
      {"clownschool_flat", "d0812d3d6bfd59eab997e16187c9f1f575c65c84b4b539b033ab499c2edc79d5"},
      {"clownschool", "d0812d3d6bfd59eab997e16187c9f1f575c65c84b4b539b033ab499c2edc79d5"},
      {"friendsforever", "4c0c9d0de160288ff73afc088960ea549937d6e5b3e0f830a933385549727228"},
  };
  return *table;
}

// Every thousand edits another format, and every 256th edit makes the sixteen units before it bold
// or not bold: a few thousand runs in a long text, as in a document somebody styled.
std::vector<RichEdit> Overlay(const std::vector<Patch>& patches) {
  constexpr uint8_t kFormats[] = {0, kBold, 0, kItalic, kColor, 0, kBold | kItalic};
  std::vector<RichEdit> edits;
  for (size_t i = 0; i < patches.size(); ++i) {
    edits.push_back({.patch = patches[i], .formats = kFormats[i / 1000 % std::size(kFormats)]});
    if (i % 256 != 255) continue;
    const int64_t begin = std::max<int64_t>(0, patches[i].position - 16);
    RichEdit format;
    format.patch.position = begin;
    format.format_units = patches[i].position - begin;
    format.bold = i % 512 == 255;
    if (format.format_units > 0) edits.push_back(std::move(format));
  }
  return edits;
}

std::string RichSha256(const std::vector<RichEdit>& edits) {
  std::u16string units;  // every trace stays below U+10000
  std::vector<uint8_t> formats;
  for (const RichEdit& edit : edits) {
    const auto at = static_cast<std::ptrdiff_t>(edit.patch.position);
    if (edit.format_units > 0) {
      for (int64_t i = 0; i < edit.format_units; ++i) {
        uint8_t& format = formats[static_cast<size_t>(at + i)];
        format = static_cast<uint8_t>(edit.bold ? format | kBold : format & ~kBold);
      }
      continue;
    }
    units.erase(static_cast<size_t>(at), static_cast<size_t>(edit.patch.deleted));
    formats.erase(formats.begin() + at, formats.begin() + at + edit.patch.deleted);
    std::u16string inserted;
    const std::string& utf8 = edit.patch.inserted;
    for (size_t i = 0; i < utf8.size();) {
      const auto lead = static_cast<unsigned char>(utf8[i]);
      const int more = lead < 0x80 ? 0 : lead < 0xE0 ? 1 : 2;
      int code = more == 0 ? lead : lead & (0x3F >> more);
      for (int k = 1; k <= more; ++k) code = code << 6 | (utf8[i + static_cast<size_t>(k)] & 0x3F);
      inserted.push_back(static_cast<char16_t>(code));
      i += static_cast<size_t>(more) + 1;
    }
    units.insert(static_cast<size_t>(at), inserted);
    formats.insert(formats.begin() + at, inserted.size(), edit.formats);
  }
  std::string canonical;
  for (size_t i = 0; i < units.size(); ++i) {
    if (i == 0 || formats[i] != formats[i - 1]) {
      if (i > 0) canonical.push_back('\x1f');
      absl::StrAppend(&canonical, static_cast<int>(formats[i]), ":");
    }
    const int code = units[i];
    if (code < 0x80) {
      canonical.push_back(static_cast<char>(code));
    } else {
      if (code < 0x800) {
        canonical.push_back(static_cast<char>(0xC0 | code >> 6));
      } else {
        canonical.push_back(static_cast<char>(0xE0 | code >> 12));
        canonical.push_back(static_cast<char>(0x80 | (code >> 6 & 0x3F)));
      }
      canonical.push_back(static_cast<char>(0x80 | (code & 0x3F)));
    }
  }
  if (!units.empty()) canonical.push_back('\x1f');
  return storage::Sha256Hex(canonical);
}

absl::StatusOr<Session> MakeSession(const Trace& trace, const std::string& final_sha256) {
  Session session{.name = trace.name, .operations = {}, .final_sha256 = final_sha256};
  RecordedViews views(&trace);
  while (true) {
    auto next = views.Next();
    if (!next.ok()) return next.status();
    if (!next->has_value()) return session;
    RecordedViews::Operation& operation = **next;
    session.operations.push_back({.author = operation.agent + 1,
                                  .sequence = operation.revision,
                                  .base = operation.base,
                                  .delta = std::move(operation.delta)});
  }
}

// The engine alone is the same everywhere; standard distributions are not.
using Random = std::mt19937_64;
int64_t Below(Random& random, int64_t bound) {
  return static_cast<int64_t>(random() % static_cast<uint64_t>(bound));
}
std::string Letters(Random& random, int64_t count) {
  std::string letters;
  for (int64_t i = 0; i < count; ++i) letters.push_back(static_cast<char>('a' + Below(random, 26)));
  return letters;
}

// `edits` small edits spread over a text of `length`.
ot::Delta Spread(Random& random, int64_t edits, int64_t length) {
  ot::DeltaBuilder builder;
  const int64_t gap_max = length / edits - 3;
  COEDIT_CHECK(gap_max > 0);
  for (int64_t i = 0; i < edits; ++i) {
    builder.Retain(1 + Below(random, gap_max));
    if (Below(random, 10) < 7) {
      builder.Insert(Letters(random, edits == 1 ? 1 : 1 + Below(random, 3)));
    } else {
      builder.Delete(edits == 1 ? 1 : 1 + Below(random, 3));
    }
  }
  return builder.Build();
}

Pairs MakePairs(int64_t left, int64_t right, bool compose) {
  Random random(static_cast<uint64_t>(1000 + left * 10 + right + (compose ? 1 : 0)));
  Pairs pairs{.name = absl::StrCat(left, "x", right),
              .text = Letters(random, 20'000),
              .compose = compose,
              .pairs = {}};
  for (int i = 0; i < (left == 1 && right == 1 ? 256 : 8); ++i) {
    Pair pair;
    pair.left = Spread(random, left, 20'000);
    ot::Text text(ot::DeltaBuilder().Insert(pairs.text).Build());
    ot::Apply(pair.left, &text);
    pair.right = Spread(random, right, compose ? text.length() : 20'000);
    if (compose) {
      ot::Apply(pair.right, &text);
    } else {
      // The long way round: a naive walk is what transform is compared with in tests/ot; here the
      // other side of the diamond is the witness.
      ot::Text other(ot::DeltaBuilder().Insert(pairs.text).Build());
      ot::Apply(pair.right, &other);
      ot::Apply(ot::Transform(pair.left, pair.right, ot::Side::kRight), &other);
      text = other;
    }
    pair.final_sha256 = storage::Sha256Hex(text.ToString());
    pairs.pairs.push_back(std::move(pair));
  }
  return pairs;
}

// Letter after letter at a caret that jumps now and then; every fifth keystroke takes one back.
std::vector<Patch> Typing(Random& random, int64_t count, int64_t length) {
  std::vector<Patch> patches;
  int64_t caret = Below(random, length);
  for (int64_t i = 0; i < count; ++i) {
    if (Below(random, 24) == 0) caret = Below(random, length + 1);
    if (Below(random, 5) == 0 && caret > 0) {
      patches.push_back({--caret, 1, ""});
      --length;
    } else {
      patches.push_back({caret++, 0, Letters(random, 1)});
      ++length;
    }
  }
  return patches;
}

Merge MakeMerge(int64_t edits) {
  Random random(static_cast<uint64_t>(edits));
  Merge merge{.edits = edits, .text = Letters(random, 20'000)};
  const auto length = static_cast<int64_t>(merge.text.size());
  merge.left = Typing(random, edits, length);
  merge.right = Typing(random, edits, length);
  // The witness goes the other way round than what is measured: the right branch first, and each
  // branch composed edit by edit in order instead of as a tree (blocks keep that affordable).
  const auto composed = [](const std::vector<Patch>& patches) {
    ot::Delta whole, block;
    for (size_t i = 0; i < patches.size(); ++i) {
      block = ot::Compose(block, PatchDelta(patches[i]));
      if (i % 512 == 511) {
        whole = ot::Compose(whole, block);
        block = ot::Delta();
      }
    }
    return ot::Compose(whole, block);
  };
  ot::Text text(ot::DeltaBuilder().Insert(merge.text).Build());
  for (const Patch& patch : merge.right) ot::Apply(PatchDelta(patch), &text);
  ot::Apply(ot::Transform(composed(merge.left), composed(merge.right), ot::Side::kRight), &text);
  merge.final_sha256 = storage::Sha256Hex(text.ToString());
  return merge;
}

}  // namespace

ot::Delta PatchDelta(const Patch& patch) {
  ot::DeltaBuilder builder;
  builder.Retain(patch.position).Insert(patch.inserted).Delete(patch.deleted);
  return builder.Build();
}

std::vector<ot::Delta> PatchDeltas(const std::vector<Patch>& patches) {
  std::vector<ot::Delta> deltas;
  deltas.reserve(patches.size());
  for (const Patch& patch : patches) deltas.push_back(PatchDelta(patch));
  return deltas;
}

ot::Attributes FormatAttributes(uint8_t formats) {
  std::vector<ot::Attributes::Entry> entries;
  if (formats & kBold) entries.push_back({"bold", "true"});
  if (formats & kColor) entries.push_back({"color", "\"#d33\""});
  if (formats & kItalic) entries.push_back({"italic", "true"});
  return entries.empty() ? ot::Attributes() : ot::Attributes(std::move(entries));
}

std::string Canonical(const ot::Text& text) {
  std::string canonical;
  const ot::Delta delta = text.ToDelta();
  for (const ot::Component& run : delta) {
    const int formats = (run.attributes.Find("bold") != nullptr ? kBold : 0) |
                        (run.attributes.Find("italic") != nullptr ? kItalic : 0) |
                        (run.attributes.Find("color") != nullptr ? kColor : 0);
    absl::StrAppend(&canonical, formats, ":", run.text, "\x1f");
  }
  return canonical;
}

absl::StatusOr<Inputs> MakeInputs(const std::vector<std::string>& trace_folders) {
  Inputs inputs;
  std::vector<std::string> paths;
  for (const std::string& folder : trace_folders) {
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
      if (entry.path().extension() == ".gz") paths.push_back(entry.path().string());
    }
    if (error) return absl::NotFoundError(absl::StrCat(folder, ": ", error.message()));
  }
  std::sort(paths.begin(), paths.end());
  std::map<std::string, bool> seen;
  for (const std::string& path : paths) {
    absl::StatusOr<Trace> trace = ReadTrace(path);
    if (!trace.ok()) return trace.status();
    const auto final_sha256 = FinalSha256().find(trace->name);
    if (final_sha256 == FinalSha256().end()) {
      return absl::InvalidArgumentError(
          absl::StrCat(path, ": no final text is known for a trace named '", trace->name, "'"));
    }
    if (std::exchange(seen[trace->name], true)) continue;
    if (trace->kind == Trace::Kind::kSession) {
      absl::StatusOr<Session> session = MakeSession(*trace, final_sha256->second);
      if (!session.ok()) return session.status();
      inputs.sessions.push_back(*std::move(session));
      continue;
    }
    Replay replay;
    replay.name = trace->name;
    for (Transaction& transaction : trace->transactions) {
      for (Patch& patch : transaction.patches) replay.patches.push_back(std::move(patch));
    }
    replay.final_sha256 = final_sha256->second;
    replay.rich_edits = Overlay(replay.patches);
    replay.rich_sha256 = RichSha256(replay.rich_edits);
    inputs.replays.push_back(std::move(replay));
  }
  for (const bool compose : {false, true}) {
    inputs.pairs.push_back(MakePairs(1, 1, compose));
    inputs.pairs.push_back(MakePairs(1, 1000, compose));
    inputs.pairs.push_back(MakePairs(1000, 1, compose));
    inputs.pairs.push_back(MakePairs(1000, 1000, compose));
  }
  for (const int64_t edits : {1'000, 5'000, 20'000, 100'000}) {
    inputs.merges.push_back(MakeMerge(edits));
  }
  return inputs;
}

}  // namespace coedit::bench
