# How every file of the tree is compiled.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

# Two of -Wextra and -Wall are off. GCC 12 counts a member left to its default in a designated
# initialiser as missing, and sees uninitialised members in a moved std::variant.
add_compile_options(-Wall -Wextra -Werror -Wno-missing-field-initializers)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  add_compile_options(-Wno-maybe-uninitialized)
endif()
include_directories(${PROJECT_SOURCE_DIR})

# -g1: line numbers in a backtrace, without the debug data that swells every object file that includes Asio.
# A section for each function: what nobody calls is left out, what runs stands together (text_order.cmake).
set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O2 -g1 -DNDEBUG -ffunction-sections")

if(COEDIT_SANITIZE STREQUAL "address")
  add_compile_options(-fsanitize=address,undefined -fno-sanitize-recover=all
                      -fno-omit-frame-pointer)
  add_link_options(-fsanitize=address,undefined)
elseif(COEDIT_SANITIZE STREQUAL "thread")
  add_compile_options(-fsanitize=thread -fno-omit-frame-pointer -Wno-tsan)
  add_link_options(-fsanitize=thread)
elseif(COEDIT_SANITIZE STREQUAL "fuzzer")
  # libFuzzer's main is linked to the one program that has none of its own (tests/CMakeLists.txt).
  if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    message(FATAL_ERROR "COEDIT_SANITIZE=fuzzer wants Clang, this is ${CMAKE_CXX_COMPILER_ID}")
  endif()
  add_compile_options(-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all
                      -fno-omit-frame-pointer)
  add_link_options(-fsanitize=address,undefined)
elseif(NOT COEDIT_SANITIZE STREQUAL "")
  message(FATAL_ERROR
    "COEDIT_SANITIZE is '${COEDIT_SANITIZE}', expected address, thread or fuzzer")
endif()

find_program(COEDIT_CCACHE ccache)
mark_as_advanced(COEDIT_CCACHE)
if(COEDIT_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  # ccache takes precompiled headers only with these, and a compiler that lets them be seen.
  set(CMAKE_CXX_COMPILER_LAUNCHER
    ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros ${COEDIT_CCACHE})
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    add_compile_options(-fpch-preprocess)
  endif()
endif()
