// The outside world of the server's core, besides storage::Store: four small interfaces.
//
// Production plugs in Asio, the system's clocks and random source and a WebSocket; the simulator
// plugs in one seeded queue for all. Nothing else in the core may read a clock, draw a random
// number, wait, or start a thread.
#ifndef COEDIT_SERVER_SEAMS_H_
#define COEDIT_SERVER_SEAMS_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include "absl/functional/any_invocable.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "server/piece.h"

namespace coedit::server {

using Task = absl::AnyInvocable<void() &&>;

// Runs tasks one after another, never inside the call that posted them. Post may be called from any
// thread.
class Executor {
 public:
  virtual ~Executor() = default;
  virtual void Post(Task task) = 0;
  // Not before `delay` has passed. There is no cancelling: the task looks whether it still matters.
  virtual void PostAfter(absl::Duration delay, Task task) = 0;
};

class Clock {
 public:
  virtual ~Clock() = default;
  // Never goes backwards; for time-outs, rates and nothing that is stored.
  virtual absl::Duration Steady() const = 0;
  // Milliseconds since the Unix epoch; may jump. For people to read, never for order.
  virtual int64_t WallMs() const = 0;
};

class RandomSource {
 public:
  virtual ~RandomSource() = default;
  // `bytes` unpredictable bytes as lower-case hex. Any thread.
  virtual std::string Hex(int bytes) = 0;
};

// Bytes to one client. Called on the executor of the connection's shard only.
class FrameSink {
 public:
  virtual ~FrameSink() = default;
  // Queues a piece; what waits when the socket is free leaves together as one frame. Never blocks,
  // never calls back into the session.
  virtual void Send(Piece piece) = 0;
  // As Send, for what goes to many at once: it may wait for more of it, until `pace` has passed
  // since pieces of this pace were sent last. What is sent later never overtakes it.
  virtual void SendPaced(Piece piece, absl::Duration /*pace*/) { Send(std::move(piece)); }
  // Bytes queued and not yet taken by the socket.
  virtual size_t queued_bytes() const = 0;
  // Sends what is queued, then closes with a WebSocket close code. The session gets OnDisconnected
  // once it is over; what comes in before that is not delivered.
  virtual void Close(uint16_t close_code, absl::string_view reason) = 0;

  // The session would rather live on that shard: it is about to open a document that lives there.
  // Asked at most once, before anything but this sink refers to the session. False: it stays here.
  //
  // True: the transport reads no more here. This call comes from within Session::OnFrame; once that
  // has returned, and what the transport has read already was given to OnFrame or kept for later,
  // it takes the connection (what is queued included) to that shard's executor and calls
  // Session::OnMoved there. The session keeps what still comes by OnFrame; until OnMoved it sends
  // nothing and asks nobody. If the connection ends or the server goes down on the way,
  // OnDisconnected or OnShutdown may come on the new executor before OnMoved, or in its place.
  virtual bool MoveTo(size_t /*shard*/) { return false; }
};

}  // namespace coedit::server

#endif  // COEDIT_SERVER_SEAMS_H_
