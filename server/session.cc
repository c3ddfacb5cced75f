#include "server/session.h"

#include <algorithm>
#include <iterator>
#include <memory>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "ot/check.h"
#include "server/identity.h"
#include "server/remote_link.h"

namespace coedit::server {
namespace {

constexpr uint32_t kProtocolVersion = 1;
constexpr uint16_t kClosePolicy = 1008;
constexpr uint16_t kCloseRestart = 1012;
constexpr uint16_t kCloseOverloaded = 1013;
// After a channel was given up because its reader is slow.
constexpr uint32_t kTooSlowComeBackMs = 500;

}  // namespace

std::shared_ptr<Session> Session::Make(Shards* shards, size_t shard, FrameSink* sink,
                                       proto::Encoding encoding) {
  auto session = std::make_shared<Session>(Key(), shards, shard, sink, encoding);
  if (!session->pass_.AwaitHello()) {
    session->Fail(WireCode::kUnavailable, "too many connections have not said who they are",
                  kCloseOverloaded);
  }
  return session;
}

Session::Session(Key, Shards* shards, size_t shard, FrameSink* sink, proto::Encoding encoding)
    : shards_(shards),
      shard_(shard),
      environment_(&shards->environment(shard)),
      sink_(sink),
      outbox_(&environment_->limits, sink, encoding),
      connected_at_(environment_->clock->Steady()),
      pass_(&shards->counts().admission()),
      control_(environment_->limits.signals_per_second, environment_->limits.signals_burst,
               connected_at_) {}

// ---- what comes in ----

void Session::OnFrame(absl::string_view bytes) {
  if (state_ == State::kEnded) return;
  if (moving_ != nullptr) {
    moving_->frames.emplace_back(bytes);
    return;
  }
  absl::StatusOr<std::vector<proto::Incoming>> incoming =
      proto::DecodeClientFrame(encoding(), bytes, environment_->limits.decode());
  if (!incoming.ok()) {
    return Fail(WireCode::kBadMessage, std::string(incoming.status().message()));
  }
  Take(*std::move(incoming));
}

void Session::Take(std::vector<proto::Incoming> incoming) {
  for (size_t at = 0; at < incoming.size(); ++at) {
    proto::Incoming& one = incoming[at];
    if (state_ == State::kEnded) return;
    if (auto* bad = std::get_if<proto::BadSubmit>(&one)) {
      if (state_ == State::kAwaitingHello) {
        return Fail(WireCode::kBadMessage, "the first message must be hello", kClosePolicy);
      }
      On(*bad);
      continue;
    }
    auto& message = std::get<proto::ClientMessage>(one);
    if (state_ == State::kAwaitingHello && !std::holds_alternative<proto::Hello>(message)) {
      return Fail(WireCode::kBadMessage, "the first message must be hello", kClosePolicy);
    }
    if (const auto* open = std::get_if<proto::Open>(&message); open && MovesFor(*open)) {
      moving_->decoded.assign(std::make_move_iterator(incoming.begin() + at),
                              std::make_move_iterator(incoming.end()));
      return;
    }
    std::visit([this](auto& known) { On(known); }, message);
  }
}

bool Session::MovesFor(const proto::Open& open) {
  if (std::exchange(opened_before_, true)) return false;
  const size_t home = shards_->ShardOf(open.document);
  if (home == shard_ || !sink_->MoveTo(home)) return false;
  moving_ = std::make_unique<Held>();
  return true;
}

void Session::OnMoved(size_t shard) {
  shard_ = shard;
  environment_ = &shards_->environment(shard);
  const std::unique_ptr<Held> held = std::move(moving_);
  if (state_ == State::kEnded) return;
  COEDIT_CHECK(held != nullptr);  // nobody asked it to move
  Take(std::move(held->decoded));
  for (const std::string& frame : held->frames) OnFrame(frame);
}

void Session::On(const proto::Hello& hello) {
  if (state_ != State::kAwaitingHello) {
    return Fail(WireCode::kBadMessage, "hello came twice");
  }
  if (hello.protocol != kProtocolVersion) {
    return Fail(WireCode::kVersion,
                absl::StrCat("protocol ", hello.protocol, " is not supported; this server speaks ",
                             kProtocolVersion));
  }
  auto info = std::make_shared<const SessionInfo>(SessionInfo{
      // Enough to tell those apart who are there, and so short that the string needs no heap.
      .session_id = absl::StrCat("s-", environment_->random->Hex(6)),
      .identity = {hello.client_id, MakeUser(hello, environment_->limits.name_characters)},
      .attempt = hello.attempt,
      .takes_parts = std::find(hello.capabilities.begin(), hello.capabilities.end(), "parts") !=
                     hello.capabilities.end()});
  if (!pass_.Welcome(IdentityOf(info))) {
    return Fail(WireCode::kRate,
                absl::StrCat("this client has ", environment_->limits.connections_per_user,
                             " connections already"));
  }
  info_ = std::move(info);
  state_ = State::kLive;
  Send(proto::Welcome{
      .session_id = info_->session_id,
      .user = info_->identity.user,
      .limits = environment_->limits.wire(),
      .heartbeat_seconds = static_cast<uint32_t>(environment_->limits.heartbeat_seconds),
      .server = environment_->server_name,
      .capabilities = {"parts"}});
}

void Session::On(proto::Open& open) {
  if (!TakeControlToken()) return;
  const auto refuse = [&](WireCode code, std::string text) {
    const WireErrorInfo& info = InfoOf(code);
    Send(proto::Refused{
        .request = open.request, .code = info.name, .text = std::move(text), .retry = info.retry});
  };
  if (HasOpen(open.document)) {
    return refuse(WireCode::kAlreadyOpen,
                  absl::StrCat("document '", open.document, "' is open on this connection"));
  }
  const int64_t documents_max = environment_->limits.documents_per_connection;
  if (static_cast<int64_t>(channels_.size() + pending_opens_.size()) >= documents_max) {
    return refuse(WireCode::kRate,
                  absl::StrCat(documents_max, " documents are open on this connection already"));
  }
  const MemberId member = shards_->counts().NextMember();
  pending_opens_.push_back({member, open.document});
  const size_t home = shards_->ShardOf(open.document);
  std::shared_ptr<MemberLink> link = shared_from_this();
  if (home != shard_) {
    link = std::make_shared<RemoteLink>(std::move(link), environment_->executor,
                                        environment_->limits.outbound_bytes);
  }
  OpenRequest request{
      .member = member, .link = std::move(link), .session = info_, .open = std::move(open)};
  shards_->executor(home)->Post(
      [hub = &shards_->hub(home), request = std::move(request)]() mutable {
        hub->Open(std::move(request));
      });
}

bool Session::BeginSubmit(Channel& channel, uint64_t sequence) {
  if (channel.awaits_answer) {
    Send(proto::Rejected{.channel = channel.number,
                         .sequence = sequence,
                         .code = std::string(NameOf(WireCode::kRate)),
                         .text = "another operation is in flight on this channel"});
    return false;
  }
  channel.awaits_answer = true;
  return true;
}

void Session::On(proto::Submit& submit) {
  const proto::Channel number = submit.channel;
  Channel* channel = ChannelOfMessage(number);
  if (channel == nullptr || !BeginSubmit(*channel, submit.sequence)) return;
  const absl::Duration wait = channel->submits.Take(environment_->clock->Steady());
  if (wait == absl::ZeroDuration()) return PassOn(*channel, std::move(submit));
  channel->held = std::make_unique<proto::Submit>(std::move(submit));
  environment_->executor->PostAfter(wait,
                                    [self = shared_from_this(), number, member = channel->member] {
                                      self->ReleaseHeld(number, member);
                                    });
}

void Session::ReleaseHeld(proto::Channel number, MemberId member) {
  Channel* channel = FindChannel(number, member);
  if (channel == nullptr || channel->held == nullptr) return;
  // The wait was computed for this one: the bucket is charged, not asked.
  channel->submits.Take(environment_->clock->Steady());
  PassOn(*channel, std::move(*std::exchange(channel->held, nullptr)));
}

void Session::PassOn(Channel& channel, proto::Submit submit) {
  channel.actor->executor()->Post(
      [actor = channel.actor, member = channel.member, submit = std::move(submit)]() mutable {
        actor->Submit(member, std::move(submit));
      });
}

void Session::On(const proto::BadSubmit& submit) {
  Channel* channel = ChannelOfMessage(submit.channel);
  if (channel == nullptr || !BeginSubmit(*channel, submit.sequence)) return;
  channel->actor->executor()->Post(
      [actor = channel->actor, member = channel->member, submit]() mutable {
        actor->RefuseSubmit(member, submit.sequence, std::move(submit.text));
      });
}

void Session::On(proto::Presence& presence) {
  const Channel* channel = ChannelOfMessage(presence.channel);
  if (channel == nullptr) return;
  channel->actor->executor()->Post(
      [actor = channel->actor, member = channel->member, presence = std::move(presence)]() mutable {
        actor->ShowPresence(member, std::move(presence));
      });
}

void Session::On(proto::Signal& signal) {
  if (!TakeControlToken()) return;
  const Channel* channel = ChannelOfMessage(signal.channel);
  if (channel == nullptr) return;
  channel->actor->executor()->Post(
      [actor = channel->actor, member = channel->member, signal = std::move(signal)]() mutable {
        actor->Signal(member, std::move(signal));
      });
}

void Session::On(const proto::Leave& leave) {
  Channel* channel = ChannelOfMessage(leave.channel);
  if (channel == nullptr) return;
  // What was sent before the leave is finished.
  if (channel->held != nullptr) {
    PassOn(*channel, std::move(*std::exchange(channel->held, nullptr)));
  }
  LeaveActor(channel->actor, channel->member);
  EndChannel(leave.channel);
}

void Session::On(const proto::Authenticate&) {
  Fail(WireCode::kBadMessage, "this server does not authenticate clients");
}

void Session::On(const proto::Ping& ping) {
  if (!TakeControlToken()) return;
  Send(proto::Pong{ping.nonce});
}

// ---- what goes out ----

void Session::Deliver(Delivery delivery) {
  const proto::Channel number = delivery.channel;
  if (delivery.kind == Delivery::Kind::kRefused || delivery.kind == Delivery::Kind::kOpened) {
    const bool pending = std::erase_if(pending_opens_, [&](const PendingOpen& open) {
                           return open.member == delivery.member;
                         }) != 0;
    if (delivery.kind == Delivery::Kind::kRefused) {
      if (pending) outbox_.SendNow(std::move(delivery.piece));
      return;
    }
    if (!pending) {  // the session ended while it opened
      return LeaveActor(delivery.actor, delivery.member);
    }
    const Limits& limits = environment_->limits;
    const auto at = ChannelAt(number);
    COEDIT_CHECK(at == channels_.end() || at->number != number);
    channels_.insert(at,
                     Channel{.number = number,
                             .actor = std::move(delivery.actor),
                             .member = delivery.member,
                             .submits = TokenBucket(limits.submits_per_second, limits.submits_burst,
                                                    environment_->clock->Steady()),
                             .held = nullptr});
    std::erase(ended_channels_, number);
    return outbox_.Open(number, std::move(delivery.piece), std::move(delivery.parts));
  }
  Channel* channel = FindChannel(number, delivery.member);
  if (channel == nullptr) return;  // crossed the end of the channel
  switch (delivery.kind) {
    case Delivery::Kind::kClosed:
      EndChannel(number);
      return outbox_.SendNow(std::move(delivery.piece));
    case Delivery::Kind::kPresence:
      return outbox_.SendPresence(number, delivery.about, std::move(delivery.piece), delivery.pace);
    case Delivery::Kind::kGivenUp:
      return GiveUp(*channel);
    case Delivery::Kind::kAnswer:
      channel->awaits_answer = false;
      break;
    default:
      break;
  }
  if (!outbox_.SendOrdered(number, std::move(delivery.piece), delivery.pace)) GiveUp(*channel);
}

void Session::GiveUp(const Channel& channel) {
  const proto::Channel number = channel.number;
  LeaveActor(channel.actor, channel.member);
  EndChannel(number);
  Send(proto::Closed{.channel = number,
                     .code = std::string(NameOf(WireCode::kTooSlow)),
                     .text = "the connection does not take what happens in this document",
                     .retry = true,
                     .after_ms = kTooSlowComeBackMs});
  if (outbox_.Stuck()) Fail(WireCode::kTooSlow, "the connection is too slow");
}

void Session::OnDrained() {
  if (state_ == State::kLive) outbox_.OnDrained();
}

void Session::Send(const proto::ServerMessage& message) {
  if (transport_open_) outbox_.SendNow(message);
}

// ---- beginning and end ----

std::vector<Session::Channel>::iterator Session::ChannelAt(proto::Channel number) {
  return std::lower_bound(
      channels_.begin(), channels_.end(), number,
      [](const Channel& channel, proto::Channel wanted) { return channel.number < wanted; });
}

Session::Channel* Session::FindChannel(proto::Channel number, MemberId member) {
  const auto at = ChannelAt(number);
  return at != channels_.end() && at->number == number && at->member == member ? &*at : nullptr;
}

Session::Channel* Session::ChannelOfMessage(proto::Channel number) {
  const auto at = ChannelAt(number);
  if (at != channels_.end() && at->number == number) return &*at;
  if (std::find(ended_channels_.begin(), ended_channels_.end(), number) == ended_channels_.end()) {
    Fail(WireCode::kBadMessage, absl::StrCat("channel ", number, " was never opened"));
  }
  return nullptr;
}

bool Session::HasOpen(absl::string_view document) const {
  return std::any_of(
             channels_.begin(), channels_.end(),
             [&](const Channel& channel) { return channel.actor->document() == document; }) ||
         std::any_of(pending_opens_.begin(), pending_opens_.end(),
                     [&](const PendingOpen& open) { return open.document == document; });
}

bool Session::TakeControlToken() {
  if (control_.Take(environment_->clock->Steady()) == absl::ZeroDuration()) return true;
  Fail(WireCode::kRate, "too many opens, signals and pings");
  return false;
}

void Session::EndChannel(proto::Channel number) {
  channels_.erase(ChannelAt(number));
  if (static_cast<int64_t>(ended_channels_.size()) >=
      environment_->limits.documents_per_connection) {
    ended_channels_.erase(ended_channels_.begin());
  }
  ended_channels_.push_back(number);
  outbox_.Close(number);
}

void Session::LeaveActor(const std::shared_ptr<DocumentActor>& actor, MemberId member) {
  actor->executor()->Post([actor, member] { actor->Leave(member); });
}

void Session::LeaveAll() {
  pass_.GiveBack();
  for (Channel& channel : channels_) {
    if (channel.held != nullptr) PassOn(channel, *channel.held);
    LeaveActor(channel.actor, channel.member);
  }
  for (const PendingOpen& pending : pending_opens_) {
    const size_t home = shards_->ShardOf(pending.document);
    shards_->executor(home)->Post(
        [hub = &shards_->hub(home), document = pending.document, member = pending.member] {
          if (DocumentActor* actor = hub->Find(document)) actor->Leave(member);
        });
  }
  channels_.clear();
  pending_opens_.clear();
}

void Session::Fail(WireCode code, std::string text, uint16_t close_code) {
  if (state_ == State::kEnded) return;
  const WireErrorInfo& info = InfoOf(code);
  Send(proto::Error{.code = info.name, .text = text});
  state_ = State::kEnded;
  LeaveAll();
  if (!transport_open_) return;
  transport_open_ = false;
  // The reason of a close frame holds 123 bytes; the whole sentence went before it.
  sink_->Close(close_code != 0 ? close_code : info.close_code, info.name);
}

void Session::OnTick() {
  if (state_ != State::kAwaitingHello) return;
  const absl::Duration waited = environment_->clock->Steady() - connected_at_;
  if (waited < absl::Seconds(environment_->limits.hello_seconds)) return;
  Fail(WireCode::kBadMessage,
       absl::StrCat("no hello within ", environment_->limits.hello_seconds, " seconds"),
       kClosePolicy);
}

void Session::OnDisconnected() {
  transport_open_ = false;
  if (state_ == State::kEnded) return;
  state_ = State::kEnded;
  LeaveAll();
}

void Session::OnShutdown(absl::Duration come_back_after) {
  if (state_ == State::kEnded) return;
  Send(proto::GoAway{.after_ms = static_cast<uint32_t>(absl::ToInt64Milliseconds(come_back_after)),
                     .reason = "restart"});
  state_ = State::kEnded;
  LeaveAll();
  transport_open_ = false;
  sink_->Close(kCloseRestart, "restart");
}

}  // namespace coedit::server
