#include "bench/load/load.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "bench/load/connection.h"
#include "bench/load/event_loop.h"
#include "bench/load/ledger.h"
#include "bench/load/load_report.h"
#include "bench/load/measurement.h"
#include "bench/load/random.h"
#include "bench/load/schedule.h"
#include "ot/check.h"

namespace coedit::bench {
namespace {

// So many handshakes are under way at once: no storm, that is another measurement.
constexpr size_t kConnectingMax = 128;
constexpr double kSecondsOff = 0.1;  // of the measured time; more is another measurement
constexpr int64_t kCheckNs = 10'000'000;
constexpr int64_t kGoodbyeNs = 1'000'000'000;  // for the close to go both ways
// After a refused attempt to come back: so long, and up to so much longer.
constexpr int64_t kRetryNs = 100'000'000;
constexpr int64_t kRetryJitterNs = 900'000'000;
// A slow reader's socket takes little, so that the server feels it soon.
constexpr int kSlowReceiveBufferBytes = 4096;

class Load final : private Member::Owner {
 public:
  explicit Load(const LoadOptions& options)
      : options_(options),
        random_(options.seed),
        run_(RandomClientId().substr(0, 8)),
        documents_(options.documents) {}

  absl::StatusOr<LoadReport> Run() {
    const absl::Duration whole =
        options_.deadline + static_cast<double>(std::max<size_t>(options_.connections.size(), 1)) *
                                (options_.warm_up + options_.time);
    loop_.At(EventLoop::NowNs() + absl::ToInt64Nanoseconds(whole), [this, whole] {
      Fail(absl::DeadlineExceededError(
          absl::StrCat("not done after ", absl::FormatDuration(whole), ": ", Progress())));
    });
    for (Document& document : documents_) {
      document.ledger = std::make_unique<Ledger>(options_.writers, options_.clients);
    }
    std::vector<size_t> all;
    // The first member of every document before the second of any.
    for (size_t place = 0; place < options_.clients; ++place) {
      for (size_t document = 0; document < documents_.size(); ++document) {
        all.push_back(AddClient(Role::kMember, document, place));
        documents_[document].members.push_back(all.back());
      }
    }
    for (size_t i = 0; i < options_.slow_readers; ++i) {
      all.push_back(AddClient(Role::kSlow, i % documents_.size(), 0));
      slow_.push_back(all.back());
    }
    Enter(std::move(all), documents_.size(), [this] { StartTyping(); });
    loop_.Run();
    if (!status_.ok()) return status_;
    return std::move(report_);
  }

 private:
  enum class Role : uint8_t {
    kMember,    // place: in the ledger of its document; the first ones type
    kIdle,      // of a document nobody types in
    kVisitor,   // comes and goes
    kSlow,      // stops reading
    kNewcomer,  // asks at the end
  };
  struct Client {
    Role role = Role::kMember;
    size_t document = 0;
    size_t place = 0;
    std::unique_ptr<Member> member;
    bool opened = false;   // at least once
    bool away = false;     // cut, not back yet
    bool dropped = false;  // a slow one the server sent away
    int64_t began_ns = 0;
    int64_t woken_bytes = 0;  // a slow one: what it had received when it read again
    Schedule edits;
    Schedule presence;
    std::vector<int64_t> shown_ns;  // when each presence was due
  };
  struct Document {
    std::unique_ptr<Ledger> ledger;
    std::vector<size_t> members;
    absl::flat_hash_map<uint64_t, size_t> authors;  // of members -> client
    uint64_t empty = 0;                             // progress of who knows the new document
  };
  enum class Phase : uint8_t { kConnecting, kTyping, kSettling, kWaking, kComparing };

  std::string Progress() const {
    switch (phase_) {
      case Phase::kConnecting:
        return absl::StrCat(entered_, " of ", entering_.size(), " connected");
      case Phase::kTyping:
        return absl::StrCat(entering_.size() - entered_, " connections were missing, ", away_,
                            " were away");
      case Phase::kSettling:
        return absl::StrFormat(
            "overloaded: %.0f of %.0f edits/s were acknowledged in the measured time, and not "
            "everything has reached everybody: %s",
            static_cast<double>(report_.steps.back().edits_acked) / report_.steps.back().seconds,
            static_cast<double>(report_.steps.back().edits) / report_.steps.back().seconds,
            Missing());
      case Phase::kWaking:
        return "a slow reader neither caught up nor was dropped";
      case Phase::kComparing:
        return absl::StrCat(report_.newcomers, " of ", documents_.size(), " documents compared");
    }
    return "";
  }

