// SPDX-License-Identifier: Apache-2.0
#include "core/record/duration.h"

#include <cstdint>

#include "absl/time/time.h"
#include "gtest/gtest.h"

namespace weir {
namespace {

TEST(DurationTest, ReadsExactlyWhatAbseilReads) {
  const struct {
    const char* text;
    int64_t ns;
  } cases[] = {{"5s", 5'000'000'000},
               {"100ms", 100'000'000},
               {"1h30m", 5'400'000'000'000},
               {"1.5s", 1'500'000'000},
               {"0.1h", 360'000'000'000},
               {"10us", 10'000},
               {"1ns", 1},
               {"0s", 0},
               {"1.000000001s", 1'000'000'001},
               {"9223372036854775807ns", INT64_MAX},
               {"1m1m", 120'000'000'000}};
  for (const auto& [text, ns] : cases) {
    EXPECT_EQ(ParseDurationNs(text), ns) << text;
    absl::Duration duration;
    ASSERT_TRUE(absl::ParseDuration(text, &duration)) << text;
    EXPECT_EQ(absl::ToInt64Nanoseconds(duration), ns) << text;
  }
}

TEST(DurationTest, RefusesTheRest) {
  for (const char* text : {"",
                           "5",
                           "s",
                           "5 s",
                           " 5s",
                           "5s ",
                           "-5s",
                           "+5s",
                           "5S",
                           "5d",
                           "1.s",
                           ".5s",
                           "1..5s",
                           "1e3s",
                           "0.1ns",
                           "1.0000000001s",
                           "9223372036854775808ns",
                           "99999999999999999999999h",
                           "inf",
                           "2562048h",
                           "5s6",
                           "0.00000000000000000000000001h",
                           "٥s"}) {
    EXPECT_EQ(ParseDurationNs(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace weir
