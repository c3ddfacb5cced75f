// Diff (apply.h): matches what two texts have in common, character by character, then turns the
// matches into a change.
//
// Common prefix and suffix first; between them the shortest edit script (Myers' greedy algorithm)
// while few edits suffice; else lines that stand once in each text cut the problem into smaller
// ones. What stays too different is replaced whole. Characters are code points, so that no pair is
// cut.
#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "ot/apply.h"
#include "ot/check.h"

namespace coedit::ot {
namespace {

// A code point, or an embed: kFirstEmbed + its number.
using Symbol = uint32_t;
using Symbols = std::vector<Symbol>;
constexpr Symbol kFirstEmbed = 0x110000;

// Edits up to which the shortest script is searched; memory grows with the square.
constexpr int64_t kEditsMax = 1000;
// Comparisons spent on searching, over all: keeps the time bounded whatever the texts are.
constexpr int64_t kWorkMax = int64_t{1} << 25;

int64_t UnitsOf(Symbol symbol) { return symbol >= 0x10000 && symbol < kFirstEmbed ? 2 : 1; }

// Equal symbols: `length` of them at `from` and at `to`.
struct Match {
  int64_t from;
  int64_t to;
  int64_t length;
};

// A part of both texts that is still to be compared.
struct Range {
  int64_t from_begin, from_end;
  int64_t to_begin, to_end;

  bool empty() const { return from_begin == from_end || to_begin == to_end; }
};

class SymbolTable {
 public:
  Symbols Read(const Text& text) {
    Symbols symbols;
    symbols.reserve(static_cast<size_t>(text.length()));
    text.ForEach(0, text.length(), [&](const Component& component) {
      if (component.kind == Kind::kEmbed) {
        const auto next = static_cast<Symbol>(kFirstEmbed + embeds_.size());
        symbols.push_back(embeds_.try_emplace(std::string(component.text), next).first->second);
      } else {
        Decode(component.text, &symbols);
      }
    });
    return symbols;
  }

 private:
  static void Decode(absl::string_view utf8, Symbols* out) {
    for (size_t i = 0; i < utf8.size();) {
      const auto lead = static_cast<unsigned char>(utf8[i++]);
      const int more = lead < 0xC0 ? 0 : lead < 0xE0 ? 1 : lead < 0xF0 ? 2 : 3;
      Symbol symbol = more == 0 ? lead : lead & (0x3F >> more);
      for (int n = 0; n < more; ++n) {
        symbol = symbol << 6 | (static_cast<unsigned char>(utf8[i++]) & 0x3F);
      }
      out->push_back(symbol);
    }
  }

  absl::flat_hash_map<std::string, Symbol> embeds_;
};

class Matcher {
 public:
  Matcher(const Symbols& from, const Symbols& to) : from_(from), to_(to) {}

  // Matches, rising in both texts.
  std::vector<Match> Run() {
    Range all{0, Size(from_), 0, Size(to_)};
    const int64_t suffix = Trim(&all);
    if (!all.empty() && !SearchScript(all)) MatchByLines(all);
    Add({all.from_end, all.to_end, suffix});
    return std::move(matches_);
  }

 private:
  static int64_t Size(const Symbols& symbols) { return static_cast<int64_t>(symbols.size()); }

  void Add(const Match& match) {
    if (match.length > 0) matches_.push_back(match);
  }

  // Takes the common prefix, which it adds, and suffix, whose length it returns, from `range`.
  int64_t Trim(Range* range) {
    const Match prefix{range->from_begin, range->to_begin, CommonPrefix(*range)};
    Add(prefix);
    range->from_begin += prefix.length;
    range->to_begin += prefix.length;
    int64_t suffix = 0;
    while (!range->empty() && from_[range->from_end - 1] == to_[range->to_end - 1]) {
      --range->from_end;
      --range->to_end;
      ++suffix;
    }
    return suffix;
  }

  int64_t CommonPrefix(const Range& range) const {
    const int64_t most = std::min(range.from_end - range.from_begin, range.to_end - range.to_begin);
    int64_t length = 0;
    while (length < most && from_[range.from_begin + length] == to_[range.to_begin + length]) {
      ++length;
    }
    return length;
  }