  Client& Of(const Member* member) { return *clients_[member->index()]; }

  // ---- connecting ----

  size_t AddClient(Role role, size_t document, size_t place) {
    clients_.push_back(std::make_unique<Client>());
    Client& client = *clients_.back();
    client.role = role;
    client.document = document;
    client.place = place;
    return clients_.size() - 1;
  }

  std::string DocumentOf(const Client& client) const {
    if (client.role != Role::kIdle) return absl::StrCat("load-", run_, "-", client.document);
    if (options_.idle_documents == 0) return "";
    return absl::StrCat("load-", run_, "-idle-", client.document);
  }

  void Connect(size_t index) {
    Client& client = *clients_[index];
    Member::Options options{.protocol = options_.protocol,
                            .keeps_text = options_.keeps_text && client.role != Role::kIdle,
                            .endpoint = options_.endpoint,
                            .encoding = options_.encoding,
                            .type = options_.type,
                            .document = DocumentOf(client),
                            .index = index,
                            .letters = options_.letters,
                            .cache = &cache_,
                            .presence = options_.presence_rate.has_value(),
                            .seed = random_.Next()};
    options.endpoint.source_address = SourceAddress(options_.endpoint, index);
    if (client.role == Role::kSlow) options.endpoint.receive_buffer_bytes = kSlowReceiveBufferBytes;
    client.began_ns = EventLoop::NowNs();
    client.member = Member::Make(&loop_, options, this);
  }

  // Connects these, the first `alone` before the others, and goes on with `then` when all are open.
  void Enter(std::vector<size_t> clients, size_t alone, EventLoop::Task then) {
    entering_ = std::move(clients);
    entering_alone_ = alone;
    entering_begun_ = 0;
    entered_ = 0;
    entered_then_ = std::move(then);
    if (entering_.empty()) return loop_.Post(std::move(entered_then_));
    EnterMore();
  }

  void EnterMore() {
    const size_t alone = std::min(entering_alone_, entering_.size());
    const size_t together = entered_ < alone ? alone : entering_.size();
    while (entering_begun_ < std::min(together, entered_ + kConnectingMax)) {
      Connect(entering_[entering_begun_++]);
    }
  }

  void OnOpened(Member* member) override {
    Client& client = Of(member);
    if (client.away) return OnBack(client);
    client.opened = true;
    switch (client.role) {
      case Role::kNewcomer:
        return Compare(client);
      case Role::kVisitor:
        return OnVisiting(client);
      case Role::kMember: {
        Document& document = documents_[client.document];
        document.authors.emplace(member->author(), member->index());
        if (client.place == 0) document.empty = member->progress();
        // Rich text begins with a newline.
        if (member->progress() > 1) {
          return Fail(absl::DataLossError("a new document was not empty"));
        }
        break;
      }
      case Role::kSlow:
        member->PauseReading();
        break;
      case Role::kIdle:
        break;
    }
    if (++entered_ == entering_.size()) return loop_.Post(std::move(entered_then_));
    // Not from within a callback of a connection.
    loop_.Post([this] { EnterMore(); });
  }

  // ---- typing ----

  void StartTyping() {
    phase_ = Phase::kTyping;
    const int64_t now_ns = EventLoop::NowNs();
    for (const std::unique_ptr<Client>& held : clients_) {
      Client* client = held.get();
      if (client->role != Role::kMember) continue;
      if (options_.presence_rate.has_value()) {
        client->presence = Schedule(now_ns, *options_.presence_rate, random_.Share());
        AwaitPresence(client);
      }
      if (client->place >= options_.writers) continue;
      if (options_.rate.has_value()) {
        client->edits = Schedule(now_ns, *options_.rate, random_.Share());
        AwaitEdit(client);
      } else {
        loop_.Post([this, client] { Type(client, EventLoop::NowNs()); });
      }
    }
    if (options_.join_rate.has_value()) {
      visits_ = Schedule(now_ns, *options_.join_rate, 0);
      AwaitVisit();
    }
    StartStep();
  }

