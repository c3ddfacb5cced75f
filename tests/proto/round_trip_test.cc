// Random legal messages survive both encodings, and both encodings say the same.
#include <gtest/gtest.h>

#include <cstdlib>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "proto/codec.h"
#include "proto/coedit.pb.h"
#include "tests/proto/message_samples.h"
#include "tests/proto/random_messages.h"

namespace coedit::proto {
namespace {

constexpr uint64_t kSeed = 17;

int Rounds() {
  const char* is_long = std::getenv("COEDIT_TEST_LONG");
  return is_long != nullptr && is_long[0] == '1' ? 400000 : 20000;
}

DecodeLimits Roomy() {
  DecodeLimits limits;
  limits.presence_bytes_max = 1 << 20;
  limits.signal_bytes_max = 1 << 20;
  return limits;
}

TEST(RoundTripTest, ClientMessages) {
  SCOPED_TRACE(absl::StrCat("seed ", kSeed));
  RandomMessages random(kSeed);
  for (int round = 0; round < Rounds(); ++round) {
    const std::vector<ClientMessage> sent = {random.Client(), random.Client()};
    for (const Encoding encoding : {Encoding::kProtobuf, Encoding::kJson}) {
      const std::string frame = EncodeClientFrame(encoding, sent);
      const auto decoded = DecodeClientFrame(encoding, frame, Roomy());
      ASSERT_TRUE(decoded.ok()) << "round " << round << " " << decoded.status() << "\n"
                                << absl::CHexEscape(frame);
      ASSERT_EQ(decoded->size(), sent.size());
      for (size_t i = 0; i < sent.size(); ++i) {
        const auto* message = std::get_if<ClientMessage>(&(*decoded)[i]);
        ASSERT_NE(message, nullptr) << std::get<BadSubmit>((*decoded)[i]).text << "\n"
                                    << absl::CHexEscape(frame);
        ASSERT_TRUE(*message == sent[i]) << "round " << round << "\n" << absl::CHexEscape(frame);
      }
    }
  }
}

TEST(RoundTripTest, ServerMessages) {
  SCOPED_TRACE(absl::StrCat("seed ", kSeed));
  RandomMessages random(kSeed);
  for (int round = 0; round < Rounds(); ++round) {
    const std::vector<ServerMessage> told = {random.Server(), random.Server()};
    for (const Encoding encoding : {Encoding::kProtobuf, Encoding::kJson}) {
      const std::string frame = ServerFrameOf(encoding, told);
      const auto heard = DecodeServerFrame(encoding, frame);
      ASSERT_TRUE(heard.ok()) << "round " << round << " " << heard.status() << "\n"
                              << absl::CHexEscape(frame);
      ASSERT_TRUE(*heard == told) << "round " << round << "\n" << absl::CHexEscape(frame);
      if (encoding == Encoding::kProtobuf) {
        v1::ServerFrame generated;
        ASSERT_TRUE(generated.ParseFromString(frame));
        ASSERT_EQ(absl::BytesToHexString(generated.SerializeAsString()),
                  absl::BytesToHexString(frame));
      }
    }
  }
}

}  // namespace
}  // namespace coedit::proto
