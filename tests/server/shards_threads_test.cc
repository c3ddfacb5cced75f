// Shards on real threads, for ThreadSanitizer above all: people with documents of several shards
// type, leave, lose their connections and come back, over SQLite; everyone ends on one text.

#include <gtest/gtest.h>
#include <stdlib.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <deque>
#include <filesystem>
#include <iostream>
#include <latch>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "ot/client.h"
#include "proto/codec.h"
#include "server/session.h"
#include "server/shards.h"
#include "storage/sqlite_store.h"
#include "tests/ot/generators.h"

namespace coedit::server {
namespace {

using ot::testing::Rng;

// A failed expectation would leave everyone waiting for what never comes.
void Must(bool good, const std::string& what) {
  if (good) return;
  std::cerr << "shards_threads_test: " << what << std::endl;
  std::abort();
}

constexpr proto::Encoding kEncoding = proto::Encoding::kProtobuf;
constexpr size_t kShards = 3;
constexpr int kDocuments = 6;
constexpr int kPeople = 12;
constexpr int kDocumentsEach = 3;
constexpr int kEditsEach = 40;  // of a document
// Time runs so much faster than outside, so that documents are unloaded in between.
constexpr int kHaste = 100;

class HastyClock final : public Clock {
 public:
  absl::Duration Steady() const override {
    return kHaste * absl::FromChrono(std::chrono::steady_clock::now() - started_);
  }
  int64_t WallMs() const override { return absl::ToInt64Milliseconds(Steady()); }

 private:
  const std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
};

class CountedRandom final : public RandomSource {
 public:
  std::string Hex(int bytes) override {
    std::string hex = absl::StrCat(absl::Hex(++count_, absl::kZeroPad16));
    hex.resize(2 * bytes, '0');
    return hex;
  }

 private:
  std::atomic<uint64_t> count_ = 0;
};

// A thread with a queue.
class ThreadExecutor final : public Executor {
 public:
  ThreadExecutor() : thread_([this] { Run(); }) {}

  void Post(Task task) override {
    const std::lock_guard<std::mutex> lock(mutex_);
    queue_.push_back(std::move(task));
    wake_.notify_one();
  }
  void PostAfter(absl::Duration delay, Task task) override {
    const auto due = std::chrono::steady_clock::now() + absl::ToChronoNanoseconds(delay / kHaste);
    const std::lock_guard<std::mutex> lock(mutex_);
    timers_.emplace(due, std::move(task));
    wake_.notify_one();
  }
  // What waits is not done any more.
  void Stop() {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      stopped_ = true;
      wake_.notify_one();
    }
    thread_.join();
  }
  // When nobody posts any more.
  void Clear() {
    queue_.clear();
    timers_.clear();
  }

 private:
  void Run() {
    std::unique_lock<std::mutex> lock(mutex_);
    while (!stopped_) {
      while (!timers_.empty() && timers_.begin()->first <= std::chrono::steady_clock::now()) {
        queue_.push_back(std::move(timers_.begin()->second));
        timers_.erase(timers_.begin());
      }
      if (queue_.empty()) {
        if (timers_.empty()) {
          wake_.wait(lock);
        } else {
          wake_.wait_until(lock, timers_.begin()->first);
        }
        continue;
      }
      {
        Task task = std::move(queue_.front());
        queue_.pop_front();
        lock.unlock();
        std::move(task)();
      }
      lock.lock();
    }
  }

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Task> queue_;
  std::multimap<std::chrono::steady_clock::time_point, Task> timers_;
  bool stopped_ = false;
  std::thread thread_;
};

// The server, without a network.
class Server {
 public:
  Server() {
    std::string path = ::testing::TempDir() + "shards-XXXXXX";
    EXPECT_NE(mkdtemp(path.data()), nullptr);
    directory_ = path;
    store_ = *storage::SqliteStore::Open(directory_);
    Limits limits;
    limits.document_idle_seconds = 0;
    limits.history_in_memory = 16;
    limits.submits_per_second = 0;
    limits.signals_per_second = 0;
    std::vector<const Environment*> environments;
    for (size_t shard = 0; shard < kShards; ++shard) {
      executors_.push_back(std::make_unique<ThreadExecutor>());
      environments_.push_back(
          std::make_unique<Environment>(Environment{.limits = limits,
                                                    .server_name = "coedit/threads",
                                                    .store = store_.get(),
                                                    .executor = executors_.back().get(),
                                                    .clock = &clock_,
                                                    .random = &random_}));
      environments.push_back(environments_.back().get());
    }
    shards_ = std::make_unique<Shards>(environments);
  }
  ~Server() {
    store_.reset();  // it still posts until it is gone
    for (const auto& executor : executors_) executor->Stop();
    for (const auto& executor : executors_) executor->Clear();
    shards_.reset();
    std::filesystem::remove_all(directory_);
  }