  void AwaitEdit(Client* client) {
    loop_.At(client->edits.due_ns(), [this, client] {
      if (phase_ != Phase::kTyping) return;
      const int64_t due_ns = client->edits.due_ns();
      client->edits.Take();
      AwaitEdit(client);
      if (Measured(due_ns)) figures().lag_ns.Record(EventLoop::NowNs() - due_ns);
      Type(client, due_ns);
    });
  }

  void Type(Client* client, int64_t typed_ns) {
    if (phase_ != Phase::kTyping || !status_.ok()) return;
    client->member->Edit();
    LedgerOf(*client).Typed(client->place, typed_ns);
    if (Measured(typed_ns)) ++figures().edits;
    Send(client);
  }

  void Send(Client* client) {
    const std::optional<uint64_t> number = client->member->Send();
    if (number.has_value()) {
      LedgerOf(*client).Sent(client->place, *number);
    } else if (client->member->settled()) {
      // Typed and taken back before it could leave: there is nothing to acknowledge.
      LedgerOf(*client).Dropped(client->place);
      if (!options_.rate.has_value() && phase_ == Phase::kTyping) {
        loop_.Post([this, client] { Type(client, EventLoop::NowNs()); });
      }
    }
  }

  Ledger& LedgerOf(const Client& client) { return *documents_[client.document].ledger; }

  bool Measured(int64_t typed_ns) const {
    return typed_ns >= measure_from_ns_ && typed_ns < measure_to_ns_;
  }

  // What arrives late from a measured time belongs to it, until the next one begins.
  LoadFigures& figures() { return report_.steps.empty() ? unmeasured_ : report_.steps.back(); }

  // Latencies of what arrived, and how much of it was typed.
  int64_t Record(const Ledger::Arrival& arrival, int64_t now_ns, Histogram* histogram) {
    for (const int64_t typed_ns : arrival.typed_ns) {
      if (Measured(typed_ns)) histogram->Record(now_ns - typed_ns);
    }
    return static_cast<int64_t>(arrival.typed_ns.size());
  }

  void OnAcked(Member* member, uint64_t number) override {
    Client& client = Of(member);
    if (client.role != Role::kMember) return Fail(absl::DataLossError("an ack for who typed not"));
    const absl::StatusOr<Ledger::Arrival> arrival = LedgerOf(client).Acked(client.place, number);
    if (!arrival.ok()) return FailOf(client, arrival.status());
    const int64_t now_ns = loop_.told_ns();
    if (phase_ == Phase::kTyping || phase_ == Phase::kSettling) {
      const int64_t edits = Record(*arrival, now_ns, &figures().ack_ns);
      if (Measured(now_ns)) {
        figures().operations += static_cast<int64_t>(arrival->operations);
        figures().edits_acked += edits;
      }
    }
    if (options_.rate.has_value() || phase_ != Phase::kTyping) {
      Send(&client);
    } else {
      Type(&client, now_ns);
    }
  }

  void OnDelivered(Member* member, uint64_t author, uint64_t number, uint64_t edits) override {
    const Client& client = Of(member);
    if (client.role == Role::kSlow || client.role == Role::kNewcomer) return;
    const Document& document = documents_[client.document];
    const auto writer = document.authors.find(author);
    if (client.role == Role::kIdle || writer == document.authors.end()) {
      return FailOf(client, absl::DataLossError(
                                absl::StrCat("an operation of author ", author, ", a stranger")));
    }
    const size_t place = clients_[writer->second]->place;
    if (place >= options_.writers) {
      return FailOf(client, absl::DataLossError("an operation of a reader"));
    }
    const absl::StatusOr<Ledger::Arrival> arrival =
        client.role == Role::kVisitor
            ? document.ledger->DeliveredToVisitor(place, number, edits)
            : document.ledger->Delivered(client.place, place, number, edits);
    if (!arrival.ok()) return FailOf(client, arrival.status());
    const int64_t now_ns = loop_.told_ns();
    const int64_t typed = Record(*arrival, now_ns, &figures().delivery_ns);
    if (Measured(now_ns)) {
      figures().deliveries += static_cast<int64_t>(arrival->operations);
      figures().edits_delivered += typed;
    }
  }

