// Outbox: what goes out to one client, and what a slow reader still gets.
//
// The queue in front of the socket is bounded. Beyond the bound presence is kept back, the latest
// of each member only, and a channel whose messages must arrive is given up: its client resumes by
// revision. A snapshot (or a list of missed commits) may be as large as it needs to be and does not
// count; one in parts is sent piece by piece as the socket drains, and what happens in the room
// meanwhile waits behind it.
#ifndef COEDIT_SERVER_OUTBOX_H_
#define COEDIT_SERVER_OUTBOX_H_

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <utility>

#include "ot/text.h"
#include "proto/codec.h"
#include "proto/messages.h"
#include "server/limits.h"
#include "server/member.h"
#include "server/seams.h"

namespace coedit::server {

class Outbox {
 public:
  Outbox(const Limits* limits, FrameSink* sink, proto::Encoding encoding)
      : limits_(limits), sink_(sink), encoding_(encoding) {}

  proto::Encoding encoding() const { return encoding_; }

  // Sends regardless of bounds: small answers to what the client itself asked.
  void SendNow(Piece piece) { sink_->Send(std::move(piece)); }
  void SendNow(const proto::ServerMessage& message);

  // `opened`, exempt from the bound; with `parts` the snapshot follows piece by piece.
  void Open(proto::Channel channel, Piece opened, std::optional<ot::Text> parts);
  // Must arrive; `pace` as in Delivery. False if the reader is too slow for it: the channel is to
  // be given up.
  [[nodiscard]] bool SendOrdered(proto::Channel channel, Piece piece, absl::Duration pace);
  // Only the latest of `about` counts.
  void SendPresence(proto::Channel channel, MemberId about, Piece piece, absl::Duration pace);
  // Forgets what waits for a channel that is over.
  void Close(proto::Channel channel);

  void OnDrained();
  // True if even what had to be told does not leave: the connection is beyond help.
  bool Stuck() const;

 private:
  struct Stream {
    ot::Text text;
    int64_t position = 0;  // units sent
    std::deque<Piece> behind;
    int64_t behind_bytes = 0;
  };
  struct Backlog {
    std::map<proto::Channel, Stream> streams;
    std::map<std::pair<proto::Channel, MemberId>, Piece> presence;
  };

  void Hand(Piece piece, absl::Duration pace);
  bool HasRoomFor(const Piece& piece) const;
  // nullptr if none is under way.
  Stream* FindStream(proto::Channel channel);
  void SendNextPart(proto::Channel channel, Stream* stream);
  void FreeEmptyBacklog();

  const Limits* limits_;
  FrameSink* sink_;
  proto::Encoding encoding_;
  int64_t exempt_bytes_ = 0;  // of what is queued, does not count; reset when all is drained
  std::unique_ptr<Backlog> backlog_;  // nullptr: nothing is kept back, as nearly always
};

}  // namespace coedit::server

#endif  // COEDIT_SERVER_OUTBOX_H_
