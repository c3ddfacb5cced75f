#include "bench/load/yjs_member.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace coedit::bench {
namespace {

// Kinds of messages; y-websocket knows the first two.
constexpr uint64_t kSync = 0;
constexpr uint64_t kAwareness = 1;
constexpr uint64_t kAuth = 2;
constexpr uint64_t kSyncReply = 4;
constexpr uint64_t kClose = 7;
constexpr uint64_t kSyncStatus = 8;
// Kinds of sync messages.
constexpr uint64_t kAsk = 0;
constexpr uint64_t kState = 1;
constexpr uint64_t kUpdate = 2;
// Kinds of auth messages.
constexpr uint64_t kToken = 0;
constexpr uint64_t kAuthenticated = 2;

Endpoint EndpointOf(const Member::Options& options) {
  Endpoint endpoint = options.endpoint;
  if (options.protocol == Protocol::kYWebsocket) {
    endpoint.path = absl::StrCat("/", options.document);
  }
  return endpoint;
}

std::string PrefixOf(const Member::Options& options) {
  std::string prefix;
  if (options.protocol == Protocol::kHocuspocus) AppendVarBytes(options.document, &prefix);
  return prefix;
}

}  // namespace

YjsMember::YjsMember(EventLoop* loop, const Options& options, Owner* owner)
    : PeerMember(loop, options, EndpointOf(options), /*binary=*/true, owner),
      hocuspocus_(options.protocol == Protocol::kHocuspocus),
      prefix_(PrefixOf(options)) {}

void YjsMember::Greet() {
  if (!hocuspocus_) return AskForState();
  std::string message = prefix_;
  AppendVarUint(kAuth, &message);
  AppendVarUint(kToken, &message);
  AppendVarBytes("", &message);
  SendText(message);
}

void YjsMember::AskForState() {
  std::string vector;
  AppendVarUint(known_.size(), &vector);
  for (const auto& [author, letters] : known_) {
    AppendVarUint(author, &vector);
    AppendVarUint(letters, &vector);
  }
  std::string message = prefix_;
  AppendVarUint(kSync, &message);
  AppendVarUint(kAsk, &message);
  AppendVarBytes(vector, &message);
  SendText(message);
}

void YjsMember::SendOperation(const Operation& operation) {
  const uint64_t clock = operation.number * letters_per_edit() - operation.letters;
  std::string message = prefix_;
  AppendVarUint(kSync, &message);
  AppendVarUint(kUpdate, &message);
  AppendVarBytes(TypingUpdate(author(), clock, operation.letters), &message);
  SendText(message);
}

void YjsMember::ShowPresence(uint64_t number) {
  if (!open()) return;
  std::string update;
  AppendVarUint(1, &update);
  AppendVarUint(author(), &update);
  AppendVarUint(number, &update);
  AppendVarBytes(R"({"cursor":{"anchor":0,"head":0}})", &update);
  std::string message = prefix_;
  AppendVarUint(kAwareness, &message);
  AppendVarBytes(update, &message);
  SendText(message);
}

absl::Status YjsMember::Take(absl::string_view message) {
  YjsReader reader(message);
  if (hocuspocus_) reader.VarBytes();
  const uint64_t kind = reader.VarUint();
  if (!reader.ok()) return absl::InternalError("the message does not parse");
  if (kind == kAuth) {
    if (reader.VarUint() != kAuthenticated) return absl::InternalError("not let in");
    AskForState();
  } else if (kind == kSync || kind == kSyncReply) {
    return TakeSync(reader);
  } else if (kind == kAwareness) {
    return TakeAwareness(reader.VarBytes());
  } else if (kind == kSyncStatus) {
    if (under_way().empty()) return absl::InternalError("an ack of nothing");
    known_[author()] += under_way().front().letters;
    return AckedNext();
  } else if (kind == kClose) {
    return absl::UnavailableError("the server closed the document");
  }
  return absl::OkStatus();
}

absl::Status YjsMember::TakeSync(YjsReader& reader) {
  const uint64_t step = reader.VarUint();
  // That the server asks for our state is of no interest: what it lacks is sent again anyway.
  if (step != kState && step != kUpdate) return absl::OkStatus();
  const absl::string_view update = reader.VarBytes();
  if (!reader.ok()) return absl::InternalError("the message does not parse");
  if (step == kUpdate) return TakeUpdate(update);
  return open() ? absl::OkStatus() : TakeState(update);
}

// The answer to AskForState: all there is, after a reconnect all that was missed.
absl::Status YjsMember::TakeState(absl::string_view state) {
  const absl::StatusOr<std::vector<TypedRange>> ranges = ReadUpdate(state);
  if (!ranges.ok()) return ranges.status();
  uint64_t letters = 0;
  for (const TypedRange& range : *ranges) {
    uint64_t& known = known_[range.client];
    if (range.clock != known) {
      return absl::DataLossError(
          absl::StrCat("letter ", range.clock, " came where ", known, " are known"));
    }
    known += range.letters;
    letters += range.letters;
    if (!opened_before()) continue;
    if (range.client != author()) {
      const absl::Status taken = Delivered(range.client, known / letters_per_edit(), range.letters);
      if (!taken.ok()) return taken;
      continue;
    }
    while (!under_way().empty() && under_way().front().number * letters_per_edit() <= known) {
      if (absl::Status taken = AckedNext(); !taken.ok()) return taken;
    }
  }
  if (!opened_before()) set_units(letters);
  Opened();
  return absl::OkStatus();
}

// The servers send an update to its author too; with y-websocket, which has no acks, that is one.
absl::Status YjsMember::TakeUpdate(absl::string_view update) {
  // The state that comes next has it.
  if (!open()) return absl::OkStatus();
  const absl::StatusOr<std::vector<TypedRange>> ranges = ReadUpdate(update);
  if (!ranges.ok()) return ranges.status();
  for (const TypedRange& range : *ranges) {
    const uint64_t known = range.clock + range.letters;
    absl::Status taken;
    if (range.client != author()) {
      uint64_t& before = known_[range.client];
      if (before != range.clock) {
        return absl::DataLossError(
            absl::StrCat("letter ", range.clock, " came where ", before, " are known"));
      }
      before = known;
      taken = Delivered(range.client, known / letters_per_edit(), range.letters);
    } else if (!hocuspocus_) {
      known_[author()] = known;
      taken = Acked(known / letters_per_edit());
    }
    if (!taken.ok()) return taken;
  }
  return absl::OkStatus();
}

absl::Status YjsMember::TakeAwareness(absl::string_view update) {
  YjsReader reader(update);
  for (uint64_t states = reader.VarUint(); states > 0 && reader.ok(); --states) {
    const uint64_t author = reader.VarUint();
    const uint64_t number = reader.VarUint();
    const absl::string_view state = reader.VarBytes();
    if (!reader.ok()) break;
    // The servers tell an author its own, too; null says that somebody left.
    if (open() && author != this->author() && state != "null") {
      owner()->OnPresence(this, author, number);
    }
  }
  return reader.ok() ? absl::OkStatus() : absl::InternalError("the awareness does not parse");
}

}  // namespace coedit::bench