  // ---- presence ----

  void AwaitPresence(Client* client) {
    loop_.At(client->presence.due_ns(), [this, client] {
      if (phase_ != Phase::kTyping) return;
      const int64_t due_ns = client->presence.due_ns();
      client->presence.Take();
      AwaitPresence(client);
      if (!client->member->open()) return;
      client->shown_ns.push_back(due_ns);
      if (Measured(due_ns)) ++figures().presence_shown;
      client->member->ShowPresence(client->shown_ns.size());
    });
  }

  // Servers may leave out what a later one has made stale.
  void OnPresence(Member* member, uint64_t author, uint64_t number) override {
    const Client& client = Of(member);
    if (client.role != Role::kMember && client.role != Role::kVisitor) return;
    const Document& document = documents_[client.document];
    const auto shown = document.authors.find(author);
    if (shown == document.authors.end()) {
      return FailOf(client, absl::DataLossError(absl::StrCat("presence of stranger ", author)));
    }
    const std::vector<int64_t>& shown_ns = clients_[shown->second]->shown_ns;
    if (number == 0 || number > shown_ns.size()) {
      return FailOf(
          client, absl::DataLossError(absl::StrCat("presence ", number, ", which nobody showed")));
    }
    const int64_t due_ns = shown_ns[number - 1];
    const int64_t now_ns = loop_.told_ns();
    if (phase_ > Phase::kSettling) return;
    if (Measured(due_ns)) figures().presence_ns.Record(now_ns - due_ns);
    if (Measured(now_ns)) ++figures().presence_seen;
  }

  // ---- visitors ----

  void AwaitVisit() {
    loop_.At(visits_.due_ns(), [this] {
      if (phase_ != Phase::kTyping) return;
      visits_.Take();
      AwaitVisit();
      const size_t index = AddClient(Role::kVisitor, random_.Below(documents_.size()), 0);
      visitors_.push_back(index);
      Connect(index);
    });
  }

  void OnVisiting(Client& client) {
    const int64_t now_ns = EventLoop::NowNs();
    if (Measured(client.began_ns)) figures().join_ns.Record(now_ns - client.began_ns);
    loop_.At(now_ns + absl::ToInt64Nanoseconds(options_.stay), [this] {
      // They stay alike, so the first to come is the first to go. Who is there at the end stays, to
      // be compared.
      if (phase_ != Phase::kTyping) return;
      const auto leaves = std::find_if(visitors_.begin(), visitors_.end(), [this](size_t visitor) {
        return clients_[visitor]->opened;
      });
      const size_t index = *leaves;
      visitors_.erase(leaves);
      clients_[index]->member->Close();
      loop_.At(EventLoop::NowNs() + kGoodbyeNs, [this, index] {
        departed_traffic_ += clients_[index]->member->traffic();
        clients_[index]->member.reset();
      });
    });
  }

  // ---- a storm ----

  void CutAll() {
    cut_ns_ = EventLoop::NowNs();
    report_.storm.emplace();
    const int64_t jitter_ns = absl::ToInt64Nanoseconds(*options_.storm_jitter);
    for (size_t index = 0; index < clients_.size(); ++index) {
      Client& client = *clients_[index];
      if (client.role != Role::kMember && client.role != Role::kIdle) continue;
      client.member->Cut();
      client.away = true;
      ++away_;
      ++report_.storm->connections;
      const auto wait_ns = static_cast<int64_t>(random_.Share() * static_cast<double>(jitter_ns));
      loop_.At(cut_ns_ + wait_ns, [&client] { client.member->Reconnect(); });
    }
  }

  void OnBack(Client& client) {
    client.away = false;
    --away_;
    report_.storm->back_ns.Record(EventLoop::NowNs() - cut_ns_);
    if (client.role != Role::kMember || client.place >= options_.writers) return;
    Send(&client);
  }

