// ModelServer: a room server as small as it can be, to see whether the load tool notices what a
// server does wrong. It speaks a bare Socket.IO room or ShareDB's protocol over WebSocket on a free
// loopback port, on a thread of its own, and keeps everything in order, unless it is told to do
// harm.
#ifndef COEDIT_TESTS_BENCH_MODEL_SERVER_H_
#define COEDIT_TESTS_BENCH_MODEL_SERVER_H_

#include <cstdint>
#include <memory>
#include <string>
#include <thread>

#include "bench/load/event_loop.h"
#include "bench/load/member.h"

namespace coedit::bench {

class ModelServer {
 public:
  enum class Harm : uint8_t {
    kNone,
    kLosesDelivery,    // once, to one client
    kDoublesDelivery,  // once, to one client
    kDoublesAck,       // once
    kForgetsLetters,   // tells a newcomer of one less
  };

  // kSocketIo or kShareDb.
  ModelServer(Protocol protocol, Harm harm);
  ModelServer(const ModelServer&) = delete;
  ModelServer& operator=(const ModelServer&) = delete;
  ~ModelServer();

  Endpoint endpoint() const;

 private:
  class Room;

  std::shared_ptr<Room> room_;  // outlives the loop and the clients in it
  EventLoop loop_;
  const uint16_t port_;
  const int stop_;  // an eventfd
  std::thread thread_;
};

}  // namespace coedit::bench

#endif  // COEDIT_TESTS_BENCH_MODEL_SERVER_H_