  Shards* shards() { return shards_.get(); }
  storage::Store* store() { return store_.get(); }

 private:
  std::string directory_;
  HastyClock clock_;
  CountedRandom random_;
  std::unique_ptr<storage::Store> store_;
  std::vector<std::unique_ptr<ThreadExecutor>> executors_;
  std::vector<std::unique_ptr<Environment>> environments_;
  std::unique_ptr<Shards> shards_;
};

class Person;

// One connection: what a transport does, and on which thread.
class Connection final : public FrameSink, public std::enable_shared_from_this<Connection> {
 public:
  enum class Moves : uint8_t { kNever, kIfAsked, kAndIsLost };

  Connection(Shards* shards, size_t shard, Moves moves, Person* person)
      : shards_(shards), shard_(shard), moves_(moves), person_(person) {}

  void Begin() { session_ = Session::Make(shards_, shard_, this, kEncoding); }
  void Say(const std::vector<proto::ClientMessage>& messages) {
    session_->OnFrame(proto::EncodeClientFrame(kEncoding, messages));
    if (!moves_to_.has_value()) return;
    // This was in the same read. Then all that this thread has to do for it is done.
    const proto::ClientMessage ping = proto::Ping{.nonce = 1};
    session_->OnFrame(proto::EncodeClientFrame(kEncoding, {&ping, 1}));
    shards_->executor(shard_)->Post([self = shared_from_this()] {
      self->shard_ = *self->moves_to_;
      self->shards_->executor(self->shard_)->Post([self] { self->Arrive(); });
    });
  }
  void Disconnect() {
    person_ = nullptr;
    session_->OnDisconnected();
    session_ = nullptr;
  }

  // FrameSink.
  void Send(Piece piece) override {
    pieces_.push_back(std::move(piece));
    ReadSoon();
  }
  size_t queued_bytes() const override { return 0; }
  void Close(uint16_t close_code, absl::string_view reason) override {
    Must(false, absl::StrCat("closed with ", close_code, ": ", reason));
  }
  bool MoveTo(size_t shard) override {
    if (moves_ == Moves::kNever) return false;
    moves_to_ = shard;
    return true;
  }

 private:
  void ReadSoon() {
    if (std::exchange(read_posted_, true)) return;
    shards_->executor(shard_)->Post([self = shared_from_this()] { self->Read(); });
  }
  void Read();
  void Arrive();

  Shards* const shards_;
  size_t shard_;
  const Moves moves_;
  std::optional<size_t> moves_to_;
  Person* person_;  // nullptr: gone
  std::shared_ptr<Session> session_;
  std::deque<Piece> pieces_;
  bool read_posted_ = false;
};

// Somebody with some documents. Lives on the thread of its connection.
class Person {
 public:
  Person(Shards* shards, int number, uint64_t seed)
      : shards_(shards),
        rng_(seed),
        client_id_(absl::StrCat(absl::Hex(number + 1, absl::kZeroPad16), std::string(16, '0'))) {
    for (int i = 0; i < kDocumentsEach; ++i) {
      replicas_.push_back({.document = absl::StrCat("document-", (number + i) % kDocuments)});
    }
  }

