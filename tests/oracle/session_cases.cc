#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "ot/algebra.h"
#include "ot/apply.h"
#include "ot/check.h"
#include "ot/client.h"
#include "ot/document.h"
#include "proto/canonical_json.h"
#include "proto/json_delta.h"
#include "tests/oracle/cases.h"
#include "tests/ot/generators.h"

namespace coedit::oracle {
namespace {

using ot::Client;
using ot::Commit;
using ot::Compose;
using ot::Delta;
using ot::Document;
using ot::Operation;
using ot::Revision;
using ot::Text;
using ot::testing::RandomChange;
using ot::testing::RandomKeystroke;
using ot::testing::Rng;
using ot::testing::Shape;
using proto::JsonObjectWriter;

constexpr ot::AuthorNumber kMe = 1;
constexpr ot::AuthorNumber kOther = 2;
constexpr int kEvents = 40;

std::string Canonical(const Text& text) {
  std::string ops;
  proto::AppendJsonOps(text.ToDelta(), &ops);
  return *proto::CanonicalJson(ops, 32);
}

class Session {
 public:
  explicit Session(uint64_t seed)
      : rng_(seed),
        shape_(MakeShape(rng_)),
        start_(RandomDocument(rng_, shape_)),
        document_(ot::DocumentType::kRichText, start_, 0, 0, {}, {}),
        client_(start_, 0, 0) {}

  // The events, as the elements of a JSON array.
  std::string Run() {
    OpenFirst();
    for (int i = 0; i < kEvents; ++i) {
      switch (rng_.Below(12)) {
        case 0:
        case 1:
        case 2:
          Edit();
          break;
        case 3:
        case 4:
          OthersCommit();
          break;
        case 5:
        case 6:
          SubmitArrives();
          break;
        case 11:
          if (live_) {
            if (rng_.Chance(40)) Lose();
          } else {
            Reopen();
          }
          break;
        default:
          DeliverNext();
      }
    }
    if (!live_) Reopen();
    while (!up_.empty() || !down_.empty()) {
      if (!up_.empty()) SubmitArrives();
      DeliverNext();
    }
    COEDIT_CHECK(client_.synchronised());
    COEDIT_CHECK(client_.view() == document_.text());
    return std::move(events_);
  }

 private:
  struct Message {
    std::optional<Commit> commit;          // of anybody
    std::optional<ot::Sequence> rejected;  // or a refusal
  };

  static Shape MakeShape(Rng& rng) {
    Shape shape;
    shape.rich = !rng.Chance(20);
    shape.document_units = rng.Chance(50) ? 5 : 40;
    shape.insert_units = 3;
    shape.components = 5;
    return shape;
  }

  // What the wire says; the SDK computes the same.
  static std::string DigestText(ot::Digest digest) {
    return absl::StrCat(absl::Hex(ot::ToReplica(digest), absl::kZeroPad8));
  }

  // Writes one event, `fill(writer)`, with what the client did because of it. Without a `change`
  // any will do that leads to the view.
  template <typename Fill>
  void Event(absl::string_view kind, const std::optional<Delta>& change, Fill fill) {
    const std::optional<Operation> submit = live_ ? client_.TakeSubmit() : std::nullopt;
    if (!events_.empty()) events_.push_back(',');
    JsonObjectWriter event(&events_);
    event.Text("kind", kind);
    fill(event);
    if (change.has_value()) WriteOps("change", *change, &event);
    if (submit.has_value()) {
      up_.push_back(*submit);
      up_.back().author = kMe;
      JsonObjectWriter out(event.Key("submit"));
      out.Number("sequence", submit->sequence).Number("revision", submit->base);
      WriteOps("delta", submit->delta, &out);
    }
    event.Text("view", Canonical(client_.view())).Text("confirmed", Canonical(client_.confirmed()));
    event.Number("revision", client_.revision()).Bool("pending", !client_.synchronised());
    event.Text("digest", DigestText(*document_.DigestAt(client_.revision())));
  }

  void WriteHead(JsonObjectWriter* out) const {
    out->Text("epoch", "e").Number("revision", document_.head());
    out->Text("digest", DigestText(document_.digest())).Number("author", kMe);
    const ot::AuthorState* const state = document_.FindAuthor(kMe);
    out->Number("lastSequence", state == nullptr ? 0 : state->last_sequence);
  }

  static void WriteCommit(const Commit& commit, JsonObjectWriter* out) {
    out->Number("revision", commit.revision);
    out->Number("author", commit.author).Number("sequence", commit.sequence);
    WriteOps("delta", commit.delta, out);
  }

  void OpenFirst() {
    live_ = true;
    Event("opened", Delta(), [&](JsonObjectWriter& event) {
      JsonObjectWriter opened(event.Key("opened"));
      WriteHead(&opened);
      WriteOps("snapshot", start_.ToDelta(), &opened);
    });
  }

  void Edit() {
    const Delta change = rng_.Chance(50) ? RandomChange(rng_, client_.view(), shape_)
                                         : RandomKeystroke(rng_, client_.view(), shape_);
    if (change.empty()) return;
    client_.Edit(change);
    Event("edit", Delta(), [&](JsonObjectWriter& event) { WriteOps("delta", change, &event); });
  }

