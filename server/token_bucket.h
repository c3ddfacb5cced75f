// TokenBucket: how much of something is allowed now, refilled with time.
#ifndef COEDIT_SERVER_TOKEN_BUCKET_H_
#define COEDIT_SERVER_TOKEN_BUCKET_H_

#include <algorithm>
#include <cstdint>

#include "absl/time/time.h"

namespace coedit::server {

class TokenBucket {
 public:
  // `per_second` of 0: no bound.
  TokenBucket(int64_t per_second, int64_t burst, absl::Duration now)
      : per_second_(per_second), burst_(burst), tokens_(static_cast<double>(burst)), at_(now) {}

  // Takes one token. Zero if there was one, else how long until there is (nothing is taken then).
  absl::Duration Take(absl::Duration now) {
    if (per_second_ == 0) return absl::ZeroDuration();
    tokens_ = std::min(static_cast<double>(burst_),
                       tokens_ + absl::ToDoubleSeconds(now - at_) * per_second_);
    at_ = now;
    if (tokens_ >= 1) {
      tokens_ -= 1;
      return absl::ZeroDuration();
    }
    return absl::Seconds((1 - tokens_) / per_second_);
  }

 private:
  int64_t per_second_;
  int64_t burst_;
  double tokens_;
  absl::Duration at_;
};

}  // namespace coedit::server

#endif  // COEDIT_SERVER_TOKEN_BUCKET_H_