  // Does its edits and leaves; `done` counts.
  void Work(std::latch* done) {
    done_ = done;
    Connect();
  }
  // Comes once more, without an edit, to see the end.
  void LookAgain(std::latch* done) {
    looks_again_ = true;
    Work(done);
  }

  void On(const proto::ServerMessage& message);
  void Connect() {
    const size_t shard = rng_.Below(kShards);
    using enum Connection::Moves;
    const int how = static_cast<int>(rng_.Below(10));
    const auto moves = how < 4 ? kIfAsked : how < 5 ? kAndIsLost : kNever;
    connection_ = std::make_shared<Connection>(shards_, shard, moves, this);
    // Called with the connection: this object is that thread's as soon as it is posted.
    shards_->executor(shard)->Post([this, connection = connection_] {
      connection->Begin();
      Say({proto::Hello{.protocol = 1,
                        .client_id = client_id_,
                        .attempt = ++attempt_,
                        .sdk = "threads",
                        .name = "P"}});
    });
  }
  void OnLost() {
    for (Replica& replica : replicas_) replica.channel.reset();
    Connect();
  }

  struct Replica {
    std::string document;
    std::optional<ot::Client> state = std::nullopt;
    std::string epoch = {};
    ot::ReplicaDigest digest = 0;
    ot::AuthorNumber author = 0;
    std::optional<proto::Channel> channel = std::nullopt;
    int edits_left = kEditsEach;
  };
  const std::vector<Replica>& replicas() const { return replicas_; }

