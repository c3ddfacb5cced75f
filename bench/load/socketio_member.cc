#include "bench/load/socketio_member.h"

#include <algorithm>
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
void SocketIoMember::SendOperation(const Operation& operation) {
  SendText(absl::StrCat("42", acks_++, R"(["op",)", author(), ",", operation.number, R"(,")",
                        std::string(operation.letters, 'x'), R"("])"));
}

void SocketIoMember::ShowPresence(uint64_t number) {
  if (open()) SendText(absl::StrCat(R"(42["presence",)", author(), ",", number, "]"));
}

absl::Status SocketIoMember::Take(absl::string_view message) {
  if (message == "2") {
    SendText("3");
    return absl::OkStatus();
  }
  if (absl::ConsumePrefix(&message, "0")) {
    SendText("40");
    return absl::OkStatus();
  }
  if (absl::ConsumePrefix(&message, "40")) {
    SendText(absl::StrCat("42", acks_++, R"(["join",")", document_, R"("])"));
    return absl::OkStatus();
  }
  const bool is_ack = absl::ConsumePrefix(&message, "43");
  if (!is_ack && !absl::ConsumePrefix(&message, "42")) return absl::InternalError("unknown packet");
  message.remove_prefix(std::min(message.find('['), message.size()));
  boost::system::error_code error;
  const json::value value = json::parse(json::string_view(message.data(), message.size()), error);
  if (error || !value.is_array()) return absl::InternalError("no JSON array");
  const json::array& arguments = value.get_array();
  if (is_ack) {
    if (arguments.empty()) return AckedNext();
    // Only the answer to "join" says something: how many letters have passed through the room.
    set_units(arguments.at(0).to_number<uint64_t>());
    Opened();
    return absl::OkStatus();
  }
  // Whoever is in the room but has not heard yet that it is gets what comes meanwhile counted
  // twice.
  if (!open()) return absl::OkStatus();
  const auto author = arguments.at(1).to_number<uint64_t>();
  const auto number = arguments.at(2).to_number<uint64_t>();
  if (arguments.at(0).as_string() == "presence") {
    owner()->OnPresence(this, author, number);
    return absl::OkStatus();
  }
  return Delivered(author, number, arguments.at(3).as_string().size());
}

}  // namespace coedit::bench
