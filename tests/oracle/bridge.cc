// ot/ as a type for npm ot-fuzzer: a request is a JSON array of a name and its arguments, the
// answer a list of ops.
//
//   ["apply", document, change]     ["compose", first, second]     ["diff", from, to]
//   ["transform", change, other, "left" | "right"]      the side on which `change` stands
#include <iostream>
#include <string>

#include "absl/strings/str_cat.h"
#include "ot/algebra.h"
#include "ot/apply.h"
#include "proto/delta_rules.h"
#include "proto/json_delta.h"
#include "proto/json_tree.h"
#include "tests/oracle/cases.h"

namespace coedit::oracle {
namespace {

using ot::Delta;
using ot::Side;
using ot::Text;

absl::StatusOr<Delta> Answer(absl::string_view request) {
  const absl::StatusOr<proto::JsonTree> tree = proto::JsonTree::Parse(request);
  if (!tree.ok()) return tree.status();
  std::vector<proto::JsonValue> values;
  for (const proto::JsonValue value : tree->root().items()) values.push_back(value);
  if (values.size() < 3) return absl::InvalidArgumentError("a request has three values or four");
  const absl::string_view name = values[0].string();
  const absl::StatusOr<Delta> first = proto::ReadJsonOps(values[1], proto::NoDecodeLimits());
  if (!first.ok()) return first.status();
  const absl::StatusOr<Delta> second = proto::ReadJsonOps(values[2], proto::NoDecodeLimits());
  if (!second.ok()) return second.status();
  if (name == "compose") return ot::Compose(*first, *second);
  if (name == "transform" && values.size() == 4) {
    const bool left = values[3].string() == "left";
    return ot::Transform(*first, *second, left ? Side::kRight : Side::kLeft);
  }
  const Text text(*first);
  if (name == "diff") return ot::Diff(text, Text(*second));
  if (name != "apply") return absl::InvalidArgumentError(absl::StrCat("no request '", name, "'"));
  if (absl::Status valid = ot::Validate(*second, text); !valid.ok()) return valid;
  return ot::Applied(text, *second).ToDelta();
}

}  // namespace

int ServeBridge() {
  std::ios::sync_with_stdio(false);
  for (std::string request; std::getline(std::cin, request);) {
    const absl::StatusOr<Delta> answer = Answer(request);
    std::string line;
    if (answer.ok()) {
      proto::AppendJsonOps(*answer, &line);
    } else {
      proto::AppendJsonString(answer.status().ToString(), &line);
    }
    std::cout << line << std::endl;
  }
  return 0;
}

}  // namespace coedit::oracle