 private:
  void Say(const std::vector<proto::ClientMessage>& messages) {
    // Whatever it leads to, this is the last that is done here with the connection.
    std::shared_ptr(connection_)->Say(messages);
  }
  void Lose() {
    std::exchange(connection_, nullptr)->Disconnect();
    OnLost();
  }
  proto::Open OpenOf(const Replica& replica) {
    const size_t index = &replica - replicas_.data();
    proto::Open open{.request = index, .document = replica.document, .create = "rich-text"};
    if (replica.state.has_value()) {
      open.known = {replica.epoch, replica.state->revision(), replica.digest};
      if (replica.state->in_flight().has_value()) {
        open.in_flight = replica.state->in_flight()->sequence;
      }
    }
    return open;
  }
  Replica* ByChannel(proto::Channel channel) {
    for (Replica& replica : replicas_) {
      if (replica.channel == channel) return &replica;
    }
    return nullptr;
  }
  void OnCommitted(Replica& replica, const proto::Committed& committed) {
    Must(replica.state->OnCommitted(committed.revision, committed.delta).ok(),
         absl::StrCat("commit ", committed.revision, " at ", replica.state->revision()));
    replica.digest = ot::ExtendReplicaDigest(replica.digest, committed.author, committed.delta);
  }
  void OnAck(Replica& replica, ot::Sequence sequence, ot::Revision revision) {
    replica.digest =
        ot::ExtendReplicaDigest(replica.digest, replica.author, replica.state->in_flight_local());
    const ot::Revision before = replica.state->revision();
    Must(replica.state->OnAck(sequence, revision).ok(),
         absl::StrCat("ack of ", sequence, " as ", revision, " at ", before));
  }
  void OnOpened(const proto::Opened& opened) {
    Replica& replica = replicas_.at(opened.request);
    replica.channel = opened.channel;
    replica.author = opened.author;
    if (!replica.state.has_value()) {
      replica.state.emplace(ot::Text(*opened.snapshot), opened.revision, opened.last_sequence);
    } else {
      ot::Client& state = *replica.state;
      Must(opened.commits.has_value(), "resumed, and no commits");
      for (const proto::Committed& commit : *opened.commits) {
        const bool own = commit.author == opened.author && state.in_flight().has_value() &&
                         state.in_flight()->sequence == commit.sequence;
        own ? OnAck(replica, *commit.sequence, commit.revision) : OnCommitted(replica, commit);
      }
      if (state.in_flight().has_value()) {
        Must(!opened.in_flight.value().committed, "committed, and did not come");
        state.OnNeverCommitted();
      }
      state.RaiseSequence(opened.last_sequence);
      Must(replica.digest == opened.digest, "another digest");
    }
    Must(replica.state->revision() == opened.revision, "another revision");
    replica.epoch = opened.epoch;
    replica.digest = opened.digest;
    GoOn(replica);
  }
  void Submit(Replica& replica) {
    const std::optional<ot::Operation> operation = replica.state->TakeSubmit();
    if (!operation.has_value()) return;
    Say({proto::Submit{.channel = *replica.channel,
                       .sequence = operation->sequence,
                       .revision = operation->base,
                       .delta = operation->delta}});
  }
  // The document is open and nothing of it is in flight.
  void GoOn(Replica& replica) {
    if (!replica.state->synchronised()) return Submit(replica);
    if (looks_again_) {
      const bool all = std::all_of(replicas_.begin(), replicas_.end(),
                                   [](const Replica& one) { return one.channel.has_value(); });
      if (all) Finish();
      return;
    }
    if (replica.edits_left == 0) {
      const bool all = std::all_of(replicas_.begin(), replicas_.end(), [](const Replica& one) {
        return one.edits_left == 0 && one.state->synchronised();
      });
      if (all) Finish();
      return;
    }
    --replica.edits_left;
    ot::testing::Shape shape;
    shape.document_units = 200;
    replica.state->Edit(ot::testing::RandomKeystroke(rng_, replica.state->view(), shape));
    if (replica.state->synchronised()) {
      replica.state->Edit(ot::DeltaBuilder().Insert("x").Build());
    }
    Submit(replica);
    if (rng_.Chance(20)) {
      Say({proto::Presence{.channel = *replica.channel,
                           .revision = replica.state->revision(),
                           .ranges = {{.anchor = 0, .head = 0}}}});
    }
    if (rng_.Chance(5)) {
      // What was sent before it is finished; what became of it is told when it opens again.
      const proto::Channel channel = *std::exchange(replica.channel, std::nullopt);
      Say({proto::Leave{channel}, OpenOf(replica)});
    } else if (rng_.Chance(4)) {
      Lose();
    }
  }
  void Finish() {
    std::exchange(connection_, nullptr)->Disconnect();
    for (Replica& replica : replicas_) replica.channel.reset();
    done_->count_down();  // the last: from here on this is somebody else's
  }

