// One table of messages that every test of the codecs walks: each message, each optional field
// present and absent, and contents that are easy to get wrong.
#ifndef COEDIT_TESTS_PROTO_MESSAGE_SAMPLES_H_
#define COEDIT_TESTS_PROTO_MESSAGE_SAMPLES_H_

#include <string>
#include <vector>

#include "proto/codec.h"
#include "proto/messages.h"

namespace coedit::proto {

struct ClientSample {
  std::string name;
  ClientMessage message;
};
struct ServerSample {
  std::string name;
  ServerMessage message;
};

const std::vector<ClientSample>& ClientSamples();
const std::vector<ServerSample>& ServerSamples();

// A frame of one message, from pieces.
std::string ServerFrameOf(Encoding encoding, const std::vector<ServerMessage>& messages);

// "protobuf" or "json".
std::string NameOf(Encoding encoding);

}  // namespace coedit::proto

#endif  // COEDIT_TESTS_PROTO_MESSAGE_SAMPLES_H_
