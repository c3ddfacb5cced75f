#include "bench/load/room_load.h"

#include <algorithm>
#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "bench/load/connection.h"
#include "bench/load/event_loop.h"
#include "bench/load/measurement.h"
#include "bench/load/random.h"
#include "ot/check.h"

namespace coedit::bench {
namespace {

// So many handshakes are under way at once: no storm, that is another measurement.
constexpr size_t kConnectingMax = 64;
constexpr int64_t kSettleCheckNs = 10'000'000;

class RoomLoad final : public RoomMember::Owner {
 public:
  explicit RoomLoad(const RoomOptions& options)
      : options_(options),
        random_(options.seed),
        run_(RandomClientId().substr(0, 8)),
        clients_(options.documents * options.clients),
        documents_(options.documents),
        readers_(options.documents),
        interval_ns_(options.rate.has_value() ? static_cast<int64_t>(1e9 / *options.rate) : 0) {}

  absl::StatusOr<LoadReport> Run() {
    const absl::Duration whole = options_.deadline + options_.warm_up + options_.time;
    loop_.At(EventLoop::NowNs() + absl::ToInt64Nanoseconds(whole), [this, whole] {
      Fail(absl::DeadlineExceededError(
          absl::StrCat("not done after ", absl::FormatDuration(whole), ": ", Progress())));
    });
    ConnectMore();
    loop_.Run();
    if (!status_.ok()) return status_;
    return std::move(report_);
  }

 private:
  struct Client {
    std::unique_ptr<RoomMember> member;
    std::vector<int64_t> typed_ns;  // when each letter was typed
    uint64_t sent = 0;              // letters that have left
    uint64_t acked = 0;
    std::vector<uint64_t> heard;  // letters of each other writer of the document
    int64_t next_ns = 0;          // open loop: when the next letter is due
  };
  struct Document {
    absl::flat_hash_map<uint64_t, size_t> writers;  // author -> place among the clients
  };
  enum class Phase : uint8_t { kConnecting, kTyping, kSettling, kReading };

  size_t PlaceOf(size_t index) const { return index % options_.clients; }
  size_t DocumentOf(size_t index) const { return index / options_.clients; }
  bool Writes(size_t index) const { return PlaceOf(index) < options_.writers; }

  RoomMember::Options MemberOptions(size_t document, size_t index) const {
    return {.protocol = options_.protocol,
            .endpoint = options_.endpoint,
            .document = absl::StrCat("room-", run_, "-", document),
            .index = index};
  }

  std::string Progress() const {
    switch (phase_) {
      case Phase::kConnecting:
        return absl::StrCat(open_, " of ", clients_.size(), " connected");
      case Phase::kTyping:
        return "still typing";
      case Phase::kSettling:
        return absl::StrCat("not every letter was acknowledged and delivered: ", WhoWaits());
      case Phase::kReading:
        return absl::StrCat(read_, " of ", readers_.size(), " documents compared");
    }
    return "";
  }

  // ---- connecting ----

  // The first member of every document before the second of any.
  void ConnectMore() {
    const size_t together = open_ < documents_.size() ? documents_.size() : clients_.size();
    while (connecting_ < together && connecting_ < open_ + kConnectingMax) {
      const size_t step = connecting_++;
      const size_t document = step % documents_.size();
      const size_t index = document * options_.clients + step / documents_.size();
      clients_[index].heard.resize(options_.writers);
      clients_[index].member = RoomMember::Make(&loop_, MemberOptions(document, index), this);
    }
  }

  void OnOpened(RoomMember* member, uint64_t letters) override {
    if (phase_ == Phase::kReading) return Compare(member, letters);
    if (letters != 0) return Fail(absl::DataLossError("a new document was not empty"));
    const size_t index = member->index();
    if (Writes(index)) {
      documents_[DocumentOf(index)].writers.emplace(member->author(), PlaceOf(index));
    }
    if (++open_ == clients_.size()) return StartTyping();
    // Not from within a callback of a connection.
    loop_.Post([this] { ConnectMore(); });
  }