  // Myers: reach[k] is how far in `from` one gets on diagonal k (from - to) with d edits. False,
  // and nothing is added, if that takes too many edits or too much work.
  bool SearchScript(const Range& range) {
    const int64_t from_size = range.from_end - range.from_begin;
    const int64_t to_size = range.to_end - range.to_begin;
    const int64_t edits_max = std::min(kEditsMax, from_size + to_size);
    std::vector<std::vector<int64_t>> history;  // reach for k = -d, -d + 2, ... d
    for (int64_t d = 0; d <= edits_max; ++d) {
      std::vector<int64_t> reach(static_cast<size_t>(d) + 1);
      for (int64_t i = 0; i <= d; ++i) {
        const int64_t k = 2 * i - d;
        int64_t x = d == 0 ? 0 : StepFrom(history.back(), i, d).x;
        int64_t y = x - k;
        const int64_t before = x;
        while (x < from_size && y < to_size && y >= 0 &&
               from_[range.from_begin + x] == to_[range.to_begin + y]) {
          ++x;
          ++y;
        }
        work_ += x - before + 1;
        reach[static_cast<size_t>(i)] = x;
        if (x >= from_size && y >= to_size) {
          history.push_back(std::move(reach));
          Backtrack(range, history, i);
          return true;
        }
        if (work_ > kWorkMax) return false;
      }
      history.push_back(std::move(reach));
    }
    return false;
  }

  // Where one edit more leads on diagonal number i of d + 1, and from which number before.
  struct Step {
    int64_t x;
    int64_t previous;
  };
  static Step StepFrom(const std::vector<int64_t>& before, int64_t i, int64_t d) {
    // Diagonal i is reached by an insertion from number i or by a deletion from number i - 1.
    if (i == 0 || (i < d && before[static_cast<size_t>(i - 1)] < before[static_cast<size_t>(i)])) {
      return {before[static_cast<size_t>(i)], i};
    }
    return {before[static_cast<size_t>(i - 1)] + 1, i - 1};
  }

  void Backtrack(const Range& range, const std::vector<std::vector<int64_t>>& history, int64_t i) {
    const size_t first = matches_.size();
    for (auto d = static_cast<int64_t>(history.size()) - 1; d >= 0; --d) {
      const int64_t x = history[static_cast<size_t>(d)][static_cast<size_t>(i)];
      const int64_t k = 2 * i - d;
      const Step step = d == 0 ? Step{0, 0} : StepFrom(history[static_cast<size_t>(d - 1)], i, d);
      Add({range.from_begin + step.x, range.to_begin + step.x - k, x - step.x});
      i = step.previous;
    }
    std::reverse(matches_.begin() + static_cast<std::ptrdiff_t>(first), matches_.end());
  }

  // Lines that stand once in each text and in the same order are held to be the same.
  void MatchByLines(const Range& range) {
    Range gap = range;
    for (const Match& line : CommonLines(range)) {
      gap.from_end = line.from;
      gap.to_end = line.to;
      MatchGap(gap);
      Add(line);
      gap.from_begin = line.from + line.length;
      gap.to_begin = line.to + line.length;
    }
    gap.from_end = range.from_end;
    gap.to_end = range.to_end;
    MatchGap(gap);
  }

  void MatchGap(Range gap) {
    const int64_t suffix = Trim(&gap);
    if (!gap.empty() && work_ <= kWorkMax) SearchScript(gap);
    Add({gap.from_end, gap.to_end, suffix});
  }

  struct Line {
    int64_t from = 0, to = 0;
    int from_count = 0, to_count = 0;
  };

  static void ForEachLine(const Symbols& text, int64_t begin, int64_t end, std::u32string* line,
                          absl::flat_hash_map<std::u32string, Line>* lines, bool is_from) {
    for (int64_t at = begin; at < end;) {
      const int64_t start = at;
      while (at < end && text[at] != '\n') ++at;
      if (at < end) ++at;
      line->assign(text.begin() + start, text.begin() + at);
      Line& entry = (*lines)[*line];
      (is_from ? entry.from : entry.to) = start;
      ++(is_from ? entry.from_count : entry.to_count);
    }
  }

  std::vector<Match> CommonLines(const Range& range) const {
    absl::flat_hash_map<std::u32string, Line> lines;
    std::u32string buffer;
    ForEachLine(from_, range.from_begin, range.from_end, &buffer, &lines, true);
    ForEachLine(to_, range.to_begin, range.to_end, &buffer, &lines, false);
    std::vector<Match> unique;
    for (const auto& [text, line] : lines) {
      if (line.from_count == 1 && line.to_count == 1) {
        unique.push_back({line.from, line.to, static_cast<int64_t>(text.size())});
      }
    }
    std::sort(unique.begin(), unique.end(),
              [](const Match& a, const Match& b) { return a.from < b.from; });
    return LongestRising(unique);
  }

