// SPDX-License-Identifier: Apache-2.0
#include "tools/weir/resources.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/status/status.h"

namespace weir {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST(ResourceHint, NamesWhatRanOut) {
  EXPECT_THAT(ResourceHint(absl::ResourceExhaustedError("sink 'a': open x: Too many open files")),
              StartsWith("out of file descriptors: the limit of this process is "));
  EXPECT_THAT(ResourceHint(absl::ResourceExhaustedError("open x: Too many open files in system")),
              HasSubstr("fs.file-max"));
  EXPECT_THAT(ResourceHint(absl::ResourceExhaustedError("a map: Cannot allocate memory")),
              StartsWith("out of memory"));
  EXPECT_THAT(ResourceHint(absl::ResourceExhaustedError("no memory for a batch")),
              StartsWith("out of memory"));
  // pthread_create fails with EAGAIN for both.
  EXPECT_THAT(ResourceHint(
                  absl::ResourceExhaustedError("start a thread: Resource temporarily unavailable")),
              AllOf(StartsWith("out of threads or of memory for one: "), HasSubstr("`ulimit -u`"),
                    HasSubstr("`ulimit -v`")));
}

TEST(ResourceHint, IsEmptyForAnythingElse) {
  EXPECT_EQ(ResourceHint(absl::OkStatus()), "");
  EXPECT_EQ(ResourceHint(absl::ResourceExhaustedError("write x: No space left on device")), "");
  EXPECT_EQ(ResourceHint(absl::NotFoundError("Too many open files")), "");
}

}  // namespace
}  // namespace weir
