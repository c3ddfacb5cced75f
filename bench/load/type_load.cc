#include "bench/load/type_load.h"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/inlined_vector.h"
#include "absl/strings/str_cat.h"
#include "bench/load/cold_reader.h"
#include "bench/load/convergence.h"
#include "bench/load/editor.h"
#include "bench/load/event_loop.h"
#include "bench/load/measurement.h"
#include "bench/load/random.h"
#include "bench/load/typist.h"
#include "ot/check.h"

namespace coedit::bench {
namespace {

// So many handshakes or cold reads are under way at once: no storm, that is another measurement.
constexpr size_t kConnectingMax = 128;
constexpr int64_t kSettleCheckNs = 10'000'000;

class TypeLoad final : public Editor::Owner {
 public:
  explicit TypeLoad(const TypeOptions& options)
      : options_(options),
        random_(options.seed),
        run_(RandomClientId().substr(0, 8)),
        documents_(options.documents),
        interval_ns_(options.rate.has_value() ? static_cast<int64_t>(1e9 / *options.rate) : 0) {}

  absl::StatusOr<LoadReport> Run() {
    const size_t clients = options_.documents * options_.clients;
    clients_.reserve(clients);
    for (size_t i = 0; i < clients; ++i) clients_.emplace_back(random_.Next(), options_.type);
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
  using Times = absl::InlinedVector<int64_t, 2>;

  struct Client {
    Client(uint64_t seed, ot::DocumentType type) : typist(seed, type) {}
    Typist typist;
    std::unique_ptr<Editor> editor;
    Times waiting;        // when the edits were typed that are not sent yet
    int64_t next_ns = 0;  // open loop: when the next edit is due
  };
  struct Sent {
    Times typed_ns;
    size_t awaited;  // the ack, and the deliveries to the other members
  };
  struct Document {
    // By author, until the revision is known; then by that, until the last member has it.
    absl::flat_hash_map<ot::AuthorNumber, Sent> in_flight;
    absl::flat_hash_map<ot::Revision, Sent> committed;
    ot::Revision head = 0;
    std::unique_ptr<ColdReader> reader;
  };
  enum class Phase : uint8_t { kConnecting, kTyping, kSettling, kReading };

  Document& DocumentOf(const Editor* editor) {
    return documents_[editor->index() / options_.clients];
  }

  Connection::Options ConnectionOptions(size_t document, size_t client) const {
    return {.endpoint = options_.endpoint,
            .encoding = options_.encoding,
            .document = absl::StrCat("load-", run_, "-", document),
            .create = options_.type == ot::DocumentType::kRichText ? "rich-text" : "plain-text",
            .name = absl::StrCat("Typist ", client)};
  }

  std::string Progress() const {
    switch (phase_) {
      case Phase::kConnecting:
        return absl::StrCat(open_, " of ", clients_.size(), " connected");
      case Phase::kTyping:
        return "still typing";
      case Phase::kSettling:
        return absl::StrCat(
            "not everything typed was acknowledged and "
            "delivered; ",
            report_.operations, " operations were while it was measured");
      case Phase::kReading:
        return absl::StrCat(read_, " of ", documents_.size(), " documents compared");
    }
    return "";
  }

  // ---- connecting ----

  void ConnectMore() {
    while (connecting_ < clients_.size() && connecting_ < open_ + kConnectingMax) {
      const size_t index = connecting_++;
      clients_[index].editor = std::make_unique<Editor>(
          &loop_, ConnectionOptions(index / options_.clients, index % options_.clients), this,
          index);
    }
  }

  void OnOpened(Editor* editor) override {
    Document& document = DocumentOf(editor);
    document.head = std::max(document.head, editor->revision());
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
    for (Client& client : clients_) {
      if (options_.rate.has_value()) {
        // Each at its own point of the interval.
        client.next_ns =
            now_ns + static_cast<int64_t>(random_.Below(static_cast<uint64_t>(interval_ns_) + 1));
        Schedule(&client);
      } else {
        loop_.Post([this, &client] { TypeAndSend(client, EventLoop::NowNs()); });
      }
    }
  }

  void Schedule(Client* client) {
    loop_.At(client->next_ns, [this, client] {
      if (phase_ != Phase::kTyping) return;
      const int64_t scheduled_ns = client->next_ns;
      client->next_ns += interval_ns_;
      Schedule(client);
      TypeAndSend(*client, scheduled_ns);
    });
  }

  void TypeAndSend(Client& client, int64_t typed_ns) {
    if (phase_ != Phase::kTyping || !status_.ok()) return;
    client.editor->Edit(client.typist.Next(client.editor->view()));
    client.waiting.push_back(typed_ns);
    if (Measured(typed_ns)) ++report_.edits;
    SendPending(client);
  }

  void SendPending(Client& client) {
    const std::optional<ot::Sequence> sequence = client.editor->SendPending();
    if (sequence.has_value()) {
      DocumentOf(client.editor.get())
          .in_flight.emplace(client.editor->author(),
                             Sent{std::exchange(client.waiting, {}), options_.clients});
    } else if (client.editor->settled()) {
      // Typed and taken back before it could leave: there is nothing to acknowledge.
      client.waiting.clear();
    }
  }

  bool Measured(int64_t typed_ns) const {
    return typed_ns >= measure_from_ns_ && typed_ns < measure_to_ns_;
  }

  // One more member has the operation; its edits' latencies go into `histogram`, their
  // number into `edits`. False if nobody sent it.
  bool Arrived(Document& document, ot::AuthorNumber author, ot::Revision revision, int64_t now_ns,
               Histogram* histogram, int64_t* edits) {
    auto sent = document.committed.find(revision);
    if (sent == document.committed.end()) {
      auto node = document.in_flight.extract(author);
      if (node.empty()) return false;
      sent = document.committed.emplace(revision, std::move(node.mapped())).first;
    }
    if (Measured(now_ns)) *edits += static_cast<int64_t>(sent->second.typed_ns.size());
    for (const int64_t typed_ns : sent->second.typed_ns) {
      if (Measured(typed_ns)) histogram->Record(now_ns - typed_ns);
    }
    if (--sent->second.awaited == 0) document.committed.erase(sent);
    return true;
  }

  void OnAcked(Editor* editor, const proto::Ack& ack) override {
    const int64_t now_ns = EventLoop::NowNs();
    Client& client = clients_[editor->index()];
    Document& document = DocumentOf(editor);
    document.head = std::max(document.head, ack.revision);
    if (Measured(now_ns)) ++report_.operations;
    COEDIT_CHECK(Arrived(document, editor->author(), ack.revision, now_ns, &report_.ack_ns,
                         &report_.edits_acked));
    if (options_.rate.has_value() || phase_ != Phase::kTyping) {
      SendPending(client);
    } else {
      TypeAndSend(client, now_ns);
    }
  }

  void OnDelivered(Editor* editor, const proto::Committed& committed,
                   const ot::Delta& change) override {
    const int64_t now_ns = EventLoop::NowNs();
    Document& document = DocumentOf(editor);
    if (!Arrived(document, committed.author, committed.revision, now_ns, &report_.delivery_ns,
                 &report_.edits_delivered)) {
      return Fail(
          absl::DataLossError(absl::StrCat("client ", editor->index(), " got revision ",
                                           committed.revision, " of author ", committed.author,
                                           ", which nobody sent or "
                                           "which came more than once")));
    }
    if (Measured(now_ns)) ++report_.deliveries;
    clients_[editor->index()].typist.OnRemoteChange(change);
  }

  // ---- measuring ----

  WebSocketClient::Traffic AllTraffic() const {
    WebSocketClient::Traffic all;
    for (const Client& client : clients_) Add(client.editor->traffic(), &all);
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

  // Looks again and again until everybody has everything.
  void Settle() {
    for (const Client& client : clients_) {
      if (!client.editor->settled() ||
          client.editor->revision() < DocumentOf(client.editor.get()).head) {
        loop_.At(EventLoop::NowNs() + kSettleCheckNs, [this] { Settle(); });
        return;
      }
    }
    phase_ = Phase::kReading;
    ReadMore();
  }

  void ReadMore() {
    while (reading_ < documents_.size() && reading_ < read_ + kConnectingMax) {
      const size_t index = reading_++;
      documents_[index].reader = std::make_unique<ColdReader>(
          &loop_, ConnectionOptions(index, 0),
          [this, index](absl::StatusOr<Holding> cold) { Compare(index, std::move(cold)); });
    }
  }

  void Compare(size_t index, absl::StatusOr<Holding> cold) {
    if (!cold.ok()) return Fail(cold.status());
    report_.revisions += cold->revision;
    std::vector<Holding> holdings{*std::move(cold)};
    for (size_t client = 0; client < options_.clients; ++client) {
      holdings.push_back(clients_[index * options_.clients + client].editor->Held());
    }
    if (absl::Status converged = CheckConverged(holdings); !converged.ok()) {
      return Fail(converged);
    }
    if (++read_ == documents_.size()) return loop_.Stop();
    loop_.Post([this] { ReadMore(); });
  }

  void OnFailed(Editor* editor, const absl::Status& reason) override {
    Fail(absl::Status(reason.code(),
                      absl::StrCat("client ", editor->index(), ": ", reason.message())));
  }

  // Ends the run; the first reason counts.
  void Fail(const absl::Status& status) {
    status_.Update(status);
    loop_.Stop();
  }

  const TypeOptions& options_;
  EventLoop loop_;
  Random random_;
  const std::string run_;        // part of the documents' names, so that each run has its own
  std::vector<Client> clients_;  // document by document
  std::vector<Document> documents_;
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

absl::StatusOr<LoadReport> RunTypeLoad(const TypeOptions& options) {
  return TypeLoad(options).Run();
}

}  // namespace coedit::bench
