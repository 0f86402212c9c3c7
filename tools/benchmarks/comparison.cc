// SPDX-License-Identifier: Apache-2.0
#include "tools/benchmarks/comparison.h"

#include <algorithm>
#include <cstddef>
#include <ctime>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"

namespace weir::benchmarks {

namespace {

// By round.
using Samples = std::vector<double>;

sdk::Result<std::vector<Samples>> TakeInTurns(int rounds, const std::vector<Subject>& subjects) {
  std::vector<Samples> samples(subjects.size());
  for (int round = 0; round < rounds; ++round) {
    for (size_t turn = 0; turn < subjects.size(); ++turn) {
      // There and back, so that nobody always comes behind the same one.
      const size_t number = round % 2 == 0 ? turn : subjects.size() - 1 - turn;
      sdk::Result<double> sample = subjects[number].sample();
      if (!sample.ok()) {
        return sdk::Status(sample.status().code(),
                           absl::StrCat(subjects[number].name, ": ", sample.status().message()));
      }
      samples[number].push_back(*sample);
    }
  }
  return samples;
}

Samples Difference(Samples samples, const Samples& others) {
  for (size_t i = 0; i < samples.size(); ++i) samples[i] -= others[i];
  return samples;
}

// Fails for no clock that there is.
int64_t ClockNs(clockid_t clock) {
  timespec time{};
  (void)clock_gettime(clock, &time);
  return int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

Samples Quotient(Samples samples, const Samples& others) {
  for (size_t i = 0; i < samples.size(); ++i) samples[i] /= others[i];
  return samples;
}

}  // namespace

Summary Summarize(std::vector<double> samples) {
  if (samples.empty()) return {};
  std::sort(samples.begin(), samples.end());
  const size_t last = samples.size() - 1;
  return {samples[last / 2], samples[0], samples[last / 10], samples[last - last / 10]};
}

int64_t ThreadCpuNs() { return ClockNs(CLOCK_THREAD_CPUTIME_ID); }
int64_t ProcessCpuNs() { return ClockNs(CLOCK_PROCESS_CPUTIME_ID); }

sdk::Result<std::vector<Measurement>> Compare(const std::string& section,
                                              const std::string& traffic, int rounds,
                                              const std::string& floor,
                                              const std::vector<Subject>& subjects) {
  sdk::Result<std::vector<Samples>> taken = TakeInTurns(rounds, subjects);
  if (!taken.ok()) return taken.status();
  std::map<std::string, Samples> by_name;
  for (size_t i = 0; i < subjects.size(); ++i) by_name[subjects[i].name] = (*taken)[i];
  for (auto& [name, samples] : by_name) {
    if (!floor.empty() && name != floor) samples = Difference(samples, by_name[floor]);
  }
  std::vector<Measurement> measurements;
  for (const Subject& subject : subjects) {
    const Samples& samples = by_name[subject.name];
    Measurement measurement;
    measurement.section = section;
    measurement.subject = subject.name;
    measurement.traffic = traffic;
    measurement.ns = Summarize(samples);
    measurement.baseline = subject.baseline;
    if (!subject.baseline.empty()) {
      measurement.ratio = Summarize(Quotient(samples, by_name[subject.baseline])).median;
    }
    if (subject.name != floor) measurement.floor = floor;
    measurements.push_back(std::move(measurement));
  }
  return measurements;
}

}  // namespace weir::benchmarks
