#include "server/outbox.h"

#include <algorithm>
#include <memory>
#include <string>

namespace coedit::server {
namespace {

// Parts are cut in steps of this many units until one is large enough: the bytes of a step are
// not known before it is walked.
constexpr int64_t kStepUnits = 1024;

}  // namespace

void Outbox::SendNow(const proto::ServerMessage& message) {
  sink_->Send(Piece(proto::EncodePiece(encoding_, message)));
}

bool Outbox::HasRoomFor(const Piece& piece) const {
  const int64_t queued = static_cast<int64_t>(sink_->queued_bytes()) - exempt_bytes_;
  return std::max<int64_t>(queued, 0) + static_cast<int64_t>(piece->size()) <=
         limits_->outbound_bytes;
}

bool Outbox::Stuck() const {
  return static_cast<int64_t>(sink_->queued_bytes()) - exempt_bytes_ > 2 * limits_->outbound_bytes;
}

void Outbox::Open(proto::Channel channel, Piece opened, std::optional<ot::Text> parts) {
  exempt_bytes_ += static_cast<int64_t>(opened->size());
  sink_->Send(std::move(opened));
  if (!parts.has_value()) return;
  if (backlog_ == nullptr) backlog_ = std::make_unique<Backlog>();
  Stream& stream = backlog_->streams[channel];
  stream.text = *std::move(parts);
  SendNextPart(channel, &stream);
  FreeEmptyBacklog();
}

Outbox::Stream* Outbox::FindStream(proto::Channel channel) {
  if (backlog_ == nullptr) return nullptr;
  const auto found = backlog_->streams.find(channel);
  return found == backlog_->streams.end() ? nullptr : &found->second;
}

void Outbox::FreeEmptyBacklog() {
  if (backlog_ != nullptr && backlog_->streams.empty() && backlog_->presence.empty()) {
    backlog_.reset();
  }
}

void Outbox::SendNextPart(proto::Channel channel, Stream* stream) {
  ot::DeltaBuilder ops;
  int64_t bytes = 0;
  while (stream->position < stream->text.length() && bytes < limits_->part_bytes) {
    int64_t end = std::min(stream->position + kStepUnits, stream->text.length());
    if (!stream->text.IsBoundary(end)) ++end;
    stream->text.ForEach(stream->position, end, [&](const ot::Component& component) {
      ops.Push(component);
      bytes += static_cast<int64_t>(component.text.size());
    });
    stream->position = end;
  }
  const bool last = stream->position == stream->text.length();
  Piece piece(proto::EncodePiece(
      encoding_, proto::Part{.channel = channel, .ops = ops.Build(), .last = last}));
  exempt_bytes_ += static_cast<int64_t>(piece->size());
  sink_->Send(std::move(piece));
  if (!last) return;
  const std::deque<Piece> behind = std::move(stream->behind);
  backlog_->streams.erase(channel);
  for (const Piece& waiting : behind) {
    exempt_bytes_ += static_cast<int64_t>(waiting->size());
    sink_->Send(waiting);
  }
}

void Outbox::Hand(Piece piece, absl::Duration pace) {
  if (pace > absl::ZeroDuration()) {
    sink_->SendPaced(std::move(piece), pace);
  } else {
    sink_->Send(std::move(piece));
  }
}

bool Outbox::SendOrdered(proto::Channel channel, Piece piece, absl::Duration pace) {
  if (Stream* stream = FindStream(channel)) {
    stream->behind_bytes += static_cast<int64_t>(piece->size());
    if (stream->behind_bytes > limits_->outbound_bytes) return false;
    stream->behind.push_back(std::move(piece));
    return true;
  }
  if (!HasRoomFor(piece)) return false;
  Hand(std::move(piece), pace);
  return true;
}

void Outbox::SendPresence(proto::Channel channel, MemberId about, Piece piece,
                          absl::Duration pace) {
  if (FindStream(channel) != nullptr || !HasRoomFor(piece)) {
    if (backlog_ == nullptr) backlog_ = std::make_unique<Backlog>();
    backlog_->presence[{channel, about}] = std::move(piece);
    return;
  }
  // A kept one is older than this.
  if (backlog_ != nullptr) backlog_->presence.erase({channel, about});
  Hand(std::move(piece), pace);
}

void Outbox::Close(proto::Channel channel) {
  if (backlog_ == nullptr) return;
  backlog_->streams.erase(channel);
  auto& presence = backlog_->presence;
  presence.erase(presence.lower_bound({channel, 0}), presence.lower_bound({channel + 1, 0}));
  FreeEmptyBacklog();
}

void Outbox::OnDrained() {
  if (sink_->queued_bytes() == 0) exempt_bytes_ = 0;
  if (backlog_ == nullptr) return;
  auto& [streams, presence] = *backlog_;
  // One part of each stream at a time: the socket decides the pace.
  std::vector<proto::Channel> channels;
  for (const auto& [channel, stream] : streams) channels.push_back(channel);
  for (proto::Channel channel : channels) SendNextPart(channel, &streams.at(channel));
  for (auto waiting = presence.begin(); waiting != presence.end();) {
    if (streams.contains(waiting->first.first)) {
      ++waiting;
      continue;
    }
    if (!HasRoomFor(waiting->second)) break;
    sink_->Send(std::move(waiting->second));
    waiting = presence.erase(waiting);
  }
  FreeEmptyBacklog();
}

}  // namespace coedit::server
