#include "bench/load/histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "ot/check.h"

namespace coedit::bench {

size_t Histogram::BucketOf(int64_t value) {
  const uint64_t bits = static_cast<uint64_t>(value);
  constexpr uint64_t kLinear = uint64_t{1} << kBucketBits;
  if (bits < kLinear) return bits;
  // The top kBucketBits + 1 bits choose the bucket: the leading one its group, the rest the place.
  const int shift = std::bit_width(bits) - 1 - kBucketBits;
  return static_cast<size_t>(shift) * kLinear + (bits >> shift);
}

int64_t Histogram::LastValueIn(size_t bucket) {
  constexpr size_t kLinear = size_t{1} << kBucketBits;
  if (bucket < 2 * kLinear) return static_cast<int64_t>(bucket);
  const size_t shift = bucket / kLinear - 1;
  const uint64_t top = bucket - shift * kLinear;
  return static_cast<int64_t>(((top + 1) << shift) - 1);
}

void Histogram::Record(int64_t value) {
  value = std::max<int64_t>(value, 0);
  const size_t bucket = BucketOf(value);
  if (bucket >= counts_.size()) counts_.resize(bucket + 1);
  ++counts_[bucket];
  min_ = count_ == 0 ? value : std::min(min_, value);
  max_ = std::max(max_, value);
  sum_ += static_cast<double>(value);
  ++count_;
}

void Histogram::Merge(const Histogram& other) {
  if (other.count_ == 0) return;
  counts_.resize(std::max(counts_.size(), other.counts_.size()));
  for (size_t i = 0; i < other.counts_.size(); ++i) counts_[i] += other.counts_[i];
  min_ = count_ == 0 ? other.min_ : std::min(min_, other.min_);
  max_ = std::max(max_, other.max_);
  sum_ += other.sum_;
  count_ += other.count_;
}

double Histogram::mean() const { return count_ == 0 ? 0 : sum_ / static_cast<double>(count_); }

int64_t Histogram::Percentile(double fraction) const {
  COEDIT_CHECK(fraction > 0 && fraction <= 1);
  const int64_t rank =
      std::max<int64_t>(1, static_cast<int64_t>(std::ceil(fraction * static_cast<double>(count_))));
  int64_t seen = 0;
  for (size_t bucket = 0; bucket < counts_.size(); ++bucket) {
    seen += counts_[bucket];
    if (seen >= rank) return std::min(LastValueIn(bucket), max_);
  }
  return max_;
}

}  // namespace coedit::bench
