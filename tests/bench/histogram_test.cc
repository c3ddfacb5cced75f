#include "bench/load/histogram.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <vector>

namespace coedit::bench {
namespace {

TEST(HistogramTest, IsEmptyAtFirst) {
  const Histogram histogram;
  EXPECT_EQ(histogram.count(), 0);
  EXPECT_EQ(histogram.Percentile(0.5), 0);
  EXPECT_EQ(histogram.max(), 0);
  EXPECT_EQ(histogram.mean(), 0);
}

TEST(HistogramTest, SmallValuesAreExact) {
  Histogram histogram;
  for (int value = 1; value <= 100; ++value) histogram.Record(value);
  EXPECT_EQ(histogram.Percentile(0.5), 50);
  EXPECT_EQ(histogram.Percentile(0.9), 90);
  EXPECT_EQ(histogram.Percentile(0.99), 99);
  EXPECT_EQ(histogram.Percentile(0.991), 100);
  EXPECT_EQ(histogram.Percentile(1), 100);
  EXPECT_EQ(histogram.Percentile(1e-9), 1);
  EXPECT_EQ(histogram.mean(), 50.5);
}

TEST(HistogramTest, ExtremesAreKept) {
  Histogram histogram;
  histogram.Record(-5);
  histogram.Record(std::numeric_limits<int64_t>::max());
  EXPECT_EQ(histogram.min(), 0);
  EXPECT_EQ(histogram.max(), std::numeric_limits<int64_t>::max());
  EXPECT_EQ(histogram.Percentile(1), std::numeric_limits<int64_t>::max());
}

// Oracle: the sorted samples.
TEST(HistogramTest, PercentilesAreOffByLessThanOnePercent) {
  const uint64_t seed = std::random_device()();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937_64 random(seed);
  std::vector<int64_t> samples;
  Histogram histogram;
  for (int i = 0; i < 20000; ++i) {
    const double exponent = std::uniform_real_distribution<double>(0, 40)(random);
    samples.push_back(static_cast<int64_t>(std::exp2(exponent)));
    histogram.Record(samples.back());
  }
  std::sort(samples.begin(), samples.end());
  for (double fraction : {0.001, 0.1, 0.5, 0.9, 0.99, 0.999, 1.0}) {
    const size_t rank = static_cast<size_t>(std::ceil(fraction * samples.size()));
    const int64_t exact = samples[rank - 1];
    const int64_t estimate = histogram.Percentile(fraction);
    EXPECT_GE(estimate, exact) << fraction;
    EXPECT_LE(static_cast<double>(estimate), static_cast<double>(exact) * 1.01) << fraction;
  }
  EXPECT_EQ(histogram.min(), samples.front());
  EXPECT_EQ(histogram.max(), samples.back());
}

TEST(HistogramTest, MergeIsTheSameAsRecordingTogether) {
  Histogram first, second, together;
  for (int64_t value = 1; value < 1'000'000'000; value = value * 3 + 1) {
    (value % 2 == 0 ? first : second).Record(value);
    together.Record(value);
  }
  first.Merge(second);
  first.Merge(Histogram());
  EXPECT_EQ(first.count(), together.count());
  EXPECT_EQ(first.min(), together.min());
  EXPECT_EQ(first.max(), together.max());
  EXPECT_EQ(first.mean(), together.mean());
  for (double fraction : {0.1, 0.5, 0.9, 1.0}) {
    EXPECT_EQ(first.Percentile(fraction), together.Percentile(fraction));
  }
}

}  // namespace
}  // namespace coedit::bench
