#include "tests/storage/typing.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "ot/apply.h"

namespace coedit::storage {
namespace {

class Room {
 public:
  Room(uint64_t seed, int authors) : random_(seed), carets_(authors, 0), sequences_(authors, 0) {}

  uint64_t Below(uint64_t bound) {
    return std::uniform_int_distribution<uint64_t>(0, bound - 1)(random_);
  }

  ot::Delta Edit(int author, const ot::Text& text) {
    int64_t& caret = carets_[author];
    caret = Boundary(std::min(caret, text.length()), text);
    if (Below(40) == 0) caret = Boundary(Below(text.length() + 1), text);
    const std::string pieces[] = {"e", "t", " ", "a word ", "\n", "\xC3\xA9", "\xF0\x9F\x98\x80"};
    switch (Below(60)) {
      case 0:
        return {};
      case 1:
        return ot::DeltaBuilder()
            .Retain(caret)
            .InsertEmbed(R"({"image":"x"})", {{"alt", R"("y")"}})
            .Build();
      case 2: {
        const int64_t end = Boundary(std::min(caret + 5, text.length()), text);
        return ot::DeltaBuilder().Retain(caret).Retain(end - caret, {{"bold", "true"}}).Build();
      }
      case 3: {
        const int64_t end = Boundary(std::min(caret + 9, text.length()), text);
        return ot::DeltaBuilder().Retain(caret).Insert("replaced").Delete(end - caret).Build();
      }
      case 4:
        return ot::DeltaBuilder().Retain(caret).Insert(std::string(200, 'p')).Build();
      default:
        break;
    }
    if (mood_ > 0) --mood_;
    if (mood_ == 0) {
      mood_ = 1 + Below(12);
      kind_ = Below(10);
    }
    if (kind_ == 0 && caret < text.length()) {  // ahead
      const int64_t end = Boundary(std::min<int64_t>(caret + 1 + Below(2), text.length()), text);
      if (end > caret) return ot::DeltaBuilder().Retain(caret).Delete(end - caret).Build();
    }
    if (kind_ <= 2 && caret > 0) {
      const int64_t begin = Boundary(caret - 1, text);
      const int64_t units = caret - begin;
      caret = begin;
      return ot::DeltaBuilder().Retain(begin).Delete(units).Build();
    }
    const std::string& piece = pieces[Below(10) < 8 ? Below(3) : 3 + Below(4)];
    const int64_t at = caret;
    ot::Delta delta = ot::DeltaBuilder().Retain(at).Insert(piece).Build();
    caret += delta.growth();
    return delta;
  }

  ot::Sequence NextSequence(int author) {
    return sequences_[author] += Below(50) == 0 ? 1 + Below(300) : 1;
  }
  std::mt19937_64* random() { return &random_; }

 private:
  static int64_t Boundary(int64_t position, const ot::Text& text) {
    while (!text.IsBoundary(position)) --position;
    return position;
  }

  std::mt19937_64 random_;
  std::vector<int64_t> carets_;
  std::vector<ot::Sequence> sequences_;
  uint64_t mood_ = 0;  // keystrokes of one kind that are left
  uint64_t kind_ = 0;
};

}  // namespace

int64_t TypingGapMs(std::mt19937_64* random) {
  std::normal_distribution<double> normal;
  const double kind = std::uniform_real_distribution<double>()(*random);
  double gap = 160 * std::exp(0.5 * normal(*random));
  if (kind < 0.00005) {
    gap += 3.6e6;
  } else if (kind < 0.002) {
    gap += 5000 * std::exp(1.2 * normal(*random));
  } else if (kind < 0.012) {
    gap += 1500 * std::exp(0.8 * normal(*random));
  } else if (kind < 0.06) {
    gap += 400 * std::exp(0.6 * normal(*random));
  }
  return static_cast<int64_t>(gap);
}

std::vector<int64_t> TypedHistory::Times() const {
  std::vector<int64_t> times;
  for (const ot::Commit& commit : commits) times.push_back(commit.time_ms);
  return times;
}

TypedHistory MakeTypedHistory(uint64_t seed, int commits, int authors, bool interleaved) {
  Room room(seed, authors);
  TypedHistory history;
  history.before = {room.Below(1000), room.Below(~uint64_t{0})};
  history.initial = ot::Text(ot::DeltaBuilder().Insert("What stood there before.\n").Build());
  ot::Text text = history.initial;
  Head head = history.before;
  int64_t time_ms = 1'700'000'000'000;
  int author = 0;
  for (int i = 0; i < commits; ++i) {
    if (interleaved || room.Below(30) == 0) author = static_cast<int>(room.Below(authors));
    ot::Delta delta = room.Edit(author, text);
    ot::Apply(delta, &text);
    const ot::AuthorNumber number = author == 0 ? 1 : 100 * author;
    const ot::Sequence sequence = room.NextSequence(author);
    head = {head.revision + 1, ot::ExtendDigest(head.digest, number, sequence, delta)};
    time_ms += TypingGapMs(room.random());
    history.commits.push_back({.revision = head.revision,
                               .digest = head.digest,
                               .author = number,
                               .sequence = sequence,
                               .time_ms = time_ms,
                               .delta = std::move(delta)});
    history.texts.push_back(text);
  }
  return history;
}

}  // namespace coedit::storage
