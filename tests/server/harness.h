// A server's core without a network: sessions whose frames are JSON text, a store whose appends can
// be held back or made to fail, and time that advances when told to.
#ifndef COEDIT_TESTS_SERVER_HARNESS_H_
#define COEDIT_TESTS_SERVER_HARNESS_H_

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/environment.h"
#include "server/hub.h"
#include "server/session.h"
#include "server/shards.h"
#include "storage/memory_store.h"
#include "tests/sim/sim_executor.h"

namespace coedit::server::testing {

// MemoryStore, but an append waits until it is let through while `hold` is set.
class HeldStore final : public storage::Store {
 public:
  bool hold = false;

  size_t waiting() const { return waiting_.size(); }
  // The oldest append happens.
  void LetThrough() {
    auto [request, done] = std::move(waiting_.front());
    waiting_.pop_front();
    memory_.Append(std::move(request), std::move(done));
  }
  // The oldest append ends otherwise; `written` or not.
  void Fail(storage::AppendResult result, bool written) {
    auto [request, done] = std::move(waiting_.front());
    waiting_.pop_front();
    if (written) memory_.Append(std::move(request), [](storage::AppendResult) {});
    std::move(done)(std::move(result));
  }
  storage::MemoryStore& memory() { return memory_; }
  absl::Status load_error;

  void Load(std::string document, Callback<absl::StatusOr<storage::StoredDocument>> done) override {
    if (!load_error.ok()) return std::move(done)(load_error);
    memory_.Load(std::move(document), std::move(done));
  }
  void Create(std::string document, ot::DocumentType type, ot::Text initial, std::string epoch,
              int64_t now_ms, Callback<absl::StatusOr<storage::StoredDocument>> done) override {
    memory_.Create(std::move(document), type, std::move(initial), std::move(epoch), now_ms,
                   std::move(done));
  }
  void Append(storage::AppendRequest request, Callback<storage::AppendResult> done) override {
    waiting_.emplace_back(std::move(request), std::move(done));
    if (!hold) LetThrough();
  }
  void ReadCommits(std::string document, ot::Revision first, ot::Revision last,
                   Callback<absl::StatusOr<std::vector<ot::Commit>>> done) override {
    memory_.ReadCommits(std::move(document), first, last, std::move(done));
  }
  void ReadRevision(std::string document, ot::Revision revision,
                    Callback<absl::StatusOr<storage::Snapshot>> done) override {
    memory_.ReadRevision(std::move(document), revision, std::move(done));
  }
  void List(storage::DocumentQuery query,
            Callback<absl::StatusOr<storage::DocumentPage>> done) override {
    memory_.List(std::move(query), std::move(done));
  }
  void Info(std::string document, Callback<absl::StatusOr<storage::DocumentInfo>> done) override {
    memory_.Info(std::move(document), std::move(done));
  }
  void Authors(std::string document,
               Callback<absl::StatusOr<std::vector<storage::Author>>> done) override {
    memory_.Authors(std::move(document), std::move(done));
  }
  void FindRevision(std::string document, int64_t at_ms,
                    Callback<absl::StatusOr<ot::Revision>> done) override {
    memory_.FindRevision(std::move(document), at_ms, std::move(done));
  }
  void ReadTimeline(std::string document, int64_t points,
                    Callback<absl::StatusOr<storage::Timeline>> done) override {
    memory_.ReadTimeline(std::move(document), points, std::move(done));
  }
  void ListVersions(std::string document,
                    Callback<absl::StatusOr<std::vector<storage::Version>>> done) override {
    memory_.ListVersions(std::move(document), std::move(done));
  }
  void SetTitle(std::string document, std::optional<std::string> title,
                Callback<absl::Status> done) override {
    memory_.SetTitle(std::move(document), std::move(title), std::move(done));
  }
  void AddVersion(std::string document, storage::Version version,
                  Callback<absl::StatusOr<storage::Version>> done) override {
    memory_.AddVersion(std::move(document), std::move(version), std::move(done));
  }
  void DeleteVersion(std::string document, storage::VersionNumber number,
                     Callback<absl::Status> done) override {
    memory_.DeleteVersion(std::move(document), number, std::move(done));
  }
  void Delete(std::string document, Callback<absl::Status> done) override {
    memory_.Delete(std::move(document), std::move(done));
  }

 private:
  storage::MemoryStore memory_;
  std::deque<std::pair<storage::AppendRequest, Callback<storage::AppendResult>>> waiting_;
};

class CountingRandom final : public RandomSource {
 public:
  std::string Hex(int bytes) override {
    std::string hex = absl::StrCat(absl::Hex(++count_, absl::kZeroPad16));
    hex.resize(2 * bytes, '0');
    return hex;
  }

