// A simulated client: real ot::Client state machines behind a simulated connection, speaking the
// protocol as the SDK does, and writing down what it was promised.
#ifndef COEDIT_TESTS_SIM_SIM_CLIENT_H_
#define COEDIT_TESTS_SIM_SIM_CLIENT_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ot/client.h"
#include "proto/codec.h"
#include "proto/messages.h"
#include "tests/ot/generators.h"
#include "tests/sim/network.h"
#include "tests/sim/plan.h"
#include "tests/sim/sim_executor.h"

namespace coedit::sim {

// What a client was promised about one document. It survives the client itself.
struct Ledger {
  struct Acked {
    ot::Revision revision;
    int64_t history;  // how often the disk had been replaced by then
    absl::Duration at;
  };
  std::map<ot::Sequence, Acked> acked;
  // Rejected, or told never to be committed, and not sent again: sequence and history.
  std::map<ot::Sequence, int64_t> denied;
};

// What a client holds of one document.
struct Replica {
  std::string document;
  std::optional<ot::Client> state;  // none until opened once
  std::string epoch;
  ot::ReplicaDigest digest = 0;
  ot::AuthorNumber author = 0;            // as of the last `opened`
  std::optional<proto::Channel> channel;  // live
  proto::Channel last_channel = 0;
  bool foreign = false;    // after `resync`: what is known here is of another history
  ot::DeltaBuilder parts;  // of a snapshot under way
  std::optional<proto::Opened> parts_of;
  bool asked_composed = false;

  // On the client's own disk.
  struct Saved {
    ot::Client state;
    std::string epoch;
    ot::ReplicaDigest digest;
  };
  std::optional<Saved> saved;

  std::vector<ot::Operation> settled;  // the last two that were acknowledged
  std::optional<ot::Sequence> echo;    // one of them, sent again, not answered yet
  bool spoil_next = false;
  std::optional<ot::Sequence> spoiled;  // sent in a form that the server refuses
  bool resent = false;                  // the operation in flight was sent a second time

  // An operation sent before `leave`, and the store's failures until then: it is to be finished.
  struct LeftBehind {
    ot::Sequence sequence;
    int64_t failed_appends;
  };
  std::optional<LeftBehind> left_behind;

  Ledger ledger;
};

// How often the rarer things happened to a client.
struct Happened {
  int64_t edits = 0;
  int64_t rejections = 0;
  int64_t recovery_copies = 0;
  int64_t composed_gaps = 0;
  int64_t composed_behind_own = 0;  // after single commits, the last of them the client's own
  int64_t snapshots = 0;            // of a document it knew
  int64_t fates_committed = 0;
  int64_t fates_never = 0;
  int64_t resends = 0;  // on an old base
  int64_t echoes = 0;   // answered
  int64_t replaced = 0;
  int64_t restarts = 0;
};

class SimClient {
 public:
  // What it knows of the world.
  struct Outside {
    // A connection to the server as it is now, or nullptr if it is down.
    std::function<std::shared_ptr<Connection>(proto::Encoding, Connection::ClientEnd)> connect;
    // Appends that failed until this long ago.
    std::function<int64_t(absl::Duration ago)> failed_appends;
    // What is sent before `leave` is finished, come what may: no bound is so small that it is not.
    bool leave_finishes;
  };

  SimClient(Timeline* timeline, const Faults* faults, ot::testing::Rng rng, std::string client_id,
            proto::Encoding encoding, bool rich, std::vector<std::string> documents,
            Outside outside);

  void Start();
  // Another instance has this client id: being replaced is the end.
  void HasTwin() { has_twin_ = true; }

  // Events of the plan.
  void Type(int64_t document, uint64_t seed);
  void Branch(int64_t document, int64_t count, uint64_t seed);
  void ShowCaret(uint64_t seed);
  void SpoilNext(int64_t document) { At(document)->spoil_next = true; }
  void Leave(absl::Duration duration);
  void CutConnection(CutHow how);
  void StayOffline(absl::Duration duration);
  void BeLate(absl::Duration duration);
  void Slow(absl::Duration duration);
  void Persist();
  void Crash();
  void Forget();
  // From now on it behaves: no more bad submits.
  void Behave() { behaves_ = true; }

  // All is durable and nothing is on its way.
  bool Settled() const;
  bool stopped() const { return stopped_; }

  const std::vector<std::unique_ptr<Replica>>& replicas() const { return replicas_; }
  const std::string& client_id() const { return client_id_; }
  const Happened& happened() const { return happened_; }
  // A broken promise seen by the client itself; empty if none.
  const std::string& failure() const { return failure_; }

 private:
  void ConnectSoon(absl::Duration delay);
  void Watch(uint64_t connection_number);
  void OpenSoon(Replica* replica, absl::Duration delay);
  void Send(const proto::ClientMessage& message);
  void SendOpen(Replica* replica);
  void Submit(Replica* replica);
  void SendSubmit(Replica* replica, const ot::Operation& operation);
  // Perhaps sends again what was acknowledged.
  void MaybeEcho(Replica* replica);
  void Save(Replica* replica);
  void EndChannel(Replica* replica);
  void OnFrame(const std::string& frame);
  void OnClosed();
  void OnReplaced();
  void On(const proto::ServerMessage& message);
  void OnRefused(const proto::Refused& refused);
  void OnAckMessage(Replica* replica, const proto::Ack& ack);
  void OnRejected(Replica* replica, const proto::Rejected& rejected);
  void OnPresence(const proto::MemberPresence& presence);
  void OnClosedChannel(const proto::Closed& closed);
  void OnOpened(Replica* replica, proto::Opened opened);
  void OnCommitted(Replica* replica, const proto::Committed& committed);
  void OnAck(Replica* replica, ot::Sequence sequence, ot::Revision revision);
  void OnSettled(Replica* replica, const ot::Operation& operation, ot::Revision revision);
  void FinishOpen(Replica* replica, const proto::Opened& opened, const ot::Text& snapshot);
  // Takes over what was missed. True if the operation in flight is to be sent as it was.
  bool Resume(Replica* replica, const proto::Opened& opened, const ot::Text& snapshot);
  Replica* At(int64_t document) {
    return replicas_[document % static_cast<int64_t>(replicas_.size())].get();
  }
  Replica* ByChannel(proto::Channel channel);
  int64_t history() const { return connection_ == nullptr ? 0 : connection_->history(); }
  void Fail(std::string what);

  Timeline* timeline_;
  const Faults* faults_;
  ot::testing::Rng rng_;
  std::string client_id_;
  proto::Encoding encoding_;
  ot::testing::Shape shape_;
  std::vector<std::unique_ptr<Replica>> replicas_;
  Outside outside_;
  std::shared_ptr<Connection> connection_;
  uint64_t connection_number_ = 0;
  absl::Duration heard_;
  absl::Duration offline_until_;
  bool welcomed_ = false;
  bool behaves_ = false;
  bool has_twin_ = false;
  bool stopped_ = false;
  bool lost_counter_ = false;
  uint64_t attempt_ = 0;
  uint64_t last_request_ = 0;
  std::map<uint64_t, Replica*> requests_;
  Happened happened_;
  std::string failure_;
};

}  // namespace coedit::sim

#endif  // COEDIT_TESTS_SIM_SIM_CLIENT_H_
