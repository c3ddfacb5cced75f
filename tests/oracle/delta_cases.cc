#include "absl/strings/str_cat.h"
#include "ot/algebra.h"
#include "ot/apply.h"
#include "proto/canonical_json.h"
#include "proto/json_delta.h"
#include "tests/oracle/cases.h"
#include "tests/ot/generators.h"

namespace coedit::oracle {

using ot::AtInsert;
using ot::Delta;
using ot::Side;
using ot::Text;
using ot::testing::RandomChange;
using ot::testing::Rng;
using ot::testing::Shape;

void WriteOps(absl::string_view name, const Delta& delta, proto::JsonObjectWriter* out) {
  proto::AppendJsonOps(delta, out->Key(name));
}

std::string DeltaCase(uint64_t seed) {
  Rng rng(seed);
  const Shape shape = ot::testing::RandomShape(rng, 15);
  const Delta document = ot::testing::RandomDocument(rng, shape);
  const Text s(document);
  const Delta a = RandomChange(rng, s, shape);
  const Delta b = RandomChange(rng, s, shape);
  const Text sa = ot::Applied(s, a);
  const Delta c = RandomChange(rng, sa, shape);
  const int64_t caret = ot::testing::RandomBoundary(rng, s);
  const Delta composed = ot::Compose(a, c);
  std::string ops;
  proto::AppendJsonOps(composed, &ops);

  std::string line;
  {
    proto::JsonObjectWriter out(&line);
    out.Text("seed", absl::StrCat(seed)).Number("caret", static_cast<uint64_t>(caret));
    WriteOps("s", document, &out);
    WriteOps("a", a, &out);
    WriteOps("b", b, &out);
    WriteOps("c", c, &out);
    WriteOps("applied", sa.ToDelta(), &out);
    WriteOps("composed", composed, &out);
    out.Text("composedCanonical", *proto::CanonicalJson(ops, 32));
    WriteOps("overLeft", ot::Transform(b, a, Side::kLeft), &out);
    WriteOps("overRight", ot::Transform(b, a, Side::kRight), &out);
    WriteOps("inverse", ot::Invert(a, s), &out);
    WriteOps("difference", ot::Diff(s, sa), &out);
    out.Number("caretStays",
               static_cast<uint64_t>(ot::TransformPosition(caret, a, AtInsert::kStay)));
    out.Number("caretMoves",
               static_cast<uint64_t>(ot::TransformPosition(caret, a, AtInsert::kMove)));
  }
  return line;
}

}  // namespace coedit::oracle
