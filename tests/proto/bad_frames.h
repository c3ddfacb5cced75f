// Frames of clients that are refused, whole or in one submit, with the words that name the reason.
#ifndef COEDIT_TESTS_PROTO_BAD_FRAMES_H_
#define COEDIT_TESTS_PROTO_BAD_FRAMES_H_

#include <string>
#include <vector>

#include "proto/codec.h"

namespace coedit::proto {

enum class RefusedAs { kFrame, kSubmit };

struct BadFrame {
  std::string name;
  Encoding encoding;
  std::string frame;  // bytes
  RefusedAs refused_as;
  std::string contains;  // part of the error text
};

const std::vector<BadFrame>& BadFrames();

}  // namespace coedit::proto

#endif  // COEDIT_TESTS_PROTO_BAD_FRAMES_H_
