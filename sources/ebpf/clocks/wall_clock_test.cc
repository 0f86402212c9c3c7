// SPDX-License-Identifier: Apache-2.0
#include "sources/ebpf/clocks/wall_clock.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <ctime>
#include <utility>
#include <vector>

#include "plugins/sdk/stage.h"
#include "plugins/sdk/status.h"
#include "plugins/sdk/testing/fake_host.h"
#include "sources/ebpf/clocks/clock_watch.h"

namespace weir::ebpf {
namespace {

constexpr int64_t kSecond = 1'000'000'000;
constexpr int64_t kHour = 3600 * kSecond;

// A machine whose clocks behave as the kernel's do.
class Machine {
 public:
  void Run(int64_t ns) {
    wall_ += ns;
    monotonic_ += static_cast<uint64_t>(ns);
  }
  void Suspend(int64_t ns) {
    wall_ += ns;
    suspended_ += static_cast<uint64_t>(ns);
  }
  // Sets the wall clock.
  void Step(int64_t ns) { wall_ += ns; }
  // Another thread takes the processor for that long after each reading of a clock.
  void InterruptReadings(std::vector<int64_t> ns) { interruptions_ = std::move(ns); }

  int64_t wall() const { return wall_; }
  uint64_t monotonic() const { return monotonic_; }

  ClockFunctions Clocks() {
    return {[this] { return Interrupted(&monotonic_); }, [this] { return Interrupted(&wall_); },
            [this] { return suspended_; }};
  }

 private:
  template <typename T>
  T Interrupted(const T* clock) {
    const T read = *clock;
    if (!interruptions_.empty()) {
      Run(interruptions_.front());
      interruptions_.erase(interruptions_.begin());
    }
    return read;
  }

  int64_t wall_ = 1'700'000'000 * kSecond;
  uint64_t monotonic_ = 5 * kHour;
  uint64_t suspended_ = 9 * kHour;  // before weir was started
  std::vector<int64_t> interruptions_;
};

class WallClockTest : public ::testing::Test {
 protected:
  // An instant, as a program takes it and as it really was.
  struct Instant {
    uint64_t monotonic;
    int64_t wall;
  };
  Instant Now() const { return {machine_.monotonic(), machine_.wall()}; }
  Instant After(int64_t ns) {
    machine_.Run(ns);
    return Now();
  }
  // As weir does when the clocks have jumped.
  void Suspend(int64_t ns) {
    machine_.Suspend(ns);
    clock_.Read();
  }