  void OnWithdrawn(Member* member) override {
    const Client& client = Of(member);
    LedgerOf(client).Withdrawn(client.place);
  }

  void OnSkipped(Member* member) override {
    const Client& client = Of(member);
    if (report_.storm.has_value()) ++report_.storm->skipped;
    if (client.role == Role::kMember) LedgerOf(client).Skipped(client.place);
  }

  void OnFailed(Member* member, const absl::Status& reason) override {
    Client& client = Of(member);
    if (client.away && absl::IsUnavailable(reason)) {
      ++report_.storm->refused;
      const auto wait_ns =
          kRetryNs + static_cast<int64_t>(random_.Share() * static_cast<double>(kRetryJitterNs));
      loop_.At(EventLoop::NowNs() + wait_ns, [&client] { client.member->Reconnect(); });
      return;
    }
    if (client.role == Role::kSlow && client.opened) {
      client.dropped = true;
      ++dropped_;
      if (drop_reason_.empty()) drop_reason_ = std::string(reason.message().substr(0, 100));
      return;
    }
    FailOf(client, reason);
  }

  // ---- measuring ----

  WebSocketClient::Traffic AllTraffic() const {
    WebSocketClient::Traffic all = departed_traffic_;
    for (const std::unique_ptr<Client>& client : clients_) {
      if (client->member != nullptr) all += client->member->traffic();
    }
    return all;
  }

  int64_t OpenConnections() const {
    return std::count_if(clients_.begin(), clients_.end(), [](const auto& client) {
      return client->member != nullptr && client->member->open();
    });
  }

  // One measured time, after the idle connections it wants have come.
  void StartStep() {
    if (options_.connections.empty()) return Warm(LoadFigures());
    const size_t active = documents_.size() * options_.clients + slow_.size();
    const size_t idle_wanted = options_.connections[step_] - active;
    std::vector<size_t> fresh;
    const size_t first = idle_;
    for (; idle_ < idle_wanted; ++idle_) {
      fresh.push_back(
          AddClient(Role::kIdle, idle_ % std::max<size_t>(options_.idle_documents, 1), 0));
    }
    const size_t alone = first < options_.idle_documents ? options_.idle_documents - first : 0;
    const absl::StatusOr<int64_t> resident = ServerResident();
    if (!resident.ok()) return Fail(resident.status());
    const int64_t began_ns = EventLoop::NowNs();
    const auto connected = static_cast<int64_t>(fresh.size());
    Enter(std::move(fresh), alone, [this, connected, began_ns, before = *resident] {
      LoadFigures figures;
      figures.connected = connected;
      figures.connect_seconds = static_cast<double>(EventLoop::NowNs() - began_ns) * 1e-9;
      const absl::StatusOr<int64_t> after = ServerResident();
      if (!after.ok()) return Fail(after.status());
      figures.connect_resident_bytes = *after - before;
      Warm(std::move(figures));
    });
  }

  absl::StatusOr<int64_t> ServerResident() const {
    if (!options_.server_pid.has_value()) return 0;
    absl::StatusOr<ProcessUsage> usage = ReadProcessUsage(*options_.server_pid);
    if (!usage.ok()) return usage.status();
    return usage->resident_bytes;
  }

  void Warm(LoadFigures figures) {
    measure_from_ns_ = EventLoop::NowNs() + absl::ToInt64Nanoseconds(options_.warm_up);
    measure_to_ns_ = measure_from_ns_ + absl::ToInt64Nanoseconds(options_.time);
    // What is under way belongs to nothing that is measured.
    report_.steps.push_back(std::move(figures));
    loop_.At(measure_from_ns_, [this] { StartMeasuring(); });
    loop_.At(measure_to_ns_, [this] { FinishStep(); });
    const bool last = step_ + 1 >= options_.connections.size();
    if (last && options_.storm_jitter.has_value()) {
      loop_.At((measure_from_ns_ + measure_to_ns_) / 2, [this] { CutAll(); });
    }
  }