  void OthersCommit() {
    const Delta change = RandomChange(rng_, document_.text(), shape_);
    if (change.empty()) return;
    const auto submitted = document_.Submit({kOther, ++others_sequence_, document_.head(), change});
    if (live_) down_.push_back({std::get<ot::Committed>(submitted).commit, std::nullopt});
  }

  void SubmitArrives() {
    if (up_.empty()) return;
    const Operation operation = up_.front();
    up_.pop_front();
    if (rng_.Chance(15)) {
      down_.push_back({std::nullopt, operation.sequence});
      return;
    }
    const auto submitted = document_.Submit(operation);
    COEDIT_CHECK(std::holds_alternative<ot::Committed>(submitted));
    down_.push_back({std::get<ot::Committed>(submitted).commit, std::nullopt});
  }

  void DeliverNext() {
    if (down_.empty() || !live_) return;
    const Message message = std::move(down_.front());
    down_.pop_front();
    if (message.rejected.has_value()) {
      const auto rollback = client_.OnRejected(*message.rejected);
      COEDIT_CHECK(rollback.ok());
      Event("rejected", rollback->view_change, [&](JsonObjectWriter& event) {
        event.Number("sequence", *message.rejected);
        WriteOps("refused", rollback->refused, &event);
      });
      return;
    }
    const Commit& commit = *message.commit;
    if (commit.author == kMe) {
      COEDIT_CHECK(client_.OnAck(commit.sequence, commit.revision).ok());
      Event("ack", Delta(), [&](JsonObjectWriter& event) {
        event.Number("sequence", commit.sequence).Number("committedAs", commit.revision);
      });
      return;
    }
    const auto change = client_.OnCommitted(commit.revision, commit.delta);
    COEDIT_CHECK(change.ok());
    Event("committed", *change, [&](JsonObjectWriter& event) {
      JsonObjectWriter out(event.Key("commit"));
      WriteCommit(commit, &out);
    });
  }

  // With everything that was on its way, refusals too.
  void Lose() {
    live_ = false;
    up_.clear();
    down_.clear();
    Event("lost", Delta(), [](JsonObjectWriter&) {});
  }

  void Reopen() {
    live_ = true;
    const std::optional<Operation> in_flight = client_.in_flight();
    const ot::AuthorState* const state = document_.FindAuthor(kMe);
    const bool committed =
        in_flight.has_value() && state != nullptr && state->last_sequence == in_flight->sequence;
    // A text instead of the way there. Two ways to compare texts find different changes, and may
    // carry pending edits to different places; so there are none.
    if (client_.pending().empty() && !in_flight.has_value() && rng_.Chance(30)) {
      const Text snapshot = document_.text();
      client_.OnSnapshot(document_.head(), snapshot);
      Event("opened", std::nullopt, [&](JsonObjectWriter& event) {
        JsonObjectWriter opened(event.Key("opened"));
        WriteHead(&opened);
        WriteOps("snapshot", snapshot.ToDelta(), &opened);
      });
      return;
    }
    // Single commits up to the client's own; the rest, sometimes, as one change.
    const bool composes = rng_.Chance(50);
    const Revision single =
        composes ? (committed ? state->last_revision : client_.revision()) : document_.head();
    const Revision known = client_.revision();
    Delta change;
    for (Revision r = known + 1; r <= single; ++r) {
      const Commit& commit = document_.At(r);
      if (commit.author == kMe && client_.in_flight().has_value() &&
          commit.sequence == client_.in_flight()->sequence) {
        COEDIT_CHECK(client_.OnAck(commit.sequence, r).ok());
      } else {
        change = Compose(change, *client_.OnCommitted(r, commit.delta));
      }
    }
    Delta composed;
    for (Revision r = single + 1; r <= document_.head(); ++r) {
      composed = Compose(composed, document_.At(r).delta);
    }
    if (client_.in_flight().has_value()) client_.OnNeverCommitted();
    if (single < document_.head()) {
      change = Compose(change, client_.OnComposed(document_.head(), composed));
    }
    if (state != nullptr) client_.RaiseSequence(state->last_sequence);
    Event("opened", change, [&](JsonObjectWriter& event) {
      JsonObjectWriter opened(event.Key("opened"));
      WriteHead(&opened);
      std::vector<Revision> missed;
      for (Revision r = known + 1; r <= single; ++r) missed.push_back(r);
      std::string* const out = opened.Key("commits");
      proto::AppendJsonArray(missed, out, [&](Revision r) {
        JsonObjectWriter commit(out);
        WriteCommit(document_.At(r), &commit);
      });
      if (single < document_.head()) WriteOps("composed", composed, &opened);
      if (in_flight.has_value()) {
        JsonObjectWriter fate(opened.Key("inFlight"));
        fate.Number("sequence", in_flight->sequence).Bool("committed", committed);
        if (committed) fate.Number("revision", state->last_revision);
      }
    });
  }

  Rng rng_;
  Shape shape_;
  Text start_;
  Document document_;
  Client client_;
  ot::Sequence others_sequence_ = 0;
  bool live_ = false;
  std::deque<Operation> up_;
  std::deque<Message> down_;
  std::string events_;
};

}  // namespace

std::string SessionCase(uint64_t seed) {
  std::string line;
  {
    JsonObjectWriter out(&line);
    out.Text("seed", absl::StrCat(seed));
    absl::StrAppend(out.Key("events"), "[", Session(seed).Run(), "]");
  }
  return line;
}

}  // namespace coedit::oracle
