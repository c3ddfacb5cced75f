// Random messages from a seed: legal ones, over an alphabet of what is easy to get wrong.
#ifndef COEDIT_TESTS_PROTO_RANDOM_MESSAGES_H_
#define COEDIT_TESTS_PROTO_RANDOM_MESSAGES_H_

#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "ot/delta.h"
#include "proto/messages.h"

namespace coedit::proto {

class RandomMessages {
 public:
  explicit RandomMessages(uint64_t seed) : random_(seed) {}

  ClientMessage Client();
  ServerMessage Server();
  ot::Delta Delta(bool document = false);

 private:
  uint64_t Below(uint64_t bound) { return random_() % bound; }
  bool Coin() { return Below(2) == 0; }
  template <typename Make>
  auto Maybe(const Make& make) -> std::optional<decltype(make())> {
    if (Coin()) return std::nullopt;
    return make();
  }
  uint64_t Integer(uint64_t min = 0);  // below 2^53, often at an edge
  uint32_t Small() { return static_cast<uint32_t>(Below(100000)); }
  Channel AnyChannel();
  std::string Text(size_t characters_max, bool for_document = false);
  std::string Json(int depth);  // canonical
  ot::Attributes Attributes(bool removals);
  std::vector<Range> Ranges();
  User AnyUser();
  Committed Commit(Channel channel);

  std::mt19937_64 random_;
};

}  // namespace coedit::proto

#endif  // COEDIT_TESTS_PROTO_RANDOM_MESSAGES_H_
