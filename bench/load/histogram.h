// Histogram: counts of durations in log-linear buckets, so that a percentile of millions of samples
// costs a few kilobytes and is off by less than one percent.
//
// Values below 128 have a bucket each; above, every power of two is cut into 128 equal buckets. The
// largest and the smallest sample are kept exactly.
#ifndef COEDIT_BENCH_LOAD_HISTOGRAM_H_
#define COEDIT_BENCH_LOAD_HISTOGRAM_H_

#include <cstddef>
#include <cstdint>
#include <vector>

namespace coedit::bench {

class Histogram {
 public:
  // Negative values count as 0: a clock that reads the same instant twice may not break a run.
  void Record(int64_t value);
  void Merge(const Histogram& other);

  int64_t count() const { return count_; }
  // 0 while nothing was recorded.
  int64_t min() const { return count_ == 0 ? 0 : min_; }
  int64_t max() const { return max_; }
  double mean() const;

  // The smallest recorded value v (rounded up to its bucket's end, at most max()) such that at
  // least `fraction` of the samples are <= v. 0 < fraction <= 1 (CHECKed). 0 while nothing was
  // recorded.
  int64_t Percentile(double fraction) const;

 private:
  static constexpr int kBucketBits = 7;
  static size_t BucketOf(int64_t value);
  static int64_t LastValueIn(size_t bucket);

  std::vector<int64_t> counts_;  // grows to the largest bucket seen
  int64_t count_ = 0;
  int64_t min_ = 0;
  int64_t max_ = 0;
  double sum_ = 0;
};

}  // namespace coedit::bench

#endif  // COEDIT_BENCH_LOAD_HISTOGRAM_H_