  void StartMeasuring() {
    absl::StatusOr<Measurement> started = Measurement::Start(options_.server_pid, AllTraffic());
    if (!started.ok()) return Fail(started.status());
    measurement_ = *std::move(started);
  }

  void FinishStep() {
    if (absl::Status done = measurement_->Finish(AllTraffic(), &figures()); !done.ok()) {
      return Fail(done);
    }
    figures().connections = OpenConnections();
    const double asked_for = absl::ToDoubleSeconds(options_.time);
    figures().disturbed = std::abs(figures().seconds - asked_for) > kSecondsOff * asked_for;
    if (++step_ < options_.connections.size()) return StartStep();
    phase_ = Phase::kSettling;
    Settle();
  }

  // ---- comparing ----

  // Empty once everybody has everything.
  std::string Missing() const {
    if (away_ > 0) return absl::StrCat(away_, " clients are not back");
    for (size_t document = 0; document < documents_.size(); ++document) {
      std::string missing = documents_[document].ledger->Missing();
      if (!missing.empty()) return absl::StrCat("document ", document, ": ", missing);
      const uint64_t progress = ProgressOf(document);
      for (const size_t member : documents_[document].members) {
        if (clients_[member]->member->progress() != progress) {
          return absl::StrCat("document ", document, ": clients know different amounts");
        }
      }
    }
    for (const size_t visitor : visitors_) {
      if (!CaughtUp(*clients_[visitor])) return "a visitor is behind";
    }
    return "";
  }

  uint64_t ProgressOf(size_t document) const {
    return clients_[documents_[document].members.front()]->member->progress();
  }

  bool CaughtUp(const Client& client) const {
    return client.opened && client.member->open() &&
           client.member->progress() == ProgressOf(client.document);
  }

  void Settle() {
    if (!Missing().empty()) {
      loop_.At(EventLoop::NowNs() + kCheckNs, [this] { Settle(); });
      return;
    }
    phase_ = Phase::kWaking;
    for (const size_t index : slow_) {
      Client& client = *clients_[index];
      if (client.dropped) continue;
      client.woken_bytes = client.member->traffic().wire_bytes_received;
      client.member->ResumeReading();
    }
    Wake();
  }

  // Slow readers read again, and get what the server kept for them, or its goodbye.
  void Wake() {
    for (const size_t index : slow_) {
      const Client& client = *clients_[index];
      if (!client.dropped && !CaughtUp(client)) {
        loop_.At(EventLoop::NowNs() + kCheckNs, [this] { Wake(); });
        return;
      }
    }
    if (!slow_.empty()) {
      report_.slow.emplace();
      report_.slow->readers = static_cast<int64_t>(slow_.size());
      report_.slow->dropped = dropped_;
      report_.slow->reason = drop_reason_;
    }
    for (const size_t index : slow_) {
      const Client& client = *clients_[index];
      const int64_t backlog = client.member->traffic().wire_bytes_received - client.woken_bytes;
      report_.slow->backlog_bytes_max = std::max(report_.slow->backlog_bytes_max, backlog);
    }
    phase_ = Phase::kComparing;
    std::vector<size_t> newcomers;
    for (size_t document = 0; document < documents_.size(); ++document) {
      newcomers.push_back(AddClient(Role::kNewcomer, document, 0));
      report_.edits += documents_[document].ledger->edits();
    }
    Enter(std::move(newcomers), 0, [this] { loop_.Stop(); });
  }

  void Compare(const Client& newcomer) {
    const Document& document = documents_[newcomer.document];
    std::vector<Holding> holdings{newcomer.member->Held()};
    holdings.front().who = absl::StrCat("a newcomer to document ", newcomer.document);
    if (!options_.keeps_text) {
      const uint64_t typed = document.empty + document.ledger->edits() * options_.letters;
      if (holdings.front().units != typed) {
        return Fail(absl::DataLossError(absl::StrCat("document ", newcomer.document, " holds ",
                                                     holdings.front().units, " units, ", typed,
                                                     " were typed")));
      }
    }
    for (const size_t member : document.members) {
      holdings.push_back(clients_[member]->member->Held());
    }
    for (const std::vector<size_t>* others : {&slow_, &visitors_}) {
      for (const size_t other : *others) {
        const Client& client = *clients_[other];
        if (client.document == newcomer.document && !client.dropped) {
          holdings.push_back(client.member->Held());
        }
      }
    }
    if (absl::Status converged = CheckConverged(holdings); !converged.ok()) return Fail(converged);
    ++report_.newcomers;
    newcomer.member->Close();
    if (++entered_ == entering_.size()) return loop_.Post(std::move(entered_then_));
    loop_.Post([this] { EnterMore(); });
  }