  Machine machine_;
  WallClock clock_{machine_.Clocks()};
};

TEST_F(WallClockTest, CountsBackFromNow) {
  const Instant start = After(kSecond);
  const Instant end = After(kSecond);
  machine_.Run(kSecond);
  clock_.Read();
  EXPECT_EQ(clock_.monotonic_ns(), machine_.monotonic());
  EXPECT_EQ(clock_.TimeOf(start.monotonic), start.wall);
  EXPECT_EQ(clock_.TimeOf(end.monotonic), end.wall);
  EXPECT_EQ(clock_.TimeOf(machine_.monotonic()), machine_.wall());
}

TEST_F(WallClockTest, NoTimeIsAfterTheReading) {
  EXPECT_EQ(clock_.TimeOf(machine_.monotonic() + 1), machine_.wall());
  EXPECT_EQ(clock_.TimeOf(UINT64_MAX), machine_.wall());
}

TEST_F(WallClockTest, SurvivesSuspends) {
  const Instant before = After(kSecond);
  machine_.Run(kSecond);
  Suspend(8 * kHour);
  const Instant between = After(kSecond);
  machine_.Run(kSecond);
  Suspend(3 * kSecond);
  const Instant after = After(kSecond);
  machine_.Run(kSecond);
  clock_.Read();
  EXPECT_EQ(clock_.TimeOf(before.monotonic), before.wall);
  EXPECT_EQ(clock_.TimeOf(between.monotonic), between.wall);
  EXPECT_EQ(clock_.TimeOf(after.monotonic), after.wall);
}

TEST_F(WallClockTest, ASuspendIsDatedToTheReadingThatFindsIt) {
  const Instant before = After(kSecond);
  machine_.Suspend(kHour);
  const Instant unnoticed = After(kSecond);
  machine_.Run(kSecond);
  clock_.Read();
  EXPECT_EQ(clock_.TimeOf(before.monotonic), before.wall);
  EXPECT_EQ(clock_.TimeOf(unnoticed.monotonic), unnoticed.wall - kHour);
  EXPECT_EQ(clock_.TimeOf(machine_.monotonic()), machine_.wall());
}

TEST_F(WallClockTest, AStepIsRightForTimesBeforeIt) {
  for (const int64_t step : {kHour, -2 * kHour, int64_t{-1'600'000'000} * kSecond}) {
    const Instant before = After(kSecond);
    machine_.Step(step);
    const Instant after = After(kSecond);
    clock_.Read();
    EXPECT_EQ(clock_.TimeOf(before.monotonic), before.wall + step);
    EXPECT_EQ(clock_.TimeOf(after.monotonic), after.wall);
  }
}

TEST_F(WallClockTest, AStepAndASuspendAtOnceAreToldApart) {
  const Instant before = After(kSecond);
  machine_.Run(kSecond);
  machine_.Suspend(kHour);
  machine_.Step(-3 * kHour);  // the clock of the board was wrong
  clock_.Read();
  const Instant after = After(kSecond);
  clock_.Read();
  EXPECT_EQ(clock_.TimeOf(before.monotonic), before.wall - 3 * kHour);
  EXPECT_EQ(clock_.TimeOf(after.monotonic), after.wall);
}

// Both clocks run slower and faster by 500 ppm: an hour of the machine is 1.8 s more or less of
// theirs. The time between them does not change.
TEST_F(WallClockTest, SlewingChangesNothing) {
  const Instant before = After(kSecond);
  for (const int64_t slewed : {kHour + 1'800'000'000, kHour - 1'800'000'000}) {
    machine_.Run(slewed);
    clock_.Read();
    EXPECT_EQ(clock_.TimeOf(before.monotonic), before.wall);
  }
}

TEST_F(WallClockTest, ManySuspendsTakeNoMoreMemoryAndTheOldestBecomeOne) {
  const Instant first = After(kSecond);
  std::vector<Instant> instants;
  constexpr size_t kSuspends = WallClock::kMaxSuspends + 40;
  for (size_t i = 0; i < kSuspends; ++i) {
    machine_.Run(kSecond);
    Suspend(kHour);
    instants.push_back(After(kSecond));
  }
  clock_.Read();
  EXPECT_EQ(clock_.TimeOf(first.monotonic), first.wall);
  for (size_t i = 0; i < kSuspends; ++i) {
    const int64_t time = clock_.TimeOf(instants[i].monotonic);
    if (i >= kSuspends - WallClock::kMaxSuspends) {
      EXPECT_EQ(time, instants[i].wall) << i;
    } else {
      EXPECT_GE(time, first.wall) << i;
      EXPECT_LE(time, instants[i].wall) << i;
    }
  }
}

TEST_F(WallClockTest, TakesTheReadingThatNothingCameBetween) {
  const Instant before = After(kSecond);
  // Each time reads the clocks three times: the first, second and fourth time are disturbed.
  machine_.InterruptReadings({0, kSecond, 0, kSecond, 0, 0, 40, 60, 0, kSecond, kSecond, kSecond});
  clock_.Read();
  EXPECT_NEAR(static_cast<double>(clock_.TimeOf(before.monotonic) - before.wall), 0, 50);
}

TEST(ClocksOfTest, AreThoseOfTheHostAndTheKernelsSuspends) {
  sdk::testing::FakeHost host;
  const sdk::Stage stage = host.MakeStage();
  WallClock clock(ClocksOf(&stage));
  EXPECT_EQ(clock.monotonic_ns(), host.kMonotonicNs);
  EXPECT_EQ(clock.TimeOf(host.kMonotonicNs - 5), host.kWallNs - 5);

  timespec boot{};
  timespec monotonic{};
  ASSERT_EQ(clock_gettime(CLOCK_BOOTTIME, &boot), 0);
  ASSERT_EQ(clock_gettime(CLOCK_MONOTONIC, &monotonic), 0);
  const double suspended = static_cast<double>(boot.tv_sec - monotonic.tv_sec);
  const auto read = static_cast<int64_t>(ClocksOf(&stage).suspended());
  EXPECT_NEAR(static_cast<double>(read) / kSecond, suspended, 30);
}

TEST(ClockWatchTest, IsNotReadableByItself) {
  sdk::Result<ClockWatch> watch = OpenClockWatch();
  ASSERT_TRUE(watch.ok()) << watch.status().message();
  EXPECT_GE(watch->fd(), 0);
  EXPECT_TRUE(watch->Clear().ok());
}

}  // namespace
}  // namespace weir::ebpf
