// SPDX-License-Identifier: Apache-2.0
#include "transforms/interface_namer/link_names.h"

#include <string>

#include "gtest/gtest.h"

namespace weir::transforms {
namespace {

TEST(LinkNamesTest, FollowsWhatIsPresent) {
  LinkNames names;
  EXPECT_FALSE(names.Find(3));
  names.SetPresent(3, "eth0");
  EXPECT_EQ(names.Find(3), "eth0");
  names.SetPresent(3, "wan");
  EXPECT_EQ(names.Find(3), "wan");
}

TEST(LinkNamesTest, KeepsTheNameOfTheGoneUntilTheIndexIsReused) {
  LinkNames names;
  names.SetPresent(3, "eth0");
  names.SetGone(3, "eth0");
  EXPECT_EQ(names.Find(3), "eth0");
  names.SetPresent(3, "veth9");
  EXPECT_EQ(names.Find(3), "veth9");
}

TEST(LinkNamesTest, ForgetsTheLongestGone) {
  LinkNames names;
  for (uint32_t i = 1; i <= LinkNames::kMaxGone; ++i) names.SetGone(i, std::to_string(i));
  EXPECT_EQ(names.Find(1), "1");
  names.SetGone(100000, "one more");
  EXPECT_FALSE(names.Find(1));
  EXPECT_EQ(names.Find(2), "2");
  EXPECT_EQ(names.Find(100000), "one more");
}

// An interface that goes a second time is as recent as its last going.
TEST(LinkNamesTest, AnIndexThatGoesAgainCountsAnew) {
  LinkNames names;
  names.SetGone(1, "first");
  names.SetPresent(1, "second");
  names.SetGone(1, "second");
  for (uint32_t i = 2; i <= LinkNames::kMaxGone; ++i) names.SetGone(i, "other");
  EXPECT_EQ(names.Find(1), "second");
  names.SetGone(LinkNames::kMaxGone + 1, "other");
  EXPECT_FALSE(names.Find(1));
}

}  // namespace
}  // namespace weir::transforms
