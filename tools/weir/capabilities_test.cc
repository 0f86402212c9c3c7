// SPDX-License-Identifier: Apache-2.0
#include "tools/weir/capabilities.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <future>
#include <string>
#include <thread>

#include "absl/base/config.h"  // keep: ABSL_HAVE_THREAD_SANITIZER
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace weir {
namespace {

constexpr uint64_t kKill = 1 << 5;
constexpr uint64_t kNetAdmin = 1 << 12;

// The number of sets, of CapInh, CapPrm, CapEff and CapAmb of a thread, that have one of `bits`.
uint64_t SetsWith(uint64_t bits, const std::string& thread) {
  std::ifstream status(absl::StrCat("/proc/self/task/", thread, "/status"));
  uint64_t sets = 0;
  uint64_t value = 0;
  for (std::string name, text; status >> name;) {
    const bool is_set = name == "CapInh:" || name == "CapPrm:" || name == "CapEff:";
    if (!is_set && name != "CapAmb:") continue;
    status >> text;
    if (absl::SimpleHexAtoi(text, &value) && (value & bits) != 0) ++sets;
  }
  return sets;
}

// Runs in another process. Its result is 0 if nothing failed.
int InChild(int (*body)()) {
  const pid_t child = fork();
  if (child == 0) _exit(body());
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(CapabilitySetTest, HasNames) {
  EXPECT_EQ(CapabilitySet().ToString(), "");
  EXPECT_EQ(CapabilitySet(uint64_t{1} << 38).ToString(), "CAP_PERFMON");
  EXPECT_EQ(CapabilitySet(uint64_t{1} << 39 | kNetAdmin | uint64_t{1} << 63).ToString(),
            "CAP_NET_ADMIN, CAP_BPF, capability 63");
}

TEST(GiveUpCapabilitiesTest, TheyAreGoneFromThisThreadAndThoseMadeLater) {
  if (SetsWith(kKill, std::to_string(gettid())) == 0) {
    GTEST_SKIP() << "SKIPPED: needs a capability that it can give up";
  }
#ifdef ABSL_HAVE_THREAD_SANITIZER
  GTEST_SKIP() << "SKIPPED: ThreadSanitizer has a thread of its own";
#endif
  EXPECT_EQ(InChild([] {
              const absl::StatusOr<CapabilitySet> had = GiveUpCapabilities(CapabilitySet(kKill));
              if (!had.ok() || had->bits() != kKill) return 1;
              if (SetsWith(kKill, std::to_string(gettid())) != 0) return 2;
              uint64_t later = 0;
              std::thread([&later] { later = SetsWith(kKill, std::to_string(gettid())); }).join();
              if (later != 0) return 3;
              // The other capabilities stay.
              if (SetsWith(~kKill, std::to_string(gettid())) == 0) return 4;
              const auto again = GiveUpCapabilities(CapabilitySet(kKill));
              return again.ok() && again->empty() ? 0 : 5;
            }),
            0);
}

TEST(GiveUpCapabilitiesTest, NotBesideAnotherThread) {
  std::promise<void> end;
  std::thread other([&end] { end.get_future().wait(); });
  const uint64_t before = SetsWith(~uint64_t{0}, std::to_string(gettid()));
  const auto given_up = GiveUpCapabilities(CapabilitySet(kNetAdmin));
  end.set_value();
  other.join();
  EXPECT_EQ(given_up.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_NE(given_up.status().message().find("give up CAP_NET_ADMIN: there are "),
            std::string::npos)
      << given_up.status();
  EXPECT_EQ(SetsWith(~uint64_t{0}, std::to_string(gettid())), before);
}

}  // namespace
}  // namespace weir
