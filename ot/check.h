// COEDIT_CHECK(condition): what must be true unless this program itself is wrong. It is active in
// every build, release too: a broken invariant ends the process before it can reach the log. What a
// peer sends is never checked with it; that gets a typed status.
//
//   COEDIT_CHECK(base <= head);
//   COEDIT_CHECK_EQ(text.size(), expected_units);  // prints both values
//
// On failure: one line `file:line: check failed: text` on stderr, then abort(). Callable from any
// thread. Has no dependency, so that every floor may include it.
#ifndef COEDIT_OT_CHECK_H_
#define COEDIT_OT_CHECK_H_

#include <cstdio>
#include <cstdlib>
#include <sstream>
#include <string>

namespace coedit::ot::check_internal {

[[noreturn, gnu::cold, gnu::noinline]] inline void Fail(const char* file, int line,
                                                        const char* what) {
  std::fprintf(stderr, "%s:%d: check failed: %s\n", file, line, what);
  std::fflush(stderr);
  std::abort();
}

template <typename Left, typename Right>
[[noreturn, gnu::cold, gnu::noinline]] void FailEqual(const char* file, int line, const char* what,
                                                      const Left& left, const Right& right) {
  std::ostringstream text;
  text << what << " (" << left << " and " << right << ")";
  Fail(file, line, text.str().c_str());
}

template <typename Left, typename Right>
void CheckEqual(const char* file, int line, const char* what, const Left& left,
                const Right& right) {
  if (!(left == right)) [[unlikely]] {
    FailEqual(file, line, what, left, right);
  }
}

}  // namespace coedit::ot::check_internal

#define COEDIT_CHECK(condition)                                           \
  do {                                                                    \
    if (!(condition)) [[unlikely]] {                                      \
      ::coedit::ot::check_internal::Fail(__FILE__, __LINE__, #condition); \
    }                                                                     \
  } while (false)

// Both sides are evaluated once and must be printable with operator<<.
#define COEDIT_CHECK_EQ(left, right) \
  ::coedit::ot::check_internal::CheckEqual(__FILE__, __LINE__, #left " == " #right, left, right)

#endif  // COEDIT_OT_CHECK_H_
