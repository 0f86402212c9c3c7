// SPDX-License-Identifier: Apache-2.0
#include "tools/weir/stop_signals.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

using Meaning = StopSignals::Meaning;

TEST(StopSignals, ARepeatOfTheFirstIsNoSecondRequest) {
  StopSignals signals;
  constexpr uint64_t kFirst = 5;
  EXPECT_EQ(signals.On(kFirst), Meaning::kDrain);
  EXPECT_EQ(signals.On(kFirst), Meaning::kRepeat);
  EXPECT_EQ(signals.On(kFirst + StopSignals::kRepeatNs - 1), Meaning::kRepeat);
  // Repeats do not move the limit.
  EXPECT_EQ(signals.On(kFirst + StopSignals::kRepeatNs), Meaning::kEndNow);
}

TEST(StopSignals, TheFirstOneCanComeAtAnyTime) {
  StopSignals signals;
  EXPECT_EQ(signals.On(0), Meaning::kDrain);
  EXPECT_EQ(signals.On(StopSignals::kRepeatNs), Meaning::kEndNow);
}

}  // namespace
}  // namespace weir
