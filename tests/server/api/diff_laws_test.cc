// What GET .../diff promises: `before` with `delta` is the text at `to`.
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "ot/apply.h"
#include "proto/delta_rules.h"
#include "proto/json_delta.h"
#include "proto/json_tree.h"
#include "tests/ot/property.h"
#include "tests/server/api/api_harness.h"

namespace coedit::server::api {
namespace {

using testing::ApiHarness;

TEST(ApiDiff, TurnsOneTextIntoTheOther) {
  ot::testing::ForEachCase(60, [](ot::testing::Rng& rng) {
    ApiHarness server;
    server.Ask("POST", "/v1/documents", R"({"id":"d"})");
    ot::Text text(ot::DeltaBuilder().Insert("\n").Build());
    std::vector<ot::Text> texts = {text};
    const ot::testing::Shape shape = ot::testing::RandomShape(rng);
    for (int64_t edits = rng.Between(1, 6); edits > 0; --edits) {
      const ot::Delta change = ot::testing::RandomChange(rng, text, shape);
      if (change.empty() || change.size() > 4000) continue;
      std::string ops;
      proto::AppendJsonOps(change, &ops);
      const int revision = static_cast<int>(texts.size()) - 1;
      const testing::Answer edited = server.Edit('a', revision + 1, revision, ops);
      ASSERT_EQ(edited.status, 200) << edited.body;
      ot::Apply(change, &text);
      texts.push_back(text);
    }
    const int64_t from = rng.Below(static_cast<int64_t>(texts.size()));
    const int64_t to = rng.Below(static_cast<int64_t>(texts.size()));
    const std::string body =
        server.Get(absl::StrCat("/v1/documents/d/diff?from=", from, "&to=", to)).body;
    const auto tree = proto::JsonTree::Parse(body);
    ASSERT_TRUE(tree.ok()) << body;
    const auto before = proto::ReadJsonDelta(*tree->root().Find("before"), proto::NoDecodeLimits());
    const auto delta = proto::ReadJsonDelta(*tree->root().Find("delta"), proto::NoDecodeLimits());
    ASSERT_TRUE(before.ok() && delta.ok()) << body;
    ASSERT_TRUE(ot::Text(*before) == texts[from]);
    ASSERT_TRUE(ot::Applied(ot::Text(*before), *delta) == texts[to]) << body;
  });
}

}  // namespace
}  // namespace coedit::server::api
