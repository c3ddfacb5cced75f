// Types letters into a room of two, for whoever counts the instructions: typing_room LETTERS
#include <cstdlib>

#include "tests/server_cost/typing_room.h"

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  coedit::server::testing::TypingRoom room(2);
  room.Type(std::atoi(argv[1]));
  return 0;
}
