#include "tests/ot/generators.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <utility>
#include <vector>

#include "ot/unicode.h"

namespace coedit::ot::testing {
namespace {

// One of each kind of character; the joined ones are several code points.
constexpr const char* kRare[] = {
    "\n",
    "\n",
    " ",
    "\xC3\xA9",                                      // e with acute, one code point
    "e\xCC\x81",                                     // the same, combining
    "\xCC\x88",                                      // a combining mark alone
    "\xD0\x96",                                      // Cyrillic
    "\xE4\xB8\xAD",                                  // Chinese
    "\xEF\xBB\xBF",                                  // U+FEFF
    "\xEF\xBF\xBD",                                  // U+FFFD
    "\xE2\x80\xA8",                                  // line separator
    "\xF0\x9F\x98\x80",                              // emoji: a surrogate pair
    "\xF0\x9F\x98\x80\xF0\x9F\x98\x80",              // two
    "\xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x92\xBB",  // joined by U+200D
    "\xF0\x9F\x87\xA9\xF0\x9F\x87\xAA",              // a flag
    "\xF0\x90\x80\x80",                              // U+10000, the first pair
    "\xF4\x8F\xBF\xBF",                              // U+10FFFF, the last
    "\xED\x9F\xBF",                                  // U+D7FF, below the surrogates
    "\xEE\x80\x80",                                  // U+E000, above them
    "\"",
    "\\",
};

constexpr const char* kEmbeds[] = {
    R"({"image":"https://example.org/a.png"})",
    R"({"image":"b"})",
    R"({"formula":"e=mc^2"})",
    R"({"divider":true})",
    R"({"mention":{"id":7,"name":"Z\u000boë"}})",
    R"({"n":1.5})",
};

struct Choice {
  const char* key;
  std::array<const char*, 4> values;  // canonical JSON
};
constexpr Choice kAttributes[] = {
    {"bold", {"true", "true", "true", "false"}},
    {"italic", {"true", "true", "1", "\"yes\""}},
    {"color", {"\"red\"", "\"#00ff00\"", "\"\xF0\x9F\x98\x80\"", "\"\""}},
    {"header", {"1", "2", "3", "0.5"}},
    {"link", {"\"https://example.org\"", "\"b\"", "{\"href\":\"x\",\"rel\":null}", "[]"}},
    {"meta", {"{\"a\":1,\"b\":{\"c\":null}}", "{\"a\":1}", "[1,[2,null]]", "{}"}},
    {"\xC3\xA9", {"1e+21", "-1", "0", "true"}},
};

template <typename Item, size_t kSize>
const Item& Pick(Rng& rng, const Item (&items)[kSize]) {
  return items[rng.Below(static_cast<int64_t>(kSize))];
}

void PushInsert(Rng& rng, const Shape& shape, DeltaBuilder* out) {
  const Attributes attributes =
      shape.rich && rng.Chance(40) ? RandomAttributes(rng, false) : Attributes();
  if (shape.rich && rng.Chance(15)) {
    out->InsertEmbed(Pick(rng, kEmbeds), attributes);
    return;
  }
  // Now and then a long run, as a paste would be.
  const int64_t units = rng.Chance(2) ? shape.insert_units * 16 : shape.insert_units;
  out->Insert(RandomString(rng, units), attributes);
}

// A length from `position`, at most `units`, that ends on a boundary; 0 if there is none.
int64_t StepOver(const Text& text, int64_t position, int64_t units) {
  int64_t end = std::min(text.length(), position + units);
  if (!text.IsBoundary(end)) ++end;
  return end - position;
}

class ChangeMaker {
 public:
  ChangeMaker(Rng& rng, const Text& text, const Shape& shape)
      : rng_(rng), text_(text), shape_(shape) {}

  Delta Make() {
    const int components = static_cast<int>(rng_.Between(1, shape_.components));
    switch (rng_.Below(10)) {
      case 0:
        Alternate(components);
        break;
      case 1:
        AtOneSpot(components);
        break;
      case 2:
        FormatEach(components);
        break;
      default:
        Mix(components);
    }
    return out_.Build();
  }

 private:
  int64_t Left() const { return text_.length() - position_; }

  void Retain(int64_t units) {
    const int64_t step = StepOver(text_, position_, units);
    out_.Retain(step, shape_.rich && rng_.Chance(35) ? RandomAttributes(rng_, true) : Attributes());
    position_ += step;
  }
  void Delete(int64_t units) {
    const int64_t step = StepOver(text_, position_, units);
    out_.Delete(step);
    position_ += step;
  }
  void Insert() { PushInsert(rng_, shape_, &out_); }

  void Mix(int components) {
    const int64_t step_max = std::max<int64_t>(1, 2 * text_.length() / (components + 1));
    for (int i = 0; i < components; ++i) {
      switch (rng_.Below(3)) {
        case 0:
          Retain(rng_.Between(1, step_max));
          break;
        case 1:
          Delete(rng_.Between(1, step_max));
          break;
        default:
          Insert();
      }
    }
  }

  void Alternate(int components) {
    Retain(rng_.Below(Left() + 1));
    for (int i = 0; i < components; ++i) {
      Insert();
      Delete(1);
      if (rng_.Chance(50)) Retain(1);
    }
  }

