#include "bench/load/connection.h"

#include <random>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/types/span.h"
#include "ot/check.h"

namespace coedit::bench {
namespace {

absl::Status Unexpected(absl::string_view what) {
  return absl::InternalError(absl::StrCat("the server sent '", what, "' out of turn"));
}

WebSocketClient::Format FormatOf(proto::Encoding encoding) {
  if (encoding == proto::Encoding::kJson) return {false, "coedit.v1.json"};
  return {true, "coedit.v1.protobuf"};
}

}  // namespace

std::string RandomClientId() {
  std::random_device random;
  std::string id;
  for (int i = 0; i < 4; ++i) absl::StrAppendFormat(&id, "%08x", random());
  return id;
}

Connection::Connection(EventLoop* loop, const Options& options, Listener* listener)
    : options_(options),
      listener_(listener),
      socket_(loop, options.endpoint, FormatOf(options.encoding), this) {}

void Connection::Submit(uint64_t sequence, uint64_t revision, const ot::Delta& delta) {
  COEDIT_CHECK(state_ == State::kOpen);
  Send(proto::Submit{opened_.channel, sequence, revision, delta});
}

void Connection::ShowPresence(uint64_t revision, std::optional<uint64_t> after,
                              std::vector<proto::Range> ranges, std::string state) {
  COEDIT_CHECK(state_ == State::kOpen);
  Send(proto::Presence{opened_.channel, revision, after, std::move(ranges), std::move(state)});
}

void Connection::Close() {
  if (state_ == State::kEnded) return;
  state_ = State::kEnded;
  socket_.Close();
}

void Connection::Send(const proto::ClientMessage& message) {
  socket_.Send(proto::EncodeClientFrame(options_.encoding, absl::MakeConstSpan(&message, 1)));
}

void Connection::Fail(const absl::Status& reason) {
  if (state_ == State::kEnded) return;
  state_ = State::kEnded;
  listener_->OnFailed(reason);
}

void Connection::OnConnected() {
  if (state_ == State::kEnded) return;
  state_ = State::kGreeting;
  proto::Hello hello;
  hello.protocol = 1;
  hello.client_id = options_.client_id.empty() ? RandomClientId() : options_.client_id;
  hello.attempt = options_.attempt;
  hello.sdk = "coedit-load/0.1.0";
  hello.name = options_.name;
  hello.capabilities = {"parts"};
  Send(std::move(hello));
}

void Connection::OnDisconnected(const absl::Status& reason) { Fail(reason); }

void Connection::OnMessage(absl::string_view bytes) {
  if (options_.cache != nullptr && options_.encoding == proto::Encoding::kProtobuf) {
    while (state_ == State::kOpen) {
      const std::optional<absl::string_view> message = CommitCache::TakeMessage(&bytes);
      if (!message.has_value()) break;
      if (const proto::Committed* known = options_.cache->Find(*message)) {
        listener_->OnCommitted(*known);
      } else if (absl::Status status = OnServerFrame(*message); !status.ok()) {
        return Fail(status);
      }
    }
    if (bytes.empty()) return;
  }
  if (absl::Status status = OnServerFrame(bytes); !status.ok()) Fail(status);
}

absl::Status Connection::OnServerFrame(absl::string_view frame) {
  if (state_ == State::kEnded) return absl::OkStatus();
  absl::StatusOr<std::vector<proto::ServerMessage>> messages =
      proto::DecodeServerFrame(options_.encoding, frame);
  if (!messages.ok()) return messages.status();
  if (options_.cache != nullptr && messages->size() == 1) {
    if (const auto* committed = std::get_if<proto::Committed>(&messages->front())) {
      options_.cache->Remember(frame, *committed);
    }
  }
  for (proto::ServerMessage& message : *messages) {
    if (absl::Status status = OnServerMessage(std::move(message)); !status.ok()) return status;
    if (state_ == State::kEnded) return absl::OkStatus();
  }
  return absl::OkStatus();
}

absl::Status Connection::OnServerMessage(proto::ServerMessage&& message) {
  if (const auto* committed = std::get_if<proto::Committed>(&message)) {
    if (state_ != State::kOpen) return Unexpected("committed");
    listener_->OnCommitted(*committed);
  } else if (const auto* ack = std::get_if<proto::Ack>(&message)) {
    if (state_ != State::kOpen) return Unexpected("ack");
    listener_->OnAck(*ack);
  } else if (const auto* presence = std::get_if<proto::MemberPresence>(&message)) {
    if (state_ == State::kOpen) listener_->OnPresence(*presence);
  } else if (std::holds_alternative<proto::Welcome>(message)) {
    if (state_ != State::kGreeting) return Unexpected("welcome");
    if (options_.document.empty()) {
      state_ = State::kOpen;
      listener_->OnWelcomed();
    } else {
      state_ = State::kOpening;
      SendOpen();
    }
  } else if (auto* opened = std::get_if<proto::Opened>(&message)) {
    if (state_ != State::kOpening) return Unexpected("opened");
    opened_ = std::move(*opened);
    if (opened_.more) {
      state_ = State::kParts;
    } else if (opened_.snapshot.has_value() && opened_.snapshot->IsDocument()) {
      return OnSnapshot(ot::Text(*std::exchange(opened_.snapshot, std::nullopt)));
    } else if (opened_.commits.has_value() && options_.known.has_value()) {
      Opened(std::nullopt);
    } else {
      return absl::InternalError("'opened' carries no snapshot of a document");
    }
  } else if (const auto* part = std::get_if<proto::Part>(&message)) {
    if (state_ != State::kParts || part->channel != opened_.channel) return Unexpected("part");
    if (!part->ops.IsDocument()) return absl::InternalError("a part is no document");
    for (const ot::Component component : part->ops) parts_.Push(component);
    if (part->last) return OnSnapshot(ot::Text(parts_.Build()));
  } else if (const auto* rejected = std::get_if<proto::Rejected>(&message)) {
    return absl::FailedPreconditionError(absl::StrCat(
        "operation ", rejected->sequence, " was rejected: ", rejected->code, ", ", rejected->text));
  } else if (const auto* refused = std::get_if<proto::Refused>(&message)) {
    return absl::Status(
        refused->retry ? absl::StatusCode::kUnavailable : absl::StatusCode::kFailedPrecondition,
        absl::StrCat("opening '", options_.document, "' was refused: ", refused->code, ", ",
                     refused->text));
  } else if (const auto* closed = std::get_if<proto::Closed>(&message)) {
    return absl::UnavailableError(
        absl::StrCat("the document was closed: ", closed->code, ", ", closed->text));
  } else if (const auto* error = std::get_if<proto::Error>(&message)) {
    return absl::UnavailableError(
        absl::StrCat("the server ended the connection: ", error->code, ", ", error->text));
  } else if (std::holds_alternative<proto::GoAway>(message)) {
    return absl::UnavailableError("the server is going down");
  }
  // Who came and who went makes no difference to the load.
  return absl::OkStatus();
}

void Connection::SendOpen() {
  proto::Open open;
  open.request = 1;
  open.document = options_.document;
  open.create = options_.create;
  open.known = options_.known;
  open.in_flight = options_.in_flight;
  Send(open);
}

absl::Status Connection::OnSnapshot(ot::Text text) {
  Opened(std::move(text));
  return absl::OkStatus();
}

void Connection::Opened(std::optional<ot::Text> text) {
  state_ = State::kOpen;
  listener_->OnOpened(opened_, std::move(text));
  // Who was there and what was missed is not kept: there may be thousands of these.
  opened_ = {.channel = opened_.channel};
}

}  // namespace coedit::bench