  void FailOf(const Client& client, const absl::Status& reason) {
    Fail(
        absl::Status(reason.code(), absl::StrCat("client ", client.member->index(), " of document ",
                                                 client.document, ": ", reason.message())));
  }

  // Ends the run; the first reason counts.
  void Fail(const absl::Status& status) {
    status_.Update(status);
    loop_.Stop();
  }

  const LoadOptions& options_;
  CommitCache cache_;
  EventLoop loop_;
  Random random_;
  const std::string run_;  // part of the documents' names, so that each run has its own
  std::vector<std::unique_ptr<Client>> clients_;  // by Member::index()
  std::vector<Document> documents_;
  std::vector<size_t> slow_;
  std::vector<size_t> visitors_;  // who are there or on their way
  size_t idle_ = 0;
  Phase phase_ = Phase::kConnecting;
  std::vector<size_t> entering_;
  size_t entering_alone_ = 0;
  size_t entering_begun_ = 0;
  size_t entered_ = 0;
  EventLoop::Task entered_then_;
  Schedule visits_;
  size_t step_ = 0;
  int64_t measure_from_ns_ = std::numeric_limits<int64_t>::max();
  int64_t measure_to_ns_ = 0;
  std::optional<Measurement> measurement_;
  int64_t cut_ns_ = 0;
  size_t away_ = 0;
  int64_t dropped_ = 0;
  std::string drop_reason_;
  WebSocketClient::Traffic departed_traffic_;
  LoadFigures unmeasured_;  // nothing comes here: there is no measured time yet
  LoadReport report_;
  absl::Status status_;
};

}  // namespace

absl::Status CheckOptions(const LoadOptions& options) {
  if (options.writers > options.clients) {
    return absl::InvalidArgumentError(
        absl::StrCat(options.writers, " writers of ", options.clients, " clients"));
  }
  if (options.keeps_text && (options.protocol != Protocol::kCoedit || options.letters != 1)) {
    return absl::InvalidArgumentError("only coedit's clients keep a text, and edit as they like");
  }
  if (options.storm_jitter.has_value() && !Member::CanResume(options.protocol)) {
    return absl::InvalidArgumentError("a Socket.IO room keeps nothing to come back to: no storm");
  }
  if (options.idle_documents == 0 && options.protocol != Protocol::kCoedit) {
    return absl::InvalidArgumentError("only coedit's clients may have no document open");
  }
  size_t before = options.documents * options.clients + options.slow_readers;
  for (const size_t connections : options.connections) {
    if (connections < before) {
      return absl::InvalidArgumentError(absl::StrCat(connections, " connections cannot follow ",
                                                     before, ": the numbers have to rise"));
    }
    before = connections;
  }
  return absl::OkStatus();
}

size_t DescriptorsNeeded(const LoadOptions& options) {
  constexpr size_t kOthers = 32;
  const size_t active = options.documents * options.clients + options.slow_readers;
  const size_t open = options.connections.empty() ? active : options.connections.back();
  size_t visitors = 0;
  if (options.join_rate.has_value()) {
    const double seconds = absl::ToDoubleSeconds(options.stay) + 1e-9 * kGoodbyeNs + 1;
    visitors = static_cast<size_t>(*options.join_rate * seconds) + 1;
  }
  return open + visitors + std::min(options.documents, 2 * kConnectingMax) + kOthers;
}

absl::StatusOr<LoadReport> RunLoad(const LoadOptions& options) {
  if (absl::Status fits = CheckOptions(options); !fits.ok()) return fits;
  return Load(options).Run();
}

}  // namespace coedit::bench
