#include "bench/load/room_yjs.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "bench/load/yjs_update.h"
#include "ot/check.h"

namespace coedit::bench {
namespace {

// Kinds of messages; y-websocket knows the first two.
constexpr uint64_t kSync = 0;
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

Endpoint EndpointOf(const RoomMember::Options& options) {
  Endpoint endpoint = options.endpoint;
  if (options.protocol == RoomProtocol::kYWebsocket) {
    endpoint.path = absl::StrCat("/", options.document);
  }
  return endpoint;
}

std::string PrefixOf(const RoomMember::Options& options) {
  std::string prefix;
  if (options.protocol == RoomProtocol::kHocuspocus) AppendVarBytes(options.document, &prefix);
  return prefix;
}

}  // namespace

YjsMember::YjsMember(EventLoop* loop, const Options& options, Owner* owner)
    : PeerMember(loop, options, EndpointOf(options), /*binary=*/true, owner),
      hocuspocus_(options.protocol == RoomProtocol::kHocuspocus),
      prefix_(PrefixOf(options)) {}

void YjsMember::Greet() {
  if (!hocuspocus_) return AskForState();
  std::string message = prefix_;
  AppendVarUint(kAuth, &message);
  AppendVarUint(kToken, &message);
  AppendVarBytes("", &message);
  Send(std::move(message));
}

void YjsMember::AskForState() {
  std::string message = prefix_;
  AppendVarUint(kSync, &message);
  AppendVarUint(kAsk, &message);
  AppendVarBytes(absl::string_view("\0", 1), &message);  // a state vector of nobody
  Send(std::move(message));
}

void YjsMember::Type(uint64_t letters) {
  COEDIT_CHECK(open_);
  std::string message = prefix_;
  AppendVarUint(kSync, &message);
  AppendVarUint(kUpdate, &message);
  AppendVarBytes(TypingUpdate(author(), typed_letters_, letters), &message);
  typed_letters_ += letters;
  if (hocuspocus_) unacked_letters_.push_back(letters);
  Send(std::move(message));
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
    const uint64_t step = reader.VarUint();
    if (step == kState || step == kUpdate) {
      const absl::string_view update = reader.VarBytes();
      if (!reader.ok()) return absl::InternalError("the message does not parse");
      if (step == kUpdate) return TakeUpdate(update);
      const absl::StatusOr<std::vector<TypedRange>> ranges = ReadUpdate(update);
      if (!ranges.ok()) return ranges.status();
      uint64_t letters = 0;
      for (const TypedRange& range : *ranges) letters += range.letters;
      if (!std::exchange(open_, true)) Opened(letters);
    }
    // That the server asks for our state is of no interest: there is none before we type.
  } else if (kind == kSyncStatus) {
    if (unacked_letters_.empty()) return absl::InternalError("an ack of nothing");
    const uint64_t letters = unacked_letters_.front();
    unacked_letters_.pop_front();
    Acked(letters);
  } else if (kind == kClose) {
    return absl::UnavailableError("the server closed the document");
  }
  return absl::OkStatus();
}

// The servers send an update to its author too; with y-websocket, which has no acks, that is one.
absl::Status YjsMember::TakeUpdate(absl::string_view update) {
  const absl::StatusOr<std::vector<TypedRange>> ranges = ReadUpdate(update);
  if (!ranges.ok()) return ranges.status();
  for (const TypedRange& range : *ranges) {
    if (range.client != author()) {
      Delivered(range.client, range.letters);
    } else if (!hocuspocus_) {
      Acked(range.letters);
    }
  }
  return absl::OkStatus();
}

}  // namespace coedit::bench
