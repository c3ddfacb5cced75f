// Writes random valid cases and what ot/ makes of them, one JSON object a line, for compare.mjs to
// check against npm quill-delta 5.1.0.
//
//   ot_oracle --cases N --seed S
//
// A case: a document `s`; `a` and `b` made on it at the same time; `c` made after `a`; a caret.
// Where coedit is stricter on purpose (docs/ot.md) quill-delta is no oracle, and nothing of the
// kind is generated: embed retains (D2), lengths of zero or out of range (D3), changes that pass
// the end (D4), nulls on inserts (D5), names of Object.prototype as keys (D6), boundaries inside
// surrogate pairs (D12). deviations.mjs shows each of them.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "ot/algebra.h"
#include "ot/apply.h"
#include "tests/ot/generators.h"

namespace coedit::ot {
namespace {

using testing::RandomChange;
using testing::RandomDocument;
using testing::Rng;
using testing::Shape;

void AppendString(absl::string_view text, std::string* out) {
  out->push_back('"');
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out->push_back('\\');
      out->push_back(c);
    } else if (static_cast<unsigned char>(c) < 0x20) {
      absl::StrAppendFormat(out, "\\u%04x", static_cast<unsigned>(c));
    } else {
      out->push_back(c);
    }
  }
  out->push_back('"');
}

// Ops as quill-delta writes them; values and embeds are JSON already.
void AppendOps(absl::string_view name, const Delta& delta, std::string* out) {
  absl::StrAppend(out, ",\"", name, "\":[");
  bool first = true;
  for (const Component component : delta) {
    out->append(first ? "{" : ",{");
    first = false;
    switch (component.kind) {
      case Kind::kRetain:
        absl::StrAppend(out, "\"retain\":", component.length);
        break;
      case Kind::kDelete:
        absl::StrAppend(out, "\"delete\":", component.length);
        break;
      case Kind::kInsert:
        out->append("\"insert\":");
        AppendString(component.text, out);
        break;
      case Kind::kEmbed:
        absl::StrAppend(out, "\"insert\":", component.text);
        break;
    }
    char separator = '{';
    for (const Attributes::Entry& entry : component.attributes.entries()) {
      out->append(separator == '{' ? ",\"attributes\":{" : ",");
      separator = ',';
      AppendString(entry.key, out);
      absl::StrAppend(out, ":", entry.value);
    }
    if (separator == ',') out->push_back('}');
    out->push_back('}');
  }
  out->push_back(']');
}

Shape RandomShape(Rng& rng) {
  Shape shape;
  shape.rich = !rng.Chance(15);
  if (rng.Chance(50)) {
    shape.document_units = 8;
    shape.insert_units = 2;
  } else if (rng.Chance(1)) {
    shape.document_units = 3000;
    shape.insert_units = 60;
    shape.components = 120;
  }
  return shape;
}

std::string MakeCase(uint64_t seed) {
  Rng rng(seed);
  const Shape shape = RandomShape(rng);
  const Delta document = RandomDocument(rng, shape);
  const Text s(document);
  const Delta a = RandomChange(rng, s, shape);
  const Delta b = RandomChange(rng, s, shape);
  const Text sa = Applied(s, a);
  const Delta c = RandomChange(rng, sa, shape);
  const int64_t caret = testing::RandomBoundary(rng, s);

  std::string line = absl::StrCat("{\"seed\":\"", seed, "\",\"caret\":", caret);
  AppendOps("s", document, &line);
  AppendOps("a", a, &line);
  AppendOps("b", b, &line);
  AppendOps("c", c, &line);
  AppendOps("applied", sa.ToDelta(), &line);
  AppendOps("composed", Compose(a, c), &line);
  AppendOps("overLeft", Transform(b, a, Side::kLeft), &line);
  AppendOps("overRight", Transform(b, a, Side::kRight), &line);
  AppendOps("inverse", Invert(a, s), &line);
  absl::StrAppend(&line, ",\"caretStays\":", TransformPosition(caret, a, AtInsert::kStay),
                  ",\"caretMoves\":", TransformPosition(caret, a, AtInsert::kMove), "}\n");
  return line;
}

int Main(int argc, char** argv) {
  uint64_t seed = 0;
  uint64_t cases = 0;
  for (int i = 1; i + 1 < argc; i += 2) {
    if (std::strcmp(argv[i], "--seed") == 0) seed = std::strtoull(argv[i + 1], nullptr, 10);
    if (std::strcmp(argv[i], "--cases") == 0) cases = std::strtoull(argv[i + 1], nullptr, 10);
  }
  if (cases == 0) {
    std::fprintf(stderr, "usage: %s --cases N --seed S\n", argv[0]);
    return 2;
  }
  for (uint64_t i = 0; i < cases; ++i) {
    const std::string line = MakeCase(seed + i);
    if (std::fwrite(line.data(), 1, line.size(), stdout) != line.size()) return 1;
  }
  return 0;
}

}  // namespace
}  // namespace coedit::ot

int main(int argc, char** argv) { return coedit::ot::Main(argc, argv); }
