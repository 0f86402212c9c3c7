// SPDX-License-Identifier: Apache-2.0
// Checks that a choice of packets looks random. A fair choice exceeds each bound less than once in
// 10^11 checks, so a test that fails has found a fault. For tests only.
#ifndef WEIR_SOURCES_EBPF_TESTING_RANDOMNESS_H_
#define WEIR_SOURCES_EBPF_TESTING_RANDOMNESS_H_

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace weir::ebpf {

// The normal distribution is further out once in 3.9 * 10^11.
constexpr double kMaxDeviations = 7;

// Returns how many standard deviations `hits` of `trials` differ from the expectation for
// `probability`. For at least 30 expected hits.
inline double ShareDeviation(uint64_t hits, uint64_t trials, double probability) {
  const auto count = static_cast<double>(trials);
  return (static_cast<double>(hits) - count * probability) /
         std::sqrt(count * probability * (1 - probability));
}

// The same for the number of runs of equal outcomes (Wald and Wolfowitz): far below 0 if hits
// cluster, far above 0 if they avoid each other.
inline double RunsDeviation(const std::vector<bool>& outcomes) {
  double hits = 0;
  double runs = 1;
  for (size_t i = 0; i < outcomes.size(); ++i) {
    hits += outcomes[i] ? 1 : 0;
    runs += i > 0 && outcomes[i] != outcomes[i - 1] ? 1 : 0;
  }
  const auto count = static_cast<double>(outcomes.size());
  const double expected = 2 * hits * (count - hits) / count + 1;
  return (runs - expected) / std::sqrt((expected - 1) * (expected - 2) / (count - 1));
}

// Returns above 1 if some positions modulo `period` have more hits than others: the chi-square of
// the hits by position, divided by the value that is exceeded at most once in 10^12 (Laurent and
// Massart 2000, lemma 1).
inline double PeriodExcess(const std::vector<bool>& outcomes, size_t period) {
  std::vector<double> hits(period);
  double all = 0;
  for (size_t i = 0; i < outcomes.size(); ++i) {
    hits[i % period] += outcomes[i] ? 1 : 0;
    all += outcomes[i] ? 1 : 0;
  }
  const double share = all / static_cast<double>(outcomes.size());
  const double expected = all / static_cast<double>(period);
  double chi_square = 0;
  for (const double count : hits) {
    chi_square += (count - expected) * (count - expected) / (expected * (1 - share));
  }
  const auto freedom = static_cast<double>(period - 1);
  const double exponent = 27.7;  // e^-27.7 = 10^-12
  return chi_square / (freedom + 2 * std::sqrt(freedom * exponent) + 2 * exponent);
}

}  // namespace weir::ebpf

#endif  // WEIR_SOURCES_EBPF_TESTING_RANDOMNESS_H_