  void AtOneSpot(int components) {
    // The middle of the text: what two changes of this shape share.
    Retain(text_.length() / 2);
    for (int i = 0; i < components / 2; ++i) Insert();
    Delete(rng_.Between(0, 3));
  }

  void FormatEach(int components) {
    Retain(rng_.Below(Left() + 1));
    for (int i = 0; i < components && Left() > 0; ++i) {
      const int64_t step = StepOver(text_, position_, 1);
      out_.Retain(step, shape_.rich ? RandomAttributes(rng_, true) : Attributes());
      position_ += step;
    }
  }

  Rng& rng_;
  const Text& text_;
  const Shape& shape_;
  DeltaBuilder out_;
  int64_t position_ = 0;
};

const char* Environment(const char* name) {
  const char* const value = std::getenv(name);
  return value != nullptr && *value != '\0' ? value : nullptr;
}

}  // namespace

uint64_t Rng::Next() {
  state_ += 0x9E3779B97F4A7C15;
  uint64_t z = state_;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
  return z ^ (z >> 31);
}

int64_t Rng::Below(int64_t bound) {
  return static_cast<int64_t>(Next() % static_cast<uint64_t>(bound));
}

int64_t Rng::Between(int64_t low, int64_t high) { return low + Below(high - low + 1); }

bool Rng::Chance(int percent) { return Below(100) < percent; }

uint64_t RunSeed() {
  static const uint64_t seed = [] {
    const char* const given = Environment("COEDIT_SEED");
    const uint64_t value =
        given != nullptr
            ? std::strtoull(given, nullptr, 10)
            : static_cast<uint64_t>(std::chrono::system_clock::now().time_since_epoch().count());
    std::printf("COEDIT_SEED=%llu\n", static_cast<unsigned long long>(value));
    std::fflush(stdout);
    return value;
  }();
  return seed;
}

int64_t Cases(int64_t normal) {
  static const int64_t percent = [] {
    const char* const given = Environment("COEDIT_CASES");
    return given != nullptr ? std::max<int64_t>(1, std::strtoll(given, nullptr, 10)) : 100;
  }();
  return std::max<int64_t>(1, normal * percent / 100);
}

Shape RandomShape(Rng& rng, int plain) {
  Shape shape;
  shape.rich = !rng.Chance(plain);
  if (rng.Chance(50)) {
    shape.document_units = 6;
    shape.insert_units = 2;
  } else if (rng.Chance(4)) {
    shape.document_units = 4000;
    shape.insert_units = 100;
    shape.components = 100;
  } else if (rng.Below(1000) == 0) {
    shape.document_units = 8000;
    shape.insert_units = 3;
    shape.components = 4096;
  }
  return shape;
}

std::string RandomString(Rng& rng, int64_t units) {
  const int64_t wanted = rng.Between(1, std::max<int64_t>(1, units));
  std::string text;
  int64_t length = 0;
  while (length < wanted) {
    if (rng.Chance(70)) {
      text.push_back(static_cast<char>('a' + rng.Below(26)));
      ++length;
    } else {
      const absl::string_view character = Pick(rng, kRare);
      text.append(character.data(), character.size());
      length += Utf16Length(character);
    }
  }
  return text;
}

Attributes RandomAttributes(Rng& rng, bool removals) {
  std::vector<Attributes::Entry> entries;
  const int64_t count = rng.Chance(70) ? 1 : rng.Between(2, 4);
  // Starting anywhere in the list and going on keeps the keys different.
  int64_t at = rng.Below(std::size(kAttributes));
  for (int64_t i = 0; i < count; ++i) {
    const Choice& choice = kAttributes[at++ % static_cast<int64_t>(std::size(kAttributes))];
    const bool removal = removals && rng.Chance(30);
    entries.push_back({choice.key, removal ? std::string(kRemove)
                                           : choice.values[static_cast<size_t>(rng.Below(4))]});
  }
  return Attributes(std::move(entries));
}

Delta RandomDocument(Rng& rng, const Shape& shape) {
  DeltaBuilder out;
  int64_t left = rng.Between(0, shape.document_units);
  while (left > 0) {
    Shape part = shape;
    part.insert_units = std::min(left, std::max<int64_t>(shape.insert_units, left / 4));
    PushInsert(rng, part, &out);
    left -= (part.insert_units + 1) / 2;  // what it is on average
  }
  return out.Build();
}

Delta RandomChange(Rng& rng, const Text& text, const Shape& shape) {
  return ChangeMaker(rng, text, shape).Make();
}

Delta RandomKeystroke(Rng& rng, const Text& text, const Shape& shape) {
  DeltaBuilder out;
  const int64_t position = RandomBoundary(rng, text);
  out.Retain(position);
  const int64_t action = rng.Below(shape.rich ? 10 : 9);
  if (action < 6 || position == text.length()) {
    PushInsert(rng, shape, &out);
  }
  if (action >= 5 && action < 9) {
    out.Delete(StepOver(text, position, rng.Between(1, shape.insert_units)));
  } else if (action == 9) {
    out.Retain(StepOver(text, position, rng.Between(1, shape.insert_units)),
               RandomAttributes(rng, true));
  }
  return out.Build();
}

int64_t RandomBoundary(Rng& rng, const Text& text) {
  const int64_t position = rng.Below(text.length() + 1);
  return text.IsBoundary(position) ? position : position + 1;
}

}  // namespace coedit::ot::testing
