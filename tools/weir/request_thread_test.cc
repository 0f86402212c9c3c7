// SPDX-License-Identifier: Apache-2.0
#include "tools/weir/request_thread.h"

#include <gtest/gtest.h>

#include <atomic>

#include "absl/synchronization/notification.h"

namespace weir {
namespace {

TEST(RequestThreadTest, CallsTheFunctionAfterARequest) {
  absl::Notification called;
  RequestThread thread([&called] { called.Notify(); });
  ASSERT_TRUE(thread.Request().ok());
  called.WaitForNotification();
}

TEST(RequestThreadTest, RequestsDuringACallShareTheNextOne) {
  std::atomic<int> calls{0};
  absl::Notification begun, go_on, second;
  RequestThread thread([&] {
    if (++calls == 1) {
      begun.Notify();
      go_on.WaitForNotification();
    } else if (calls == 2) {
      second.Notify();
    }
  });
  ASSERT_TRUE(thread.Request().ok());
  begun.WaitForNotification();
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(thread.Request().ok()) << "does not wait";
  go_on.Notify();
  second.WaitForNotification();
  thread.End();
  EXPECT_EQ(calls, 2);
}

TEST(RequestThreadTest, EndWaitsForACallAndIgnoresLaterRequests) {
  std::atomic<bool> ended{false};
  absl::Notification begun;
  RequestThread thread([&] {
    begun.Notify();
    ended = true;
  });
  ASSERT_TRUE(thread.Request().ok());
  begun.WaitForNotification();
  thread.End();
  EXPECT_TRUE(ended);
  EXPECT_TRUE(thread.Request().ok());
  thread.End();
}

TEST(RequestThreadTest, WithoutARequestThereIsNoCall) {
  RequestThread thread([] { FAIL(); });
  thread.End();
}

}  // namespace
}  // namespace weir
