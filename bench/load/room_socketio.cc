#include "bench/load/room_socketio.h"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace coedit::bench {
namespace {

namespace json = boost::json;

Endpoint WithSocketIoPath(Endpoint endpoint) {
  endpoint.path = "/socket.io/?EIO=4&transport=websocket";
  return endpoint;
}

}  // namespace

SocketIoMember::SocketIoMember(EventLoop* loop, const Options& options, Owner* owner)
    : PeerMember(loop, options, WithSocketIoPath(options.endpoint), /*binary=*/false, owner),
      document_(options.document) {}

// A packet is an Engine.IO type (0 open, 2 ping, 3 pong, 4 message), for messages followed by a
// Socket.IO type (0 connect, 2 event, 3 ack), the number of the ack and JSON.
void SocketIoMember::Type(uint64_t letters) {
  Send(absl::StrCat("42", acks_++, R"(["op",)", author(), R"(,")", std::string(letters, 'x'),
                    R"("])"));
  unacked_letters_.push_back(letters);
}

absl::Status SocketIoMember::Take(absl::string_view message) {
  if (message == "2") {
    Send("3");
    return absl::OkStatus();
  }
  if (absl::ConsumePrefix(&message, "0")) {
    Send("40");
    return absl::OkStatus();
  }
  if (absl::ConsumePrefix(&message, "40")) {
    Send(absl::StrCat("42", acks_++, R"(["join",")", document_, R"("])"));
    return absl::OkStatus();
  }
  const bool is_ack = absl::ConsumePrefix(&message, "43");
  if (!is_ack && !absl::ConsumePrefix(&message, "42")) return absl::InternalError("unknown packet");
  message.remove_prefix(std::min(message.find('['), message.size()));
  boost::system::error_code error;
  const json::value value = json::parse(json::string_view(message.data(), message.size()), error);
  if (error || !value.is_array()) return absl::InternalError("no JSON array");
  const json::array& arguments = value.get_array();
  if (!is_ack) {
    Delivered(arguments.at(1).to_number<uint64_t>(), arguments.at(2).as_string().size());
  } else if (!arguments.empty()) {
    // Only the answer to "join" says something: how many letters have passed through the room.
    Opened(arguments.at(0).to_number<uint64_t>());
  } else {
    const uint64_t letters = unacked_letters_.front();
    unacked_letters_.pop_front();
    Acked(letters);
  }
  return absl::OkStatus();
}

}  // namespace coedit::bench
