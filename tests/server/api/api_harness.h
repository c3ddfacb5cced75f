// The API over a server's core without a network: what is asked is answered at once, in virtual
// time.
#ifndef COEDIT_TESTS_SERVER_API_API_HARNESS_H_
#define COEDIT_TESTS_SERVER_API_API_HARNESS_H_

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "server/api/api.h"
#include "tests/server/harness.h"

namespace coedit::server::api::testing {

// Does the work when its turn on the executor comes. `full`: as if too much waited.
class QueuedCompute final : public Compute {
 public:
  explicit QueuedCompute(Executor* executor) : executor_(executor) {}
  bool full = false;
  int runs = 0;

  bool Run(Lane, Task work, Task done) override {
    if (full) return false;
    ++runs;
    executor_->Post([work = std::move(work), done = std::move(done)]() mutable {
      std::move(work)();
      std::move(done)();
    });
    return true;
  }

 private:
  Executor* executor_;
};

struct Answer {
  int status = 0;  // 0: none yet
  std::string body;
  std::string content_type;
  std::vector<std::pair<std::string, std::string>> fields;

  std::string Field(absl::string_view name) const {
    for (const auto& [known, value] : fields) {
      if (known == name) return value;
    }
    return "";
  }
};

class ApiHarness : public server::testing::Harness {
 public:
  explicit ApiHarness(Limits limits = {}, size_t shard_count = 1)
      : Harness(limits, shard_count),
        compute(&executor),
        api(&environment, shards.get(), &compute) {}
  ~ApiHarness() { executor.Kill(); }

  using Harness::Ask;

  // Asks without waiting; the answer comes into what is returned.
  std::shared_ptr<Answer> Begin(Request request) {
    auto answer = std::make_shared<Answer>();
    api.Handle(std::move(request), [answer](Response response) {
      *answer = {.status = response.status,
                 .body = response.body == nullptr ? "" : *response.body,
                 .content_type = response.content_type,
                 .fields = response.fields};
    });
    return answer;
  }
  // `target` may have a query. A body is JSON.
  static Request Make(absl::string_view method, absl::string_view target, absl::string_view body) {
    const size_t query = target.find('?');
    return {.method = std::string(method),
            .path = std::string(target.substr(0, query)),
            .query = query == absl::string_view::npos ? "" : std::string(target.substr(query + 1)),
            .content_type = body.empty() ? "" : "application/json",
            .accept = {},
            .body = std::string(body),
            .client = "192.0.2.1"};
  }
  Answer Ask(absl::string_view method, absl::string_view target, absl::string_view body = "") {
    const std::shared_ptr<Answer> answer = Begin(Make(method, target, body));
    Run();
    return *answer;
  }
  Answer Get(absl::string_view target) { return Ask("GET", target); }
  // An edit of "d" by the client whose id is made of the digit.
  Answer Edit(char client, int sequence, int revision, absl::string_view ops) {
    return Edit("d", client, sequence, revision, ops);
  }
  Answer Edit(absl::string_view document, char client, int sequence, int revision,
              absl::string_view ops) {
    return Ask("POST", absl::StrCat("/v1/documents/", document, "/operations"),
               absl::StrCat(R"({"clientId":")", std::string(32, client), R"(","sequence":)",
                            sequence, R"(,"revision":)", revision, R"(,"delta":{"ops":)", ops,
                            R"(},"name":"N)", std::string(1, client), "\"}"));
  }
  Answer Restore(char client, int sequence, int revision) {
    return Ask("POST", "/v1/documents/d/restore",
               absl::StrCat(R"({"clientId":")", std::string(32, client), R"(","sequence":)",
                            sequence, R"(,"revision":)", revision, "}"));
  }

  QueuedCompute compute;
  Api api;
};

}  // namespace coedit::server::api::testing

#endif  // COEDIT_TESTS_SERVER_API_API_HARNESS_H_