  Shards* const shards_;
  Rng rng_;
  const std::string client_id_;
  std::vector<Replica> replicas_;
  std::shared_ptr<Connection> connection_;
  uint64_t attempt_ = 0;
  bool looks_again_ = false;
  std::latch* done_ = nullptr;
};

void Connection::Read() {
  read_posted_ = false;
  const proto::FrameGlue glue = proto::GlueFor(kEncoding);
  while (person_ != nullptr && !moves_to_.has_value() && !pieces_.empty()) {
    const std::string frame = absl::StrCat(glue.prefix, *pieces_.front(), glue.suffix);
    pieces_.pop_front();
    const absl::StatusOr<std::vector<proto::ServerMessage>> messages =
        proto::DecodeServerFrame(kEncoding, frame);
    Must(messages.ok(), messages.status().ToString());
    for (const proto::ServerMessage& message : *messages) person_->On(message);
  }
}

void Connection::Arrive() {
  moves_to_.reset();
  if (moves_ == Moves::kAndIsLost) {
    Person* const person = person_;
    Disconnect();
    return person->OnLost();
  }
  session_->OnMoved(shard_);
  ReadSoon();
}

void Person::On(const proto::ServerMessage& message) {
  if (std::holds_alternative<proto::Welcome>(message)) {
    std::vector<proto::ClientMessage> opens;
    for (const Replica& replica : replicas_) opens.push_back(OpenOf(replica));
    Say(opens);
  } else if (const auto* opened = std::get_if<proto::Opened>(&message)) {
    OnOpened(*opened);
  } else if (const auto* refused = std::get_if<proto::Refused>(&message)) {
    Must(refused->retry, absl::StrCat("refused: ", refused->code, " ", refused->text));
    Say({OpenOf(replicas_.at(refused->request))});
  } else if (const auto* committed = std::get_if<proto::Committed>(&message)) {
    if (Replica* replica = ByChannel(committed->channel)) OnCommitted(*replica, *committed);
  } else if (const auto* ack = std::get_if<proto::Ack>(&message)) {
    Replica* replica = ByChannel(ack->channel);
    if (replica == nullptr) return;
    OnAck(*replica, ack->sequence, ack->revision);
    GoOn(*replica);
  } else if (const auto* closed = std::get_if<proto::Closed>(&message)) {
    Replica* replica = ByChannel(closed->channel);
    if (replica == nullptr) return;
    Must(closed->retry, absl::StrCat("closed: ", closed->code, " ", closed->text));
    replica->channel.reset();
    Say({OpenOf(*replica)});
  } else if (const auto* rejected = std::get_if<proto::Rejected>(&message)) {
    Must(false, absl::StrCat("rejected: ", rejected->code, " ", rejected->text));
  } else if (const auto* error = std::get_if<proto::Error>(&message)) {
    Must(false, absl::StrCat("error: ", error->code, " ", error->text));
  }
}

// What `ask(callback)` is answered with.
template <typename T, typename Ask>
T Wait(Ask ask) {
  std::latch answered(1);
  absl::StatusOr<T> answer;
  ask(storage::Store::Callback<absl::StatusOr<T>>([&](absl::StatusOr<T> result) {
    answer = std::move(result);
    answered.count_down();
  }));
  answered.wait();
  Must(answer.ok(), answer.status().ToString());
  return *std::move(answer);
}

TEST(ShardsThreads, EveryoneEndsOnOneText) {
  Rng seeds(ot::testing::RunSeed());
  Server server;
  std::vector<std::unique_ptr<Person>> people;
  for (int i = 0; i < kPeople; ++i) {
    people.push_back(std::make_unique<Person>(server.shards(), i, seeds.Next()));
  }
  for (const auto looks_again : {false, true}) {
    std::latch done(kPeople);
    for (const auto& person : people) looks_again ? person->LookAgain(&done) : person->Work(&done);
    done.wait();
  }
  std::latch down(1);
  server.shards()->Shutdown(server.shards()->executor(0), [&] { down.count_down(); });
  down.wait();

  std::map<std::string, ot::Text> texts;
  for (int i = 0; i < kDocuments; ++i) {
    const std::string document = absl::StrCat("document-", i);
    const ot::Revision head = Wait<storage::DocumentInfo>([&](auto done) {
                                server.store()->Info(document, std::move(done));
                              }).head.revision;
    // An edit whose operation was lost is sent again, if others left something of it.
    const ot::Revision edits = kEditsEach * kPeople * kDocumentsEach / kDocuments;
    EXPECT_GT(head, edits / 2);
    EXPECT_LE(head, edits);
    texts[document] = Wait<storage::Snapshot>([&](auto done) {
                        server.store()->ReadRevision(document, head, std::move(done));
                      }).text;
  }
  for (const auto& person : people) {
    for (const Person::Replica& replica : person->replicas()) {
      EXPECT_TRUE(replica.state->view() == texts.at(replica.document)) << replica.document;
    }
  }
}

}  // namespace
}  // namespace coedit::server