  // ---- typing ----

  void StartTyping() {
    phase_ = Phase::kTyping;
    const int64_t now_ns = EventLoop::NowNs();
    measure_from_ns_ = now_ns + absl::ToInt64Nanoseconds(options_.warm_up);
    measure_to_ns_ = measure_from_ns_ + absl::ToInt64Nanoseconds(options_.time);
    loop_.At(measure_from_ns_, [this] { StartMeasuring(); });
    loop_.At(measure_to_ns_, [this] { StopTyping(); });
    for (size_t index = 0; index < clients_.size(); ++index) {
      if (!Writes(index)) continue;
      Client& client = clients_[index];
      if (options_.rate.has_value()) {
        // Each at its own point of the interval.
        client.next_ns =
            now_ns + static_cast<int64_t>(random_.Below(static_cast<uint64_t>(interval_ns_) + 1));
        Schedule(&client);
      } else {
        loop_.Post([this, &client] { TypeLetter(&client, EventLoop::NowNs()); });
      }
    }
  }

  void Schedule(Client* client) {
    loop_.At(client->next_ns, [this, client] {
      if (phase_ != Phase::kTyping) return;
      const int64_t due_ns = client->next_ns;
      client->next_ns += interval_ns_;
      Schedule(client);
      TypeLetter(client, due_ns);
    });
  }

  void TypeLetter(Client* client, int64_t typed_ns) {
    if (phase_ != Phase::kTyping || !status_.ok()) return;
    client->typed_ns.push_back(typed_ns);
    if (Measured(typed_ns)) ++report_.edits;
    SendWaiting(client);
  }

  void SendWaiting(Client* client) {
    if (client->sent == client->typed_ns.size()) return;
    if (client->member->one_in_flight() && client->acked < client->sent) return;
    const uint64_t letters = client->typed_ns.size() - client->sent;
    client->sent = client->typed_ns.size();
    client->member->Type(letters);
  }

  bool Measured(int64_t typed_ns) const {
    return typed_ns >= measure_from_ns_ && typed_ns < measure_to_ns_;
  }

  // Letters [first, first + letters) of `author` arrived somewhere.
  bool Arrived(const Client& author, uint64_t first, uint64_t letters, Histogram* histogram) {
    if (first + letters > author.sent) return false;
    const int64_t now_ns = EventLoop::NowNs();
    for (uint64_t i = first; i < first + letters; ++i) {
      if (Measured(author.typed_ns[i])) histogram->Record(now_ns - author.typed_ns[i]);
    }
    return true;
  }

  void OnAcked(RoomMember* member, uint64_t letters) override {
    Client& client = clients_[member->index()];
    if (!Arrived(client, client.acked, letters, &report_.ack_ns)) {
      return Fail(absl::DataLossError("letters were acknowledged that nobody typed"));
    }
    client.acked += letters;
    const int64_t now_ns = EventLoop::NowNs();
    if (Measured(now_ns)) {
      ++report_.operations;
      report_.edits_acked += static_cast<int64_t>(letters);
    }
    if (options_.rate.has_value() || phase_ != Phase::kTyping) {
      SendWaiting(&client);
    } else {
      TypeLetter(&client, now_ns);
    }
  }

  void OnDelivered(RoomMember* member, uint64_t author, uint64_t letters) override {
    if (phase_ == Phase::kReading) return;
    const size_t document = DocumentOf(member->index());
    const auto place = documents_[document].writers.find(author);
    if (place == documents_[document].writers.end()) {
      return Fail(absl::DataLossError(absl::StrCat("letters of author ", author, ", a stranger")));
    }
    const Client& writer = clients_[document * options_.clients + place->second];
    uint64_t& heard = clients_[member->index()].heard[place->second];
    if (!Arrived(writer, heard, letters, &report_.delivery_ns)) {
      return Fail(absl::DataLossError("letters arrived that nobody typed, or more than once"));
    }
    heard += letters;
    if (Measured(EventLoop::NowNs())) {
      ++report_.deliveries;
      report_.edits_delivered += static_cast<int64_t>(letters);
    }
  }

