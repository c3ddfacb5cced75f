// A simulated client: real ot::Client state machines behind a simulated connection, speaking the
// protocol as the SDK does, and writing down what it was promised.
#ifndef COEDIT_TESTS_SIM_SIM_CLIENT_H_
#define COEDIT_TESTS_SIM_SIM_CLIENT_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ot/client.h"
#include "proto/codec.h"
#include "proto/messages.h"
#include "tests/ot/generators.h"
#include "tests/sim/faults.h"
#include "tests/sim/network.h"
#include "tests/sim/sim_executor.h"

namespace coedit::sim {

// What a client holds of one document.
struct Replica {
  std::string document;
  std::optional<ot::Client> state;  // none until opened once
  std::string epoch;
  proto::WireDigest digest = 0;
  ot::AuthorNumber author = 0;
  std::optional<proto::Channel> channel;  // live
  bool opening = false;
  bool foreign = false;    // after `resync`: what is known here is of another history
  ot::DeltaBuilder parts;  // of a snapshot under way
  std::optional<proto::Opened> parts_of;
  std::vector<proto::Committed> behind_parts;

  std::map<ot::Sequence, ot::Revision> acked;
  int64_t refused = 0;
  int64_t recovery_copies = 0;
};

class SimClient {
 public:
  // `connect` gives a connection to the server as it is now, or nullptr if it is down.
  using Connect =
      std::function<std::shared_ptr<Connection>(proto::Encoding, Connection::ClientEnd)>;

  SimClient(Timeline* timeline, const Faults* faults, ot::testing::Rng rng, std::string client_id,
            proto::Encoding encoding, bool rich, std::vector<std::string> documents,
            Connect connect);

  void Start();
  // Makes a random edit in a random open document and sends it if nothing is in flight.
  void Type();
  // Shows its caret.
  void ShowCaret();
  // From now on it behaves: no more bad submits.
  void Behave() { behaves_ = true; }
  void CutConnection(bool half_open);
  // All is durable and nothing is on its way.
  bool Settled() const;

  const std::vector<std::unique_ptr<Replica>>& replicas() const { return replicas_; }
  const std::string& client_id() const { return client_id_; }
  int64_t edits() const { return edits_; }
  // A broken promise seen by the client itself; empty if none.
  const std::string& failure() const { return failure_; }

 private:
  void ConnectSoon(absl::Duration delay);
  void OpenSoon(Replica* replica, absl::Duration delay);
  void Send(const proto::ClientMessage& message);
  void SendOpen(Replica* replica);
  void Submit(Replica* replica);
  void SendSubmit(Replica* replica, const ot::Operation& operation);
  void OnFrame(const std::string& frame);
  void OnClosed();
  void On(const proto::ServerMessage& message);
  void OnOpened(Replica* replica, proto::Opened opened);
  void OnCommitted(Replica* replica, const proto::Committed& committed);
  void OnAck(Replica* replica, ot::Sequence sequence, ot::Revision revision,
             proto::WireDigest digest);
  void FinishOpen(Replica* replica, const proto::Opened& opened, const ot::Text& snapshot);
  Replica* ByChannel(proto::Channel channel);
  void Fail(std::string what);

  Timeline* timeline_;
  const Faults* faults_;
  ot::testing::Rng rng_;
  std::string client_id_;
  proto::Encoding encoding_;
  ot::testing::Shape shape_;
  std::vector<std::unique_ptr<Replica>> replicas_;
  Connect connect_;
  std::shared_ptr<Connection> connection_;
  uint64_t connection_number_ = 0;
  bool welcomed_ = false;
  bool behaves_ = false;
  uint64_t attempt_ = 0;
  uint64_t last_request_ = 0;
  std::map<uint64_t, Replica*> requests_;
  int64_t edits_ = 0;
  std::string failure_;
};

}  // namespace coedit::sim

#endif  // COEDIT_TESTS_SIM_SIM_CLIENT_H_