 private:
  uint64_t count_ = 0;
};

// One client's end: what it was sent, one JSON object a message.
class Peer final : public FrameSink {
 public:
  std::shared_ptr<Session> session;
  bool drains = true;  // false: a reader that does not read
  uint16_t close_code = 0;
  bool can_move = false;           // to another shard
  std::optional<size_t> moves_to;  // until Arrive

  // Messages without the frame around them: `{"hello":{...}}`.
  void Say(absl::string_view messages) {
    session->OnFrame(absl::StrCat("{\"messages\":[", messages, "]}"));
  }
  // What came since the last call.
  std::vector<std::string> Take() { return std::exchange(received_, {}); }

  // Where it was asked to move to.
  void Arrive() { session->OnMoved(*std::exchange(moves_to, std::nullopt)); }

  void Drain() {
    queued_bytes_ = 0;
    session->OnDrained();
  }

  void Send(Piece piece) override {
    received_.push_back(*piece);
    queued_bytes_ += piece->size();
    if (drains) queued_bytes_ = 0;
  }
  size_t queued_bytes() const override { return queued_bytes_; }
  void Close(uint16_t code, absl::string_view) override { close_code = code; }
  bool MoveTo(size_t shard) override {
    if (can_move) moves_to = shard;
    return can_move;
  }

 private:
  std::vector<std::string> received_;
  size_t queued_bytes_ = 0;
};

class Harness {
 public:
  explicit Harness(Limits limits = {}, size_t shard_count = 1) : executor(&timeline) {
    environment = {.limits = limits,
                   .server_name = "coedit/test",
                   .store = &store,
                   .executor = &executor,
                   .clock = &executor,
                   .random = &random};
    std::vector<const Environment*> environments = {&environment};
    while (environments.size() < shard_count) {
      elsewhere.push_back(std::make_unique<Elsewhere>(&timeline));
      elsewhere.back()->environment = environment;
      elsewhere.back()->environment.executor = &elsewhere.back()->executor;
      environments.push_back(&elsewhere.back()->environment);
    }
    shards = std::make_unique<Shards>(environments);
    hub = &shards->hub(0);
  }
  ~Harness() {
    executor.Kill();  // what is left of time must not run into half a harness
    for (const auto& other : elsewhere) other->executor.Kill();
  }

  // The id of a document that lives on that shard.
  std::string DocumentOn(size_t shard) const {
    for (int i = 0;; ++i) {
      std::string document = absl::StrCat("d", i);
      if (shards->ShardOf(document) == shard) return document;
    }
  }

  // A connection without hello, on the first shard.
  Peer& Connect() {
    peers.push_back(std::make_unique<Peer>());
    Peer& peer = *peers.back();
    peer.session = Session::Make(shards.get(), 0, &peer, proto::Encoding::kJson);
    return peer;
  }
  // A welcomed one; `client` is the digit its client id is made of.
  Peer& Join(char client, int attempt = 1, absl::string_view capabilities = "[]") {
    Peer& peer = Connect();
    peer.Say(absl::StrCat(R"({"hello":{"protocol":1,"clientId":")", std::string(32, client),
                          R"(","attempt":)", attempt, R"(,"sdk":"test","name":"N)",
                          std::string(1, client), R"(","capabilities":)", capabilities, "}}"));
    Run();
    return peer;
  }
  // Says `messages`, lets everything happen, returns what came back.
  std::vector<std::string> Ask(Peer& peer, absl::string_view messages) {
    peer.Take();
    peer.Say(messages);
    Run();
    return peer.Take();
  }
  // All that is due now.
  void Run() { timeline.RunUntil(timeline.now()); }
  void Advance(absl::Duration time) { timeline.RunUntil(timeline.now() + time); }

  sim::Timeline timeline;
  sim::SimExecutor executor;
  HeldStore store;
  CountingRandom random;
  Environment environment;  // of the first shard
  struct Elsewhere {
    explicit Elsewhere(sim::Timeline* timeline) : executor(timeline) {}
    sim::SimExecutor executor;
    Environment environment;
  };
  std::vector<std::unique_ptr<Elsewhere>> elsewhere;  // the other shards
  std::unique_ptr<Shards> shards;
  Hub* hub = nullptr;  // of the first shard
  std::vector<std::unique_ptr<Peer>> peers;
};

}  // namespace coedit::server::testing

#endif  // COEDIT_TESTS_SERVER_HARNESS_H_