  // ---- measuring ----

  WebSocketClient::Traffic AllTraffic() const {
    WebSocketClient::Traffic all;
    for (const Client& client : clients_) Add(client.member->traffic(), &all);
    return all;
  }

  void StartMeasuring() {
    absl::StatusOr<Measurement> started = Measurement::Start(options_.server_pid, AllTraffic());
    if (!started.ok()) return Fail(started.status());
    measurement_ = *std::move(started);
  }

  void StopTyping() {
    if (absl::Status done = measurement_->Finish(AllTraffic(), &report_); !done.ok()) {
      return Fail(done);
    }
    phase_ = Phase::kSettling;
    Settle();
  }

  // ---- comparing ----

  // Empty once everybody has everything.
  std::string WhoWaits() const {
    for (size_t index = 0; index < clients_.size(); ++index) {
      const Client& client = clients_[index];
      if (client.acked < client.typed_ns.size()) {
        return absl::StrCat("client ", index, " typed ", client.typed_ns.size(), " letters, ",
                            client.acked, " are acknowledged");
      }
      const size_t first = DocumentOf(index) * options_.clients;
      for (size_t writer = 0; writer < options_.writers; ++writer) {
        const size_t typed = clients_[first + writer].typed_ns.size();
        if (first + writer != index && client.heard[writer] < typed) {
          return absl::StrCat("client ", index, " got ", client.heard[writer], " of ", typed,
                              " letters of client ", first + writer);
        }
      }
    }
    return "";
  }

  void Settle() {
    if (!WhoWaits().empty()) {
      loop_.At(EventLoop::NowNs() + kSettleCheckNs, [this] { Settle(); });
      return;
    }
    phase_ = Phase::kReading;
    ReadMore();
  }

  void ReadMore() {
    while (reading_ < readers_.size() && reading_ < read_ + kConnectingMax) {
      const size_t document = reading_++;
      readers_[document] =
          RoomMember::Make(&loop_, MemberOptions(document, clients_.size() + document), this);
    }
  }

  void Compare(const RoomMember* reader, uint64_t letters) {
    const size_t document = reader->index() - clients_.size();
    uint64_t typed = 0;
    for (size_t writer = 0; writer < options_.writers; ++writer) {
      typed += clients_[document * options_.clients + writer].typed_ns.size();
    }
    if (letters != typed) {
      return Fail(absl::DataLossError(absl::StrCat("document ", document, " holds ", letters,
                                                   " letters, ", typed, " were typed")));
    }
    report_.revisions += typed;
    if (++read_ == readers_.size()) return loop_.Stop();
    loop_.Post([this] { ReadMore(); });
  }

  void OnFailed(RoomMember* member, const absl::Status& reason) override {
    Fail(absl::Status(reason.code(),
                      absl::StrCat("client ", member->index(), ": ", reason.message())));
  }

  // Ends the run; the first reason counts.
  void Fail(const absl::Status& status) {
    status_.Update(status);
    loop_.Stop();
  }

  const RoomOptions& options_;
  EventLoop loop_;
  Random random_;
  const std::string run_;        // part of the documents' names, so that each run has its own
  std::vector<Client> clients_;  // document by document, the writers first
  std::vector<Document> documents_;
  std::vector<std::unique_ptr<RoomMember>> readers_;  // one for each document, at the end
  const int64_t interval_ns_;
  Phase phase_ = Phase::kConnecting;
  size_t connecting_ = 0;  // begun
  size_t open_ = 0;
  size_t reading_ = 0;  // begun
  size_t read_ = 0;
  int64_t measure_from_ns_ = 0;
  int64_t measure_to_ns_ = 0;
  std::optional<Measurement> measurement_;
  LoadReport report_;
  absl::Status status_;
};

}  // namespace

absl::StatusOr<LoadReport> RunRoomLoad(const RoomOptions& options) {
  return RoomLoad(options).Run();
}

}  // namespace coedit::bench