  // The longest subsequence that rises in `to` as well.
  static std::vector<Match> LongestRising(const std::vector<Match>& matches) {
    std::vector<size_t> tails;  // tails[n]: the end of a rising sequence of n + 1 with least `to`
    std::vector<std::ptrdiff_t> before(matches.size(), -1);
    for (size_t i = 0; i < matches.size(); ++i) {
      const auto place =
          std::lower_bound(tails.begin(), tails.end(), matches[i].to,
                           [&](size_t tail, int64_t to) { return matches[tail].to < to; });
      if (place != tails.begin()) before[i] = static_cast<std::ptrdiff_t>(*std::prev(place));
      if (place == tails.end()) {
        tails.push_back(i);
      } else {
        *place = i;
      }
    }
    std::vector<Match> result;
    for (std::ptrdiff_t i = tails.empty() ? -1 : static_cast<std::ptrdiff_t>(tails.back()); i >= 0;
         i = before[static_cast<size_t>(i)]) {
      result.push_back(matches[static_cast<size_t>(i)]);
    }
    std::reverse(result.begin(), result.end());
    return result;
  }

  const Symbols& from_;
  const Symbols& to_;
  std::vector<Match> matches_;
  int64_t work_ = 0;
};

int64_t CountUnits(const Symbols& symbols, int64_t begin, int64_t end) {
  int64_t units = 0;
  for (int64_t i = begin; i < end; ++i) units += UnitsOf(symbols[static_cast<size_t>(i)]);
  return units;
}

// The attributes of a stretch of text as lengths with attributes.
struct FormattedLength {
  int64_t units;
  Attributes attributes;
};
std::vector<FormattedLength> Formats(const Text& text, int64_t begin, int64_t units) {
  std::vector<FormattedLength> formats;
  text.ForEach(begin, begin + units, [&](const Component& component) {
    formats.push_back({component.length, component.attributes});
  });
  return formats;
}

// Retains the same `units` characters of both texts and changes their formats.
void RetainFormatted(const Text& from, int64_t from_begin, const Text& to, int64_t to_begin,
                     int64_t units, DeltaBuilder* out) {
  const std::vector<FormattedLength> wanted = Formats(to, to_begin, units);
  size_t at = 0;
  int64_t used = 0;
  for (const FormattedLength& old : Formats(from, from_begin, units)) {
    for (int64_t left = old.units; left > 0;) {
      const int64_t part = std::min(left, wanted[at].units - used);
      out->Retain(part, DiffAttributes(old.attributes, wanted[at].attributes));
      left -= part;
      used += part;
      if (used == wanted[at].units) {
        ++at;
        used = 0;
      }
    }
  }
}

}  // namespace

Delta Diff(const Text& from, const Text& to) {
  DeltaBuilder out;
  if (from == to) return out.Build();
  SymbolTable table;
  const Symbols from_symbols = table.Read(from);
  const Symbols to_symbols = table.Read(to);
  std::vector<Match> matches = Matcher(from_symbols, to_symbols).Run();
  matches.push_back(
      {static_cast<int64_t>(from_symbols.size()), static_cast<int64_t>(to_symbols.size()), 0});

  Match done{0, 0, 0};  // in symbols
  int64_t from_units = 0;
  int64_t to_units = 0;
  for (const Match& match : matches) {
    COEDIT_CHECK(match.from >= done.from && match.to >= done.to);
    const int64_t inserted = CountUnits(to_symbols, done.to, match.to);
    to.ForEach(to_units, to_units + inserted,
               [&](const Component& component) { out.Push(component); });
    to_units += inserted;
    const int64_t deleted = CountUnits(from_symbols, done.from, match.from);
    out.Delete(deleted);
    from_units += deleted;
    const int64_t kept = CountUnits(to_symbols, match.to, match.to + match.length);
    RetainFormatted(from, from_units, to, to_units, kept, &out);
    from_units += kept;
    to_units += kept;
    done = {match.from + match.length, match.to + match.length, 0};
  }
  return out.Build();
}

}  // namespace coedit::ot
