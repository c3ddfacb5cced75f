#include "tests/ot/notation.h"

#include <cstdio>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

namespace coedit::ot::testing {
namespace {

class Reader {
 public:
  explicit Reader(absl::string_view notation) : notation_(notation) {}

  Delta Read() {
    DeltaBuilder builder;
    while (SkipSpaces()) {
      const char kind = Take();
      if (kind == '+') {
        ReadInsert(&builder);
      } else if (kind == '=') {
        const int64_t units = ReadNumber();
        builder.Retain(units, ReadAttributes());
      } else if (kind == '-') {
        builder.Delete(ReadNumber());
      } else {
        Fail("a component begins with =, - or +");
      }
    }
    return builder.Build();
  }

 private:
  [[noreturn]] void Fail(const char* reason) const {
    std::fprintf(stderr, "notation: %s, at %zu of: %s\n", reason, at_,
                 std::string(notation_).c_str());
    std::abort();
  }

  bool AtEnd() const { return at_ == notation_.size(); }
  bool Sees(char c) const { return !AtEnd() && notation_[at_] == c; }
  char Take() {
    if (AtEnd()) Fail("unexpected end");
    return notation_[at_++];
  }
  bool SkipSpaces() {
    while (Sees(' ')) ++at_;
    return !AtEnd();
  }

  int64_t ReadNumber() {
    int64_t number = 0;
    const size_t begin = at_;
    while (!AtEnd() && notation_[at_] >= '0' && notation_[at_] <= '9') {
      number = number * 10 + (Take() - '0');
    }
    if (at_ == begin) Fail("a number was expected");
    return number;
  }

  void ReadInsert(DeltaBuilder* builder) {
    if (Sees('{')) {
      const std::string embed = ReadJson();
      builder->InsertEmbed(embed, ReadAttributes());
      return;
    }
    const std::string text = ReadText();
    builder->Insert(text, ReadAttributes());
  }

  std::string ReadText() {
    const bool quoted = Sees('"');
    if (quoted) ++at_;
    std::string text;
    while (quoted ? !Sees('"') : !(AtEnd() || Sees(' ') || Sees('{'))) {
      const char c = Take();
      if (c == '\\') {
        AppendEscape(&text);
      } else {
        text.push_back(c);
      }
    }
    if (quoted) ++at_;
    return text;
  }

  void AppendEscape(std::string* text) {
    const char c = Take();
    if (c == 'n') {
      text->push_back('\n');
    } else if (c == 'u') {
      if (Take() != '{') Fail("\\u{HEX} was expected");
      uint32_t code = 0;
      while (!Sees('}')) code = code * 16 + HexDigit(Take());
      ++at_;
      AppendUtf8(code, text);
    } else {
      text->push_back(c);
    }
  }

  uint32_t HexDigit(char c) const {
    if (c >= '0' && c <= '9') return static_cast<uint32_t>(c - '0');
    if (c >= 'a' && c <= 'f') return static_cast<uint32_t>(c - 'a' + 10);
    if (c >= 'A' && c <= 'F') return static_cast<uint32_t>(c - 'A' + 10);
    Fail("a hexadecimal digit was expected");
  }

  static void AppendUtf8(uint32_t code, std::string* text) {
    const auto continuation = [&](int shift) {
      text->push_back(static_cast<char>(0x80 | ((code >> shift) & 0x3F)));
    };
    if (code < 0x80) {
      text->push_back(static_cast<char>(code));
    } else if (code < 0x800) {
      text->push_back(static_cast<char>(0xC0 | code >> 6));
      continuation(0);
    } else if (code < 0x10000) {
      text->push_back(static_cast<char>(0xE0 | code >> 12));
      continuation(6);
      continuation(0);
    } else {
      text->push_back(static_cast<char>(0xF0 | code >> 18));
      continuation(12);
      continuation(6);
      continuation(0);
    }
  }

  // One JSON value, as it stands: it is taken to be canonical.
  std::string ReadJson() {
    const size_t begin = at_;
    int depth = 0;
    bool in_string = false;
    while (!AtEnd()) {
      const char c = notation_[at_];
      if (in_string) {
        if (c == '\\') ++at_;
        if (c == '"') in_string = false;
      } else if (c == '"') {
        in_string = true;
      } else if (c == '{' || c == '[') {
        ++depth;
      } else if (c == '}' || c == ']') {
        if (depth == 0) break;  // of the map around a scalar
        --depth;
      } else if (c == ',' && depth == 0) {
        break;
      }
      ++at_;
      if (depth == 0 && (c == '}' || c == ']')) break;
    }
    return std::string(notation_.substr(begin, at_ - begin));
  }

  Attributes ReadAttributes() {
    std::vector<Attributes::Entry> entries;
    if (!Sees('{')) return {};
    do {
      ++at_;  // { or ,
      std::string key;
      if (Sees('"')) {
        key = ReadText();
      } else {
        while (!Sees(':') && !Sees(',') && !Sees('}')) key.push_back(Take());
      }
      std::string value = "true";
      if (Sees(':')) {
        ++at_;
        value = ReadJson();
      }
      entries.push_back({std::move(key), std::move(value)});
    } while (Sees(','));
    if (Take() != '}') Fail("} was expected");
    return Attributes(std::move(entries));
  }

  const absl::string_view notation_;
  size_t at_ = 0;
};

}  // namespace

Delta D(absl::string_view notation) { return Reader(notation).Read(); }

Text T(absl::string_view document) { return Text(D(document)); }

}  // namespace coedit::ot::testing
